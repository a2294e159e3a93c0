"""Tallies added up by group and by period; never more in memory than there are groups.

Rule 1: only an answer whose figure is known is added; every other is counted, by its reason.
Rule 2: how sure a group's figure is, is kept with it: it is one model's error, the same in both
    periods, and not one error a request.
Rule 3: time is told by the hour: an hour is in the period in which it begins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from jevons.reports.lmdi import Flow
from jevons.reports.tally import FAILED, SILENT, line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jevons.reports.tally import Group, Sum, Tally

__all__ = ("Dimension", "Measure", "Period", "Span", "Sums", "apart", "fields_of", "gather")

Dimension = Literal["model", "endpoint", "project", "team", "key"]
"""What makes a group. A team is what a project is part of: an organisation, where that is no team."""
Measure = Literal["energy", "carbon"]
"""What is added up: millijoules, or milligrams of CO2 equivalent."""

_Z95 = 1.6448536269514722


class Span(NamedTuple):
    """A stretch of time, Unix milliseconds."""

    begin_ms: int
    end_ms: int
    """The first moment that is not in it."""

    @property
    def middle_ms(self) -> float:
        """Half way through."""
        return (self.begin_ms + self.end_ms) / 2


@dataclass(slots=True)
class Sums:
    """One group in one period."""

    requests: int = 0
    tokens: int = 0
    """Of answers, reasoning included."""
    amount: float = 0.0
    """Median estimates, added."""
    low: float = 0.0
    """Ends of their intervals, added; `high` too."""
    high: float = 0.0

    @property
    def flow(self) -> Flow:
        """The group as a flow."""
        return Flow(self.requests, self.tokens, self.amount)

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm of the group's amount."""
        return math.log(self.high / self.low) / (2 * _Z95)


@dataclass(slots=True)
class Period:
    """What went through a house in one span."""

    groups: dict[str, Sums] = field(default_factory=dict[str, Sums])
    methods: dict[str, float] = field(default_factory=dict[str, float])
    """Amount by how it was got, as `measured-nvml`."""
    tokens: tuple[int, int] = (0, 0)
    """In the earlier and the later half of it."""
    failed: int = 0
    """Requests without an answer, or with one that broke off."""
    silent: int = 0
    """Requests that no token of answer was asked of, as embeddings."""
    unknown: int = 0
    """Answers whose figure is not known."""

    @property
    def flows(self) -> dict[str, Flow]:
        """Each group as a flow."""
        return {name: sums.flow for name, sums in self.groups.items()}

    @property
    def amount(self) -> float:
        """Of all groups."""
        return math.fsum(sums.amount for sums in self.groups.values())

    def add(self, tally: Tally, name: str, measure: Measure, *, is_late: bool) -> None:
        """Add the requests of one group and hour."""
        group = tally.group
        if group.ended == FAILED:
            self.failed += tally.requests
        elif group.ended == SILENT:
            self.silent += tally.requests
        elif not _amount(tally, measure).low:
            self.unknown += tally.requests
        else:
            self._add_known(tally, name, measure, is_late=is_late)

    def _add_known(self, tally: Tally, name: str, measure: Measure, *, is_late: bool) -> None:
        per, amount = _PER[measure], _amount(tally, measure)
        sums = self.groups.setdefault(name, Sums())
        sums.requests += tally.requests
        sums.tokens += tally.written
        sums.amount += amount.mid / per
        sums.low += amount.low / per
        sums.high += amount.high / per
        method = tally.group.method
        self.methods[method] = self.methods.get(method, 0.0) + amount.mid / per
        early, late = self.tokens
        written = tally.written
        self.tokens = (early, late + written) if is_late else (early + written, late)


def gather(
    tallies: Iterable[Tally],
    spans: Iterable[Span],
    *,
    by: Dimension = "model",
    measure: Measure = "energy",
) -> tuple[Period, ...]:
    """Add tallies up.

    Args:
        tallies: In any order, of any time; told apart by the hour, by what makes a group, by
            `method` and by `ended`.
        spans: The periods that are asked about.
        by: What makes a group.
        measure: What is added up.

    Returns:
        What went through in each span, in their order.
    """
    told = [(span, Period()) for span in spans]
    for tally in tallies:
        hour_ms, name = tally.group.hour_ms, _READ[by](tally.group)
        for span, period in told:
            if span.begin_ms <= hour_ms < span.end_ms:
                period.add(tally, name, measure, is_late=hour_ms >= span.middle_ms)
    return tuple([period for _, period in told])


_PER = MappingProxyType({"energy": 1e3, "carbon": 1e6})
"""Units of a sum in one of a measure."""


_READ: Mapping[Dimension, Callable[[Group], str]] = MappingProxyType(
    {
        "model": lambda group: group.model,
        "endpoint": lambda group: group.endpoint,
        "project": lambda group: line_of(group.account)[0],
        "team": lambda group: line_of(group.account)[1],
        "key": lambda group: group.key,
    }
)


def fields_of(by: Dimension) -> frozenset[str]:
    """Name the fields of a `Group` that must be told apart to be gathered."""
    return frozenset({"account" if by in {"project", "team"} else by, "method", "ended"})


def apart(tallies: Iterable[Tally], by: Dimension) -> dict[str, list[Tally]]:
    """Take tallies apart, in the order of names; what nobody answered is left out."""
    parts: dict[str, list[Tally]] = {}
    for tally in tallies:
        if name := _READ[by](tally.group):
            parts.setdefault(name, []).append(tally)
    return dict(sorted(parts.items()))


def _amount(tally: Tally, measure: Measure) -> Sum:
    return tally.energy_uj if measure == "energy" else tally.carbon_ng
