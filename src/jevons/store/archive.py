"""The archive: answers that callers asked to have kept, for the event loop.

Rule 1: one thread has the file; what a call waits for is done there, in the order of the calls.
Rule 2: what has expired is destroyed a hundred at a time, with pauses in between for whoever waits.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from jevons.store.schema import UNREADABLE
from jevons.store.shelf import Limits, Shelf
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from jevons import ports
    from jevons.store.where import Where
    from jevons.types.account import Expired
    from jevons.types.kept import Kept

__all__ = ("Archive", "Limits")

T = TypeVar("T")

_PAUSE_S = 0.25


class Archive:
    """Kept answers. Made by `Archive.open`.

    Args:
        shelf: The file, open.
        thread: The one thread that it is used on.
    """

    def __init__(self, shelf: Shelf, thread: ThreadPoolExecutor) -> None:
        self._shelf = shelf
        self._thread = thread
        self._is_closed = False

    @classmethod
    @asynccontextmanager
    async def open(
        cls, where: Where, *, limits: Limits, clock: ports.Clock, held: Sequence[str] = ()
    ) -> AsyncGenerator[Archive]:
        """Open the archive.

        Args:
            where: The file, or the server; the key is beside it. Both are made if they are not there.
            limits: How long answers are kept, and how much of them.
            clock: Says what has expired.
            held: Keys that the books say are on legal hold: the file may be another than it was.

        Raises:
            StoreUnavailable: It cannot be read or written.
            Misconfigured: Its key is gone.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="jevons-answers")
        try:
            opening = partial(Shelf, where, limits=limits, clock=clock)
            shelf = await _on(thread, opening, "opened")
            archive = cls(shelf, thread)
            try:
                for key in held:
                    await archive.hold(key)
                yield archive
            finally:
                await asyncio.shield(archive._close())
        finally:
            thread.shutdown(wait=False)

    def check(self) -> None:
        """Find out beforehand whether one more could be kept.

        Raises:
            StoreUnavailable: There is no room.
        """
        self._shelf.check()

    async def keep(self, kept: Kept) -> None:
        """Keep one; return when it is flushed to the device.

        Raises:
            StoreUnavailable: It could not be kept.
        """
        await self._do(partial(self._shelf.keep, kept), "written")

    async def find(self, name: str, *, key: str) -> Kept | None:
        """Find one by its id.

        Raises:
            StoreUnavailable: It could not be looked for.
        """
        return await self._do(partial(self._shelf.find, name, key=key), "read")

    async def named(self, beginning: str, *, most: int) -> list[tuple[str, str]]:
        """List what has a name that begins so, the oldest first: names, and the keys that own it.

        Raises:
            StoreUnavailable: It could not be looked for.
        """
        return await self._do(partial(self._shelf.named, beginning, most=most), "read")

    async def trace(self, name: str, *, key: str, max_bytes: int) -> tuple[Kept, ...]:
        """Find one and those that it goes on from, oldest first.

        Raises:
            TooLarge: All of them together are longer than `max_bytes`.
            StoreUnavailable: They could not be looked for.
        """
        tracing = partial(self._shelf.trace, name, key=key, max_bytes=max_bytes)
        return await self._do(tracing, "read")

    async def drop(self, name: str, *, key: str) -> bool:
        """Destroy one; return when it is overwritten.

        Raises:
            StoreUnavailable: It could not be destroyed.
            OnHold: The key is on legal hold.
        """
        return await self._do(partial(self._shelf.drop, name, key=key), "written")

    async def hold(self, key: str) -> bool:
        """Keep all that is kept for a key until it is released; False if it was erased.

        Raises:
            StoreUnavailable: It could not be written.
        """
        return await self._do(partial(self._shelf.hold, key), "written")

    async def release(self, key: str) -> None:
        """End a hold, if there is one.

        Raises:
            StoreUnavailable: It could not be written.
        """
        await self._do(partial(self._shelf.release, key), "written")

    async def erase(self, key: str) -> int:
        """Destroy all that is kept for a key, and keep nothing for it again.

        Returns:
            How many answers were destroyed, also those of an erasure that was cut off.

        Raises:
            StoreUnavailable: They could not be destroyed, or not all.
            OnHold: The key is on legal hold.
        """
        return await self._do(partial(self._shelf.erase, key), "written")

    async def expire(self, record: Callable[[Expired], Awaitable[None]]) -> None:
        """Destroy what has expired, and have the books say how much; also what a run that was cut off did.

        Args:
            record: Writes one record, and returns once it is durable.

        Raises:
            StoreUnavailable: It could not be done, or not all; do it again.
        """
        while await self._do(self._shelf.expire, "written"):  # noqa: ASYNC110 others go first
            await asyncio.sleep(_PAUSE_S)
        for run in await self._do(self._shelf.finish, "written"):
            await record(run)
            await self._do(partial(self._shelf.forget, run.at_ms), "written")

    async def _do(self, work: Callable[[], T], doing: str) -> T:
        if self._is_closed:
            message = "the archive of kept answers is closed"
            raise StoreUnavailable(message)
        return await _on(self._thread, work, doing)

    async def _close(self) -> None:
        self._is_closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._shelf.close)


async def _on(thread: ThreadPoolExecutor, work: Callable[[], T], doing: str) -> T:
    """Have something done on the thread.

    Raises:
        StoreUnavailable: The file could not be read or written.
    """
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, work)
    except UNREADABLE as error:
        message = f"kept answers cannot be {doing}: {error}"
        raise StoreUnavailable(message) from error


if TYPE_CHECKING:
    _answers: type[ports.Answers] = Archive
