"""Cascades: what two cheap arms agree on is taken, everything else goes to the reference.

The table has grades and no answers. Whether two wrong ones agree is read off the answers as they
were given, where they are (github.com/WildEval/ZeroEval, `result_dirs`, Apache-2.0), compared as the
corridor compares drafts; without them both ends are told.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from bench.agreement import answers
from bench.auto.pools import DELTA, LABELS, best_of, pool_lines, split
from bench.auto.world import World, halves

from jevons.auto import Terms, certify
from jevons.auto.certificate import Labels
from jevons.pick import agree, canonical

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from bench.agreement import Said
    from bench.auto.pools import Split

    from jevons.auto.rows import Bools, Floats, Ints

__all__ = ("cascade_lines",)

LOSS = 0.02
GOAL = 0.5
CHEAP = 0.25
"""Of what the reference costs, that a draft may cost at most."""
DRAFTS = 4
"""Arms of which every two are tried."""
IGNORED = frozenset({"reasoning"})


class Plain(NamedTuple):
    """What became of one cascade in front of all traffic."""

    name: str
    is_certified: bool
    saving: float
    is_broken: bool


Agreement = dict[frozenset[int], "Bools"]
"""On which prompts two arms agree."""


def cascade_lines(world: World, seeds: int, folder: Path | None, pool: Executor) -> list[str]:
    """Tell how often a cascade is certified, and what is saved where cascades are arms."""
    lines: list[str] = []
    found = _bounds(world) if folder is None else {"as they stood": _agreement(world, folder)}
    for what, agreement in found.items():
        told = [*pool.map(partial(_plain, world, agreement), range(seeds), chunksize=8)]
        held = np.array([each.is_certified for each in told])
        saving = np.array([each.saving for each in told])
        name, _ = Counter([each.name for each in told]).most_common(1)[0]
        kept = saving[held].mean() if held.any() else 0.0
        lines.append(
            f"  cascade {name}, answers {what}, loss {LOSS:.0%}: certified in "
            f"{held.mean():.1%} of {seeds} draws (goal 90 %), saving {kept:.1%} there "
            f"(goal {GOAL:.0%}, reached in {(saving >= GOAL).mean():.1%} of draws), broken "
            f"{np.array([each.is_broken for each in told]).mean():.1%}"
        )
        if folder is not None:
            runs = [*pool.map(partial(_among, world, agreement), range(seeds), chunksize=4)]
            beside = world._replace(name="with cascades")  # no anchor is known of it
            lines += ["  with cascades as arms beside the others", *pool_lines(beside, runs)]
    return lines


def _plain(world: World, agreement: Agreement, seed: int) -> Plain:
    """Choose a cascade on one half; certify it on draws from the other, and look whether it is true."""
    taught, served = halves(world, seed)
    best = best_of(world, taught)
    cascades = _cascades(world, agreement, taught)
    kept = cascades.grades[taught].mean(axis=0) >= world.grades[taught, best].mean()
    cost: Floats = cascades.costs[taught].mean(axis=0)
    chosen = int(np.argmin(cost + np.where(kept, 0.0, cost.max())))
    grades, reference = cascades.grades[:, chosen], world.grades[:, best]
    drawn = np.random.default_rng(seed).choice(served, LABELS)
    policy = np.stack((reference[drawn], grades[drawn]), axis=1)
    labels = Labels(reference[drawn], policy, np.ones(LABELS))
    held = certify(labels, Terms(LOSS, DELTA), at_ms=0, policies=["", ""]).step == 1
    saving = 1.0 - cascades.costs[served, chosen].mean() / world.costs[served, best].mean()
    is_true = grades[served].mean() >= (1.0 - LOSS) * reference[served].mean() - 1e-12
    return Plain(cascades.arms[chosen], held, saving if held else 0.0, held and not is_true)


def _among(world: World, agreement: Agreement, seed: int) -> Split:
    """Do as with any pool, cascades among the arms."""
    cascades = _cascades(world, agreement, halves(world, seed)[0])
    whole = world._replace(
        arms=[*world.arms, *cascades.arms],
        grades=np.concatenate((world.grades, cascades.grades), axis=1),
        costs=np.concatenate((world.costs, cascades.costs), axis=1),
    )
    return split(whole, seed)


def _cascades(world: World, agreement: Agreement, taught: Ints) -> World:
    """Put every two of the best cheap arms in front of the reference."""
    best = best_of(world, taught)
    quality, cost = world.grades[taught].mean(axis=0), world.costs[taught].mean(axis=0)
    known = sorted({each for pair in agreement for each in pair}, key=lambda each: -quality[each])
    cheap = [each for each in known if cost[each] < CHEAP * cost[best]][:DRAFTS]
    arms: list[str] = []
    grades: list[Floats] = []
    costs: list[Floats] = []
    for first, second in combinations(cheap, 2):
        agrees = agreement[frozenset((first, second))]
        drafts = world.costs[:, first] + world.costs[:, second]
        arms.append(f"{world.arms[first]}+{world.arms[second]}")
        grades.append(np.where(agrees, world.grades[:, first], world.grades[:, best]))
        costs.append(drafts + np.where(agrees, 0.0, world.costs[:, best]))
    return world._replace(arms=arms, grades=np.stack(grades, axis=1), costs=np.stack(costs, axis=1))


def _agreement(world: World, folder: Path) -> Agreement:
    """Compare answers as they were given; arms whose answers are not there are left out."""
    forms = {
        place: [canonical(said[each.replace(":", " ", 1)].text, IGNORED) for each in world.items]
        for place, said in _said(world, folder).items()
    }
    return {
        frozenset(pair): np.array([*map(agree, forms[pair[0]], forms[pair[1]])])
        for pair in combinations(forms, 2)
    }


def _said(world: World, folder: Path) -> Mapping[int, Mapping[str, Said]]:
    cost = world.costs.mean(axis=0)
    cheap = np.flatnonzero(cost < CHEAP * cost[best_of(world, np.arange(len(world.items)))])
    there = [int(each) for each in cheap if (folder / "gsm" / f"{world.arms[each]}.json").is_file()]
    return {place: answers(folder, world.arms[place]) for place in there}


def _bounds(world: World) -> Mapping[str, Agreement]:
    right = world.grades >= 1.0
    pairs = [*combinations(range(len(world.arms)), 2)]
    return {
        "that never agree where wrong": {
            frozenset(pair): right[:, pair[0]] & right[:, pair[1]] for pair in pairs
        },
        "that always agree where wrong": {
            frozenset(pair): right[:, pair[0]] == right[:, pair[1]] for pair in pairs
        },
    }
