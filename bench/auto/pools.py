"""Pools of arms: what is saved, and how often a promise is broken.

A split halves the prompts. One half is learned from. The other is a population whose truth is
known: labels are drawn from it, with replacement, as a study has them drawn, and a certificate that
the population itself belies is a violation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from bench.auto.world import World, asked_of, halves

from jevons.auto import Terms, certify, lay, learn
from jevons.auto.certificate import Labels
from jevons.auto.frontier import choose
from jevons.auto.laying import figures_of
from jevons.auto.sampling import LEAST
from jevons.auto.study import EACH

if TYPE_CHECKING:
    from jevons.auto import Certificate, Frozen
    from jevons.auto.laying import Learned, Views
    from jevons.auto.rows import Floats, Ints

__all__ = (
    "DELTA",
    "LABELS",
    "LOSSES",
    "Drawn",
    "best_of",
    "certified",
    "draw",
    "pool_lines",
    "split",
    "taught",
)

LABELS = 1000
LOSSES = (0.01, 0.02, 0.05)
DELTA = 0.05
ANCHORS = {
    "zeroeval": "mix of single models 27-31 %; goal 54 % on the hull, 20 % certified",
    "llmrouter9": "mix of single models 15 %; goal 48 % certified",
}


class Drawn(NamedTuple):
    """Labels, and which prompts they are of."""

    labels: Labels
    at: Ints
    times: Floats


class Split(NamedTuple):
    """What one split showed, a figure for each loss."""

    hull: list[float]
    singles: list[float]
    saving: list[float]
    broken: list[bool]


def best_of(world: World, places: Ints) -> int:
    """Find the arm that does best on some of the prompts and is no cascade: the reference."""
    is_single = ["+" not in each for each in world.arms]
    return int(np.where(is_single, world.grades[places].mean(axis=0), -1.0).argmax())


def taught(world: World, places: Ints) -> Learned:
    """Learn from some of the prompts."""
    reference = best_of(world, places)
    prompts = asked_of(world, places)
    return learn(prompts, world.grades[places], world.costs[places], reference=reference)


def draw(
    frozen: Frozen, views: Views, grades: Floats, *, loss: float, seed: int, count: int = LABELS
) -> Drawn:
    """Draw labels from a population one batch after the other, each where they decide something."""
    dice = np.random.default_rng(7919 * seed + 1)
    reference = frozen.models.reference
    taken = frozen.taken(views)
    spreads = frozen.spread(views, taken)
    figures = figures_of(grades, taken, reference=reference, loss=loss)
    at, times = np.zeros(0, dtype=int), np.zeros(0)
    while len(at) < count:
        chances = frozen.draws(figures[at] / times[:, None], planned=count).times(spreads)
        new = dice.choice(len(grades), min(EACH, count - len(at)), p=chances / chances.sum())
        at, times = np.concatenate((at, new)), np.concatenate((times, chances[new]))
    labels = Labels(
        grades[at, reference],
        np.take_along_axis(grades, taken, axis=1)[at],
        1.0 / times,
        1.0 / LEAST,
    )
    return Drawn(labels, at, times)


def certified(frozen: Frozen, drawn: Drawn, loss: float) -> Certificate:
    """Say how far the labels carry."""
    policies = [str(each) for each in frozen.path.trades]
    return certify(drawn.labels, Terms(loss, DELTA), at_ms=0, policies=policies)


def split(world: World, seed: int) -> Split:
    """Learn from one half, certify on draws from the other, and look whether it is true."""
    first, second = halves(world, seed)
    learned = taught(world, first)
    reference = learned.models.reference
    views = learned.models.expect(asked_of(world, second))
    grades, costs = world.grades[second], world.costs[second]
    at = np.arange(len(grades))
    quality, cost = grades[:, reference].mean(), costs[:, reference].mean()
    trades = np.concatenate((np.linspace(-0.5, 0.0, 11), np.geomspace(1e-4, 10.0, 60)))
    routed = [choose(views.gains, views.saved, each, reference=reference) for each in trades]
    points = np.array([(costs[at, x].mean(), grades[at, x].mean()) for x in routed])
    single = np.stack((costs.mean(axis=0), grades.mean(axis=0)), axis=1)
    saving: list[float] = []
    broken: list[bool] = []
    for loss in LOSSES:
        frozen = lay(learned, loss)
        held = certified(frozen, draw(frozen, views, grades, loss=loss, seed=seed), loss)
        arms = frozen.taken(views)[:, held.step]
        saving.append(float(1.0 - costs[at, arms].mean() / cost))
        broken.append(bool(grades[at, arms].mean() < (1.0 - loss) * quality - 1e-12))
    return Split(
        [_hull_saving(points, quality, cost, loss) for loss in LOSSES],
        [_hull_saving(single, quality, cost, loss) for loss in LOSSES],
        saving,
        broken,
    )


def pool_lines(world: World, splits: list[Split]) -> list[str]:
    """Say what was saved, and how often a promise was broken."""
    allowed = DELTA + 2.0 * (DELTA * (1.0 - DELTA) / len(splits)) ** 0.5
    lines = [f"  {ANCHORS.get(world.name, '')}"] if world.name in ANCHORS else []
    for place, loss in enumerate(LOSSES):
        hull, single, saving, broken = (
            np.array([each[field][place] for each in splits]).mean() for field in range(4)
        )
        verdict = "ok" if broken <= allowed else "MISSED"
        below = "" if hull >= single - 1e-9 else "  BELOW THE MIX"
        lines.append(
            f"  loss {loss:.0%}: hull {hull:5.1%} (mix of single arms {single:5.1%}){below}; "
            f"certified {saving:5.1%}, broken {broken:.1%} of {len(splits)} "
            f"(at most {allowed:.1%}: {verdict})"
        )
    return lines


def _hull_saving(points: Floats, quality: float, cost: float, loss: float) -> float:
    """Read the saving at a loss off the best mixes of points (cost, quality)."""
    goal = quality * (1.0 - loss)
    points = np.concatenate((points, [(cost, quality)]))
    best = np.inf
    for low in points:
        for high in points:
            if low[1] <= goal <= high[1]:
                part = 0.0 if high[1] == low[1] else (goal - low[1]) / (high[1] - low[1])
                best = min(best, low[0] + part * (high[0] - low[0]))
            elif low[1] >= goal:
                best = min(best, low[0])
    return 1.0 - best / cost
