"""Groups of like prompts, and what each is worth.

Where groups are cut is chance, and one cut puts prompts asunder that another leaves together. So they
are cut several ways, each from coarse to fine, and what a prompt's groups are worth is averaged: that
is steadier than any one way, and ranks better than the best of them.

Source: S. P. Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129, for groups; D. Arthur and S. Vassilvitskii,
SODA (2007) 1027, for where they begin; L. Breiman, Machine Learning 24 (1996) 123, for the mean of many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jevons.auto.table import fit_level

if TYPE_CHECKING:
    from jevons.auto.rows import Floats, Ints

__all__ = ("Groups", "fit_groups", "group")

_LEVELS = (15, 40, 100)
"""Groups, from coarse to fine."""
_WAYS = 4
"""Times that they are cut: with twice as many nothing gets better that shows."""
_FEWEST = 8
"""Prompts a group must have on average, else its level is left out."""
_SAMPLE = 4000
"""Prompts in which they are sought: in more they are no different."""
_ROUNDS = 8


class Groups(NamedTuple):
    """Where they lie: the middles of every way and level, the coarse ones first."""

    middles: Floats
    half: Floats
    """Half the square of each: what makes the nearest the one with the largest product."""
    levels: tuple[tuple[int, int, Ints], ...]
    """Of each level, the row at which it begins, how many groups it has, and where each way begins."""

    def of(self, places: Floats) -> Ints:
        """Name the groups of prompts: a row for each, a column for each way of each level."""
        if not self.levels:
            return np.zeros((len(places), 0), dtype=int)
        near = places @ self.middles.T - self.half
        found = [
            near[:, begin : begin + _WAYS * count].reshape(-1, _WAYS, count).argmax(axis=2) + ways
            for begin, count, ways in self.levels
        ]
        return np.concatenate(found, axis=1)


def group(places: Floats) -> Groups:
    """Find groups.

    Args:
        places: Where prompts lie among each other, a row of length 1 for each.
    """
    counts = [each for each in _LEVELS if each * _FEWEST <= len(places)]
    some = places[np.linspace(0, len(places) - 1, min(len(places), _SAMPLE)).astype(int)]
    dice = np.random.default_rng(0)
    middles: list[Floats] = [places[:0]]
    levels: list[tuple[int, int, Ints]] = []
    for count in counts:
        begin = sum(len(each) for each in middles)
        levels.append((begin, count, begin + np.arange(_WAYS) * count))
        middles += [_middles(some, count, dice) for _ in range(_WAYS)]
    whole = np.concatenate(middles)
    return Groups(whole, 0.5 * (whole * whole).sum(axis=1), tuple(levels))


def fit_groups(groups: Groups, members: Ints, rest: Floats) -> Floats:
    """Say what each group is worth beyond the groups around it.

    Args:
        groups: Which.
        members: Groups of prompts, as it names them.
        rest: What is left to explain, a column for each arm; NaN where nobody graded.

    Returns:
        A row for each group: those of a prompt add up to what all of them say.
    """
    worth = np.zeros((len(groups.middles), rest.shape[1]), dtype=np.float32)
    for way in range(_WAYS):
        left = rest
        for own in members.T[way::_WAYS]:
            told = fit_level(own, left, len(worth))
            left = left - told[own]
            worth += told
    return worth / np.float32(_WAYS)


def _middles(places: Floats, count: int, dice: np.random.Generator) -> Floats:
    """Begin far from each other, and draw each to the middle of what is nearest to it."""
    middles = places[_begin(places, count, dice)]
    for _ in range(_ROUNDS):
        nearest = (places @ middles.T - 0.5 * (middles * middles).sum(axis=1)).argmax(axis=1)
        size = np.bincount(nearest, minlength=count)
        sums = np.stack([np.bincount(nearest, axis, minlength=count) for axis in places.T], axis=1)
        middles = np.where(size[:, None] > 0, sums / np.maximum(size, 1)[:, None], middles)
        middles = middles.astype(np.float32)
    return middles


def _begin(places: Floats, count: int, dice: np.random.Generator) -> list[int]:
    """Draw prompts, each in proportion to the square of how far it is from those before."""
    drawn = [int(dice.integers(len(places)))]
    square = (places * places).sum(axis=1)
    far = np.full(len(places), np.inf)
    while len(drawn) < count:
        last = places[drawn[-1]]
        far = np.minimum(far, np.maximum(square - 2.0 * (places @ last) + last @ last, 0.0))
        sums: Floats = np.cumsum(far)
        found = int(np.searchsorted(sums, float(sums[-1]) * dice.random(), side="right"))
        drawn.append(min(found, len(places) - 1))  # where all lie in one place nothing is far
    return drawn
