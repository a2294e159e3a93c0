"""Which prompts to have graded: where a policy would do without the reference, and some of the rest.

Where every policy takes the reference nothing can be lost, so a label there says little. Each
prompt's chance of being drawn is written down, and what is drawn is weighed by one over it: so a
mean over labels is one over all traffic, whatever was drawn more often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from jevons.auto.rows import Bools, Floats

__all__ = ("FLOOR", "Draws", "draws_of", "weights_of")

FLOOR = 0.1
"""Of labels that are drawn from all traffic alike."""


class Draws(NamedTuple):
    """How much likelier than by lot each prompt is drawn."""

    inside: float
    """Where some policy would do without the reference."""
    outside: float


def draws_of(share: float) -> Draws:
    """Size the draws.

    Args:
        share: Of traffic, known from many prompts, where some policy does without the reference.
    """
    if not 0.0 < share < 1.0:
        return Draws(1.0, 1.0)
    return Draws(FLOOR + (1.0 - FLOOR) / share, FLOOR)


def weights_of(inside: Bools, draws: Draws) -> Floats:
    """Weigh labels by one over how much likelier they were drawn."""
    return np.where(inside, 1.0 / draws.inside, 1.0 / draws.outside)
