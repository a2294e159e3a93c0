"""What is learned of graded prompts, and the path that is laid on it.

A path is laid on what the models expect of the pairs that they were made of, which is too good: it
ends a little too far out, where nothing is certified, and nothing is lost by it. What models of one
half expect of the other is true of worse models.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jevons.auto.costs import fit_costs, sums_of
from jevons.auto.frontier import frontier, path_of, routes, savings
from jevons.auto.novelty import know
from jevons.auto.quality import fit_quality
from jevons.auto.sampling import draws_of, focus
from jevons.auto.spread import fit_spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.auto.costs import CostModel
    from jevons.auto.features import Prompt
    from jevons.auto.frontier import Path
    from jevons.auto.novelty import Known
    from jevons.auto.quality import QualityModel
    from jevons.auto.rows import Floats, Ints
    from jevons.auto.sampling import Draws
    from jevons.auto.spread import SpreadModel

__all__ = ("Frozen", "Learned", "Models", "Views", "figures_of", "lay", "learn")

_SLACK = 0.2
"""Of a grade, by which an arm may lie below one that costs no more: it may be best somewhere."""
_BEYOND = 1.5
"""The path ends where so many times the loss to be certified is expected."""


class Views(NamedTuple):
    """What models make of prompts: a row for each, a column for each arm."""

    gains: Floats
    """What an arm's grade is likely to be above the reference's; minus infinity for one that was
    not worth learning of."""
    saved: Floats
    """What it is likely to save, as a share of what the reference costs in the mean."""
    topics: Floats
    """Where prompts lie among each other."""
    prompts: Sequence[Prompt]


class Models(NamedTuple):
    """All that was learned of some pairs."""

    reference: int
    kept: tuple[int, ...]
    """Arms that were worth learning of."""
    quality: QualityModel
    spread: SpreadModel
    costs: CostModel

    def expect(self, prompts: Sequence[Prompt]) -> Views:
        """Say what is to be expected of prompts."""
        expected = self.quality.expect(prompts)
        saved = savings(
            self.costs.expect(prompts),
            reference=self.reference,
            mean=float(self.costs.means[self.reference]),
        )
        gains = np.full(saved.shape, -np.inf)
        gains[:, self.kept] = expected.gains
        return Views(gains, saved, expected.topics, prompts)

    def spreads(self, views: Views, taken: Ints) -> Floats:
        """Say how far the grade of each arm that is taken is likely to lie from the reference's, squared."""
        squares = np.zeros(views.saved.shape)
        squares[:, self.kept] = self.spread.expect(views.prompts, views.topics)
        return np.where(taken == self.reference, 0.0, np.take_along_axis(squares, taken, axis=1))

    def name(self) -> str:
        """Hash what decides: SHA-256, hex."""
        decides = (self.quality.hints, self.quality.by_looks, self.costs.weights)
        whole = b"".join([each.tobytes() for each in decides])
        return sha256(whole + repr(self.kept).encode()).hexdigest()


class Learned(NamedTuple):
    """What some pairs taught; a path for each loss can be laid on it."""

    models: Models
    known: Known
    views: Views
    """What the models make of the pairs."""
    grades: Floats


class Frozen(NamedTuple):
    """A path, and all that decides by it."""

    models: Models
    known: Known
    path: Path
    spreads: Floats
    """What is expected of labels of the pairs that were learned from, as `Draws` takes it."""
    still: float
    """What a label says where no policy does without the reference."""
    name: str

    def taken(self, views: Views) -> Ints:
        """Take an arm for each prompt, a column for each policy."""
        return routes(views.gains, views.saved, self.path, reference=self.models.reference)

    def spread(self, views: Views, taken: Ints) -> Floats:
        """Say how far each policy's grade is likely to lie from the reference's, squared."""
        return self.models.spreads(views, taken)

    def draws(self, figures: Floats, *, planned: int) -> Draws:
        """Say what to have graded next.

        Args:
            figures: Of labels that are in, weighed, a column for each policy.
            planned: How many labels there will be.
        """
        return draws_of(self.spreads, focus(figures, planned=planned), still=self.still)


def learn(prompts: Sequence[Prompt], grades: Floats, costs: Floats, *, reference: int) -> Learned:
    """Learn from graded answers.

    Args:
        prompts: At least one.
        grades: From 0 to 1, a row for each prompt, a column for each arm.
        costs: In one unit; NaN where it is not known.
        reference: Column of the arm that others are held against.
    """
    prices = fit_costs(sums_of(prompts, costs))
    kept = frontier(grades.mean(axis=0), prices.means, reference=reference, slack=_SLACK)
    at, own = kept.index(reference), grades[:, kept]
    quality = fit_quality(prompts, own, reference=at)
    topics = quality.expect(prompts).topics
    spread = fit_spread(prompts, topics, own, reference=at)
    models = Models(reference, tuple(kept), quality, spread, prices)
    return Learned(models, know(topics), models.expect(prompts), grades)


def lay(learned: Learned, loss: float) -> Frozen:
    """Lay a path along which at most so much may be lost, as a share of the reference's quality."""
    models, known, views, grades = learned
    reference = models.reference
    most = _BEYOND * loss * float(grades[:, reference].mean())
    path = path_of(views.gains, views.saved, reference=reference, most_loss=most)
    taken = routes(views.gains, views.saved, path, reference=reference)
    still = loss**2 * float((grades[:, reference] ** 2).mean())
    return Frozen(models, known, path, models.spreads(views, taken), still, models.name())


def figures_of(grades: Floats, taken: Ints, *, reference: int, loss: float) -> Floats:
    """Say what each policy keeps above what it must: a row for each prompt, a column for each policy."""
    return np.take_along_axis(grades, taken, axis=1) - (1.0 - loss) * grades[:, [reference]]
