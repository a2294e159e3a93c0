"""Time and memory: what learning takes, and a decision."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING

import numpy as np

from jevons.auto import fit_costs, fit_quality, know, read
from jevons.auto.costs import sums_of
from jevons.auto.frontier import choose, savings

if TYPE_CHECKING:
    from bench.auto.world import World

__all__ = ("speed_lines",)


def speed_lines(world: World) -> list[str]:
    """Fit 10,000 prompts of 10 arms, and decide."""
    dice = np.random.default_rng(0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    prompts = [world.prompts[at % len(world.prompts)] for at in range(10_000)]
    grades = (dice.random((10_000, 10)) < 0.6).astype(float)
    began = time.process_time()
    model = fit_quality(prompts, grades, reference=0)
    prices = fit_costs(sums_of(prompts, np.full((10_000, 10), 0.01)))
    took = time.process_time() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    known = know(model.expect(prompts[:2000]).topics)
    lines = [f"  fit of 10,000 x 10: {took:.1f} s CPU (goal 10), {grown:.0f} MB more (goal 400)"]
    words = [
        "Find",
        "all",
        "zeros",
        "in",
        "the",
        "indicated",
        "finite",
        "field:",
        "the",
        "court",
        "held",
        "17",
        "of",
        "42",
        "valid.",
    ]
    for size, goal in ((100, 0.2), (500, 0.5), (8000, 1.0)):
        spent: list[float] = []
        for _ in range(500):
            text = " ".join(dice.choice(words, size // 4))[:size]
            start = time.thread_time()
            asked = [read(text)]
            expected = model.expect(asked)
            saved = savings(prices.expect(asked), reference=0, mean=float(prices.means[0]))
            known.new(expected.topics)
            choose(expected.gains, saved, 0.1, reference=0)
            spent.append((time.thread_time() - start) * 1e3)
        p50, p99 = np.percentile(spent, (50, 99))
        lines.append(
            f"  decide, 10 arms, {size:5} characters: p50 {p50:.2f} ms (goal {goal}), "
            f"p99 {p99:.2f} ms (goal 3), CPU"
        )
    return lines
