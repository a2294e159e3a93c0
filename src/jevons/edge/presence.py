"""Is the caller still there?

ASGI tells of a caller that left only to whoever awaits `receive`. A task that does so
costs as much as parsing the request, and most requests that are refused or answered from
memory end before it would have run, so it starts only after a while.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jevons.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.edge.asgi import Receive

__all__ = ("Presence", "watching")

_WORTH_IT_S = 0.05
"""Seconds after which a request is worth a task that watches its caller."""


def watching() -> Patience[Presence]:
    """Make what has callers watched whose requests take long; one for each loop."""
    return Patience(_WORTH_IT_S, lambda presence: presence.watch())


class Presence:
    """Knows whether a caller has left, and says so once.

    Args:
        receive: ASGI's, once the body has been read.
        patience: From `watching`; has it watch if the request takes long.
    """

    __slots__ = ("_callback", "_left", "_over", "_patience", "_receive", "_watching")

    def __init__(self, receive: Receive, patience: Patience[Presence]) -> None:
        self._receive = receive
        self._patience = patience
        self._left = False
        self._over = False
        self._callback: Callable[[], None] | None = None
        self._watching: asyncio.Task[None] | None = None
        patience.start(self)

    @property
    def left(self) -> bool:
        """Whether they have closed the connection."""
        return self._left

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called once if they leave; at once if they have; None forgets it."""
        self._callback = callback
        if self._left:
            self._tell()

    def watch(self) -> None:
        """Start to watch, as happens by itself after a while."""
        # Its end is awaited in `rest`, which the edge calls however the request ends.
        self._watching = asyncio.get_running_loop().create_task(self._hear())

    async def rest(self) -> None:
        """Stop watching. Nothing of the watch is left when this returns."""
        self._patience.stop(self)
        watching = self._watching
        if watching is not None:
            watching.cancel()
            await asyncio.wait((watching,))

    async def _hear(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        # A server also says so when the answer has gone out whole.
        if not self._over:
            self._depart()

    def _depart(self) -> None:
        self._left = True
        self._tell()

    def _tell(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()
