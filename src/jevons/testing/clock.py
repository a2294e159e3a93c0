"""Time that passes when a test says so, and names that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jevons import ports

__all__ = ("Clock", "Ids")


class Clock:
    """A clock moved by hand.

    Args:
        now_ms: Unix milliseconds at which it stands.
    """

    def __init__(self, now_ms: int = 1_767_225_600_000) -> None:
        self._now_ms = now_ms
        self._monotonic_s = 0.0

    def now_ms(self) -> int:
        """Unix milliseconds, UTC."""
        return self._now_ms

    def monotonic_s(self) -> float:
        """Seconds since it was made."""
        return self._monotonic_s

    def move(self, seconds: float) -> None:
        """Let time pass.

        Args:
            seconds: How much of it; never back.

        Raises:
            ValueError: Time would go back.
        """
        if seconds < 0:
            message = f"time does not go back; {seconds} s is less than 0"
            raise ValueError(message)
        self._monotonic_s += seconds
        self._now_ms += round(seconds * 1000)


class Ids:
    """Ids that count from 1: `req_00000000000000000000000001`."""

    def __init__(self) -> None:
        self._made = 0

    def new(self, prefix: str) -> str:
        """Make `prefix_` and 26 digits: sortable, and as long as a real one."""
        self._made += 1
        return f"{prefix}_{self._made:026d}"


if TYPE_CHECKING:
    _clock: type[ports.Clock] = Clock
    _ids: type[ports.Ids] = Ids
