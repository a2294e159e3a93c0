"""Cascades: what two cheap arms agree on is taken, everything else goes to the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bench.auto.pools import DELTA, LABELS
from bench.auto.world import World, halves

from jevons.auto import Terms, certify
from jevons.auto.certificate import Labels

if TYPE_CHECKING:
    from jevons.auto.rows import Floats, Ints

__all__ = ("cascade_lines",)


def cascade_lines(world: World, seeds: int) -> list[str]:
    """Take what two cheap arms agree on, and the reference's answer where they differ.

    The table has grades and no answers: whether two wrong ones agree is not in it, so both ends
    are told.
    """
    told: list[tuple[float, float, float, float]] = []
    pair = ("", "")
    for seed in range(seeds):
        taught, served = halves(world, seed)
        first, second, best = _cheap_pair(world, taught)
        pair = (world.arms[first], world.arms[second])
        figures: list[float] = []
        for agrees_on_wrong in (False, True):
            grades, costs = _cascade(world, first, second, best, agrees_on_wrong=agrees_on_wrong)
            drawn = np.random.default_rng(seed).choice(served, LABELS)
            labels = Labels(
                world.grades[drawn, best],
                np.stack((world.grades[drawn, best], grades[drawn]), axis=1),
                np.ones(LABELS),
            )
            held = certify(labels, Terms(0.02, DELTA), at_ms=0, policies=["", ""])
            figures += [
                float(held.step == 1),
                1.0 - costs[served].mean() / world.costs[served, best].mean(),
            ]
        told.append((figures[0], figures[1], figures[2], figures[3]))
    apart, cheap, together, cheaper = np.array(told).mean(axis=0)
    line = (
        f"  cascade {pair[0]} + {pair[1]}, loss 2 %: if wrong answers never agree, certified in "
        f"{apart:.0%} of draws, saving {cheap:.0%}; if they always do, in {together:.0%}, saving "
        f"{cheaper:.0%} (goal: 90 %, 50 %; the table holds no answers to tell which)"
    )
    return [line]


def _cascade(
    world: World, first: int, second: int, best: int, *, agrees_on_wrong: bool
) -> tuple[Floats, Floats]:
    right, other = world.grades[:, first] >= 1.0, world.grades[:, second] >= 1.0
    agrees = (right == other) if agrees_on_wrong else (right & other)
    grades = np.where(agrees, world.grades[:, first], world.grades[:, best])
    costs = world.costs[:, first] + world.costs[:, second]
    return grades, costs + np.where(agrees, 0.0, world.costs[:, best])


def _cheap_pair(world: World, taught: Ints) -> tuple[int, int, int]:
    """Take the pair that keeps most for its cost on the half that is learned from."""
    quality, cost = world.grades[taught].mean(axis=0), world.costs[taught].mean(axis=0)
    best = int(quality.argmax())
    cheap = [each for each in range(len(cost)) if cost[each] < 0.25 * cost[best]]
    cheap = sorted(cheap, key=lambda each: -quality[each])[:4]
    pairs = [(a, b) for place, a in enumerate(cheap) for b in cheap[place + 1 :]]
    first, second = max(
        pairs,
        key=lambda pair: _cascade(world, *pair, best, agrees_on_wrong=True)[0][taught].mean(),
    )
    return first, second, best
