"""Who graded what `auto` learns from.

Rule 1: what nobody could grade is told beside what was graded: a judge without a word is a choice of
    prompts too.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from jevons.reports.proportion import proportion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jevons.reports.rebound import Interval

__all__ = ("Differed", "Labels", "Row", "differ", "labels")

_GOOD = 0.5
"""Grade from which on an answer is called good."""


class Row(Protocol):
    """What there is of one graded prompt; `jevons.store.PairRow` has it."""

    @property
    def name(self) -> str:
        """Of the request; empty where there was none."""
        ...

    @property
    def by(self) -> str:
        """Who graded it."""
        ...

    @property
    def was(self) -> Mapping[str, float]:
        """Grades before a person gave others in their place."""
        ...

    @property
    def was_by(self) -> str:
        """Who gave those."""
        ...

    @property
    def judge(self) -> str:
        """The endpoint that was asked, where it was a judge."""
        ...

    @property
    def failed(self) -> str:
        """Why nobody did."""
        ...

    @property
    def grades(self) -> Mapping[str, float]:
        """From 0 to 1, by arm."""
        ...

    @property
    def times(self) -> float:
        """How much likelier it was drawn than by lot."""
        ...

    @property
    def ended(self) -> str:
        """Set where this is no prompt, but the end of a certificate."""
        ...


class Labels(NamedTuple):
    """What came of grading."""

    by: dict[str, int]
    """How many prompts each kind of grader graded; `unknown` in rows of versions that did not ask."""
    judges: dict[str, int]
    """Of those that a judge graded, how many each endpoint did."""
    own: tuple[str, ...]
    """Judges that graded answers of their own beside those of others."""
    failed: dict[str, int]
    """How many prompts each kind of grader was to grade, and did not."""
    aimed: int
    """Graded prompts that were likelier drawn than by lot; they weigh less by as much."""
    users: Differed | None
    """Those who asked beside the grader, on the answers of the arm that served; None where both graded
    none."""
    people: dict[str, Differed]
    """People beside each kind of grader, on whether an arm was worse than the reference."""


class Differed(NamedTuple):
    """How often two kinds of graders differ on the same answers: one says good, one says bad."""

    prompts: int
    share: Interval


def labels(rows: Iterable[Row]) -> Labels:
    """Count graded prompts by who graded them, and hold graders beside each other."""
    rows = [*rows]
    by, judges, failed = Counter[str](), Counter[str](), Counter[str]()
    own: set[str] = set()
    aimed = 0
    for row in rows:
        if row.by == "feedback":
            continue
        if row.failed:
            failed[row.by] += 1
        elif row.grades and not row.ended:
            by[row.by or "unknown"] += 1
            aimed += row.times > 1
            if row.judge:
                judges[row.judge] += 1
                own |= {row.judge} & row.grades.keys()
    users = _differed(_of_users(rows))
    last = {row.name: row for row in rows if row.by == "human"}  # the last word counts
    people = {
        kind: _share([differ(each) for each in last.values() if each.was_by == kind])
        for kind in sorted({each.was_by for each in last.values()})
    }
    return Labels(dict(by), dict(judges), tuple(sorted(own)), dict(failed), aimed, users, people)


def differ(row: Row) -> bool:
    """Whether a person, and who graded before, differ on whether an arm was worse than the reference."""
    reference, arm = row.grades  # in this order

    def is_worse(grades: Mapping[str, float]) -> bool:
        return grades[arm] < _GOOD <= grades[reference]

    return is_worse(row.grades) != is_worse(row.was)


def _of_users(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Pair what was said of an answer with how the same arm was graded on the same prompt."""
    graded = {row.name: row.grades for row in rows if row.name and row.by != "feedback"}
    said = {row.name: row.grades for row in rows if row.by == "feedback"}  # the last word counts
    return [
        (score, graded[name][arm])
        for name, scores in said.items()
        for arm, score in scores.items()
        if arm in graded.get(name, {})
    ]


def _differed(pairs: Sequence[tuple[float, float]]) -> Differed | None:
    return _share([(one >= _GOOD) != (other >= _GOOD) for one, other in pairs]) if pairs else None


def _share(apart: Sequence[bool]) -> Differed:
    return Differed(len(apart), proportion(sum(apart), len(apart)))
