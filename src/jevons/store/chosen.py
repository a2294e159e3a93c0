"""The records that tell what `auto` came to, out of all there are."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from jevons.ledger.record import decode, unpack
from jevons.store.read import glance, segments
from jevons.store.schema import UNREADABLE, look_into
from jevons.types.account import Certified, Feedback, KeyChange, Receipt
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from jevons.store.where import Where

__all__ = ("chosen_records",)

_KINDS = (
    b'"kind":"receipt"',
    b'"kind":"certified"',
    b'"kind":"feedback"',
    b'"kind":"key"',
)

Chosen = Receipt | Certified | Feedback | KeyChange


def chosen_records(where: Where) -> list[Chosen]:
    """Read receipts, certificates, feedback and keys, in order; the server may be running.

    Raises:
        StoreUnavailable: They cannot be read.
    """
    found: list[Chosen] = []
    try:
        with closing(look_into(where)) as connection, glance(connection):
            for _, body in segments(connection):
                for leaf in unpack(body):
                    if any(kind in leaf for kind in _KINDS):
                        record = decode(leaf)
                        if isinstance(record, Chosen):
                            found.append(record)
    except (*UNREADABLE, msgspec.DecodeError) as error:
        message = f"{where} cannot be read: {error}"
        raise StoreUnavailable(message) from error
    return found
