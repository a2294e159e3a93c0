"""Whether a prompt is like those that were graded.

A certificate says nothing of prompts unlike its labels: a policy calibrated on law answers
chemistry with the same confidence and none of the evidence. A prompt is new if its nearest labels
are further away than those of nearly all labels are from each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from jevons.auto.rows import Bools, Floats

__all__ = ("Known", "know")

_NEAREST = 5
_QUANTILE = 0.35
"""Of the labels, so many would be new beside the others: the price of the gate. A quarter of prompts like
them are, and of subjects that were never graded a half; most of either would go to the reference anyway."""
_ALL = 2.0
"""No two prompts are as like as this: with so few labels everything is new."""
_MOST = 4000
"""Labels that are looked at: more are no surer, and take longer."""


class Known(NamedTuple):
    """Where graded prompts lie."""

    topics: Floats
    least: float
    """Likeness to the nearest below which a prompt is new."""
    share: float
    """Of prompts like these that are taken for new all the same."""

    def new(self, topics: Floats) -> Bools:
        """Tell which prompts are new.

        Args:
            topics: A row of length 1 for each.
        """
        if self.least >= _ALL:
            return np.ones(len(topics), dtype=bool)
        return _likeness(topics @ self.topics.T) < self.least


def know(topics: Floats, *, quantile: float = _QUANTILE) -> Known:
    """Learn where graded prompts lie.

    Args:
        topics: A row of length 1 for each.
        quantile: Share of prompts like these that is taken for new.
    """
    own = topics[:_MOST]
    if len(own) <= _NEAREST:
        return Known(own, _ALL, 1.0)
    near = own @ own.T
    np.fill_diagonal(near, -1.0)
    return Known(own, float(np.quantile(_likeness(near), quantile)), quantile)


def _likeness(near: Floats) -> Floats:
    """Take the mean likeness to the nearest few."""
    return np.partition(near, -_NEAREST, axis=1)[:, -_NEAREST:].sum(axis=1) / _NEAREST
