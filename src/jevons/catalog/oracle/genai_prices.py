"""What the package `genai-prices` says: prices of vendors and of hosts that resell."""

from __future__ import annotations

from decimal import Decimal
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.catalog.oracle.quote import Quote, Where, is_priced, plain
from jevons.types.model import Price

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jevons.types.model import Hours, Service

__all__ = ("BEGINNING", "quotes")

BEGINNING = "0001-01-01"
"""Since when a price holds of which it says nothing."""

_OURS: Mapping[str, Where] = MappingProxyType(
    {
        "anthropic": Where("anthropic", "anthropic"),
        "azure": Where("azure", "azure"),
        "deepseek": Where("deepseek", "deepseek"),
        "fireworks": Where("fireworks", "fireworks"),
        "google": Where("google", "google"),
        "groq": Where("groq", "groq"),
        "minimax": Where("minimax", "minimax-io"),
        "mistral": Where("mistral", "mistral"),
        "moonshotai": Where("moonshot", "moonshot-ai"),
        "openai": Where("openai", "openai"),
        "openrouter": Where("openrouter", "openrouter"),
        "together": Where("together", "together"),
        "x-ai": Where("xai", "xai"),
        "zai": Where("zai", "zai"),
    }
)

_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "input_mtok": "input_per_mtok",
        "output_mtok": "output_per_mtok",
        "cache_read_mtok": "cache_read_per_mtok",
        "cache_write_mtok": "cache_write_per_mtok",
        "cache_write_1h_mtok": "cache_write_1h_per_mtok",
        "output_reasoning_mtok": "reasoning_per_mtok",
    }
)


def quotes() -> Iterator[Quote]:
    """Read all of it that is of our vendors."""
    from genai_prices.data import providers  # noqa: PLC0415 an extra, a second to load

    oracle = f"genai-prices {version('genai-prices')}"
    by_id: dict[str, Any] = {provider.id: provider for provider in providers}
    for provider, where in _OURS.items():
        for model in by_id[provider].models:
            prices = tuple([each for each in _prices(model, oracle) if is_priced(each)])
            if prices:
                names = frozenset({model.id, *_equals(model.match)})
                yield Quote(oracle, where.vendor, where.host, model.id, names, prices)


def _equals(clause: Any) -> Iterator[str]:
    """Find the names that a model is matched by exactly; by a part of a name is not enough."""
    if hasattr(clause, "equals"):
        yield clause.equals
    for each in getattr(clause, "or_", ()):
        yield from _equals(each)


def _prices(model: Any, oracle: str) -> Iterator[Price]:
    listed = _listed(model.prices)
    has_hours = any(_hours(each) for each in listed)
    for each in listed:
        figures = getattr(each, "prices", each)
        hours: Hours = "peak" if _hours(each) else "off-peak" if has_hours else "any"
        yield from _tiers(figures.__dict__, _since(each), hours, "standard", oracle)
    for variant in model.price_variants or ():
        if variant.when == {"processing": "batch"}:
            base = getattr(listed[-1], "prices", listed[-1]).__dict__
            said = {
                name: value for name, value in variant.prices.__dict__.items() if value is not None
            }
            yield from _tiers({**base, **said}, _since(variant), "any", "batch", oracle)


def _listed(prices: list[Any] | Any) -> list[Any]:
    """Make a list of what is one price, or several with a condition each."""
    return [*prices] if hasattr(prices, "__len__") else [prices]


def _hours(conditional: Any) -> bool:
    return hasattr(getattr(conditional, "constraint", None), "start_time")


def _since(conditional: Any) -> str:
    start = getattr(getattr(conditional, "constraint", None), "start_date", None)
    return BEGINNING if start is None else start.isoformat()


def _tiers(
    figures: Mapping[str, Any], since: str, hours: Hours, service: Service, oracle: str
) -> Iterator[Price]:
    said = {
        ours: figures[theirs] for theirs, ours in _FIELDS.items() if figures.get(theirs) is not None
    }
    bounds = {tier.start for value in said.values() for tier in getattr(value, "tiers", ())}
    below = 0
    for up_to in [*sorted(bounds), None]:
        values = {name: plain(_of(value, below)) for name, value in said.items()}
        # What is listed at nothing has no price of its own: it is charged as its kind.
        values = {name: value for name, value in values.items() if value}
        values = {"input_per_mtok": Decimal(0), "output_per_mtok": Decimal(0), **values}
        price = msgspec.convert(
            {**values, "since": since, "source": oracle, "hours": hours, "service": service}, Price
        )
        yield msgspec.structs.replace(price, up_to_tokens=up_to)
        below = up_to or 0


def _of(value: Any, below: int) -> Decimal:
    """Take the figure that holds for an input longer than a bound."""
    if isinstance(value, Decimal):
        return value
    held = [tier.price for tier in value.tiers if tier.start <= below]
    return held[-1] if held else value.base
