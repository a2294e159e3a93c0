"""Evidence that a mean is above nothing, for figures of which only the least is known.

One bets against the claim that the mean is nothing or less. Each figure is bet on before it is
seen, on what was seen before it. If the claim is true the purse does not grow in the mean, so the
chance that it ever reaches 1/delta is at most delta (Ville's inequality): that holds for every
number of figures, and also if one stops as soon as the purse is full.

Source: I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by betting",
JRSS B 86 (2024) 1: section 3 for the game, equation 26 for the size of a bet.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.auto.rows import Floats

__all__ = ("evidence", "p_value", "upper_bound")

_BOLDEST = 0.75
"""Of the largest bet that cannot lose more than there is."""
_PRIOR = 0.25
"""Variance of a figure from 0 to 1 at most: what is taken of it before any is seen."""
_HALVINGS = 20
_TINY = 1e-9


def evidence(figures: Floats, *, least: float, delta: float, planned: int | None = None) -> Floats:
    """Play against the claim that the mean is 0 or less.

    Args:
        figures: In the order in which they came.
        least: None can be below it; at most 0.
        delta: For which the bets are sized: how small a chance of error is to be shown.
        planned: How many figures there will be; None takes those that there are.

    Returns:
        Logarithm of the purse after each figure.
    """
    number = max(planned or len(figures), 1)
    seen = np.arange(1, len(figures) + 1)
    mean = np.cumsum(figures) / seen
    strayed = np.cumsum((figures - mean) ** 2)
    variance = np.concatenate(([_PRIOR], (_PRIOR + strayed) / (seen + 1.0)))[:-1]
    bets = np.sqrt(2.0 * math.log(1.0 / delta) / np.maximum(variance * number, _TINY))
    bets = np.minimum(bets, _BOLDEST / max(-least, _TINY))
    return np.cumsum(np.log1p(bets * figures))


def p_value(figures: Floats, *, least: float, delta: float, planned: int | None = None) -> float:
    """Say how surprising the figures are if their mean is 0 or less; at most 1."""
    if len(figures) == 0:
        return 1.0
    purse = evidence(figures, least=least, delta=delta, planned=planned)
    return math.exp(-max(float(purse.max()), 0.0))


def upper_bound(
    figures_at: Callable[[float], tuple[Floats, float]],
    *,
    delta: float,
    most: float = 1.0,
    planned: int | None = None,
) -> float:
    """Find the smallest loss that can be ruled out, by halving.

    Args:
        figures_at: For a loss, the figures whose mean is above 0 if the true loss is below it,
            and the least that one can be.
        delta: Chance of error.
        most: What is returned where nothing can be ruled out.
        planned: As in `evidence`: who looks before all are in says the same number each time.
    """
    low, high = 0.0, most
    figures, least = figures_at(high)
    if p_value(figures, least=least, delta=delta, planned=planned) > delta:
        return most
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        figures, least = figures_at(middle)
        if p_value(figures, least=least, delta=delta, planned=planned) <= delta:
            high = middle
        else:
            low = middle
    return high
