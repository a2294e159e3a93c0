"""Rows of a matrix that is nearly everywhere zero: prompts by the words in them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.auto.features import Prompt

__all__ = ("Bools", "Floats", "Ints", "Rows", "rows_of")

Floats = npt.NDArray[Any]
Ints = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

_AT_ONCE = 1 << 18
"""Entries that are multiplied at once: more needs memory, fewer needs time."""


class Rows(NamedTuple):
    """Compressed rows; none is empty, since column 0 of each is a constant."""

    starts: Ints
    columns: Ints
    values: Floats
    width: int

    def times(self, weights: Floats) -> Floats:
        """Multiply by a matrix of `width` rows."""
        out = np.empty((len(self.starts) - 1, weights.shape[1]), dtype=np.float32)
        for begin, end in self._pieces():
            first, last = self.starts[begin], self.starts[end]
            products = weights[self.columns[first:last]] * self.values[first:last, None]
            out[begin:end] = np.add.reduceat(products, self.starts[begin:end] - first, axis=0)
        return out

    def turned_times(self, figures: Floats) -> Floats:
        """Multiply the transpose by a matrix of one row for each of ours."""
        row_of = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        return np.stack(
            [
                np.bincount(self.columns, self.values * column[row_of], minlength=self.width)
                for column in figures.T
            ],
            axis=1,
        ).astype(np.float32)

    def _pieces(self) -> list[tuple[int, int]]:
        """Part the rows so that each piece has about as many entries as fit at once."""
        count = len(self.starts) - 1
        if self.starts[-1] <= _AT_ONCE:
            return [(0, count)]
        cuts = np.searchsorted(self.starts, np.arange(0, int(self.starts[-1]), _AT_ONCE))
        edges = sorted({0, *[int(cut) for cut in cuts if cut < count], count})
        return list(pairwise(edges))


def rows_of(prompts: Sequence[Prompt], place: Ints, rarity: Floats) -> Rows:
    """Write prompts as rows of length 1.

    Args:
        prompts: At least one.
        place: Column of each bucket; 0 for those that are left out.
        rarity: What each column weighs.
    """
    sizes: list[int] = []
    columns: list[Ints] = []
    values: list[Floats] = []
    for prompt in prompts:
        own = place[prompt.columns]
        kept = own > 0
        own = own[kept]
        weighed = prompt.counts[kept] * rarity[own]
        norm = float(np.sqrt(weighed @ weighed)) or 1.0
        sizes.append(len(own) + 1)
        columns.append(np.concatenate((np.zeros(1, dtype=own.dtype), own)))
        values.append(np.concatenate((np.zeros(1, dtype=np.float32), weighed / norm)))
    starts = np.concatenate(([0], np.cumsum(sizes)))
    return Rows(
        starts,
        np.concatenate(columns),
        np.concatenate(values).astype(np.float32),
        len(rarity),
    )
