"""Pricing a receipt again, from its tokens and from the rows that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.meter.price import by_price_row, rates_of
from jevons.meter.total import total_cost
from jevons.types.units import Priced, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.types.account import Receipt, Usage
    from jevons.types.model import ExchangeRate, Price
    from jevons.types.units import Cost, PricedBy

__all__ = ("recompute",)


def recompute(
    receipt: Receipt,
    *,
    find_price: Callable[[str], Price | None],
    find_rate: Callable[[str], ExchangeRate | None],
) -> Cost:
    """Price a receipt again.

    Args:
        receipt: Which.
        find_price: Finds a price by the name that receipts give it; None if there is none.
        find_rate: Finds an exchange rate likewise.

    Returns:
        What it comes to, which is the receipt's own figure unless something is wrong; or why it
        cannot be told.
    """
    if receipt.repeats:
        return Priced(nusd=0, method="cache", source="nobody was asked")
    if isinstance(receipt.cost, Unknown):
        return Unknown(why=f"its cost was not known: {receipt.cost.why}")
    usages = [tried.usage for tried in receipt.tried if tried.usage is not None]
    usages.append(receipt.usage)
    if len(receipt.cost.by) != len(usages):
        return Unknown(why="not every attempt was priced by a row with a name")
    return total_cost(
        _again(named, usage, find_price, find_rate)
        for named, usage in zip(receipt.cost.by, usages, strict=True)
    )


def _again(
    named: PricedBy,
    usage: Usage,
    find_price: Callable[[str], Price | None],
    find_rate: Callable[[str], ExchangeRate | None],
) -> Cost:
    price = find_price(named.row)
    if price is None:
        return Unknown(why=f"price {named.row} is neither in the catalogue nor in the settings")
    rate = find_rate(named.rate) if named.rate else None
    if named.rate and rate is None:
        return Unknown(why=f"rate {named.rate} is neither in the catalogue nor in the settings")
    return by_price_row(named.row, rates_of(price, rate), usage)
