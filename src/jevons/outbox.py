"""What a turn of the loop writes goes out together, at the end of the turn.

A write to a socket wakes whoever reads there. When a batch of answers becomes ready at
once, writing each where it is made wakes the reader again and again, a switch between
processes each time; written one right after the other they find it awake. With 64
callers this halves what a write costs (2026-11). A lone answer waits for no one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import WriteTransport

__all__ = ("Outbox",)


_MOST_HELD_BYTES = 16 * 1024
"""Beyond it nothing is gained, and whoever writes has to feel that nobody reads."""


class Outbox:
    """Bytes on their way to transports of one loop."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[WriteTransport, bytes] = {}

    def write(self, transport: WriteTransport, data: bytes) -> None:
        """Send at the end of this turn, after what was given before for the same transport."""
        held = self._held
        before = held.get(transport)
        if before is None:
            if not held:
                asyncio.get_running_loop().call_soon(self._send)
            held[transport] = data
        else:
            held[transport] = data = before + data
        if len(data) > _MOST_HELD_BYTES:
            self.flush(transport)

    def flush(self, transport: WriteTransport) -> None:
        """Send now what is held for one transport, as it must be before closing it."""
        data = self._held.pop(transport, None)
        if data is not None:
            transport.write(data)

    def _send(self) -> None:
        held, self._held = self._held, {}
        for transport, data in held.items():
            if not transport.is_closing():
                transport.write(data)
