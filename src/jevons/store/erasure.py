"""Erasure and legal hold: the books and the archive, one after the other.

Rule 1: the two are different files, so each step is whole by itself, may be done twice, and whoever
    was cut off between two of them does it again and ends where they would have.
Rule 2: a key is refused before its answers are destroyed, and its salting goes last, with the record
    that says so: as long as there is no such record, there is something left to do.
Rule 3: a hold is in the archive before the books say so, and is there until they say that it ended:
    what the books say is on hold is never erased.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.errors import NotFound, OnHold

if TYPE_CHECKING:
    from jevons.store.archive import Archive
    from jevons.store.books import Books
    from jevons.types.account import Erased

__all__ = ("erase", "hold", "release")


async def erase(
    books: Books, archive: Archive | None, key: str, *, reason: str = "", by: str = ""
) -> Erased:
    """Refuse a key, destroy what is kept for it, then what links its records to it.

    Args:
        books: Open, also beside a server.
        archive: Kept answers; None in a house that never kept any.
        key: Its id.
        reason: Why; it stays in the ledger for ever.
        by: Who does it; so does that.

    Returns:
        The record of it; the one that there is if this was done before.

    Raises:
        NotFound: There is no such key.
        OnHold: It is on legal hold.
        StoreUnavailable: Something could not be done; do it again.
    """
    if books.keys.erased(key) is None:
        actor = books.keys.named(key)
        if actor.held:
            message = f"key {key!r} is on legal hold; `jevons keys release` ends that"
            raise OnHold(message)
        if not actor.revoked:
            await books.keys.revoke(key, by=by)
    answers = 0 if archive is None else await archive.erase(key)
    return await books.keys.erase(key, answers=answers, reason=reason, by=by)


async def hold(
    books: Books, archive: Archive | None, key: str, *, reason: str = "", by: str = ""
) -> None:
    """Keep what is kept for a key, and what links its records to it, until it is released.

    Raises:
        NotFound: There is no such key, or it is being erased.
        StoreUnavailable: Something could not be done; do it again.
    """
    books.keys.named(key)
    if archive is not None and not await archive.hold(key):
        message = f"key {key!r} is being erased, and can no longer be held"
        raise NotFound(message)
    await books.keys.hold(key, reason=reason, by=by)


async def release(
    books: Books, archive: Archive | None, key: str, *, reason: str = "", by: str = ""
) -> None:
    """End a hold; what has expired meanwhile is destroyed at the next look.

    Raises:
        NotFound: There is no such key.
        StoreUnavailable: Something could not be done; do it again.
    """
    await books.keys.release(key, reason=reason, by=by)
    if archive is not None:
        await archive.release(key)
