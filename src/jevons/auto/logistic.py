"""How likely an arm is to be right, from figures of a prompt or from its words.

Newton's method with a penalty. A grade between 0 and 1 counts as so much of a right answer. How
far figures are trusted is said by their scale: the score of a prompt whose row has the length 1
varies as much as one grade says of it. Where a grade is missing it is left out of the sums. The
same grades give the same weights, in whatever order.

Source: for words, where no matrix of words by words is ever made, M. R. Hestenes and E. Stiefel,
J. Res. Natl. Bur. Stand. 49 (1952) 409.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jevons.auto.rows import Floats, Rows, Turned

__all__ = ("fit_logistic", "fit_words", "likelihood")

_STEPS = 8
_WORD_STEPS = 3
_TURNS = 7
"""The penalty makes the problem well conditioned: more of either changes nothing that shows."""
_FREE = 1e-3
"""Penalty on the constant, which is as good as none."""


def fit_logistic(figures: Floats, grades: Floats) -> Floats:
    """Fit one set of weights for each arm.

    Args:
        figures: A row for each prompt, the first column a constant.
        grades: From 0 to 1, a column for each arm; NaN where nobody graded.
    """
    return np.stack([_fit_one(figures, column) for column in grades.T], axis=1)


def _fit_one(figures: Floats, grades: Floats) -> Floats:
    known = ~np.isnan(grades)
    own, right = figures[known].astype(np.float64), grades[known]
    prior = np.full(figures.shape[1], _bend(right.sum(), known.sum()))
    prior[0] = _FREE
    weights = np.zeros(figures.shape[1])
    for _ in range(_STEPS):
        chance = likelihood(own @ weights)
        slope = own.T @ (right - chance) - prior * weights
        bend = (own * (chance * (1.0 - chance))[:, None]).T @ own + np.diag(prior)
        weights = weights + np.linalg.solve(bend, slope)
    return weights


def fit_words(rows: Rows, grades: Floats, *, trust: float) -> Floats:
    """Fit one set of weights for each arm.

    Args:
        rows: One for each prompt.
        grades: As for `fit_logistic`.
        trust: Variance of what words say, over that of what is left.

    Returns:
        Weights, `width` rows, a column for each arm. The first row is the constant.
    """
    turned, known = rows.turned(), ~np.isnan(grades)
    right = np.where(known, grades, 0.0)
    prior = np.ones((rows.width, 1)) * _bend(right.sum(axis=0), known.sum(axis=0)) / trust
    prior[0] = _FREE
    prior = prior.astype(np.float32)
    weights = np.zeros((rows.width, grades.shape[1]), dtype=np.float32)
    for _ in range(_WORD_STEPS):
        chance = likelihood(rows.times(weights) + weights[0]).astype(np.float32)
        rest = _back(turned, known * (right - chance)) - prior * weights
        bend = known * chance * (1.0 - chance)
        ahead, size = rest.copy(), (rest * rest).sum(axis=0)
        for _ in range(_TURNS):
            pushed = _back(turned, bend * (rows.times(ahead) + ahead[0])) + prior * ahead
            step = size / np.maximum((ahead * pushed).sum(axis=0), 1e-30)
            weights += step * ahead
            rest -= step * pushed
            before, size = size, (rest * rest).sum(axis=0)
            ahead = rest + size / np.maximum(before, 1e-30) * ahead
    return weights


def _back(turned: Turned, figures: Floats) -> Floats:
    """Multiply by the transpose; nothing stands in column 0, which is the constant's."""
    out = turned.times(figures)
    out[0] = figures.sum(axis=0)
    return out


def _bend(right: Floats, count: Floats) -> Floats:
    """Say how much one grade tells of a score: most where either outcome is as likely."""
    mean = (right + 1.0) / (count + 2.0)
    return mean * (1.0 - mean)


def likelihood(score: Floats) -> Floats:
    """Turn a score into a chance."""
    return 0.5 + 0.5 * np.tanh(0.5 * score)
