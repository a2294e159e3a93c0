"""Receipts added up by group and by period; never more in memory than there are groups.

Rule 1: only a receipt whose figure is known is added; every other is counted, by its reason.
Rule 2: how sure a group's figure is, is kept with it: it is one model's error, the same in both
    periods, and not one error a request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from jevons.reports.lmdi import Flow
from jevons.types.budget import DEFAULT_LINE
from jevons.types.units import Estimate, Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Charged", "Dimension", "Measure", "Period", "Seen", "Span", "Sums", "Used", "gather")

Dimension = Literal["model", "endpoint"]
"""What makes a group."""
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


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """What a report reads of usage."""

    output: int = 0
    reasoning: int = 0


class Charged(msgspec.Struct, frozen=True, kw_only=True):
    """What every report reads of a receipt; the rest of it is passed over."""

    at_ms: int
    key: str
    endpoint: str | None
    model: str | None
    energy_mj: Quantity
    carbon_mg: Quantity
    error: str | None = None
    account: tuple[str, ...] = ()
    """What it was charged to besides its key; records of old name none."""

    @property
    def line(self) -> tuple[str, ...]:
        """What it was charged to besides its key, the narrowest first."""
        return self.account or DEFAULT_LINE

    def is_of(self, account: str) -> bool:
        """Whether it was charged to an account, or made with a key, by name or id."""
        return account == self.key or account in self.line


class Seen(Charged, frozen=True, kw_only=True):
    """What is read of a receipt to be compared."""

    usage: Used


@dataclass(slots=True)
class Sums:
    """One group in one period."""

    requests: int = 0
    tokens: int = 0
    """Of answers, reasoning included."""
    amount: float = 0.0
    """Median estimates, added."""
    weighted: float = 0.0
    """Standard deviations of their logarithms, each times its amount, added."""

    @property
    def flow(self) -> Flow:
        """The group as a flow."""
        return Flow(self.requests, self.tokens, self.amount)

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm of the group's amount."""
        return self.weighted / self.amount


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

    def add(self, seen: Seen, group: str, amount: Estimate, *, is_late: bool) -> None:
        """Add one answer."""
        sums = self.groups.setdefault(group, Sums())
        tokens = seen.usage.output + seen.usage.reasoning
        sums.requests += 1
        sums.tokens += tokens
        sums.amount += amount.p50
        sums.weighted += amount.p50 * math.log(amount.p95 / amount.p05) / (2 * _Z95)
        self.methods[amount.method] = self.methods.get(amount.method, 0.0) + amount.p50
        early, late = self.tokens
        self.tokens = (early, late + tokens) if is_late else (early + tokens, late)


def gather(
    receipts: Iterable[Seen],
    spans: Iterable[Span],
    *,
    by: Dimension = "model",
    measure: Measure = "energy",
) -> tuple[Period, ...]:
    """Add receipts up.

    Args:
        receipts: In any order, of any time.
        spans: The periods that are asked about.
        by: What makes a group.
        measure: What is added up.

    Returns:
        What went through in each span, in their order.
    """
    told = [(span, Period()) for span in spans]
    for seen in receipts:
        for span, period in told:
            if span.begin_ms <= seen.at_ms < span.end_ms:
                _put(seen, period, by, measure, is_late=seen.at_ms >= span.middle_ms)
    return tuple([period for _, period in told])


def _put(seen: Seen, period: Period, by: Dimension, measure: Measure, *, is_late: bool) -> None:
    group = _group(seen, by)
    amount = seen.energy_mj if measure == "energy" else seen.carbon_mg
    if seen.error is not None or group is None:
        period.failed += 1
    elif seen.usage.output + seen.usage.reasoning == 0:
        period.silent += 1
    elif isinstance(amount, Estimate):
        period.add(seen, group, amount, is_late=is_late)
    else:
        period.unknown += 1


def _group(seen: Seen, by: Dimension) -> str | None:
    """Name a receipt's group; None if nobody answered."""
    return seen.model if by == "model" else seen.endpoint
