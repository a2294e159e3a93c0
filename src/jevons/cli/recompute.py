"""Finding the rows that a receipt names, to price it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jevons.settings import Settings
    from jevons.types.account import Receipt
    from jevons.types.model import ExchangeRate, Price
    from jevons.types.units import Cost

__all__ = ("recomputed",)


def recomputed(receipt: Receipt, settings: Settings) -> Cost:
    """Price a receipt again by the rows that it names, of the settings or of the catalogue."""
    from jevons.catalog.digest import named_price, named_rate
    from jevons.catalog.exchange import exchange_rates
    from jevons.catalog.rows import find_row
    from jevons.catalog.vendors import vendors
    from jevons.meter.recompute import recompute

    def find_price(row: str) -> Price | None:
        for each in settings.endpoint:
            own = each.prices if each.price is None else (each.price,)
            for price in [named_price(each.name, price) for price in own]:
                if price.row == row:
                    return price
        vendor = vendors().get(row.partition("/")[0])
        return None if vendor is None else find_row(vendor, row)

    def find_rate(row: str) -> ExchangeRate | None:
        rates = [*map(named_rate, settings.exchange), *exchange_rates()]
        return next((rate for rate in rates if rate.row == row), None)

    return recompute(receipt, find_price=find_price, find_rate=find_rate)
