"""Time and names: the only file that reads the clock or draws at random.

Enters: nothing.
Leaves: `SystemClock` and `Ulids`, behind the doors `Clock` and `Ids`.
State: `Ulids` remembers the last id it made, so that ids of one process only grow.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jevons.ports import Clock, Ids

__all__ = ("SystemClock", "Ulids")

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32, as the ULID spec has it
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_RANDOM_BITS = 80


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """Unix milliseconds, UTC."""
        return time.time_ns() // 1_000_000  # noqa: TID251 the one place that may

    def monotonic_s(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()


class Ulids:
    """ULIDs that only grow within a process, also within one millisecond and if the clock goes back.

    Source: the ULID specification, github.com/ulid/spec, "Monotonicity".
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_ms = 0
        self._random = 0

    def new(self, prefix: str) -> str:
        """Make `prefix_` and a ULID of 26 characters."""
        now_ms = self._clock.now_ms()
        if now_ms > self._last_ms:
            self._last_ms = now_ms
            self._random = int.from_bytes(os.urandom(10)) >> 1  # a clear top bit: room to count up
        else:
            self._random += 1
        value = self._last_ms << _RANDOM_BITS | self._random
        pairs = _PAIRS
        return (
            prefix + "_" + "".join([pairs[value >> shift & 1023] for shift in range(120, -10, -10)])
        )


if TYPE_CHECKING:
    _clock: type[Clock] = SystemClock
    _ids: type[Ids] = Ulids
