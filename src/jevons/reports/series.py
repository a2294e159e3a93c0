"""Interrupted series: what demand did on a day on which something changed, against where it was going.

    log y_t = a + b t + w W_t + c S_t + d (t - T) S_t

y tokens of a day, W whether it is a weekend, T the day of the change, S whether it has come. `exp(c)`
is the step on that day, `d` the bend of the trend after it. The same for energy a token.

Rule 1: errors of days that follow each other are alike, so the interval is that of Newey and West
    over a week, or the usual one where that is wider.
Rule 2: with fewer than ten days with answers on a side, nothing is told.
Rule 3: what changed on the same day for another reason is in the step: it shows what went together.

Source: J. Lopez Bernal, S. Cummins and A. Gasparrini, "Interrupted time series regression",
International Journal of Epidemiology 46 (2017) 348; W. Newey and K. West, Econometrica 55 (1987) 703.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from jevons.reports.rebound import Interval, NoFigure
from jevons.reports.tally import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jevons.reports.tally import Tally

__all__ = ("Change", "Day", "Step", "days_of", "interrupted", "moved")

DAY_MS = 24 * 60 * 60 * 1000
LEAST_DAYS = 10
"""With answers, on each side of a change."""
_WEEK = 7
_SHIFT = 0.3
"""Share of tokens that has to go elsewhere within a week to be a change of routing."""
_Z95 = 1.6448536269514722
_FRIDAY = 5


class Day(NamedTuple):
    """What went through a house on a day."""

    begin_ms: int
    tokens: int
    """Of answers that ended well and whose energy is known."""
    energy_mj: float
    endpoints: Mapping[str, int]
    """Tokens by who wrote them."""

    @property
    def is_weekend(self) -> bool:
        """Whether it is a Saturday or a Sunday, UTC."""
        return datetime.fromtimestamp(self.begin_ms / 1e3, UTC).isoweekday() > _FRIDAY


class Change(NamedTuple):
    """Something that changed on a day."""

    day_ms: int
    what: str


class Step(NamedTuple):
    """What demand and energy a token did on that day, as factors against where they were going."""

    change: Change
    demand: Interval
    trend: Interval
    """Of demand after it, a week, against the trend before it."""
    intensity: Interval
    days: tuple[int, int]
    """With answers, before it and from it on."""


def days_of(tallies: Iterable[Tally]) -> list[Day]:
    """Put tallies of days together; told apart by endpoint, method and ending."""
    tokens: dict[int, dict[str, int]] = {}
    energy: dict[int, int] = {}
    for tally in tallies:
        group = tally.group
        if group.ended == ANSWERED and tally.energy_uj.low:
            begin_ms = group.hour_ms
            of_day = tokens.setdefault(begin_ms, {})
            of_day[group.endpoint] = of_day.get(group.endpoint, 0) + tally.written
            energy[begin_ms] = energy.get(begin_ms, 0) + tally.energy_uj.mid
    return [
        Day(begin_ms, sum(of_day.values()), energy[begin_ms] / 1e3, of_day)
        for begin_ms, of_day in sorted(tokens.items())
    ]


def moved(days: Sequence[Day]) -> list[Change]:
    """Find days on which requests began to go elsewhere: a third of the tokens within a week."""
    found: list[tuple[float, int]] = []
    for at in range(1, len(days)):
        begin_ms = days[at].begin_ms
        before = [day for day in days[:at] if day.begin_ms >= begin_ms - _WEEK * DAY_MS]
        after = [day for day in days[at:] if day.begin_ms < begin_ms + _WEEK * DAY_MS]
        shift = _shift(before, after)
        if shift < _SHIFT:
            continue
        if found and begin_ms - found[-1][1] < _WEEK * DAY_MS:
            found[-1] = max(found[-1], (shift, begin_ms), key=lambda each: each[0])
        else:
            found.append((shift, begin_ms))
    return [
        Change(begin_ms, f"{100 * shift:.0f} % of the tokens went to other endpoints")
        for shift, begin_ms in found
    ]


def interrupted(days: Sequence[Day], change: Change) -> Step | NoFigure:
    """Tell what a change went together with.

    Args:
        days: In order.
        change: On one of their days, or between them.
    """
    some = [day for day in days if day.tokens > 0]
    sides = [day.begin_ms >= change.day_ms for day in some]
    counts = (len(sides) - sum(sides), sum(sides))
    if min(counts) < LEAST_DAYS:
        return NoFigure(
            f"{counts[0]} days with answers before it and {counts[1]} from it on; "
            f"each side takes {LEAST_DAYS}"
        )
    rows = [_row(day, change) for day in some]
    if len({row[2] for row in rows}) == 1:  # only weekdays, or only weekends
        rows = [[*row[:2], *row[3:]] for row in rows]
    demand = _fit(rows, [math.log(day.tokens) for day in some])
    intensity = _fit(rows, [math.log(day.energy_mj / day.tokens) for day in some])
    return Step(
        change=change,
        demand=_factor(demand, -2),
        trend=_factor(demand, -1, times=_WEEK),
        intensity=_factor(intensity, -2),
        days=counts,
    )


class _Fitted(NamedTuple):
    coefficients: list[float]
    errors: list[float]
    """Standard errors."""


def _shift(before: Sequence[Day], after: Sequence[Day]) -> float:
    """Half of what the shares of endpoints differ by in all: 0 is none, 1 is everything."""
    one, two = _shares(before), _shares(after)
    return sum(abs(one.get(name, 0) - two.get(name, 0)) for name in one.keys() | two.keys()) / 2


def _shares(days: Sequence[Day]) -> dict[str, float]:
    tokens: dict[str, int] = {}
    for day in days:
        for name, count in day.endpoints.items():
            tokens[name] = tokens.get(name, 0) + count
    total = sum(tokens.values())
    return {name: count / total for name, count in tokens.items()} if total else {}


def _row(day: Day, change: Change) -> list[float]:
    since = (day.begin_ms - change.day_ms) / DAY_MS
    has_come = float(since >= 0)
    return [1.0, since, float(day.is_weekend), has_come, since * has_come]


def _factor(fitted: _Fitted, at: int, *, times: float = 1.0) -> Interval:
    middle, width = fitted.coefficients[at] * times, _Z95 * fitted.errors[at] * times
    return Interval(math.exp(middle - width), math.exp(middle), math.exp(middle + width))


def _fit(rows: Sequence[Sequence[float]], values: Sequence[float]) -> _Fitted:
    """Least squares, with the wider of two errors of each coefficient."""
    size, count = range(len(rows[0])), len(rows)
    inverse = _inverse([[math.fsum(row[i] * row[j] for row in rows) for j in size] for i in size])
    moments = [
        math.fsum(row[i] * value for row, value in zip(rows, values, strict=True)) for i in size
    ]
    found = [math.fsum(a * b for a, b in zip(line, moments, strict=True)) for line in inverse]
    scores: list[list[float]] = []
    squares = 0.0
    for row, value in zip(rows, values, strict=True):
        residual = value - math.fsum(a * b for a, b in zip(found, row, strict=True))
        squares += residual**2
        scores.append([residual * each for each in row])
    spare = count - len(rows[0])
    usual = squares / spare
    meat = [[_together(scores, i, j) * count / spare for j in size] for i in size]
    errors: list[float] = []
    for i in size:
        robust = math.fsum(inverse[i][j] * meat[j][k] * inverse[k][i] for j in size for k in size)
        errors.append(math.sqrt(max(robust, usual * inverse[i][i])))
    return _Fitted(found, errors)


def _together(scores: Sequence[Sequence[float]], i: int, j: int) -> float:
    """Add up how scores of days up to a week apart go together, the nearer the more."""
    total = math.fsum(each[i] * each[j] for each in scores)
    for lag in range(1, min(_WEEK, len(scores) - 1) + 1):
        weight = 1 - lag / (_WEEK + 1)
        for one, other in zip(scores[lag:], scores, strict=False):
            total += weight * (one[i] * other[j] + other[i] * one[j])
    return total


def _inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    size = len(matrix)
    rows = [[*row, *[float(i == j) for j in range(size)]] for i, row in enumerate(matrix)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda at: abs(rows[at][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [each / rows[i][i] for each in rows[i]]
        for k in range(size):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [row[size:] for row in rows]
