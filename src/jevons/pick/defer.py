"""When work that can wait is best begun: at the cheapest hour before its deadline, or the cleanest.

Rule 1: work begins early enough to end by its deadline, or at once where it cannot.
Rule 2: an hour of which the price or the carbon is not known is not bet on: only a start all of
    whose hours are known is better than now.
Rule 3: of two starts that are as good, the earlier: waiting is worth something only where it saves.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ("Start", "Window", "saved", "when")


class Window(NamedTuple):
    """A figure that holds for a stretch of time: dollars for the work, or grams a kilowatt-hour."""

    begin_ms: int
    end_ms: int
    figure: float


class Start(NamedTuple):
    """When to begin."""

    begin_ms: int
    cost: float | None
    """Of the work, in the windows' own unit, begun then; None is not known."""
    carbon: float | None
    """Mean over the work, likewise."""
    now_cost: float | None
    """Begun now."""
    now_carbon: float | None
    why: str


def when(
    *,
    now_ms: int,
    deadline_ms: int,
    length_ms: int,
    prices: Sequence[Window] = (),
    carbon: Sequence[Window] = (),
    usd_per_kg: float | None = None,
    kwh: float = 0.0,
) -> Start:
    """Choose.

    Args:
        now_ms: The earliest start, Unix milliseconds.
        deadline_ms: By when it has to be done.
        length_ms: How long it takes.
        prices: What the work costs, begun and ended within each; none is not minded.
        carbon: Grams of CO2 equivalent a kilowatt-hour; none is not minded.
        usd_per_kg: What a kilogram is worth avoiding; None looks at money first, and at carbon only
            between starts that cost the same, or where there are no prices.
        kwh: Energy of the work: what `usd_per_kg` is worth.
    """
    now = _told(now_ms, length_ms, prices, carbon)
    if now_ms + length_ms > deadline_ms:
        return _start(now_ms, now, now, "it cannot end by its deadline, so it begins at once")
    best_ms, best = now_ms, now
    is_known = _is_known(now, prices, carbon)
    for begin_ms in _starts(now_ms, deadline_ms - length_ms, length_ms, (*prices, *carbon)):
        told = _told(begin_ms, length_ms, prices, carbon)
        if not _is_known(told, prices, carbon):
            continue
        if not is_known or _worth(told, usd_per_kg, kwh) < _worth(best, usd_per_kg, kwh):
            best_ms, best, is_known = begin_ms, told, True
    if best_ms == now_ms:
        why = (
            "no later start that is known is better"
            if is_known
            else "nothing is known of any start"
        )
        return _start(now_ms, best, now, why)
    return _start(best_ms, best, now, "the best that is known before the deadline")


class _Told(NamedTuple):
    cost: float | None
    carbon: float | None


def _told(
    begin_ms: int, length_ms: int, prices: Sequence[Window], carbon: Sequence[Window]
) -> _Told:
    end_ms = begin_ms + length_ms
    return _Told(_mean(prices, begin_ms, end_ms), _mean(carbon, begin_ms, end_ms))


def _mean(windows: Sequence[Window], begin_ms: int, end_ms: int) -> float | None:
    """Weigh windows by how much of a stretch they cover; None if some of it is in none."""
    covered, total = 0, 0.0
    for window in windows:
        shared = min(window.end_ms, end_ms) - max(window.begin_ms, begin_ms)
        if shared > 0:
            covered += shared
            total += window.figure * shared
    return total / covered if covered == end_ms - begin_ms else None


def _is_known(told: _Told, prices: Sequence[Window], carbon: Sequence[Window]) -> bool:
    has_cost = not prices or told.cost is not None
    return has_cost and (not carbon or told.carbon is not None)


def _worth(told: _Told, usd_per_kg: float | None, kwh: float) -> tuple[float, float]:
    """Tell what is to be least; rounded, so that sums in another order are no reason to wait."""
    cost, carbon = told.cost or 0.0, told.carbon or 0.0
    if usd_per_kg is not None:
        return round(cost + carbon / 1e3 * kwh * usd_per_kg, 9), 0.0
    return round(cost, 9), round(carbon, 6)


def _starts(
    first_ms: int, last_ms: int, length_ms: int, windows: Sequence[Window]
) -> Iterator[int]:
    """List starts at which something changes: a mean is least where work begins or ends with a window."""
    ends = {window.begin_ms for window in windows} | {window.end_ms for window in windows}
    starts = ends | {end - length_ms for end in ends} | {last_ms}
    yield from sorted(start for start in starts if first_ms < start <= last_ms)


def _start(begin_ms: int, told: _Told, now: _Told, why: str) -> Start:
    return Start(begin_ms, told.cost, told.carbon, now.cost, now.carbon, why)


def saved(before: float | None, after: float | None) -> float | None:
    """Tell which share of a figure is saved; None is not known, or there was nothing to save."""
    if before is None or after is None or math.isclose(before, 0.0):
        return None
    return 1 - after / before
