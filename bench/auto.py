"""What `auto` is worth on graded answers of real models, beside what others reached.

python -m bench.auto [--splits 200] [--only SOURCE ...]

Reads `items.parquet` and `outcomes.parquet` of the folder that `JEVONS_ROUTING_CORPUS` names. Every
source in them is measured in the same way, with the same settings. A source of two arms is a pair,
one with more a pool; where a table has no costs, a call of the reference costs 1 and any other
nothing, so that a saving is the share of calls that it is spared.

A split halves the prompts. One half is learned from. The other is a population whose truth is
known: labels are drawn from it, with replacement, and a certificate that the population itself
belies is a violation.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pyarrow import parquet  # pyright: ignore[reportMissingTypeStubs]

from jevons.auto import (
    Prompt,
    Terms,
    certify,
    draws_of,
    fit_costs,
    fit_quality,
    frontier,
    know,
    path_of,
    read,
    weights_of,
)
from jevons.auto.certificate import Labels
from jevons.auto.costs import sums_of
from jevons.auto.frontier import choose, savings

if TYPE_CHECKING:
    from jevons.auto.rows import Floats, Ints

LABELS = 1000
LOSSES = (0.01, 0.02, 0.05)
DELTA = 0.05
SLACK = 0.2
BEYOND = 1.5
"""A path ends where so many times the loss to be certified is expected."""
STEM = (
    "math", "physics", "chemistry", "biology", "computer", "engineering", "statistics", "algebra",
    "astronomy", "machine_learning", "security",
)  # fmt: skip
PAIR_ANCHORS = {
    "routellm_mmlu": "RouteLLM's best .603, CPT50/80 35.4/70.3; goals .65 (1,000), .69 (7,000), 30/63",
    "routellm_gsm8k": "RouteLLM's best .622, CPT50/80 33.6/63.3; goal .62",
}
POOL_ANCHORS = {
    "zeroeval": "mix of single models 27-31 %; goal 54 % on the hull, 20 % certified",
    "llmrouter9": "mix of single models 15 %; goal 48 % certified",
}


class World(NamedTuple):
    """One source: prompts, and what each arm's answers were worth and cost."""

    name: str
    prompts: list[Prompt]
    tasks: list[str]
    arms: list[str]
    grades: Floats
    costs: Floats


class Half(NamedTuple):
    """What was learned of one half, applied to the other."""

    grades: Floats
    costs: Floats
    gains: Floats
    saved: Floats
    topics: Floats
    reference: int


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
        names = [arms[place] for place in np.flatnonzero(kept)]
        found.append(World(source, prompts, tasks, names, grades, costs))
    return found


def learn(world: World, taught: Ints, served: Ints) -> Half:
    """Learn from some prompts, and say what is expected of others."""
    lessons = asked_of(world, taught)
    grades, costs = world.grades[taught], world.costs[taught]
    best = int(grades.mean(axis=0).argmax())
    kept = frontier(grades.mean(axis=0), costs.mean(axis=0), reference=best, slack=SLACK)
    reference = kept.index(best)
    model = fit_quality(lessons, grades[:, kept], reference=reference)
    prices = fit_costs(sums_of(lessons, costs[:, kept]))
    asked = asked_of(world, served)
    expected = model.expect(asked)
    return Half(
        world.grades[served][:, kept],
        world.costs[served][:, kept],
        expected.gains,
        savings(prices.expect(asked), reference=reference, mean=float(prices.means[reference])),
        expected.topics,
        reference,
    )


def asked_of(world: World, places: Ints) -> list[Prompt]:
    """Give some of the prompts."""
    return [world.prompts[int(at)] for at in places]


def halves(world: World, seed: int) -> tuple[Ints, Ints]:
    """Part the prompts in two."""
    order = np.random.default_rng(seed).permutation(len(world.prompts))
    return order[: len(order) // 2], order[len(order) // 2 :]


# ---- pairs: how well prompts are ranked


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
    count, lines = len(weak), [f"  {PAIR_ANCHORS.get(world.name, '')}"]
    for labels in [each for each in (300, 1000) if each < count * 0.8]:
        runs: list[tuple[float, float, float]] = []
        for seed in range(10):
            order = np.random.default_rng(seed).permutation(count)
            taught, served = order[:labels], order[labels:]
            runs.append(ranked(scores(world, taught, served), weak[served], best[served]))
        lines.append(_ranks(f"{labels} labels, 10 draws", np.array(runs)))
    order, score = np.random.default_rng(0).permutation(count), np.zeros(count)
    for fold in range(10):
        served = order[fold::10]
        score[served] = scores(world, np.setdiff1d(order, served), served)
    whole = np.array([ranked(score, weak, best)])
    lines.append(_ranks(f"{count * 9 // 10} labels, 10 folds", whole))
    return lines


def _ranks(what: str, runs: Floats) -> str:
    mean, spread = runs.mean(axis=0), runs[:, 0].std()
    return (
        f"  {what:24} APGR {mean[0]:.3f} (sd {spread:.3f})  "
        f"CPT50 {mean[1]:.1%}  CPT80 {mean[2]:.1%}"
    )


# ---- pools: what is saved


def hull_saving(points: Floats, quality: float, cost: float, loss: float) -> float:
    """Read the saving at a loss off the best mixes of points (cost, quality)."""
    goal = quality * (1.0 - loss)
    points = np.concatenate((points, [(cost, quality)]))
    best = np.inf
    for low in points:
        for high in points:
            if low[1] <= goal <= high[1]:
                part = 0.0 if high[1] == low[1] else (goal - low[1]) / (high[1] - low[1])
                best = min(best, low[0] + part * (high[0] - low[0]))
            elif low[1] >= goal:
                best = min(best, low[0])
    return 1.0 - best / cost


class Split(NamedTuple):
    """What one split showed, a figure for each loss."""

    hull: list[float]
    singles: list[float]
    saving: list[float]
    broken: list[bool]


def split(world: World, seed: int) -> Split:
    """Learn from one half, certify on draws from the other, and look whether it is true."""
    half = learn(world, *halves(world, seed))
    at, reference = np.arange(len(half.grades)), half.reference
    quality, cost = half.grades[:, reference].mean(), half.costs[:, reference].mean()
    trades = np.concatenate((np.linspace(-0.5, 0.0, 11), np.geomspace(1e-4, 10.0, 60)))
    routed = [choose(half.gains, half.saved, each, reference=reference) for each in trades]
    points = np.array([(half.costs[at, x].mean(), half.grades[at, x].mean()) for x in routed])
    single = np.stack((half.costs.mean(axis=0), half.grades.mean(axis=0)), axis=1)
    saving, broken = zip(*[certified(half, loss, seed) for loss in LOSSES], strict=True)
    return Split(
        [hull_saving(points, quality, cost, loss) for loss in LOSSES],
        [hull_saving(single, quality, cost, loss) for loss in LOSSES],
        list(saving),
        list(broken),
    )


def certified(half: Half, loss: float, seed: int, count: int = LABELS) -> tuple[float, bool]:
    """Draw labels where they matter, certify, and hold the promise against the population."""
    at, reference = np.arange(len(half.grades)), half.reference
    quality = half.grades[:, reference].mean()
    path = path_of(
        half.gains, half.saved, reference=reference, most_loss=BEYOND * loss * float(quality)
    )
    routed = [choose(half.gains, half.saved, each, reference=reference) for each in path.trades]
    inside = np.any([x != reference for x in routed], axis=0)
    draws = draws_of(float(inside.mean()))
    weights = weights_of(inside, draws)
    drawn = np.random.default_rng(7919 * seed + 1).choice(
        len(at), count, p=1.0 / weights / (1.0 / weights).sum()
    )
    taken = np.stack([half.grades[drawn, x[drawn]] for x in routed], axis=1)
    labels = Labels(half.grades[drawn, reference], taken, weights[drawn], 1.0 / draws.inside)
    policies = [str(each) for each in path.trades]
    held = certify(labels, Terms(loss, DELTA), at_ms=0, policies=policies)
    arms = routed[held.step]
    kept = half.grades[at, arms].mean()
    saving = 1.0 - half.costs[at, arms].mean() / half.costs[:, reference].mean()
    return float(saving), bool(kept < (1.0 - loss) * quality - 1e-12)


def pool_lines(world: World, splits: list[Split]) -> list[str]:
    """Say what was saved, and how often a promise was broken."""
    allowed = DELTA + 2.0 * (DELTA * (1.0 - DELTA) / len(splits)) ** 0.5
    lines = [f"  {POOL_ANCHORS.get(world.name, '')}"] if world.name in POOL_ANCHORS else []
    for place, loss in enumerate(LOSSES):
        hull, single, saving, broken = (
            np.array([each[field][place] for each in splits]).mean() for field in range(4)
        )
        verdict = "ok" if broken <= allowed else "MISSED"
        below = "" if hull >= single - 1e-9 else "  BELOW THE MIX"
        lines.append(
            f"  loss {loss:.0%}: hull {hull:5.1%} (mix of single arms {single:5.1%}){below}; "
            f"certified {saving:5.1%}, broken {broken:.1%} of {len(splits)} "
            f"(at most {allowed:.1%}: {verdict})"
        )
    return lines


# ---- prompts of a kind that was never graded


def unseen_lines(world: World, seeds: int) -> list[str]:
    """Calibrate without STEM, serve STEM, with the gate and without."""
    is_stem = np.array([any(word in task for word in STEM) for task in world.tasks])
    told: list[tuple[bool, bool, float, float]] = []
    for seed in range(seeds):
        first, second = halves(world, seed)
        lessons, calm = first[~is_stem[first]], second[~is_stem[second]]
        storm = second[is_stem[second]]
        half = learn(world, lessons, np.concatenate((calm, storm)))
        known = know(half.topics[: len(calm)])
        told.append(_unseen(half, len(calm), known.new(half.topics), seed))
    bare, gated, share, gated_share = np.array(told, dtype=float).mean(axis=0)
    line = (
        f"  STEM never graded, loss 5 %: broken {bare:.1%} without the gate, {gated:.1%} with it "
        f"(goal 10 %); reference asked by {share:.1%} of known traffic, {gated_share:.1%} with it"
    )
    return [line]


def _unseen(half: Half, calm: int, new: Floats, seed: int) -> tuple[bool, bool, float, float]:
    loss, reference = 0.05, half.reference
    known = half._replace(
        grades=half.grades[:calm], costs=half.costs[:calm], gains=half.gains[:calm],
        saved=half.saved[:calm],
    )  # fmt: skip
    quality = known.grades[:, reference].mean()
    path = path_of(
        known.gains, known.saved, reference=reference, most_loss=BEYOND * loss * float(quality)
    )
    routed = [choose(half.gains, half.saved, each, reference=reference) for each in path.trades]
    drawn = np.random.default_rng(seed).integers(0, calm, LABELS)
    taken = np.stack([half.grades[drawn, x[drawn]] for x in routed], axis=1)
    labels = Labels(half.grades[drawn, reference], taken, np.ones(LABELS))
    held = certify(labels, Terms(loss, DELTA), at_ms=0, policies=["" for _ in routed])
    arms = routed[held.step]
    gated = np.where(new, reference, arms)
    at = np.arange(len(arms))
    least = (1.0 - loss) * half.grades[calm:, reference].mean()
    return (
        bool(half.grades[at, arms][calm:].mean() < least),
        bool(half.grades[at, gated][calm:].mean() < least),
        float((arms[:calm] == reference).mean()),
        float((gated[:calm] == reference).mean()),
    )


# ---- cascades


def cascade_lines(world: World, seeds: int) -> list[str]:
    """Take what two cheap arms agree on, and the reference's answer where they differ.

    The table has grades and no answers: whether two wrong ones agree is not in it, so both ends
    are told.
    """
    told: list[tuple[float, float, float, float]] = []
    pair = ("", "")
    for seed in range(seeds):
        taught, served = halves(world, seed)
        first, second, best = _cheap_pair(world, taught)
        pair = (world.arms[first], world.arms[second])
        figures: list[float] = []
        for agrees_on_wrong in (False, True):
            grades, costs = _cascade(world, first, second, best, agrees_on_wrong=agrees_on_wrong)
            drawn = np.random.default_rng(seed).choice(served, LABELS)
            labels = Labels(
                world.grades[drawn, best],
                np.stack((world.grades[drawn, best], grades[drawn]), axis=1),
                np.ones(LABELS),
            )
            held = certify(labels, Terms(0.02, DELTA), at_ms=0, policies=["", ""])
            figures += [
                float(held.step == 1),
                1.0 - costs[served].mean() / world.costs[served, best].mean(),
            ]
        told.append((figures[0], figures[1], figures[2], figures[3]))
    apart, cheap, together, cheaper = np.array(told).mean(axis=0)
    line = (
        f"  cascade {pair[0]} + {pair[1]}, loss 2 %: if wrong answers never agree, certified in "
        f"{apart:.0%} of draws, saving {cheap:.0%}; if they always do, in {together:.0%}, saving "
        f"{cheaper:.0%} (goal: 90 %, 50 %; the table holds no answers to tell which)"
    )
    return [line]


def _cascade(
    world: World, first: int, second: int, best: int, *, agrees_on_wrong: bool
) -> tuple[Floats, Floats]:
    right, other = world.grades[:, first] >= 1.0, world.grades[:, second] >= 1.0
    agrees = (right == other) if agrees_on_wrong else (right & other)
    grades = np.where(agrees, world.grades[:, first], world.grades[:, best])
    costs = world.costs[:, first] + world.costs[:, second]
    return grades, costs + np.where(agrees, 0.0, world.costs[:, best])


def _cheap_pair(world: World, taught: Ints) -> tuple[int, int, int]:
    """Take the pair that keeps most for its cost on the half that is learned from."""
    quality, cost = world.grades[taught].mean(axis=0), world.costs[taught].mean(axis=0)
    best = int(quality.argmax())
    cheap = [each for each in range(len(cost)) if cost[each] < 0.25 * cost[best]]
    cheap = sorted(cheap, key=lambda each: -quality[each])[:4]
    pairs = [(a, b) for place, a in enumerate(cheap) for b in cheap[place + 1 :]]
    first, second = max(
        pairs,
        key=lambda pair: _cascade(world, *pair, best, agrees_on_wrong=True)[0][taught].mean(),
    )
    return first, second, best


# ---- time and memory


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


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", nargs="*", default=(), metavar="SOURCE")
    said = parser.parse_args()
    folder = os.environ.get("JEVONS_ROUTING_CORPUS", "")
    if not (Path(folder) / "items.parquet").is_file():
        print("JEVONS_ROUTING_CORPUS names no folder with items.parquet and outcomes.parquet in it")
        sys.exit(1)
    found = worlds(Path(folder))
    print("speed", *speed_lines(max(found, key=lambda each: len(each.prompts))), sep="\n")
    with ProcessPoolExecutor(said.jobs) as pool:
        for world in [each for each in found if not said.only or each.name in said.only]:
            count, arms = len(world.prompts), len(world.arms)
            print(f"\n{world.name}: {count} prompts, {arms} arms", flush=True)
            if arms == 2:
                print(*pair_lines(world), sep="\n", flush=True)
            chunk = max(said.splits // (4 * said.jobs), 1)
            splits = [*pool.map(split, [world] * said.splits, range(said.splits), chunksize=chunk)]
            print(*pool_lines(world, splits), sep="\n", flush=True)
            if any("high_school_" in each for each in world.tasks):
                print(*unseen_lines(world, min(said.splits, 40)), sep="\n", flush=True)
            if world.name == "zeroeval":
                print(*cascade_lines(world, said.splits), sep="\n", flush=True)


if __name__ == "__main__":
    main()
