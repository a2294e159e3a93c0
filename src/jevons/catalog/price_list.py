"""Which of an endpoint's prices holds: by moment, hour, service, thinking and length of the input.

Rule 1: nobody's price is not zero: where no row holds, there is none, and a reason.
Rule 2: rows of one service that begin together are an era. The newest era that has begun holds
    alone: what it does not say is not looked up in an older one.
Rule 3: a tier is chosen by the whole input of a request, and holds for all of it. No vendor in
    the catalogue charges only what lies above a bound by the higher tier.
Rule 4: a holiday that no calendar knows is taken for a working day, so a charge is never too low.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.catalog.moments import day_of, moment_ms
from jevons.types.model import MEDIA_PRICES, Price
from jevons.types.units import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from jevons.types.model import Peak, Service

__all__ = ("Era", "PriceList", "dearest", "eras_of", "is_peak")

_FOREVER_MS = 1 << 62


class Era(NamedTuple):
    """Prices of one service that hold from one moment on."""

    from_ms: int
    rows: tuple[Price, ...]


class _Window(NamedTuple):
    """A `Peak`, ready to be asked."""

    from_ms: int
    until_ms: int
    peak: Peak


class PriceList:
    """An endpoint's prices, ready to be asked for the one that holds.

    Args:
        prices: All of one currency; their order means nothing.
        peaks: What `hours` means, each in its era.
    """

    def __init__(self, prices: Iterable[Price], peaks: Iterable[Peak] = ()) -> None:
        by_service: dict[Service, list[Price]] = {}
        for price in prices:
            by_service.setdefault(price.service, []).append(price)
        self._eras = {service: eras_of(rows) for service, rows in by_service.items()}
        self._peaks = [_Window(moment_ms(peak.since), _end(peak.until), peak) for peak in peaks]

    def at(
        self,
        at_ms: int,
        *,
        input_tokens: int,
        thinking: bool,
        service: Service = "standard",
    ) -> Price | Unknown:
        """Find the price that holds for a request.

        Args:
            at_ms: When its answer ended, Unix milliseconds.
            input_tokens: All of its input, cached or not.
            thinking: Whether it thought.
            service: How soon it was wanted.

        Returns:
            The narrowest tier of the newest era that has begun, or why there is none.
        """
        era = next((era for era in self._eras.get(service, ()) if era.from_ms <= at_ms), None)
        if era is None:
            return Unknown(why=f"no {service} price is known for {day_of(at_ms)}")
        rows = [
            row
            for row in era.rows
            if (row.up_to_tokens is None or input_tokens <= row.up_to_tokens)
            and row.thinking in {None, thinking}
            and (row.hours == "any" or row.hours == self._hours(at_ms))
            and (row.until is None or at_ms < moment_ms(row.until))
        ]
        if not rows:
            kind = "thinking" if thinking else "without thinking"
            request = f"{input_tokens} tokens of input, {kind}, {self._hours(at_ms)}"
            return Unknown(why=f"no {service} price of {day_of(at_ms)} is known for {request}")
        return min(rows, key=lambda row: (row.up_to_tokens or _FOREVER_MS, row.thinking is None))

    def _hours(self, at_ms: int) -> str:
        for window in self._peaks:
            if window.from_ms <= at_ms < window.until_ms:
                return "peak" if is_peak(window.peak, at_ms) else "off-peak"
        return "at any hour"


def eras_of(prices: Iterable[Price]) -> tuple[Era, ...]:
    """Part prices of one service into eras, newest first."""
    since = dict[str, list[Price]]()
    for price in prices:
        since.setdefault(price.since, []).append(price)
    eras = [Era(moment_ms(first), tuple(rows)) for first, rows in since.items()]
    return tuple(sorted(eras, key=lambda era: era.from_ms, reverse=True))


def is_peak(peak: Peak, at_ms: int) -> bool:
    """Whether a moment is within peak hours."""
    local = datetime.fromtimestamp(at_ms / 1e3, UTC) + _offset(peak.zone)
    if local.isoweekday() not in peak.days or local.date().isoformat() in peak.holidays:
        return False
    clock = local.strftime("%H:%M")
    return any(
        start <= clock < end for start, _, end in (hours.partition("-") for hours in peak.hours)
    )


def dearest(prices: Sequence[Price]) -> Price:
    """Find the most that a request may cost by any of some prices, bucket by bucket.

    Args:
        prices: One or more, all of one currency.
    """
    if len(prices) == 1:
        return prices[0]
    top = max(prices, key=lambda row: (row.output_per_mtok, row.input_per_mtok))
    written = [_first(row.cache_write_per_mtok, row.input_per_mtok) for row in prices]
    kept = [
        _first(row.cache_write_1h_per_mtok, write)
        for row, write in zip(prices, written, strict=True)
    ]
    price = Price(
        input_per_mtok=max(row.input_per_mtok for row in prices),
        output_per_mtok=top.output_per_mtok,
        cache_read_per_mtok=max(
            _first(row.cache_read_per_mtok, row.input_per_mtok) for row in prices
        ),
        cache_write_per_mtok=max(written),
        cache_write_1h_per_mtok=max(kept),
        reasoning_per_mtok=max(
            _first(row.reasoning_per_mtok, row.output_per_mtok) for row in prices
        ),
        currency=top.currency,
        since=top.since,
        source=f"{top.source}, the dearest of its {len(prices)} prices",
    )
    media = {name: _most(name, prices) for name in MEDIA_PRICES}
    return msgspec.structs.replace(price, **media)


def _most(name: str, prices: Sequence[Price]) -> Decimal | None:
    """Find the most that tokens of a medium cost by any of some prices; None where none says."""
    return max([said for row in prices if (said := getattr(row, name)) is not None], default=None)


def _first(price: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if price is None else price


def _end(until: str | None) -> int:
    return _FOREVER_MS if until is None else moment_ms(until)


def _offset(zone: str) -> timedelta:
    hours, _, minutes = zone[1:].partition(":")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return -offset if zone.startswith("-") else offset
