"""A row's name on receipts: who owns it, and a digest of what it says.

Rule 1: the digest covers every figure and condition, and neither the source nor a note: a better
    link to the same price is the same price.
Rule 2: what is as usual is not in it, so that a field may be added and old names stay.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from jevons.types.model import ExchangeRate, Price

__all__ = ("named_price", "named_rate")

_UNSAID = ("source", "row")
_SHORT = 16
"""Hexadecimal digits: rows of one model are few, and receipts many."""


def named_price(owner: str, price: Price) -> Price:
    """Name a price: `OWNER#digest`."""
    return msgspec.structs.replace(price, row=f"{owner}#{_digest(price)}")


def named_rate(rate: ExchangeRate) -> ExchangeRate:
    """Name an exchange rate: `CNY#digest`."""
    return msgspec.structs.replace(rate, row=f"{rate.currency}#{_digest(rate)}")


def _digest(row: Price | ExchangeRate) -> str:
    said = dict[str, object]()
    for field in msgspec.structs.fields(row):
        value = getattr(row, field.name)
        if field.name in _UNSAID or value == field.default:
            continue
        said[field.name] = f"{value.normalize():f}" if isinstance(value, Decimal) else value
    return sha256(msgspec.json.encode(said, order="sorted")).hexdigest()[:_SHORT]
