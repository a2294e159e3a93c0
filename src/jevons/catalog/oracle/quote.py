"""A price list of a model, as somebody else has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from decimal import Decimal

    from jevons.types.model import Price

__all__ = ("Quote", "Where", "is_priced", "plain")


class Where(NamedTuple):
    """Whose price list, by our names."""

    vendor: str
    host: str
    yuan: Decimal | None = None
    """What a dollar is taken for where the vendor prices in yuan: its figures are turned back."""
    at_bound: int = 0
    """1 where a tier begins at its bound by the vendor's words (xAI: "at or above 200k"), and the
    oracle says that it begins above."""


class Quote(NamedTuple):
    """What one of the others says of a model."""

    oracle: str
    """`name version`."""
    vendor: str
    host: str
    model: str
    names: frozenset[str]
    """Every name it has, the id included."""
    prices: tuple[Price, ...]
    """All that it has had and has, each with its `since`; before the first it is not known."""


def is_priced(price: Price) -> bool:
    """Whether a price is one: what is listed at nothing is a preview, a plan or a gap."""
    return price.input_per_mtok > 0 or price.output_per_mtok > 0


def plain(figure: Decimal) -> Decimal:
    """Write a figure without the noise of binary fractions, and without zeros behind it."""
    rounded = round(figure, 12).normalize()
    return rounded if rounded.as_tuple().exponent <= 0 else rounded.quantize(1)  # type: ignore[operator]
