"""How far to trust figures of a prompt: read off the grades that they are to explain.

What a model may make of figures is a variance: that of all it says, beside that of what it leaves
over. It is learned by restricted maximum likelihood, and drawn towards what is typical as far as
the grades leave it open: the mean over all that are possible, each weighed by how likely it makes
the grades. So nothing has to be set, and no label has to be spared for setting it.

Source: H. D. Patterson and R. Thompson, Biometrika 58 (1971) 545.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jevons.auto.rows import Floats, Rows

__all__ = ("TYPICAL", "weigh_figures", "weigh_words")

TYPICAL = 0.05
"""Whatever reads nothing but the prompt explains about so much of what grades differ by: routers in
the literature stand on one plateau, far below what could be explained."""
_WIDTH = 1.5
"""How far from it is still to be expected, as a logarithm: from a fifth of it to five times."""
_GRID = TYPICAL * np.exp(np.linspace(-4.5, 4.5, 9))
_MOST = 600
"""Prompts whose words are held against each other: more take time with the third power."""
_LEAST = 1e-9


def weigh_figures(blocks: tuple[Floats, Floats], grades: Floats) -> tuple[float, float]:
    """Say how far to trust each of two blocks of figures, beside the other.

    Args:
        blocks: Columns in the mean of 0, a row for each prompt; a row of either block has the
            length 1 in the mean of squares.
        grades: What is to be explained, a column for each arm; NaN where nobody graded.

    Returns:
        Variance of what a block says, over that of what is left.
    """
    known = np.flatnonzero(~np.isnan(grades).any(axis=1))
    told = _told(grades[known])
    figures = np.concatenate(blocks, axis=1, dtype=np.float64)[known]
    figures = figures - _mean(figures)
    squares, products, total = figures.T @ figures, figures.T @ told, (told**2).sum(axis=0)
    sizes = [block.shape[1] for block in blocks]
    likely = np.zeros((len(_GRID), len(_GRID)))
    for at in np.ndindex(*likely.shape):
        scale = np.repeat(np.sqrt(_GRID[list(at)]), sizes)
        root = np.linalg.cholesky(np.eye(len(scale)) + scale[:, None] * squares * scale)
        said = np.linalg.solve(root, scale[:, None] * products)
        left = total - (said**2).sum(axis=0)
        likely[at] = _likely(left, 2.0 * np.log(root.diagonal()).sum(), len(told))
    first, second = np.meshgrid(np.log(_GRID), np.log(_GRID), indexing="ij")
    weights = _weights(likely, first, second)
    return float(np.exp((weights * first).sum())), float(np.exp((weights * second).sum()))


def weigh_words(rows: Rows, grades: Floats) -> float:
    """Say how far to trust words, as `weigh_figures` does for figures.

    Args:
        rows: One for each prompt.
        grades: As there.
    """
    whole = np.flatnonzero(~np.isnan(grades).any(axis=1))
    own = whole[np.linspace(0, len(whole) - 1, min(len(whole), _MOST)).astype(int)]
    told = _told(grades[own])
    near = rows.likeness(own).astype(np.float64)
    near = near - _mean(near)
    near = near - _mean(near.T)[:, None]
    sizes, turn = np.linalg.eigh(near)
    sizes, turned = np.maximum(sizes, 0.0), (turn.T @ told) ** 2
    likely = np.array(
        [
            _likely(
                (turned / (1.0 + each * sizes)[:, None]).sum(axis=0),
                np.log1p(each * sizes).sum(),
                len(told),
            )
            for each in _GRID
        ]
    )
    logs = np.log(_GRID)
    return float(np.exp((_weights(likely, logs) * logs).sum()))


def _told(grades: Floats) -> Floats:
    """Give grades in the mean of 0; an arm that never differs from the reference tells nothing."""
    told = grades - _mean(grades)
    return told[:, (told**2).sum(axis=0) > _LEAST]


def _mean(figures: Floats) -> Floats:
    return figures.sum(axis=0) / max(len(figures), 1)


def _likely(left: Floats, volume: float, count: int) -> float:
    """Give the logarithm of how likely grades are, the noise of each arm left open.

    It is that of one arm, in the mean: what all arms were asked is the same, and so is the
    reference that they are held against, so they are not so many witnesses.
    """
    if not len(left):
        return 0.0
    return -0.5 * ((count - 1) * float(np.log(left + _LEAST).mean()) + volume)


def _weights(likely: Floats, *logs: Floats) -> Floats:
    """Weigh each possibility by how likely it makes the grades, and how typical it is."""
    typical = sum((each - np.log(TYPICAL)) ** 2 for each in logs) / (2.0 * _WIDTH**2)
    weights = np.exp(likely - typical - (likely - typical).max())
    return weights / weights.sum()
