"""What is left of a caller's limits, in OpenAI's headers.

Source: OpenAI docs, "Rate limits", "Rate limits in headers", read 2026-11.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.pace import Room

__all__ = ("write_rooms",)


def write_rooms(rooms: Sequence[Room], *, now_ms: int) -> list[tuple[bytes, bytes]]:
    """Write headers: a span until all is there again, as `1s` or `6m0s`."""
    lines: list[tuple[bytes, bytes]] = []
    for room in rooms:
        lines += [
            (f"x-ratelimit-limit-{room.what}".encode(), b"%d" % room.limit),
            (f"x-ratelimit-remaining-{room.what}".encode(), b"%d" % room.remaining),
            (f"x-ratelimit-reset-{room.what}".encode(), _span(room.reset_s)),
        ]
    return lines


def _span(seconds: float) -> bytes:
    if seconds < 1:
        return b"%dms" % ceil(seconds * 1e3)
    minutes, rest = divmod(ceil(seconds), 60)
    return b"%dm%ds" % (minutes, rest) if minutes else b"%ds" % rest
