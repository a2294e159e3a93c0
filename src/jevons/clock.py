"""Time and names: the only file that reads the clock or draws at random.

Enters: nothing.
Leaves: `SystemClock` and `Ulids`, behind the doors `Clock` and `Ids`; `chance`.
State: `Ulids` remembers the last id it made, so that ids of one process only grow.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jevons.ports import Clock, Ids

__all__ = ("SystemClock", "Ulids", "chance")

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32, as the ULID spec has it
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_PAIR_BITS = 10
_LOW_BITS = 40
_LOW_LIMIT = 1 << _LOW_BITS


def chance() -> float:
    """Draw a number from 0 up to but not including 1, each of 2^53 as likely."""
    return (int.from_bytes(os.urandom(7)) >> 3) * 2.0**-53


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
        self._last_ms = -1
        self._time = ""
        self._high = ""
        self._low = 0

    def new(self, prefix: str) -> str:
        """Make `prefix_` and a ULID of 26 characters."""
        now_ms = self._clock.now_ms()
        self._low += 1
        if now_ms > self._last_ms or self._low == _LOW_LIMIT:
            self._draw(max(now_ms, self._last_ms + (self._low == _LOW_LIMIT)))
        return f"{prefix}_{self._time}{self._high}{_text(self._low, _LOW_BITS)}"

    def _draw(self, at_ms: int) -> None:
        """Begin a millisecond: its text, and a new random part to count up from."""
        self._last_ms = at_ms
        self._time = _text(at_ms, 50)
        drawn = int.from_bytes(os.urandom(10))
        self._high = _text(drawn >> _LOW_BITS, 40)
        self._low = (drawn & (_LOW_LIMIT - 1)) >> 1  # a clear top bit: room to count up


def _text(value: int, bits: int) -> str:
    """Write the low bits of a number, two characters at a time: half the steps of one by one."""
    pairs = _PAIRS
    return "".join([pairs[value >> s & 1023] for s in range(bits - _PAIR_BITS, -1, -_PAIR_BITS)])


if TYPE_CHECKING:
    _clock: type[Clock] = SystemClock
    _ids: type[Ids] = Ulids
