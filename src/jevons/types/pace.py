"""How much of a limit is left, as answers tell it."""

from __future__ import annotations

import msgspec

__all__ = ("Room",)


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """One limit of an account, and what is left of it."""

    what: str
    """`requests` or `tokens`: a minute."""
    limit: int
    remaining: int
    reset_s: float
    """Seconds until all of it is there again, if nothing more is asked."""
