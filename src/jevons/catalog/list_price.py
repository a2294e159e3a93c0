"""Which of a vendor's prices holds: by day, hour, host and length of the input.

Rule 1: nobody's price is not zero: where no row holds, there is none.
Rule 2: a tier is chosen by the whole input of a request, and holds for all of it.
Rule 3: what would need a calendar of holidays is taken for a peak, so a charge is never too low.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jevons.catalog.vendor import ListPrice, Peak, Product, Vendor

__all__ = ("is_peak", "price_at")


def price_at(
    vendor: Vendor,
    product: Product,
    *,
    at_ms: int,
    host: str,
    input_tokens: int,
    currency: str = "USD",
) -> ListPrice | None:
    """Find the price that holds for a request.

    Args:
        vendor: Whose product it is.
        product: What was asked.
        at_ms: When, Unix milliseconds.
        host: Id of the vendor's host.
        input_tokens: All of the request's input, cached or not.
        currency: Prices in another are left out.

    Returns:
        The narrowest tier of the newest row that holds; None if none does.
    """
    day = datetime.fromtimestamp(at_ms / 1e3, UTC).date().isoformat()
    hours = {"any"}
    if vendor.peak is not None:
        hours.add("peak" if is_peak(vendor.peak, at_ms) else "off-peak")
    holding = [
        price
        for price in product.prices
        if price.currency == currency
        and price.hours in hours
        and (not price.hosts or host in price.hosts)
        and (price.since or "") <= day
        and (price.up_to_tokens is None or input_tokens <= price.up_to_tokens)
    ]
    newest = max([price.since or "" for price in holding], default="")
    return min(
        [price for price in holding if (price.since or "") == newest],
        key=lambda price: price.up_to_tokens or float("inf"),
        default=None,
    )


def is_peak(peak: Peak, at_ms: int) -> bool:
    """Whether a moment is within a vendor's peak hours."""
    moment = datetime.fromtimestamp(at_ms / 1e3, UTC)
    clock = moment.strftime("%H:%M")
    return moment.isoweekday() in peak.days and any(
        start <= clock < end for start, _, end in (hours.partition("-") for hours in peak.utc)
    )
