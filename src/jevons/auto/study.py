"""The loop: learn from pairs, certify on others, serve, watch, and begin again.

Rule 1: what a study knows is made of the pairs that it was given, in order, and of nothing else:
    given the same again it stands where it stood.
Rule 2: pairs are learned from until there are enough; then a path is laid and frozen, and those
    that come after are tested on. A path that fails, or ends, is followed by another on new pairs,
    with less of delta.
Rule 3: what ended because arms had changed teaches nothing: its pairs are forgotten.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jevons.auto.certificate import Certificate, Labels, Terms, certify, expired
from jevons.auto.drift import Drift, drift
from jevons.auto.frontier import choose
from jevons.auto.laying import lay, learn
from jevons.auto.sampling import LEAST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.auto.features import Prompt
    from jevons.auto.laying import Frozen
    from jevons.auto.rows import Ints
    from jevons.auto.sampling import Draws

__all__ = ("EACH", "Choice", "Pair", "Plan", "Study", "Turn", "amended")

EACH = 20
"""Labels after which it is looked how far they carry, and what to have graded next: bets may be looked
at at any time."""
_NEW_RUN = 500.0
_TOO_MANY = 1.5
"""Times as many new prompts as are to be expected, from which on traffic is not what it was."""
_OLD = ("age", "volume")


class Plan(NamedTuple):
    """What the house wants."""

    terms: Terms
    learn: int
    """Pairs that a path is laid on."""
    labels: int
    """Pairs that one path is tested on; bets are sized for so many."""


class Pair(NamedTuple):
    """One prompt that every arm answered, graded."""

    at_ms: int
    prompt: Prompt
    grades: tuple[float, ...]
    """From 0 to 1, in the order of the arms."""
    costs: tuple[float, ...]
    """In one unit; NaN where it is not known."""
    times: float = 1.0
    """How much likelier it was drawn than by lot."""
    name: str = ""
    """By which it can be graded again; empty where it cannot be."""


class Turn(NamedTuple):
    """Something that the books are to know."""

    at_ms: int
    certificate: Certificate
    ended: str = ""
    """Why it no longer holds: `age`, `volume`, `drift` (prompts are not what they were), `quality`
    (answers are not) or `settings` (another study follows); empty where it begins to."""

    @property
    def forgets(self) -> bool:
        """Whether what was learned until then is forgotten."""
        return bool(self.ended) and self.ended not in _OLD


class Choice(NamedTuple):
    """An arm for one prompt."""

    arm: int
    why: str
    """`certified`, `uncertified`, or `new`: a prompt unlike all that were graded."""
    gain: float = 0.0
    """What its grade is expected to be above the reference's."""
    saving: float = 0.0
    """What it is expected to save, as a share of what the reference costs in the mean."""


class _Tested(NamedTuple):
    """A pair that was tested on."""

    pair: Pair
    taken: Ints
    """Arm that each policy takes."""


def amended(
    grades: Mapping[str, float], said: Mapping[str, float], *, reference: str
) -> dict[str, float]:
    """Put a person's grades in the place of those before, by arm.

    Where they find the reference bad, no arm that they were not shown is taken for better.
    """
    most = said.get(reference, 1.0)
    return {arm: said.get(arm, min(before, most)) for arm, before in grades.items()}


class Study:
    """What is known of the arms in one house.

    Args:
        arms: Their names.
        reference: Place of the one that others are held against.
        plan: What is wanted.
        name: Of the traffic: what it certifies is called otherwise than what another does.
    """

    def __init__(self, arms: Sequence[str], reference: int, plan: Plan, name: str = "") -> None:
        self.arms = tuple(arms)
        self.reference = reference
        self.certificate: Certificate | None = None
        """What holds now; None: only the reference serves."""
        self.pairs = 0
        """All that were taken."""
        self.times = 0
        """How many paths were laid."""
        self.decided = 0
        """Requests under the certificate that holds."""
        self.plan = plan
        self._name = name
        self._learning: list[Pair] = []
        self._testing: list[_Tested] = []
        self._frozen: Frozen | None = None
        self._draws: Draws | None = None
        self._worse = self._new = Drift(bet=0.0, run=1.0, purse=0.0)

    @property
    def is_learning(self) -> bool:
        """Whether pairs are learned from, and not tested on."""
        return self._frozen is None

    @property
    def learned(self) -> int:
        """Pairs that are learned from."""
        return len(self._learning)

    @property
    def tested(self) -> int:
        """Pairs that were tested on."""
        return len(self._testing)

    @property
    def purse(self) -> float:
        """Of the watch over prompts: how sure it is that they are not what they were."""
        return self._new.purse

    def begin(self, pairs: Sequence[Pair], times: int) -> None:
        """Go on from a study of something else: learn from its pairs, and count its paths as ours."""
        self.pairs, self.times = len(pairs), times
        self._begin([*pairs])

    def resume(self, decided: int, purse: float) -> None:
        """Take over what was decided under the certificate elsewhere, or before a restart."""
        self.decided, self._new = decided, self._new._replace(purse=purse)

    def take(self, pair: Pair) -> list[Turn]:
        """Take one more pair; say what changed."""
        self.pairs += 1
        frozen = self._frozen
        if frozen is None:
            self._learning.append(pair)
            if len(self._learning) >= self.plan.learn:
                self._freeze()
            return []
        turns: list[Turn] = []
        taken = frozen.taken(frozen.models.expect([pair.prompt]))[0]
        if self.certificate is not None:
            turns = self._watch(pair, int(taken[self.certificate.step]))
        if not turns and len(self._testing) < self.plan.labels:
            self._testing.append(_Tested(pair, taken))
            if len(self._testing) % EACH == 0 or len(self._testing) == self.plan.labels:
                turns = self._test(pair.at_ms, frozen)
        return turns

    def amend(self, name: str, grades: Mapping[str, float], at_ms: int) -> list[Turn]:
        """Take a person's grades of a pair, as `amended` does; say what changed.

        Of a pair that is known no more nothing is said. A certificate ends that no longer stands.

        Args:
            name: Of the pair.
            grades: From 0 to 1, by arm; the others keep theirs.
            at_ms: Now, Unix milliseconds.
        """
        for at, pair in enumerate(self._learning):
            if pair.name == name:
                self._learning[at] = self._amended(pair, grades)
        is_tested = False
        for at, tested in enumerate(self._testing):
            if tested.pair.name == name:
                is_tested = True
                self._testing[at] = tested._replace(pair=self._amended(tested.pair, grades))
        held, frozen = self.certificate, self._frozen
        if held is None or frozen is None or not is_tested:
            return []
        again = self._certify(at_ms, frozen, self._labels())
        return self.end("quality", at_ms) if again.step < held.step else []

    def choose(self, prompt: Prompt, *, now_ms: int) -> Choice:
        """Take an arm.

        Args:
            prompt: What is asked.
            now_ms: Unix milliseconds.
        """
        frozen, held = self._frozen, self.certificate
        if frozen is None or held is None or self.due(now_ms):
            return Choice(self.reference, "uncertified")
        self.decided += 1
        views = frozen.models.expect([prompt])
        is_new = bool(frozen.known.new(views.topics)[0])
        self._new = self._new.after(float(is_new) - _TOO_MANY * frozen.known.share)
        if is_new:
            return Choice(self.reference, "new")
        trade = float(frozen.path.trades[held.step])
        arm = int(choose(views.gains.copy(), views.saved, trade, reference=self.reference)[0])
        return Choice(arm, "certified", float(views.gains[0, arm]), float(views.saved[0, arm]))

    def due(self, now_ms: int) -> str:
        """Say why the certificate no longer holds; empty while it does, or there is none."""
        if self.certificate is None:
            return ""
        return expired(
            self.certificate,
            now_ms=now_ms,
            requests=self.decided,
            has_drifted=self._new.is_seen,
        )

    def end(self, why: str, at_ms: int) -> list[Turn]:
        """Have the certificate end; nothing happens if there is none."""
        held, self.certificate = self.certificate, None
        if held is None:
            return []
        self._begin(self._all() if why in _OLD else [])
        return [Turn(at_ms, held, why)]

    @property
    def most_draws(self) -> float:
        """How much likelier than by lot any prompt is to be graded at most."""
        return 1.0 if self._draws is None else self._draws.most

    def draws(self, prompt: Prompt) -> float:
        """Say how much likelier than by lot a prompt is to be graded."""
        frozen, draws = self._frozen, self._draws
        if frozen is None or draws is None:
            return 1.0
        views = frozen.models.expect([prompt])
        return float(draws.times(frozen.spread(views, frozen.taken(views)))[0])

    def _all(self) -> list[Pair]:
        return [*self._learning, *[each.pair for each in self._testing]]

    def _begin(self, kept: list[Pair]) -> None:
        self._frozen, self._draws, self._learning, self._testing = None, None, kept, []
        if len(kept) >= self.plan.learn:
            self._freeze()

    def _freeze(self) -> None:
        self.times += 1
        pairs = self._learning
        learned = learn(
            [each.prompt for each in pairs],
            np.array([each.grades for each in pairs]),
            np.array([each.costs for each in pairs]),
            reference=self.reference,
        )
        frozen = lay(learned, self.plan.terms.loss)
        nothing = np.zeros((0, len(frozen.path.trades)))
        self._draws = frozen.draws(nothing, planned=self.plan.labels)
        self._frozen = frozen

    def _amended(self, pair: Pair, grades: Mapping[str, float]) -> Pair:
        before = dict(zip(self.arms, pair.grades, strict=True))
        told = amended(before, grades, reference=self.arms[self.reference])
        return pair._replace(grades=tuple(told.values()))

    def _certify(self, at_ms: int, frozen: Frozen, labels: Labels) -> Certificate:
        policies = [
            sha256(f"{self._name} {frozen.name} {self.arms} {float(trade)!r}".encode()).hexdigest()
            for trade in frozen.path.trades
        ]
        terms, planned = self.plan.terms, self.plan.labels
        return certify(
            labels, terms, at_ms=at_ms, policies=policies, times=self.times, planned=planned
        )

    def _test(self, at_ms: int, frozen: Frozen) -> list[Turn]:
        labels, planned = self._labels(), self.plan.labels
        self._draws = frozen.draws(labels.kept(self.plan.terms.loss), planned=planned)
        held = self._certify(at_ms, frozen, labels)
        before = 0 if self.certificate is None else self.certificate.step
        if held.step > before and self._saves(held.step):
            self._hold(held, labels)
            return [Turn(at_ms, held)]
        if self.certificate is None and len(self._testing) >= planned:
            self._begin(self._all())
        return []

    def _saves(self, step: int) -> bool:
        """Whether a policy would do anything at all without the reference."""
        return any(each.taken[step] != self.reference for each in self._testing)

    def _hold(self, held: Certificate, labels: Labels) -> None:
        loss = self.plan.terms.loss
        figures = (1.0 - loss) * labels.reference - labels.policy[:, held.step]
        self.certificate, self.decided = held, 0
        self._worse = drift(
            usual=float(figures.var()), worse=max(loss * float(labels.reference.mean()), 1e-3)
        )
        self._new = Drift(bet=0.5, run=_NEW_RUN)

    def _watch(self, pair: Pair, arm: int) -> list[Turn]:
        figure = (1.0 - self.plan.terms.loss) * pair.grades[self.reference] - pair.grades[arm]
        self._worse = self._worse.after(figure / pair.times)
        return self.end("quality", pair.at_ms) if self._worse.is_seen else []

    def _labels(self) -> Labels:
        grades = np.array([each.pair.grades for each in self._testing])
        taken = np.array([each.taken for each in self._testing])
        return Labels(
            reference=grades[:, self.reference],
            policy=np.take_along_axis(grades, taken, axis=1),
            weights=np.array([1.0 / each.pair.times for each in self._testing]),
            heaviest=1.0 / LEAST,
        )
