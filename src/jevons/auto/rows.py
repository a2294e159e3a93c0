"""Rows of a matrix that is nearly everywhere zero: prompts by the words in them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.auto.features import Prompt

__all__ = ("Bools", "Floats", "Ints", "Rows", "Turned", "rows_of")

Floats = npt.NDArray[Any]
Ints = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

_AT_ONCE = 1 << 18
"""Figures that are made at once: they are to stay near the processor until they are added up."""

_WIDE = 32
"""Columns from which on it is quicker to take all of them together than one after the other."""


class Rows(NamedTuple):
    """Compressed rows; none is empty, since column 0 of each is a constant."""

    starts: Ints
    columns: Ints
    values: Floats
    width: int

    def times(self, weights: Floats) -> Floats:
        """Multiply by a matrix of `width` rows."""
        if weights.shape[1] < _WIDE:
            products = [
                np.add.reduceat(each[self.columns] * self.values, self.starts[:-1])
                for each in np.ascontiguousarray(weights.T)
            ]
            return np.stack(products, axis=1)
        out = np.empty((len(self.starts) - 1, weights.shape[1]), dtype=np.float32)
        for begin, end in _pieces(self.starts, _AT_ONCE // weights.shape[1]):
            first, last = self.starts[begin], self.starts[end]
            products = weights[self.columns[first:last]] * self.values[first:last, None]
            out[begin:end] = np.add.reduceat(products, self.starts[begin:end] - first, axis=0)
        return out

    def turned(self) -> Turned:
        """Give the transpose."""
        order = np.argsort(self.columns, kind="stable")
        kept, starts = np.unique(self.columns[order], return_index=True)
        row_of = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        starts = np.append(starts, len(order))
        return Turned(
            kept, Rows(starts, row_of[order], self.values[order], len(self.starts) - 1), self.width
        )

    def likeness(self, of: Ints) -> Floats:
        """Multiply some rows by each other, none of which has a column twice."""
        some = self.only(of)
        out = np.empty((len(of), len(of)), dtype=np.float32)
        spread = np.zeros(self.width, dtype=np.float32)
        for row, (first, last) in enumerate(pairwise(some.starts)):
            own = some.columns[first:last]
            spread[own] = some.values[first:last]
            out[row] = np.add.reduceat(spread[some.columns] * some.values, some.starts[:-1])
            spread[own] = 0.0
        return out

    def only(self, of: Ints) -> Rows:
        """Take some of the rows."""
        sizes = np.diff(self.starts)[of]
        starts = np.concatenate(([0], np.cumsum(sizes)))
        ahead: Ints = np.repeat(self.starts[of] - starts[:-1], sizes)
        places = np.arange(int(starts[-1])) + ahead
        return Rows(starts, self.columns[places], self.values[places], self.width)


class Turned(NamedTuple):
    """Compressed rows, turned: columns in which nothing stands are left out."""

    kept: Ints
    rows: Rows
    height: int

    def times(self, figures: Floats) -> Floats:
        """Multiply by a matrix of one row for each that was turned."""
        out = np.zeros((self.height, figures.shape[1]), dtype=np.float32)
        out[self.kept] = self.rows.times(figures.astype(np.float32))
        return out


def _pieces(starts: Ints, most: int) -> list[tuple[int, int]]:
    """Part rows so that each piece has about as many entries as may be made at once."""
    count, entries = len(starts) - 1, int(starts[-1])
    cuts = np.searchsorted(starts, np.arange(most, entries, most))
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
