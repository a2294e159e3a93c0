"""How like a question has to be to one before it, to be given that one's answer.

Rule 1: a label is what would have been given held against what was answered anew: 1 if they say the
    same, else 0. It costs nothing, since the new answer was given to whoever asked.
Rule 2: thresholds are laid on the first labels and frozen; those that come after are tested on, the
    strictest threshold first, until one fails. Where nothing is certified nothing is given.
Rule 3: a figure is `grade - (1 - loss)` where an answer would have been given, and 0 elsewhere: what is
    certified is what is lost of those that are given, not of all that are asked.
Rule 4: while a certificate holds, a share of what it lets be given is asked anew, and watched.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jevons.auto.betting import p_value, upper_bound
from jevons.auto.certificate import Certificate, expired, share
from jevons.auto.drift import Drift, drift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.auto.certificate import Terms
    from jevons.auto.rows import Floats

__all__ = ("Label", "Likeness", "Shift")

_EACH = 10
"""Labels after which it is looked how far they carry: bets may be looked at at any time."""
_PARTS = (0.5, 0.25, 0.0)
"""Thresholds are laid where this share of labels is less alike."""
_BEYOND = 1.5
"""No threshold is laid where so many times the loss to be certified is seen."""
_PLANNED = 2000
"""Labels for which bets are sized."""
_RUN = 300.0
"""Labels between false alarms, in the mean."""
_LEAST_VARIANCE = 1e-3


class Label(NamedTuple):
    """A question like one before it, that was answered anew."""

    at_ms: int
    likeness: float
    grade: float
    """1 if the answer to the one before says the same, else 0."""


class Shift(NamedTuple):
    """Something that the books are to know."""

    at_ms: int
    certificate: Certificate
    threshold: float
    """How like a question has to be under it."""
    ended: str = ""
    """Why it no longer holds: `age`, `volume`, `quality` or `settings`; empty where it begins to."""


class Likeness:
    """What is known of one house's questions.

    Args:
        terms: What is to be shown.
        learn: Labels that thresholds are laid on.
        labels: Most that they are tested on; then they are laid anew.
    """

    def __init__(self, terms: Terms, *, learn: int = 100, labels: int = 20_000) -> None:
        self.certificate: Certificate | None = None
        """What holds now; None: nothing is given."""
        self.threshold = 2.0
        """How like a question has to be; more than can be while nothing holds."""
        self.times = 0
        """How often thresholds were laid."""
        self.given = 0
        """Answers under the certificate that holds."""
        self._terms = terms
        self._learn = learn
        self._most = labels
        self._learning: list[Label] = []
        self._testing: list[Label] = []
        self._path: tuple[float, ...] = ()
        self._worse = Drift(bet=0.0, run=1.0, purse=0.0)

    def take(self, label: Label) -> list[Shift]:
        """Take one more label; say what changed."""
        if self.certificate is not None:
            return self._watch(label)
        if not self._path:
            self._learning.append(label)
            if len(self._learning) % self._learn == 0:
                self._lay()
            return []
        self._testing.append(label)
        if len(self._testing) % _EACH:
            return []
        return self._test(label.at_ms)

    def settle(self, terms: Terms, at_ms: int) -> list[Shift]:
        """Take other terms: what was learned from or tested on under others is only learned from.

        Who could change them until a test passes could promise anything.
        """
        if terms == self._terms:
            return []
        held, threshold = self.certificate, self.threshold
        self._terms = terms
        self._begin([*self._learning, *self._testing])
        return [] if held is None else [Shift(at_ms, held, threshold, "settings")]

    def gives(self, likeness: float, *, now_ms: int) -> bool:
        """Whether an answer may be given to a question so like the one that it was given to."""
        return likeness >= self.threshold and not self.due(now_ms)

    def due(self, now_ms: int) -> str:
        """Say why the certificate no longer holds; empty while it does, or there is none."""
        if self.certificate is None:
            return ""
        return expired(self.certificate, now_ms=now_ms, requests=self.given, has_drifted=False)

    def end(self, why: str, at_ms: int) -> list[Shift]:
        """Have the certificate end; nothing happens if there is none."""
        held, threshold = self.certificate, self.threshold
        if held is None:
            return []
        self._begin(self._testing)
        return [Shift(at_ms, held, threshold, why)]

    def _begin(self, labels: list[Label]) -> None:
        """Lay thresholds on what was tested last; those that come are tested on."""
        self.certificate, self.threshold, self._path = None, 2.0, ()
        self._learning, self._testing = labels, []
        if len(self._learning) >= self._learn:
            self._lay()

    def _lay(self) -> None:
        likes, grades = _arrays(self._learning)
        most = _BEYOND * self._terms.loss
        laid = dict.fromkeys(float(np.quantile(likes, part)) for part in _PARTS)
        self._path = tuple([each for each in laid if 1.0 - grades[likes >= each].mean() <= most])
        self.times += bool(self._path)

    def _test(self, at_ms: int) -> list[Shift]:
        likes, grades = _arrays(self._testing)
        delta, loss = share(self._terms, self.times), self._terms.loss
        passed: list[float] = []
        for threshold in self._path:
            figures, least = _figures(likes >= threshold, grades, loss)
            if p_value(figures, least=least, delta=delta, planned=_PLANNED) > delta:
                break
            passed.append(threshold)
        if passed:
            held = self._hold(passed, likes, grades, at_ms)
            return [Shift(at_ms, held, self.threshold)]
        if len(self._testing) >= self._most:
            self._begin(self._testing)
        return []

    def _hold(
        self, passed: Sequence[float], likes: Floats, grades: Floats, at_ms: int
    ) -> Certificate:
        terms, threshold = self._terms, passed[-1]
        is_given = likes >= threshold
        delta = share(terms, self.times)
        named = f"likeness {threshold!r} {self._path!r} {self.times} {terms!r} {at_ms}"
        self.certificate = Certificate(
            step=len(passed),
            labels=len(likes),
            estimate=float(1.0 - grades[is_given].mean()),
            bound=upper_bound(
                lambda loss: _figures(is_given, grades, loss), delta=delta, planned=_PLANNED
            ),
            terms=terms,
            at_ms=at_ms,
            policy=sha256(named.encode()).hexdigest(),
        )
        self.threshold, self.given = threshold, 0
        usual = float(grades[is_given].var())
        self._worse = drift(usual=max(usual, _LEAST_VARIANCE), worse=terms.loss, run=_RUN)
        return self.certificate

    def _watch(self, label: Label) -> list[Shift]:
        if label.likeness < self.threshold:
            return []
        self._worse = self._worse.after((1.0 - self._terms.loss) - label.grade)
        return self.end("quality", label.at_ms) if self._worse.is_seen else []


def _arrays(labels: Sequence[Label]) -> tuple[Floats, Floats]:
    return np.array([each.likeness for each in labels]), np.array([each.grade for each in labels])


def _figures(is_given: Floats, grades: Floats, loss: float) -> tuple[Floats, float]:
    return np.where(is_given, grades - (1.0 - loss), 0.0), -(1.0 - loss)
