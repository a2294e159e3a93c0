"""Whether those who ask are less content under a certificate than they were before it.

Before it the reference answers everybody; under it `auto` does. Both answer the same traffic, so the
means of what is said of both can be held beside each other, as long as those who say something are
of the same kind before and after. No certificate rests on it: it can only end one.

Rule 1: the last word on an answer counts, in the place of the first.
Rule 2: what is usual is taken at the lower end of where it lies, and a watch that expects no less
    than that is played as in `jevons.auto.drift`: about one false alarm in a thousand words.
"""

from __future__ import annotations

from collections import OrderedDict

from jevons.auto import Drift
from jevons.reports import proportion

__all__ = ("Hearing",)

_FEWEST = 30
"""Answers before a certificate below which nobody knows what is usual."""
_MOST = 1000
"""Newest answers that are remembered, before it and under it."""
_DECIDED = frozenset({"certified", "new", "sticky", "fallback"})


class Hearing:
    """What was said, as far as it matters to the certificate that holds."""

    def __init__(self) -> None:
        self._before: OrderedDict[str, float] = OrderedDict()
        self._under: OrderedDict[str, float] = OrderedDict()
        self._held = ""

    def hear(self, answer: str, score: float, *, chosen: str, under: str, held: str) -> bool:
        """Take a word; say whether answers have become worse.

        Args:
            answer: What it is about.
            score: From 0 to 1.
            chosen: How `auto` came to its endpoint.
            under: The certificate that it was chosen under; empty for none.
            held: The one that holds now; empty for none.
        """
        if held != self._held:
            self._held = held
            self._under.clear()
        if not under and chosen == "uncertified":
            _put(self._before, answer, score)
        elif held and under == held and chosen in _DECIDED:
            _put(self._under, answer, score)
            return self._is_worse()
        return False

    def _is_worse(self) -> bool:
        count = len(self._before)
        if count < _FEWEST:
            return False
        usual = proportion(sum(self._before.values()), count).p05
        watch = Drift(bet=0.5, run=1000.0)
        for each in self._under.values():
            watch = watch.after(usual - each)
        return watch.is_seen


def _put(scores: OrderedDict[str, float], answer: str, score: float) -> None:
    scores[answer] = score
    if len(scores) > _MOST:
        scores.popitem(last=False)
