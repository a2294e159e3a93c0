"""Means of groups, each drawn towards what is known of the larger group around it.

A group of three prompts says little of an arm, one of three hundred says much. How far to trust
a group is read off the groups themselves: where they differ no more than chance would have
it, all of them are drawn to the mean (empirical Bayes).

Source: R. DerSimonian and N. Laird, Controlled Clinical Trials 7 (1986) 177, for the variance
between groups by its moments; C. N. Morris, JASA 78 (1983) 47, for the shrinkage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jevons.auto.rows import Floats, Ints

__all__ = ("fit_level",)


def fit_level(groups: Ints, grades: Floats, count: int) -> Floats:
    """Say how each group differs from the whole, as far as that can be believed.

    Args:
        groups: Group of each prompt.
        grades: What is left to explain, a column for each arm; NaN where nobody graded.
        count: Groups there are.

    Returns:
        A row for each group; zeros for a group without grades.
    """
    known = ~np.isnan(grades)
    filled = np.where(known, grades, 0.0)
    size = _sums(groups, known.astype(np.float64), count)
    total = _sums(groups, filled, count)
    mean = total / np.maximum(size, 1.0)
    noise, spread = _variances(groups, filled, known, size, mean)
    return (spread * size * mean / np.maximum(spread * size + noise, 1e-12)).astype(np.float32)


def _sums(groups: Ints, figures: Floats, count: int) -> Floats:
    columns = [np.bincount(groups, column, minlength=count) for column in figures.T]
    return np.stack(columns, axis=1)


def _variances(
    groups: Ints, filled: Floats, known: Floats, size: Floats, mean: Floats
) -> tuple[Floats, Floats]:
    """Part the variance of each arm into that within groups and that between them."""
    within = ((filled - mean[groups]) ** 2 * known).sum(axis=0)
    there = (size > 0).sum(axis=0)
    number = size.sum(axis=0)
    noise = within / np.maximum(number - there, 1.0)
    between = (size * mean**2).sum(axis=0)  # grades are what is left: their mean is about nothing
    lever = number - (size**2).sum(axis=0) / np.maximum(number, 1.0)
    spread = (between - noise * np.maximum(there - 1.0, 0.0)) / np.maximum(lever, 1e-12)
    return noise, np.maximum(spread, 0.0)
