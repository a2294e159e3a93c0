"""What an answer of each arm is likely to cost, before anybody is asked.

The logarithm of what answers cost is linear in how their prompts look: a prompt twice as long
costs some share more, whichever arm answers. What is learned are sums, so what two houses learned
adds up to what one would have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.auto.features import Prompt
    from jevons.auto.rows import Floats

__all__ = ("CostModel", "Sums", "fit_costs", "sums_of")

_PENALTY = 1.0
_LEAST = 1e-12


class Sums(NamedTuple):
    """All that is kept of what answers cost, one for each arm along the first axis."""

    squares: Floats
    products: Floats
    costs: Floats
    """What they cost, and how many they were."""

    def plus(self, other: Sums) -> Sums:
        """Put two together."""
        return Sums(
            self.squares + other.squares, self.products + other.products, self.costs + other.costs
        )


class CostModel(NamedTuple):
    """What was learned."""

    weights: Floats
    scale: Floats
    """Turns the middle of costs into their mean, arm by arm."""
    means: Floats
    """What each arm cost in the mean; NaN where nobody knows."""

    def expect(self, prompts: Sequence[Prompt]) -> Floats:
        """Say what each arm is likely to cost, in the unit that was learned from; NaN: nobody knows."""
        looks = np.array([each.looks for each in prompts])
        return np.exp(looks @ self.weights[1:] + self.weights[0]) * self.scale


def sums_of(prompts: Sequence[Prompt], costs: Floats) -> Sums:
    """Add up what answers cost.

    Args:
        prompts: At least one.
        costs: A row for each prompt, a column for each arm; NaN where it did not answer.
    """
    figures = _figures(prompts)
    squares: list[Floats] = []
    products: list[Floats] = []
    totals: list[tuple[float, ...]] = []
    for column in costs.T:
        known = ~np.isnan(column)
        own, cost = figures[known], np.maximum(column[known], _LEAST)
        squares.append(own.T @ own)
        products.append(own.T @ np.log(cost))
        totals.append((cost.sum(), len(cost), *own.sum(axis=0)))
    return Sums(np.array(squares), np.array(products), np.array(totals))


def fit_costs(sums: Sums) -> CostModel:
    """Learn from sums; an arm of which no cost is known costs nobody knows what."""
    width = sums.squares.shape[1]
    penalty = _PENALTY * np.eye(width)
    penalty[0, 0] = 1e-6
    weights = np.linalg.solve(sums.squares + penalty, sums.products[..., None])[..., 0].T
    count = np.maximum(sums.costs[:, 1], 1.0)
    middle: Floats = np.exp(np.einsum("ak,ka->a", sums.costs[:, 2:] / count[:, None], weights))
    mean = sums.costs[:, 0] / count
    scale = np.where(mean > 0, mean / np.maximum(middle, _LEAST), 1.0)
    known = sums.costs[:, 1] > 0
    return CostModel(weights, np.where(known, scale, np.nan), np.where(known, mean, np.nan))


def _figures(prompts: Sequence[Prompt]) -> Floats:
    looks = np.stack([each.looks for each in prompts]).astype(np.float64)
    return np.concatenate((np.ones((len(looks), 1)), looks), axis=1)
