"""Who graded what `auto` learns from.

Rule 1: what nobody could grade is told beside what was graded: a judge without a word is a choice of
    prompts too.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("Labels", "Row", "labels")


class Row(Protocol):
    """What there is of one graded prompt; `jevons.store.PairRow` has it."""

    @property
    def by(self) -> str:
        """Who graded it."""
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


def labels(rows: Iterable[Row]) -> Labels:
    """Count graded prompts by who graded them."""
    by, judges, failed = Counter[str](), Counter[str](), Counter[str]()
    own: set[str] = set()
    aimed = 0
    for row in rows:
        if row.failed:
            failed[row.by] += 1
        elif row.grades and not row.ended:
            by[row.by or "unknown"] += 1
            aimed += row.times > 1
            if row.judge:
                judges[row.judge] += 1
                own |= {row.judge} & row.grades.keys()
    return Labels(dict(by), dict(judges), tuple(sorted(own)), dict(failed), aimed)
