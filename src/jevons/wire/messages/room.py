"""What is left of a caller's limits, in Anthropic's headers.

Source: Anthropic API reference, "Rate limits", "Response headers", read 2026-11.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.pace import Room

__all__ = ("write_rooms",)


def write_rooms(rooms: Sequence[Room], *, now_ms: int) -> list[tuple[bytes, bytes]]:
    """Write headers: the moment at which all is there again, in RFC 3339."""
    lines: list[tuple[bytes, bytes]] = []
    for room in rooms:
        reset = datetime.fromtimestamp(ceil(now_ms / 1e3 + room.reset_s), UTC)
        stem = f"anthropic-ratelimit-{room.what}"
        lines += [
            (f"{stem}-limit".encode(), b"%d" % room.limit),
            (f"{stem}-remaining".encode(), b"%d" % room.remaining),
            (f"{stem}-reset".encode(), f"{reset:%Y-%m-%dT%H:%M:%SZ}".encode()),
        ]
    return lines
