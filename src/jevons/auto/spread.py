"""How far an arm's grade is likely to lie from the reference's: where a label says something.

Where two arms are both right or both wrong a label of theirs moves nothing. How often they differ
hangs on the prompt: seldom on what is easy for both. A logistic model of a few figures tells it as
well as the three models of `quality` together do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jevons.auto.logistic import fit_logistic, likelihood

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.auto.features import Prompt
    from jevons.auto.rows import Floats

__all__ = ("SpreadModel", "fit_spread")

_FAR = 3.0


class SpreadModel(NamedTuple):
    """What was learned."""

    middle: Floats
    scale: Floats
    weights: Floats

    def expect(self, prompts: Sequence[Prompt], topics: Floats) -> Floats:
        """Say what the square of each arm's difference to the reference is likely to be.

        Args:
            prompts: What is asked.
            topics: Where they lie, as the quality model has it.
        """
        return likelihood(_figures(prompts, topics, self.middle, self.scale) @ self.weights)


def fit_spread(
    prompts: Sequence[Prompt], topics: Floats, grades: Floats, *, reference: int
) -> SpreadModel:
    """Learn from graded answers, as `fit_quality` does."""
    looks = np.stack([each.looks for each in prompts]).astype(np.float64)
    middle, scale = looks.mean(axis=0), looks.std(axis=0) + 1e-3
    apart = (grades - grades[:, [reference]]) ** 2
    figures = _figures(prompts, topics, middle, scale)
    return SpreadModel(middle, scale, fit_logistic(figures, apart))


def _figures(prompts: Sequence[Prompt], topics: Floats, middle: Floats, scale: Floats) -> Floats:
    looks = np.stack([each.looks for each in prompts])
    own = np.clip((looks - middle) / scale, -_FAR, _FAR)
    # Either kind of figures counts as one column of spread 1: the penalty is made for such rows.
    own, spread = own / np.sqrt(2.0 * own.shape[1]), topics / np.sqrt(2.0)
    return np.concatenate((np.ones((len(own), 1)), own, spread), axis=1)
