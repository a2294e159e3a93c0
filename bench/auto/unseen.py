"""Prompts of a kind that was never graded: calibrate without STEM, serve STEM."""

from __future__ import annotations

import numpy as np
from bench.auto.pools import certified, draw, taught
from bench.auto.world import World, asked_of, halves

from jevons.auto import lay

__all__ = ("unseen", "unseen_lines")

STEM = (
    "math", "physics", "chemistry", "biology", "computer", "engineering", "statistics", "algebra",
    "astronomy", "machine_learning", "security",
)  # fmt: skip
LOSS = 0.05


def unseen_lines(told: list[tuple[bool, bool, float, float]]) -> list[str]:
    """Tell what happens, with the gate and without, from what each split showed."""
    seeds = len(told)
    bare, gated, share, gated_share = np.array(told, dtype=float).mean(axis=0)
    line = (
        f"  STEM never graded, loss {LOSS:.0%}: broken {bare:.1%} of {seeds} without the gate, "
        f"{gated:.1%} with it (goal 10 %); reference asked by {share:.1%} of known traffic, "
        f"{gated_share:.1%} with it (goal 5 points more)"
    )
    return [line]


def unseen(world: World, seed: int) -> tuple[bool, bool, float, float]:
    """Say whether STEM belies the promise, without the gate and with it, and what the gate costs."""
    is_stem = np.array([any(word in task for word in STEM) for task in world.tasks])
    first, second = halves(world, seed)
    calm, storm = second[~is_stem[second]], second[is_stem[second]]
    learned = taught(world, first[~is_stem[first]])
    frozen, reference = lay(learned, LOSS), learned.models.reference
    views = learned.models.expect(asked_of(world, calm))
    drawn = draw(frozen, views, world.grades[calm], loss=LOSS, seed=seed)
    step = certified(frozen, drawn, LOSS).step
    strange = learned.models.expect(asked_of(world, storm))
    at, grades = np.arange(len(storm)), world.grades[storm]
    least = (1.0 - LOSS) * grades[:, reference].mean()
    arms = frozen.taken(strange)[:, step]
    gated = np.where(frozen.known.new(strange.topics), reference, arms)
    known = frozen.taken(views)[:, step]
    spared = np.where(frozen.known.new(views.topics), reference, known)
    return (
        bool(grades[at, arms].mean() < least),
        bool(grades[at, gated].mean() < least),
        float((known == reference).mean()),
        float((spared == reference).mean()),
    )
