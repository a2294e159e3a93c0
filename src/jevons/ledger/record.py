"""Records as leaves: canonical JSON, one way to write it, and bundles of leaves.

Rule 1: a leaf's bytes are what is hashed; they are kept, never made again.
Rule 2: a leaf is shorter than 64 KiB, so that an entry bundle can hold it.

Source: C2SP tlog-tiles, "Log Entries" (each entry after its length as big-endian uint16).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.types.account import Intent, Receipt, Record
from jevons.types.errors import TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("MAX_LEAF_BYTES", "BadLeaf", "decode", "encode", "pack", "unpack")

MAX_LEAF_BYTES = 0xFFFF
_MAX_INTENT_BYTES = MAX_LEAF_BYTES // 4
"""A receipt repeats its intent and adds to it: what has an intent can have a receipt."""

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Record)


class BadLeaf(ValueError):
    """Bytes that are not a record, or not a bundle of leaves."""


def encode(record: Record) -> bytes:
    """Write a record as a leaf.

    Raises:
        TooLarge: It would not fit; an intent must leave room for its receipt.
    """
    leaf = _encoder.encode(record)
    limit = _MAX_INTENT_BYTES if type(record) is Intent else MAX_LEAF_BYTES
    if len(leaf) > limit:
        if type(record) is Receipt and len(record.changed) + len(record.tried) > 1:
            return encode(_shortened(record))
        message = f"a record of {len(leaf)} bytes; at most {limit} fit in the ledger"
        raise TooLarge(message)
    return leaf


def decode(leaf: bytes) -> Record:
    """Read a leaf.

    Raises:
        BadLeaf: It is not a record.
    """
    try:
        return _decoder.decode(leaf)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadLeaf(str(error)) from None


def pack(leaves: Iterable[bytes]) -> bytes:
    """Write leaves one after the other, each after its length."""
    return b"".join([len(leaf).to_bytes(2) + leaf for leaf in leaves])


def unpack(body: bytes) -> list[bytes]:
    """Read what `pack` wrote.

    Raises:
        BadLeaf: It ends in the middle of a leaf.
    """
    leaves: list[bytes] = []
    at, end = 0, len(body)
    while at < end:
        start = at + 2
        at = start + (body[at] << 8) + body[at + 1] if start <= end else end + 1
        leaves.append(body[start:at])
    if at > end:
        message = "a bundle that ends in the middle of a leaf"
        raise BadLeaf(message)
    return leaves


def _shortened(receipt: Receipt) -> Receipt:
    """A receipt must be written: say that its lists were too long rather than not write it."""
    note = f"{len(receipt.changed)} changes and {len(receipt.tried)} attempts, too long to list"
    return msgspec.structs.replace(receipt, tried=(), changed=(note,))
