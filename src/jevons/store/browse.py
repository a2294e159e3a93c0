"""Going through what requests came to, the newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from jevons.ledger.record import decode, unpack
from jevons.types.account import Receipt, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jevons.store.door import Connection
    from jevons.types.account import Ended

__all__ = ("Browsed", "browse")

MOST_LEAVES = 10_000
"""Leaves that are looked at for one page: whoever looks for little goes on from where it ended."""

_END = 2**62
_STEP = 64
"""Segments read at once."""
_ROWS = (
    "SELECT placed.first, segment.body FROM placed JOIN segment ON segment.id = placed.segment "
    "WHERE placed.first < ? ORDER BY placed.first DESC LIMIT ?"
)
_KINDS = (b'"kind":"receipt"', b'"kind":"refused"')


class Browsed(NamedTuple):
    """A page."""

    found: tuple[Ended, ...]
    before: int | None
    """Leaf from which to go on; None where there is nothing older."""


def browse(
    connection: Connection, *, before: int | None, most: int, wanted: Callable[[Ended], bool]
) -> Browsed:
    """Read a page of what is in order.

    Args:
        connection: To the ledger.
        before: Leaf before which to begin; None begins at the newest.
        most: Longest page.
        wanted: Whether one belongs to it.
    """
    found: list[Ended] = []
    at = 0
    for at, leaf in islice(_newest_first(connection, before), MOST_LEAVES):
        ended = _ended(leaf)
        if ended is None or not wanted(ended):
            continue
        if len(found) == most:
            return Browsed(tuple(found), at + 1)
        found.append(ended)
    return Browsed(tuple(found), at or None)


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
