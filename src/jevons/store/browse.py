"""Going through what requests came to, and what people did, the newest first."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from jevons.ledger.record import decode, unpack
from jevons.store.schema import UNREADABLE, look_into
from jevons.types.account import Deed, Receipt, Refused
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jevons.store.door import Connection
    from jevons.store.where import Where
    from jevons.types.account import Ended

__all__ = ("Browsed", "browse", "deeds", "look_through")

R = TypeVar("R")

MOST_LEAVES = 10_000
"""Leaves that are looked at for one page: whoever looks for little goes on from where it ended."""
_MOST_LEAVES_FOR_A_WORD = 100_000
"""Where most of them need not be read: a word stands in their bytes, or not."""

_END = 2**62
_STEP = 64
"""Segments read at once."""
_ROWS = (
    "SELECT placed.first, segment.body FROM placed JOIN segment ON segment.id = placed.segment "
    "WHERE placed.first < ? ORDER BY placed.first DESC LIMIT ?"
)
_KINDS = (b'"kind":"receipt"', b'"kind":"refused"')


_NAMED = b'"by":"'
"""Stands in what people did, and in no text of another record: there its quotes are escaped."""


class Browsed(NamedTuple, Generic[R]):
    """A page."""

    found: tuple[R, ...]
    before: int | None
    """Leaf from which to go on; None where there is nothing older."""


def browse(
    connection: Connection, *, before: int | None, most: int, wanted: Callable[[Ended], bool]
) -> Browsed[Ended]:
    """Read a page of what requests came to, of what is in order.

    Args:
        connection: To the ledger.
        before: Leaf before which to begin; None begins at the newest.
        most: Longest page.
        wanted: Whether one belongs to it.
    """
    found = _each(_newest_first(connection, before), _ended, MOST_LEAVES)
    return _page(found, most, wanted)


def deeds(
    connection: Connection, *, before: int | None, most: int, wanted: Callable[[Deed], bool]
) -> Browsed[Deed]:
    """Read a page of what people did, of what is in order; of what names who did it.

    Args:
        connection: To the ledger.
        before: Leaf before which to begin; None begins at the newest.
        most: Longest page.
        wanted: Whether one belongs to it.
    """
    found = _each(_newest_first(connection, before), _deed, _MOST_LEAVES_FOR_A_WORD)
    return _page(found, most, wanted)


def look_through(
    where: Where, *, text: str, before: int | None, most: int, wanted: Callable[[Ended], bool]
) -> Browsed[Ended]:
    """Read a page of a ledger; the server may be running.

    Args:
        where: The ledger.
        text: Stands somewhere in each record, in either case; empty is in all.
        before: Leaf before which to begin; None begins at the newest.
        most: Longest page.
        wanted: Whether one belongs to it.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    word = text.lower().encode()
    try:
        with closing(look_into(where)) as connection:
            leaves = _newest_first(connection, before)
            found = (each if word in each[1].lower() else (each[0], b"") for each in leaves)
            most_leaves = _MOST_LEAVES_FOR_A_WORD if word else MOST_LEAVES
            return _page(_each(found, _ended, most_leaves), most, wanted)
    except UNREADABLE as error:
        message = f"{where} cannot be read: {error}"
        raise StoreUnavailable(message) from error


def _page(
    records: Iterator[tuple[int, R | None]], most: int, wanted: Callable[[R], bool]
) -> Browsed[R]:
    found: list[R] = []
    at = 0
    for at, record in records:
        if record is None or not wanted(record):
            continue
        if len(found) == most:
            return Browsed(tuple(found), at + 1)
        found.append(record)
    return Browsed(tuple(found), at or None)


def _each(
    leaves: Iterator[tuple[int, bytes]], read: Callable[[bytes], R | None], most_leaves: int
) -> Iterator[tuple[int, R | None]]:
    """Yield what each leaf is, with its index; None where it is of no kind that is asked for."""
    for at, leaf in islice(leaves, most_leaves):
        yield at, read(leaf)


def _newest_first(connection: Connection, before: int | None) -> Iterator[tuple[int, bytes]]:
    """Yield leaves with their index."""
    at = _END if before is None else before
    while rows := connection.execute(_ROWS, (at, _STEP)).fetchall():
        for first, body in rows:
            leaves = [*enumerate(unpack(body), first)]
            yield from reversed([each for each in leaves if each[0] < at])
        at = rows[-1][0]


def _ended(leaf: bytes) -> Ended | None:
    if not any(kind in leaf for kind in _KINDS):
        return None
    record = decode(leaf)
    return record if isinstance(record, Receipt | Refused) else None


def _deed(leaf: bytes) -> Deed | None:
    if _NAMED not in leaf:
        return None
    record = decode(leaf)
    return record if isinstance(record, Deed) and record.by else None
