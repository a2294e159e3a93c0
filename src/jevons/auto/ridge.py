"""Least squares with a penalty, over words: many weak hints, added up.

Solved by conjugate gradients, so that no matrix of words by words is ever made. Where a grade is
missing it is left out of the sums. The same grades give the same weights, in whatever order.

Source: M. R. Hestenes and E. Stiefel, J. Res. Natl. Bur. Stand. 49 (1952) 409.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jevons.auto.rows import Floats, Rows

__all__ = ("fit_ridge",)

_STEPS = 12
"""The penalty makes the problem well conditioned: more changes nothing that shows."""


def fit_ridge(rows: Rows, grades: Floats, *, penalty: float) -> Floats:
    """Fit one set of weights for each column of grades.

    Args:
        rows: One for each prompt.
        grades: One row for each prompt; NaN where nobody graded.
        penalty: Variance of the noise over that of a weight.

    Returns:
        Weights, `width` rows, a column for each of `grades`.
    """
    known = ~np.isnan(grades)
    weights = np.zeros((rows.width, grades.shape[1]), dtype=np.float32)
    rest = rows.turned_times(np.where(known, grades, 0.0).astype(np.float32))
    ahead, size = rest.copy(), (rest * rest).sum(axis=0)
    for _ in range(_STEPS):
        pushed = rows.turned_times(rows.times(ahead) * known) + penalty * ahead
        step = size / np.maximum((ahead * pushed).sum(axis=0), 1e-30)
        weights += step * ahead
        rest -= step * pushed
        before, size = size, (rest * rest).sum(axis=0)
        ahead = rest + size / np.maximum(before, 1e-30) * ahead
    return weights
