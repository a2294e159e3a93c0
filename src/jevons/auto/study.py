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
from jevons.auto.costs import fit_costs, sums_of
from jevons.auto.drift import Drift, drift
from jevons.auto.frontier import choose, path_of, savings
from jevons.auto.novelty import know
from jevons.auto.quality import fit_quality
from jevons.auto.sampling import Draws, draws_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from jevons.auto.costs import CostModel
    from jevons.auto.features import Prompt
    from jevons.auto.frontier import Path
    from jevons.auto.novelty import Known
    from jevons.auto.quality import QualityModel
    from jevons.auto.rows import Floats

__all__ = ("Choice", "Frozen", "Pair", "Plan", "Study", "Turn")

_EACH = 10
"""Labels after which it is looked how far they carry: bets may be looked at at any time."""
_BEYOND = 1.5
"""The path ends where so many times the loss to be certified is expected."""
_NEW_RUN = 500.0
_OLD = ("age", "volume")


class Plan(NamedTuple):
    """What the house wants."""

    terms: Terms
    learn: int
    """Pairs that a path is laid on."""
    labels: int
    """Most pairs that one path is tested on."""


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


class Frozen(NamedTuple):
    """A path, and all that decides by it."""

    quality: QualityModel
    costs: CostModel
    known: Known
    path: Path
    draws: Draws
    name: str
    """SHA-256 of the models, hex."""

    def saved(self, prompts: Sequence[Prompt], reference: int) -> Floats:
        """Say what each arm is likely to save of what the reference costs in the mean."""
        mean = float(self.costs.means[reference])
        return savings(self.costs.expect(prompts), reference=reference, mean=mean)


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
        self._testing: list[Pair] = []
        self._frozen: Frozen | None = None
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
        if self._frozen is None:
            self._learning.append(pair)
            if len(self._learning) >= self.plan.learn:
                self._freeze()
            return []
        turns: list[Turn] = []
        if self.certificate is not None:
            turns = self._watch(pair, self._frozen, self.certificate.step)
        if not turns and len(self._testing) < self.plan.labels:
            self._testing.append(pair)
            if len(self._testing) % _EACH == 0:
                turns = self._test(pair.at_ms, self._frozen)
        return turns

    def amend(self, name: str, grades: Mapping[str, float], at_ms: int) -> list[Turn]:
        """Take a person's grades of a pair in the place of those before; say what changed.

        Where they find the reference bad, no arm that they were not shown is taken for better. Of a
        pair that is known no more nothing is said. A certificate ends that no longer stands.

        Args:
            name: Of the pair.
            grades: From 0 to 1, by arm; the others keep theirs.
            at_ms: Now, Unix milliseconds.
        """
        for pairs in (self._learning, self._testing):
            for at, pair in enumerate(pairs):
                if pair.name == name:
                    pairs[at] = pair._replace(grades=self._amended(pair, grades))
        held, frozen = self.certificate, self._frozen
        if held is None or frozen is None or all(pair.name != name for pair in self._testing):
            return []
        return self.end("quality", at_ms) if self._certify(at_ms, frozen).step < held.step else []

    def choose(self, prompt: Prompt, *, now_ms: int, allowed: Collection[int]) -> Choice:
        """Take an arm.

        Args:
            prompt: What is asked.
            now_ms: Unix milliseconds.
            allowed: Arms that may serve it, the reference among them.
        """
        frozen, held = self._frozen, self.certificate
        if frozen is None or held is None or self.due(now_ms):
            return Choice(self.reference, "uncertified")
        self.decided += 1
        expected = frozen.quality.expect([prompt])
        is_new = bool(frozen.known.new(expected.topics)[0])
        self._new = self._new.after(float(is_new) - 2 * frozen.known.share)
        if is_new:
            return Choice(self.reference, "new")
        gains = expected.gains.copy()
        barred = [arm for arm in range(len(self.arms)) if arm not in allowed]
        gains[:, barred] = -np.inf
        saved = frozen.saved([prompt], self.reference)
        trade = float(frozen.path.trades[held.step])
        arm = int(choose(gains, saved, trade, reference=self.reference)[0])
        return Choice(arm, "certified", float(expected.gains[0, arm]), float(saved[0, arm]))

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
        kept = [*self._learning, *self._testing] if why in _OLD else []
        self._begin(kept)
        return [Turn(at_ms, held, why)]

    def draws(self, prompt: Prompt) -> float:
        """Say how much likelier than by lot a prompt is to be graded."""
        frozen = self._frozen
        if frozen is None:
            return 1.0
        gains = frozen.quality.expect([prompt]).gains
        saved = frozen.saved([prompt], self.reference)
        inside = _boldest(gains, saved, frozen.path, self.reference)[0]
        return frozen.draws.inside if inside else frozen.draws.outside

    def _begin(self, kept: list[Pair]) -> None:
        self._frozen, self._learning, self._testing = None, kept, []
        if len(kept) >= self.plan.learn:
            self._freeze()

    def _freeze(self) -> None:
        self.times += 1
        self._testing = []
        self._frozen = _laid(self._learning, self.reference, self.plan.terms.loss)

    def _amended(self, pair: Pair, grades: Mapping[str, float]) -> tuple[float, ...]:
        most = grades.get(self.arms[self.reference], 1.0)
        return tuple(
            [
                grades.get(arm, min(before, most))
                for arm, before in zip(self.arms, pair.grades, strict=True)
            ]
        )

    def _certify(self, at_ms: int, frozen: Frozen) -> Certificate:
        policies = [
            sha256(f"{self._name} {frozen.name} {self.arms} {float(trade)!r}".encode()).hexdigest()
            for trade in frozen.path.trades
        ]
        labels, terms = self._labels(frozen), self.plan.terms
        return certify(labels, terms, at_ms=at_ms, policies=policies, times=self.times)

    def _test(self, at_ms: int, frozen: Frozen) -> list[Turn]:
        held = self._certify(at_ms, frozen)
        before = 0 if self.certificate is None else self.certificate.step
        if held.step > before and self._saves(frozen, held.step):
            self._hold(held, self._labels(frozen))
            return [Turn(at_ms, held)]
        if self.certificate is None and len(self._testing) >= self.plan.labels:
            self._begin([*self._learning, *self._testing])
        return []

    def _saves(self, frozen: Frozen, step: int) -> bool:
        """Whether a policy would do anything at all without the reference."""
        tested = [each.prompt for each in self._testing]
        gains = frozen.quality.expect(tested).gains
        saved = frozen.saved(tested, self.reference)
        trade = float(frozen.path.trades[step])
        arms = choose(gains, saved, trade, reference=self.reference)
        return bool((arms != self.reference).any())

    def _hold(self, held: Certificate, labels: Labels) -> None:
        loss = self.plan.terms.loss
        figures = (1.0 - loss) * labels.reference - labels.policy[:, held.step]
        self.certificate, self.decided = held, 0
        self._worse = drift(
            usual=float(figures.var()), worse=max(loss * float(labels.reference.mean()), 1e-3)
        )
        self._new = Drift(bet=0.5, run=_NEW_RUN)

    def _watch(self, pair: Pair, frozen: Frozen, step: int) -> list[Turn]:
        policy = self._graded([pair], frozen)[0, step]
        figure = (1.0 - self.plan.terms.loss) * pair.grades[self.reference] - float(policy)
        self._worse = self._worse.after(figure / pair.times)
        return self.end("quality", pair.at_ms) if self._worse.is_seen else []

    def _labels(self, frozen: Frozen) -> Labels:
        tested = self._testing
        return Labels(
            reference=np.array([each.grades[self.reference] for each in tested]),
            policy=self._graded(tested, frozen),
            weights=np.array([1.0 / each.times for each in tested]),
        )

    def _graded(self, pairs: Sequence[Pair], frozen: Frozen) -> Floats:
        """Say what each policy's answers are worth, a row for each pair."""
        prompts = [each.prompt for each in pairs]
        grades = np.array([each.grades for each in pairs])
        gains = frozen.quality.expect(prompts).gains
        saved = frozen.saved(prompts, self.reference)
        at = np.arange(len(pairs))
        taken = [
            grades[at, choose(gains, saved, float(trade), reference=self.reference)]
            for trade in frozen.path.trades
        ]
        return np.stack(taken, axis=1)


def _laid(pairs: Sequence[Pair], reference: int, loss: float) -> Frozen:
    """Learn, and lay a path."""
    prompts = [each.prompt for each in pairs]
    grades = np.array([each.grades for each in pairs])
    quality = fit_quality(prompts, grades, reference=reference)
    costs = fit_costs(sums_of(prompts, np.array([each.costs for each in pairs])))
    expected = quality.expect(prompts)
    saved = savings(costs.expect(prompts), reference=reference, mean=float(costs.means[reference]))
    most = _BEYOND * loss * float(grades[:, reference].mean())
    path = path_of(expected.gains, saved, reference=reference, most_loss=most)
    inside = _boldest(expected.gains, saved, path, reference)
    name = sha256(quality.words.tobytes() + quality.logistic.tobytes() + costs.weights.tobytes())
    return Frozen(
        quality,
        costs,
        know(expected.topics),
        path,
        draws_of(float(inside.mean())),
        name.hexdigest(),
    )


def _boldest(gains: Floats, saved: Floats, path: Path, reference: int) -> Floats:
    """Tell where any policy of a path does without the reference."""
    return np.any(
        [
            choose(gains, saved, float(each), reference=reference) != reference
            for each in path.trades
        ],
        axis=0,
    )
