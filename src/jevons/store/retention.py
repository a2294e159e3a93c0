"""Retention: what is kept no longer than the house says, looked at at each start and once a day.

Rule 1: whatever is destroyed here is a record: `expired` for answers, `erased` for keys.
Rule 2: what is on legal hold stays, and so does a key of which nobody knows since when it has ended.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from jevons.store.erasure import erase
from jevons.telemetry import log
from jevons.types.errors import JevonsError, NotFound, OnHold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.ports import Clock
    from jevons.store.archive import Archive
    from jevons.store.books import Books
    from jevons.types.actor import Actor

__all__ = ("Retention",)

_DAY_S = 24 * 60 * 60.0
_DAY_MS = 24 * 60 * 60 * 1000
_AGAIN_S = 60.0
"""Until what could not be destroyed is tried again."""


class Retention:
    """Destroys what is due, from entering to leaving.

    Args:
        books: Open.
        archive: Kept answers, open; None in a house that keeps none.
        erase_after_days: Days after the end of a key until it is erased; None never does.
        clock: Says what is due.
    """

    def __init__(
        self,
        books: Books,
        archive: Archive | None,
        *,
        erase_after_days: int | None,
        clock: Clock,
    ) -> None:
        self._books = books
        self._archive = archive
        self._erase_after_days = erase_after_days
        self._clock = clock
        self._running: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin; nobody waits for the first look."""
        self._running = asyncio.ensure_future(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End; what was under way is gone on with at the next start."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def look(self) -> None:
        """Destroy what is due.

        Raises:
            StoreUnavailable: It could not be done, or not all.
        """
        if self._archive is not None:
            await self._archive.expire(self._books.record)
        for key in [*self._ended()]:
            reason = f"retention: {self._erase_after_days} days after its end"
            try:
                await erase(self._books, self._archive, key, reason=reason, by="retention")
            except (NotFound, OnHold):
                continue  # erased by another replica, or held, since it was listed

    async def _run(self) -> None:
        while True:
            pause_s = _DAY_S
            try:
                await self.look()
            except JevonsError as error:
                pause_s = _AGAIN_S
                log.error("retention.failed", cause=str(error), again_in_s=pause_s)
            except Exception:  # noqa: BLE001 a worker loop: without it nothing is destroyed any more
                log.exception("retention.bug")
            await asyncio.sleep(pause_s)

    def _ended(self) -> Iterator[str]:
        """Find the keys whose time has come."""
        if self._erase_after_days is None:
            return
        dead_ms = self._clock.now_ms() - self._erase_after_days * _DAY_MS
        for actor in self._books.keys.list():
            end_ms = _end_ms(actor)
            if end_ms is not None and end_ms <= dead_ms and not actor.held:
                yield actor.key


def _end_ms(actor: Actor) -> int | None:
    """Tell since when a key is refused; None if it is not, or nobody knows."""
    ends = [ms for ms in (actor.revoked_ms, actor.expires_ms) if ms is not None]
    return min(ends, default=None)
