"""Sources of graded answers: prompts, and what each arm's answers were worth and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pyarrow import parquet  # pyright: ignore[reportMissingTypeStubs]

from jevons.auto import Prompt, read

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.auto.rows import Floats, Ints

__all__ = ("World", "asked_of", "halves", "worlds")


class World(NamedTuple):
    """One source: prompts, and what each arm's answers were worth and cost."""

    name: str
    prompts: list[Prompt]
    items: list[str]
    tasks: list[str]
    arms: list[str]
    grades: Floats
    costs: Floats
    texts: tuple[str, ...] = ()


def table(path: Path) -> dict[str, list[Any]]:
    """Read one table."""
    found: Any = parquet
    return found.read_table(path).to_pydict()


def worlds(folder: Path) -> list[World]:
    """Read every source; arms that did not answer every prompt are left out."""
    items, outcomes = table(folder / "items.parquet"), table(folder / "outcomes.parquet")
    found: list[World] = []
    for source in sorted(set(items["source"])):
        own = [at for at, each in enumerate(items["source"]) if each == source]
        at = {items["item_id"][each]: row for row, each in enumerate(own)}
        mine = [row for row, each in enumerate(outcomes["source"]) if each == source]
        arms = sorted({outcomes["model"][row] for row in mine})
        column = {arm: place for place, arm in enumerate(arms)}
        grades = np.full((len(own), len(arms)), np.nan)
        costs = grades.copy()
        for row in mine:
            cell = at[outcomes["item_id"][row]], column[outcomes["model"][row]]
            grades[cell] = outcomes["score"][row]
            cost = outcomes["cost_usd"][row]
            costs[cell] = np.nan if cost is None else cost
        whole = np.isfinite(grades.sum(axis=0))
        priced = whole & np.isfinite(costs.sum(axis=0))
        kept = priced if priced.sum() > 1 else whole
        grades, costs = grades[:, kept], costs[:, kept]
        if np.isnan(costs).any():
            costs = np.zeros_like(grades)
            costs[:, grades.mean(axis=0).argmax()] = 1.0
        prompts = [read(items["prompt"][each]) for each in own]
        tasks = [str(items["task"][each]) for each in own]
        ids = [str(items["item_id"][each]) for each in own]
        names = [arms[place] for place in np.flatnonzero(kept)]
        texts = tuple([str(items["prompt"][each]) for each in own])
        found.append(World(source, prompts, ids, tasks, names, grades, costs, texts))
    return found


def asked_of(world: World, places: Ints) -> list[Prompt]:
    """Give some of the prompts."""
    return [world.prompts[int(at)] for at in places]


def halves(world: World, seed: int) -> tuple[Ints, Ints]:
    """Part the prompts in two."""
    order = np.random.default_rng(seed).permutation(len(world.prompts))
    return order[: len(order) // 2], order[len(order) // 2 :]
