"""Receipts, one after the other, as far as somebody wants to read them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

import msgspec

from jevons.ledger.record import unpack
from jevons.store.read import segments
from jevons.store.schema import UNREADABLE, look_into
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.store.where import Where

__all__ = ("IS_RECEIPT", "receipts")

T = TypeVar("T", bound=msgspec.Struct)

IS_RECEIPT = b'"kind":"receipt"'
"""Stands in every receipt, and in no text of another record: there its quotes are escaped."""


def receipts(where: Where, shape: type[T]) -> Iterator[T]:
    """Read every receipt of a ledger, oldest first; the server may be running.

    Args:
        where: The ledger.
        shape: What is read of each; fields that it does not name are passed over.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    decoder = msgspec.json.Decoder(shape)
    try:
        with closing(look_into(where)) as connection:
            connection.execute(connection.words.glance)
            for _, body in segments(connection):
                for leaf in unpack(body):
                    if IS_RECEIPT in leaf:
                        yield decoder.decode(leaf)
    except UNREADABLE as error:
        message = f"the ledger {str(where)!r} cannot be read: {error}"
        raise StoreUnavailable(message) from error
