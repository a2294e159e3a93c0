"""Our rows beside somebody else's, figure by figure, wherever either of them changes.

Rule 1: what they do not say is no difference; what we do not say is charged as its kind, and that
    is compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.catalog.moments import day_of
from jevons.catalog.price_list import PriceList
from jevons.catalog.rows import peaks_of, prices_of
from jevons.types.units import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal

    from jevons.catalog.oracle.quote import Quote
    from jevons.catalog.vendor import Product, Vendor
    from jevons.types.model import Price, Service

__all__ = ("Compared", "Difference", "compare", "product_of")

_NIGHT_MS, _MORNING_MS = 2 * 3_600_000, 12 * 3_600_000
"""Into a day in UTC: one in every vendor's peak, one in nobody's."""
_DAY_MS = 86_400_000
_SERVICES: tuple[Service, ...] = ("standard", "batch")


class Difference(NamedTuple):
    """One figure of which we say one thing and they another."""

    oracle: str
    vendor: str
    host: str
    model: str
    figure: str
    """`input`, `output`, `cache_read`, `cache_write`, `cache_write_1h`, `thinking output`."""
    when: str
    """For which requests; empty is all."""
    ours: str
    theirs: str


class Compared(NamedTuple):
    """What came of comparing."""

    checked: int
    """Models that both have."""
    figures: int
    """Figures that were compared."""
    missing: tuple[Quote, ...]
    """What they have and we have not."""
    differences: tuple[Difference, ...]


def compare(vendors: Mapping[str, Vendor], quotes: Iterable[Quote], *, at_ms: int) -> Compared:
    """Compare what holds on a day, in and out of peak hours.

    Args:
        vendors: Ours, by id.
        quotes: Theirs.
        at_ms: A moment of the day, Unix milliseconds.
    """
    checked = figures = 0
    missing: list[Quote] = []
    differences = dict[Difference, None]()
    for quote in quotes:
        vendor = vendors[quote.vendor]
        product = product_of(vendor, quote)
        if product is not None and (product.retired or "9") <= day_of(at_ms):
            continue  # nobody is charged for it any more
        ours = () if product is None else _ours(vendor, product, quote)
        if not ours:
            missing.append(quote)
            continue
        checked += 1
        for difference in _compare(vendor, ours, quote, at_ms - at_ms % _DAY_MS):
            figures += 1
            if difference is not None:
                differences[difference] = None
    return Compared(checked, figures, tuple(missing), tuple(differences))


def product_of(vendor: Vendor, quote: Quote) -> Product | None:
    """Find our row of the model that is quoted, by a name that both have.

    A pattern is no name, and neither is one that means another model from time to time.
    """
    for product in vendor.models:
        if quote.model in {product.id, *product.aliases}:
            return product
    names = {name for name in quote.names if not name.endswith("latest")}
    return next((each for each in vendor.models if each.id in names), None)


def _ours(vendor: Vendor, product: Product, quote: Quote) -> tuple[Price, ...]:
    currency = quote.prices[0].currency
    rows = prices_of(vendor, product, quote.host)
    return tuple([row for row in rows if row.currency == currency])


def _compare(
    vendor: Vendor, ours: tuple[Price, ...], quote: Quote, day_ms: int
) -> Iterator[Difference | None]:
    """Yield None for each figure that is the same."""
    peaks = peaks_of(vendor)
    we, they = PriceList(ours, peaks), PriceList(quote.prices, peaks)
    bounds = {row.up_to_tokens for row in (*ours, *quote.prices)} - {None}
    lengths = sorted({1, *[bound + step for bound in bounds if bound for step in (0, 1)]})
    thinks = (False, True) if any(row.thinking for row in (*ours, *quote.prices)) else (False,)
    moments = (day_ms + _NIGHT_MS, day_ms + _MORNING_MS)
    for service in _SERVICES:
        for thinking in thinks:
            for tokens in lengths:
                for at_ms in moments if peaks else moments[:1]:
                    mine = we.at(at_ms, input_tokens=tokens, thinking=thinking, service=service)
                    other = they.at(at_ms, input_tokens=tokens, thinking=thinking, service=service)
                    if isinstance(other, Unknown):
                        continue
                    when = _when(mine, other, thinking=thinking)
                    for figure, our, their in _figures(mine, other):
                        yield (
                            None
                            if our == their
                            else Difference(
                                quote.oracle, vendor.id, quote.host, quote.model, figure, when,
                                "none" if our is None else f"{our.normalize():f}",
                                f"{their.normalize():f}",
                            )
                        )  # fmt: skip


def _when(mine: Price | Unknown, other: Price, *, thinking: bool) -> str:
    said = mine if not isinstance(mine, Unknown) else other
    words = [
        said.service if said.service != "standard" else "",
        "thinking" if thinking else "",
        said.hours if said.hours != "any" else "",
        f"up to {said.up_to_tokens}" if said.up_to_tokens is not None else "",
    ]
    return ", ".join([word for word in words if word])


def _figures(mine: Price | Unknown, other: Price) -> Iterator[tuple[str, Decimal | None, Decimal]]:
    """Yield each figure that they state, and what we charge for the same."""
    ours = None if isinstance(mine, Unknown) else mine
    for figure in ("input", "output", "cache_read", "cache_write", "cache_write_1h"):
        their = getattr(other, f"{figure}_per_mtok")
        if their is not None:
            yield figure, None if ours is None else _charged(ours, figure), their


def _charged(price: Price, figure: str) -> Decimal:
    """Find what is charged for a kind of token; what has no price of its own, as its kind."""
    said = getattr(price, f"{figure}_per_mtok")
    if said is not None:
        return said
    return _charged(price, {"cache_write_1h": "cache_write"}.get(figure, "input"))
