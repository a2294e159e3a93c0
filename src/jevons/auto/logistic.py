"""How likely an arm is to be right, from a few figures of a prompt.

Newton's method with a penalty, one arm after the other. A grade between 0 and 1 counts as so much
of a right answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jevons.auto.rows import Floats

__all__ = ("fit_logistic", "likelihood")

_STEPS = 8


def fit_logistic(figures: Floats, grades: Floats, *, penalty: float) -> Floats:
    """Fit one set of weights for each arm.

    Args:
        figures: A row for each prompt, the first column a constant.
        grades: From 0 to 1, a column for each arm; NaN where nobody graded.
        penalty: On the square of each weight; the constant has none to speak of.
    """
    prior = np.full(figures.shape[1], penalty)
    prior[0] = 1e-3
    return np.stack([_fit_one(figures, column, prior) for column in grades.T], axis=1)


def _fit_one(figures: Floats, grades: Floats, prior: Floats) -> Floats:
    known = ~np.isnan(grades)
    own, right = figures[known].astype(np.float64), grades[known]
    weights = np.zeros(figures.shape[1])
    for _ in range(_STEPS):
        chance = likelihood(own @ weights)
        slope = own.T @ (right - chance) - prior * weights
        bend = (own * (chance * (1.0 - chance))[:, None]).T @ own + np.diag(prior)
        weights = weights + np.linalg.solve(bend, slope)
    return weights


def likelihood(score: Floats) -> Floats:
    """Turn a score into a chance."""
    return 1.0 / (1.0 + np.exp(-np.clip(score, -30.0, 30.0)))
