"""What those who asked say of the answers that they got.

Rule 1: nobody is drawn by lot to say something, so this is told beside what was certified, and never
    taken for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.reports.proportion import proportion
from jevons.types.account import Feedback

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jevons.reports.rebound import Interval

__all__ = ("Opinion", "opinions")


class Opinion(NamedTuple):
    """Of one endpoint's answers."""

    answers: int
    """Of how many something was said."""
    words: int
    """How often, later words on the same answer included."""
    mean: Interval
    """From 0 to 1, of the last word on each."""


def opinions(records: Iterable[object]) -> dict[str, Opinion]:
    """Tell what was said of each endpoint's answers; what is no feedback is passed over."""
    last: dict[str, dict[str, float]] = {}
    words: dict[str, int] = {}
    for record in records:
        if isinstance(record, Feedback):
            last.setdefault(record.endpoint, {})[record.receipt] = record.score
            words[record.endpoint] = words.get(record.endpoint, 0) + 1
    return {
        endpoint: Opinion(
            len(scores), words[endpoint], proportion(sum(scores.values()), len(scores))
        )
        for endpoint, scores in sorted(last.items())
    }
