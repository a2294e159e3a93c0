"""Which prompts to have graded: those whose labels decide something.

A label moves what is known of a policy as far as the policy's grade lies from the reference's. So
prompts are drawn in proportion to how far that is likely to be (the root of its expected square):
of all ways to draw, that one leaves the least to chance. Where no policy does without the reference
nothing can be lost, and few are drawn. Each prompt's chance is written down, and what is drawn is
weighed by one over it: so a mean over labels is one over all traffic, whatever was drawn more often.

Rule 1: which policies are in question is said by the labels that are in. A chance may hang on what
    was seen before the draw, and on nothing after it: then bets on it stay fair.
Rule 2: where a policy does without the reference no chance is below `LEAST`: nobody knows how far
    a prompt's grades lie apart, and one that was wrongly thought safe would weigh too much.

Source: J. Neyman, JRSS 97 (1934) 558, for the proportion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from jevons.auto.rows import Floats

__all__ = ("FLOOR", "LEAST", "Draws", "draws_of", "focus")

LEAST = 0.5
"""How much likelier than by lot a prompt is drawn at least where some policy does without the
reference. One over it bounds what a label weighs, and with it the bets: at 0.5 they are seldom bound."""
FLOOR = 0.05
"""The same where none does: all traffic is looked at a little."""
_EDGE = 2.0
"""Standard errors that a policy must be above nothing to pass, about."""
_FEW = 1e-3
_PRIOR = 0.25
"""Variance of a figure from 0 to 1 at most: what is taken of it before any is seen."""
_HALVINGS = 30


class Draws(NamedTuple):
    """How much likelier than by lot prompts are to be drawn."""

    focus: Floats
    """What each policy counts, adding up to 1."""
    still: float
    """What a label says where the reference is taken: the square of its own figure."""
    scale: float
    """Turns what a label says into a chance; over all traffic chances are 1 in the mean."""

    @property
    def most(self) -> float:
        """Beyond which no prompt is likelier drawn, whatever is expected of it."""
        return max((1.0 + self.still) ** 0.5 / self.scale, LEAST)

    def times(self, spreads: Floats) -> Floats:
        """Say how much likelier each prompt is to be drawn than by lot.

        Args:
            spreads: Expected square of what each policy's grade lies from the reference's, a row
                for each prompt; 0 where a policy takes the reference.
        """
        return np.maximum(_said(spreads, self.focus, self.still) / self.scale, _least(spreads))


def draws_of(spreads: Floats, weights: Floats, *, still: float) -> Draws:
    """Size the draws.

    Args:
        spreads: As in `Draws.times`, of prompts like those that are to be drawn.
        weights: What each policy counts.
        still: As in `Draws`.
    """
    share = weights / weights.sum()
    said, least = _said(spreads, share, still), _least(spreads)
    low, high = 1e-6, 10.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if np.maximum(said / middle, least).mean() > 1.0:
            low = middle
        else:
            high = middle
    return Draws(share, still, high)


def focus(figures: Floats, *, planned: int) -> Floats:
    """Say how far each policy is in question: those that are sure to pass, or to fail, are not.

    Args:
        figures: Of labels that are in, a row for each, a column for each policy. Before any is,
            every policy is in question; that counts as half of the labels that are planned.
        planned: How many labels there will be.
    """
    count, whole = len(figures), figures.sum(axis=0)
    strayed = count * figures.var(axis=0) if count else np.zeros(len(whole))
    spread = np.sqrt((_PRIOR + strayed) / (count + 1))
    before = planned / 2.0
    mean = (_EDGE * spread / planned**0.5 * before + whole) / (before + count)
    errors = (whole + (planned - count) * mean) / (spread * planned**0.5)
    return np.exp(-0.5 * (errors - _EDGE) ** 2) + _FEW


def _said(spreads: Floats, share: Floats, still: float) -> Floats:
    return np.sqrt(spreads @ share + still)


def _least(spreads: Floats) -> Floats:
    return np.where(spreads.any(axis=1), LEAST, FLOOR)
