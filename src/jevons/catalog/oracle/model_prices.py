"""What the package `model-prices` says: a snapshot of models.dev's history, with corrections.

Read from its data file, schema 1, and not through its code: its figures are binary fractions
there, and decimal here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.catalog.moments import moment_ms
from jevons.catalog.oracle.quote import Quote, Where, is_priced, plain
from jevons.types.errors import Misconfigured
from jevons.types.model import Price

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jevons.types.model import Hours, Service

__all__ = ("quotes",)

_SCHEMA = 1

_OURS: Mapping[str, Where] = MappingProxyType(
    {
        "alibaba": Where("alibaba", "alibaba-intl"),
        "anthropic": Where("anthropic", "anthropic"),
        "byteplus": Where("volcengine", "modelark-sg"),
        "deepseek": Where("deepseek", "deepseek"),
        "google": Where("google", "google"),
        "minimax": Where("minimax", "minimax-io"),
        "mistral": Where("mistral", "mistral"),
        "moonshotai": Where("moonshot", "moonshot-ai"),
        "openai": Where("openai", "openai"),
        # models.dev turns the vendor's yuan into dollars at this rate (model-prices 0.0.5, README).
        "volcengine": Where("volcengine", "ark-cn", Decimal("6.737012")),
        "xai": Where("xai", "xai", at_bound=1),
        "zai": Where("zai", "zai"),
    }
)

_SERVICES: Mapping[str, Service] = MappingProxyType({"standard": "standard", "batch": "batch"})


class _Tier(msgspec.Struct, frozen=True, kw_only=True):
    above: int
    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


class _Rates(msgspec.Struct, frozen=True, kw_only=True):
    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h_multiple: Decimal | None = None
    tiers: tuple[_Tier, ...] = ()
    source: str
    valid_from: str


class _Interval(msgspec.Struct, frozen=True, kw_only=True):
    start: str | None
    rates: _Rates | None


class _Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of a vendor; which they are, its own peaks say."""

    provider: str
    valid_from: str
    valid_until: str | None = None
    peak_multiplier: Decimal | None = None
    off_peak_multiplier: dict[str, Decimal] = {}

    def factors(self, model: str) -> dict[Hours, Decimal]:
        """What its prices are multiplied by, by the hour; empty if they are not."""
        if self.peak_multiplier is not None:
            return {"peak": self.peak_multiplier, "off-peak": Decimal(1)}
        factor = self.off_peak_multiplier.get(model)
        return {} if factor is None else {"peak": Decimal(1), "off-peak": factor}

    def holds(self, moment: str) -> bool:
        """Whether it is in force."""
        return self.valid_from <= moment and (self.valid_until is None or moment < self.valid_until)


class _Schedules(msgspec.Struct, frozen=True, kw_only=True):
    schedule: tuple[_Schedule, ...]


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    schema: int
    prices: dict[str, dict[str, dict[str, tuple[_Interval, ...]]]]
    schedules: _Schedules


def quotes() -> Iterator[Quote]:
    """Read all of it that is of our vendors.

    Raises:
        Misconfigured: The package is of a kind that this does not read.
    """
    text = files("model_prices").joinpath("snapshot.json").read_text(encoding="utf-8")
    snapshot = msgspec.convert(json.loads(text, parse_float=Decimal), _Snapshot, strict=False)
    if snapshot.schema != _SCHEMA:
        message = f"model-prices has data of schema {snapshot.schema}; only {_SCHEMA} is read"
        raise Misconfigured(message)
    oracle = f"model-prices {version('model-prices')}"
    for provider, where in _OURS.items():
        schedules = [each for each in snapshot.schedules.schedule if each.provider == provider]
        for model, timelines in snapshot.prices.get(provider, {}).items():
            prices = tuple(_prices(model, timelines, schedules, where))
            if prices:
                yield Quote(oracle, where.vendor, where.host, model, frozenset({model}), prices)


def _prices(
    model: str,
    timelines: Mapping[str, tuple[_Interval, ...]],
    schedules: list[_Schedule],
    where: Where,
) -> Iterator[Price]:
    """Cut a model's history wherever something changes, and list what holds from there."""
    for mode, service in _SERVICES.items():
        thinking = timelines.get("thinking", ()) if service == "standard" else ()
        timeline = timelines.get(mode, ())
        eras: list[list[Price]] = []
        for moment in _moments(timeline, thinking, schedules):
            schedule = next((each for each in schedules if each.holds(moment)), None)
            factors = schedule.factors(model) if schedule is not None else {}
            era = [
                _scaled(row, hours, factor)
                for hours, factor in (factors or {"any": Decimal(1)}).items()
                for row in _era(timeline, thinking, moment, service, where)
            ]
            if eras and era and era[0].since == eras[-1][0].since:
                eras.pop()  # put right on the same day
            before = [_figures(row) for row in eras[-1]] if eras else []
            if era and [_figures(row) for row in era] != before:
                eras.append(era)
        yield from (price for era in eras for price in era)


def _moments(
    timeline: tuple[_Interval, ...], thinking: tuple[_Interval, ...], schedules: list[_Schedule]
) -> list[str]:
    """List when something changes, from when the model is known on."""
    first = next((each.rates.valid_from for each in timeline if each.rates is not None), None)
    if first is None:
        return []
    changes = {each.start for each in (*timeline, *thinking) if each.start is not None}
    for schedule in schedules:
        changes |= {schedule.valid_from, schedule.valid_until or schedule.valid_from}
    return [first, *sorted(each for each in changes if each > first)]


def _era(
    timeline: tuple[_Interval, ...],
    thinking: tuple[_Interval, ...],
    moment: str,
    service: Service,
    where: Where,
) -> Iterator[Price]:
    for intervals, thinks in ((timeline, None), (thinking, True)):
        rates = _at(intervals, moment)
        if rates is None:
            continue
        kinds = _tiers(rates, moment, service, where)
        yield from (msgspec.structs.replace(row, thinking=thinks) for row in kinds)


def _at(intervals: tuple[_Interval, ...], moment: str) -> _Rates | None:
    """Find the rates of a moment; the first hold before they begin, too."""
    held = [each for each in intervals if each.start is None or each.start <= moment]
    return held[-1].rates if held else None


def _tiers(rates: _Rates, moment: str, service: Service, where: Where) -> Iterator[Price]:
    """List one row for each tier: what a tier does not say is as in the one below."""
    tiers = sorted(rates.tiers, key=lambda tier: tier.above)
    values: dict[str, Decimal | None] = {
        name: getattr(rates, name) for name in ("input", "output", "cache_read", "cache_write")
    }
    for number, up_to in enumerate([*[tier.above - where.at_bound for tier in tiers], None]):
        if number:
            tier = tiers[number - 1]
            values |= {name: said for name in values if (said := getattr(tier, name)) is not None}
        price = _price(values, rates, moment, where)
        if is_priced(price):
            yield msgspec.structs.replace(price, up_to_tokens=up_to, service=service)


def _price(values: Mapping[str, Decimal | None], rates: _Rates, moment: str, where: Where) -> Price:
    def figure(value: Decimal | None) -> Decimal | None:
        if value is None:
            return None
        return plain(value) if where.yuan is None else _yuan(value * where.yuan)

    uncached = values["input"] or Decimal(0)
    # The multiple is a vendor's; a model that does not charge for writes does not charge it.
    kept = rates.cache_write_1h_multiple if values["cache_write"] else None
    return Price(
        input_per_mtok=figure(uncached) or Decimal(0),
        output_per_mtok=figure(values["output"]) or Decimal(0),
        # What is listed at nothing has no price of its own: it is charged as any input.
        cache_read_per_mtok=figure(values["cache_read"]) or None,
        cache_write_per_mtok=figure(values["cache_write"]) or None,
        cache_write_1h_per_mtok=None if kept is None else figure(uncached * kept),
        currency="USD" if where.yuan is None else "CNY",
        since=_short(moment, rates),
        source=rates.source,
    )


def _yuan(figure: Decimal) -> Decimal:
    """Turn a converted price back: vendors price in a few digits."""
    return plain(Decimal(f"{figure:.3g}"))


def _scaled(price: Price, hours: Hours, factor: Decimal) -> Price:
    def scale(figure: Decimal | None) -> Decimal | None:
        return None if figure is None else plain(figure * factor)

    return msgspec.structs.replace(
        price,
        hours=hours,
        input_per_mtok=plain(price.input_per_mtok * factor),
        output_per_mtok=plain(price.output_per_mtok * factor),
        cache_read_per_mtok=scale(price.cache_read_per_mtok),
        cache_write_per_mtok=scale(price.cache_write_per_mtok),
        cache_write_1h_per_mtok=scale(price.cache_write_1h_per_mtok),
    )


def _figures(price: Price) -> Price:
    """Leave out of a price when it began and who says so."""
    return msgspec.structs.replace(price, since="", source="")


def _short(moment: str, rates: _Rates) -> str:
    """Write a moment as rows do: the day where it is that of a commit, which is no announcement."""
    read = datetime.fromisoformat(moment).astimezone(UTC)
    is_day = "models.dev/commit" in rates.source and moment == rates.valid_from
    midnight = moment_ms(read.date().isoformat()) == int(read.timestamp()) * 1000
    return read.date().isoformat() if is_day or midnight else f"{read:%Y-%m-%dT%H:%MZ}"
