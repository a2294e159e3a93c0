"""Pairs of arms: how well prompts are ranked by what the dearer one is worth there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from bench.auto.recipe import is_there, recipe
from bench.auto.world import World, asked_of

from jevons.auto import fit_quality

if TYPE_CHECKING:
    from jevons.auto.rows import Floats, Ints

__all__ = ("pair_lines",)

ANCHORS = {
    "routellm_mmlu": "RouteLLM's best .603, CPT50/80 35.4/70.3; goals .65 (1,000), .69 (7,000), 30/63",
    "routellm_gsm8k": "RouteLLM's best .622, CPT50/80 33.6/63.3; goal .62",
}


def ranked(score: Floats, weak: Floats, strong: Floats) -> tuple[float, float, float]:
    """Say APGR, CPT(50 %) and CPT(80 %), as RouteLLM defines them."""
    order = np.argsort(-score, kind="stable")
    reached = np.concatenate(([0.0], np.cumsum((strong - weak)[order]))) / len(weak)
    gap = strong.mean() - weak.mean()
    calls = np.arange(len(weak) + 1) / len(weak)
    at = [float(calls[np.argmax(reached >= part * gap - 1e-12)]) for part in (0.5, 0.8)]
    return float(np.trapezoid(reached, calls)) / gap, at[0], at[1]


def scores(world: World, taught: Ints, served: Ints) -> Floats:
    """Say of each prompt how much the stronger arm is worth there."""
    strong = int(world.grades.mean(axis=0).argmax())
    model = fit_quality(asked_of(world, taught), world.grades[taught], reference=strong)
    return -model.expect(asked_of(world, served)).gains[:, 1 - strong]


def pair_lines(world: World) -> list[str]:
    """Measure a pair with few labels, and with nine tenths of all."""
    strong = int(world.grades.mean(axis=0).argmax())
    weak, best = world.grades[:, 1 - strong], world.grades[:, strong]
    count, lines = len(weak), [f"  {ANCHORS.get(world.name, '')}"]
    rivals = {"": scores, ", plain recipe": recipe} if is_there() else {"": scores}
    for name, score_of in rivals.items():
        for labels in [each for each in (300, 1000) if each < count * 0.8]:
            runs: list[tuple[float, float, float]] = []
            for seed in range(10):
                order = np.random.default_rng(seed).permutation(count)
                taught, served = order[:labels], order[labels:]
                runs.append(ranked(score_of(world, taught, served), weak[served], best[served]))
            lines.append(_ranks(f"{labels} labels, 10 draws{name}", np.array(runs)))
        order, score = np.random.default_rng(0).permutation(count), np.zeros(count)
        for fold in range(10):
            served = order[fold::10]
            score[served] = score_of(world, np.setdiff1d(order, served), served)
        whole = np.array([ranked(score, weak, best)])
        lines.append(_ranks(f"{count * 9 // 10} labels, 10 folds{name}", whole))
    return lines


def _ranks(what: str, runs: Floats) -> str:
    mean, spread = runs.mean(axis=0), runs[:, 0].std()
    return (
        f"  {what:37} APGR {mean[0]:.3f} (sd {spread:.3f})  "
        f"CPT50 {mean[1]:.1%}  CPT80 {mean[2]:.1%}"
    )
