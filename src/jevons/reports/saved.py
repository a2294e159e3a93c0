"""What `auto` saved, beside requests that were drawn to get the reference all the same.

Requests under a certificate are of two kinds: those that `auto` decided, and a share, drawn by their
ids, that got the reference. Both are asked alike, so the difference of their means is what `auto`
saves, and nothing else; its interval is that of a ratio of two means (the delta method).

Rule 1: what was spent on grading is told beside what was saved, never left out.
Rule 2: where either kind has too few requests of known cost there is no figure; the same of energy
    and carbon.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from jevons.reports.rebound import Interval, NoFigure
from jevons.types.account import Certified, Feedback, KeyChange, Receipt
from jevons.types.units import Estimate, Priced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ("HOUSE_KEY", "REASONS", "Saved", "of_traffic", "saved")

HOUSE_KEY = "auto (house)"
"""Name of the key that what is asked for `auto` alone is charged to."""

R = TypeVar("R", bound=Receipt | Certified | Feedback | KeyChange)

REASONS = MappingProxyType(
    {
        "certified": "decided under a certificate",
        "new": "unlike all that was graded: the reference",
        "sticky": "stayed with the reference, where their conversation began",
        "holdout": "drawn to get the reference, to measure beside",
        "uncertified": "no certificate held: the reference",
        "barred": "some arm may not serve them, or nobody grades them: the reference",
        "named": "the caller named the arm",
        "fallback": "the arm failed: the reference",
        "no-reference": "the reference may not serve them",
        "cache": "an earlier answer was given again",
    }
)
"""What stands on receipts as `chosen`, in words."""

_FEWEST = 20
"""Requests of a kind below which chance says more than they do."""
_SIDE_90 = 1.6449
"""Standard errors to each side of which lie nine cases of ten."""
_DECIDED = frozenset({"certified", "new", "sticky"})


class Saved(NamedTuple):
    """What became of requests for `auto`."""

    chosen: dict[str, int]
    """How many were served for which kind of reason."""
    arms: dict[str, int]
    """How many each arm answered: a cascade's are its own, whoever of it spoke."""
    turns: tuple[Certified, ...]
    """Certificates as they began and ended, in order."""
    share: Interval | NoFigure
    """Share of the reference's cost that was saved, under a certificate."""
    saved_nusd: float
    """What that share comes to over all requests that `auto` decided; 0 where there is no figure."""
    graded_nusd: int
    """What the house spent on answers that were only graded, as far as that is known."""
    unknown: int
    """Requests for `auto` whose cost is not known: they are in no sum."""
    energy: Interval | NoFigure
    """Share of the energy of the reference's answers that was saved, under a certificate."""
    carbon: Interval | NoFigure
    """The same of their carbon."""
    repeated: int
    """Requests, for whatever model, that an earlier answer was given to again."""
    spared_nusd: int
    """What those answers had cost when they were first given, each time anew, as far as that is known."""
    spared_mj: float
    """And the energy that they had taken, of medians."""
    days: dict[str, dict[str, int]]
    """How many each arm answered, by the day, UTC."""


def of_traffic(records: Iterable[R], *, tenant: str | None, traffic: str | None) -> Iterator[R]:
    """Leave out what is of other traffic; what is of none stays.

    Args:
        records: As `saved` takes them.
        tenant: Whose; None is everybody's.
        traffic: Which class; None is every one.
    """
    for record in records:
        if (
            isinstance(record, KeyChange)
            or (isinstance(record, Receipt) and not record.chosen)
            or (tenant in {None, record.tenant} and traffic in {None, record.traffic})
        ):
            yield record


def saved(records: Iterable[Receipt | Certified | Feedback | KeyChange], *, house: str) -> Saved:
    """Read what `auto` came to.

    Args:
        records: Receipts of requests for `auto` and of the house's own, certificates, and keys;
            others are passed over.
        house: Name of the key that the house asks with for itself.
    """
    chosen, arms = Counter[str](), Counter[str]()
    days: defaultdict[str, Counter[str]] = defaultdict(Counter)
    turns: list[Certified] = []
    keys: set[str] = set()
    decided, held_out = _Kind(), _Kind()
    graded = unknown = 0
    records = [*records]
    for record in records:
        if isinstance(record, Certified):
            turns.append(record)
        elif isinstance(record, KeyChange):
            keys |= {record.key} if record.name == house else set()
        elif isinstance(record, Feedback):
            continue
        elif record.key in keys:
            graded += record.cost.nusd if isinstance(record.cost, Priced) else 0
        elif record.chosen:
            chosen[record.chosen] += 1
            arm = record.arm or record.endpoint if record.endpoint else "nobody"
            arms[arm] += 1
            days[record.day][arm] += 1
            if not isinstance(record.cost, Priced):
                unknown += 1
            if record.certificate and record.chosen == "holdout":
                held_out.take(record)
            elif record.certificate and record.chosen in _DECIDED:
                decided.take(record)
    repeated, spared_nusd, spared_mj = _spared(
        record for record in records if isinstance(record, Receipt)
    )
    share = _share(decided.cost, held_out.cost)
    base = _mean(held_out.cost) * len(decided.cost) if isinstance(share, Interval) else 0.0
    return Saved(
        chosen=dict(chosen),
        arms=dict(arms),
        turns=tuple(turns),
        share=share,
        saved_nusd=share.point * base if isinstance(share, Interval) else 0.0,
        graded_nusd=graded,
        unknown=unknown,
        energy=_share(decided.energy, held_out.energy),
        carbon=_share(decided.carbon, held_out.carbon),
        repeated=repeated,
        spared_nusd=spared_nusd,
        spared_mj=spared_mj,
        days={day: dict(each) for day, each in days.items()},
    )


def _spared(receipts: Iterable[Receipt]) -> tuple[int, int, float]:
    """Say how often answers were given again, and what giving them anew would have come to."""
    kept = [*receipts]
    times = Counter([each.repeats for each in kept if each.repeats])
    nusd, mj = 0, 0.0
    for each in kept:
        if each.id in times:
            nusd += times[each.id] * (each.cost.nusd if isinstance(each.cost, Priced) else 0)
            energy = each.energy_mj
            mj += times[each.id] * (energy.p50 if isinstance(energy, Estimate) else 0.0)
    return times.total(), nusd, mj


class _Kind:
    """What requests of one kind came to, as far as it is known."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.energy: list[float] = []
        self.carbon: list[float] = []

    def take(self, receipt: Receipt) -> None:
        """Take one more."""
        if isinstance(receipt.cost, Priced):
            self.cost.append(receipt.cost.nusd)
        if isinstance(receipt.energy_mj, Estimate):
            self.energy.append(receipt.energy_mj.p50)
        if isinstance(receipt.carbon_mg, Estimate):
            self.carbon.append(receipt.carbon_mg.p50)


def _share(decided: Sequence[float], held_out: Sequence[float]) -> Interval | NoFigure:
    if min(len(decided), len(held_out)) < _FEWEST:
        return NoFigure(
            f"{len(decided)} requests were decided under a certificate and {len(held_out)} drawn to "
            f"be measured beside, of known cost; each takes {_FEWEST}"
        )
    base = _mean(held_out)
    if base == 0:
        return NoFigure("the reference costs nothing")
    ratio = _mean(decided) / base
    error = math.hypot(_error(decided), ratio * _error(held_out)) / base
    return Interval(1 - ratio - _SIDE_90 * error, 1 - ratio, 1 - ratio + _SIDE_90 * error)


def _mean(figures: Sequence[float]) -> float:
    return sum(figures) / len(figures)


def _error(figures: Sequence[float]) -> float:
    """Standard error of the mean."""
    mean = _mean(figures)
    squares = sum([(each - mean) ** 2 for each in figures])
    return math.sqrt(squares / (len(figures) - 1) / len(figures))
