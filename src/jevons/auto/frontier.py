"""Which arms are worth having, and the one path along which they replace the reference.

A policy takes the arm with the highest `gain + trade * saving`, and the reference where none is
above nothing. `gain` is how much better than the reference an arm is likely to answer, `saving` what
it saves of the reference's mean cost. `trade` is the only knob: the more it grows the more is given
up for a saving. Below 0 it is what an arm must be better by, so at -1 nothing is ever taken. So
policies stand on one line, from never to always, and may be tested one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from jevons.auto.rows import Floats, Ints

__all__ = ("Path", "choose", "frontier", "path_of", "routes", "savings")

_NEVER = -1.0
_STEPS = 32
_FINE = 200


class Path(NamedTuple):
    """Trades in the order in which they are tested, the most careful first."""

    trades: Floats


def frontier(quality: Floats, cost: Floats, *, reference: int, slack: float = 0.0) -> list[int]:
    """Leave out arms that a mix of others beats: dearer and no better.

    Args:
        quality: Mean grade of each arm.
        cost: Mean cost of each arm; NaN where it is not known, which leaves out nobody.
        reference: Always kept.
        slack: How far below the line between its neighbours an arm may lie, for what is not
            known of its quality: it may be best where it matters.

    Returns:
        Columns that are kept, in order.
    """
    kept = {reference}
    for each in range(len(quality)):
        best = quality[cost <= cost[each]].max(initial=-np.inf)
        if quality[each] >= best - slack:
            kept.add(each)
    return sorted(kept)


def savings(costs: Floats, *, reference: int, mean: float) -> Floats:
    """Say what each arm saves, as shares of what the reference costs in the mean.

    Where that is not known, of the arm or of the reference, or the reference costs nothing, it is
    minus infinity: such an arm is never taken.

    Args:
        costs: What each arm is likely to cost, a row for each prompt.
        reference: Column of the reference.
        mean: What that costs in the mean, of all traffic: were it that of these prompts, a prompt
            alone would be decided otherwise than among those that were tested.
    """
    saved = (costs[:, reference : reference + 1] - costs) / (mean if mean > 0.0 else np.nan)
    saved[~np.isfinite(saved)] = -np.inf
    saved[:, reference] = 0.0
    return saved


def choose(gains: Floats, saved: Floats, trade: float, *, reference: int) -> Ints:
    """Take an arm for each prompt."""
    worth = gains + (trade * saved if trade > 0.0 else np.where(saved > -np.inf, trade, saved))
    worth[:, reference] = 0.0
    return np.where(worth.max(axis=1) > 0.0, worth.argmax(axis=1), reference)


def routes(gains: Floats, saved: Floats, path: Path, *, reference: int) -> Ints:
    """Take an arm for each prompt, a column for each policy: what `choose` takes, for all at once."""
    known = np.isfinite(saved)
    own = np.where(known, saved, 0.0)[..., None]
    worth = gains[..., None] + np.where(path.trades > 0.0, path.trades * own, path.trades)
    worth[~known] = -np.inf
    worth[:, reference] = 0.0
    return np.where(worth.max(axis=1) > 0.0, worth.argmax(axis=1), reference)


def path_of(gains: Floats, saved: Floats, *, reference: int, most_loss: float) -> Path:
    """Lay the policies out so that each expects to give up a little more than the one before.

    Args:
        gains: What the quality model expects of traffic, graded or not, a row for each prompt.
        saved: What the cost model expects, as `savings` says it.
        reference: Column of the reference.
        most_loss: Where the path ends: beyond this expected loss nothing could be certified.
    """
    at = np.arange(len(gains))
    tried = np.concatenate((np.linspace(-0.5, 0.0, 20), np.geomspace(1e-4, 10.0, _FINE)))
    told: list[tuple[float, float]] = []
    for trade in tried:
        arms = choose(gains, saved, float(trade), reference=reference)
        if -gains[at, arms].mean() > most_loss:
            break
        told.append((float(trade), float(saved[at, arms].mean())))
    if not told:
        return Path(np.array([_NEVER]))
    shares = np.array([each[1] for each in told])
    most = max(float(shares.max()), 0.0)
    goals = [most * step / _STEPS for step in range(1, _STEPS + 1)]
    trades = {told[int((shares >= goal).argmax())][0] for goal in goals}
    return Path(np.array([_NEVER, *sorted(trades)]))
