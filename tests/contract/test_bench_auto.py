"""What the bench measures is what a study does: same draws, same labels, same certificate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from bench.auto.cascades import cascade_lines
from bench.auto.pools import certified, draw, split, taught
from bench.auto.world import World, asked_of, halves

from jevons.auto import Terms, lay, read
from jevons.auto.study import EACH, Pair, Plan, Study

LOSS, LEARN = 0.1, 300
KINDS = (1.0, 0.97, 0.9, 0.85, 0.75, 0.6, 0.4, 0.2)


def world(seed: int = 0, count: int = 2 * LEARN) -> World:
    """Eight kinds of prompts, on which the cheap arm is right so often."""
    dice = np.random.default_rng(seed)
    kinds = dice.integers(0, 8, count)
    prompts = [
        read(f"task {'abcdefgh'[kind] * 3} number {at % 80} of kind {'stuvwxyz'[kind] * 3}")
        for at, kind in enumerate(kinds)
    ]
    cheap = (dice.random(count) < np.array(KINDS)[kinds]).astype(float)
    grades = np.stack((np.ones(count), cheap), axis=1)
    names = ["dear", "cheap"]
    return World(
        "made", prompts, [""] * count, [""] * count, names, grades, np.tile((10.0, 1.0), (count, 1))
    )


def pair(source: World, at: int, times: float) -> Pair:
    grades, costs = source.grades[at], source.costs[at]
    return Pair(0, source.prompts[at], tuple(grades.tolist()), tuple(costs.tolist()), times)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_study_draws_and_certifies_as_the_bench_does(seed: int) -> None:
    source, count = world(seed), 400
    first, second = halves(source, seed)
    frozen = lay(taught(source, first), LOSS)
    views = frozen.models.expect(asked_of(source, second))
    drawn = draw(frozen, views, source.grades[second], loss=LOSS, seed=seed, count=count)
    held = certified(frozen, drawn, LOSS)

    study = Study(source.arms, 0, Plan(Terms(LOSS, 0.1), learn=LEARN, labels=count))
    for at in first:
        study.take(pair(source, int(at), 1.0))
    for number, (place, times) in enumerate(zip(drawn.at, drawn.times, strict=True)):
        if number % EACH == 0:
            asked = source.prompts[int(second[int(place)])]
            assert study.draws(asked) == pytest.approx(float(times), rel=1e-4)
        study.take(pair(source, int(second[int(place)]), float(times)))
    assert study.certificate is not None
    assert study.certificate.step == held.step > 0


def test_requests_that_come_by_are_drawn_so_that_promises_hold() -> None:
    """Each request is drawn by its own chance, as a house does, and not from a table."""
    source, share, broken = world(9, 4000), 0.2, 0
    saved: list[float] = []
    truth = source.grades[:, 1]
    for seed in range(10):
        dice = np.random.default_rng(seed)
        study = Study(source.arms, 0, Plan(Terms(LOSS, 0.1), learn=LEARN, labels=200))
        while study.certificate is None and study.pairs < 2 * (LEARN + 200):
            at = int(dice.integers(0, len(truth)))
            times = min(study.draws(source.prompts[at]), 1.0 / share)
            if dice.random() < share * times:
                study.take(pair(source, at, times))
        if study.certificate is not None:
            sample = dice.integers(0, len(truth), 400)
            arms = [study.choose(source.prompts[int(at)], now_ms=0).arm for at in sample]
            kept = np.where(np.array(arms) == 1, truth[sample], 1.0).mean()
            broken += kept < 1.0 - LOSS - 0.03
            saved.append(float(np.mean(arms)))
    assert len(saved) > 6
    assert np.mean(saved) > 0.1
    assert broken <= 1


def test_a_split_of_a_made_source_keeps_its_promises_and_saves() -> None:
    told = [split(world(seed), seed) for seed in range(4)]
    assert np.mean([each.saving[2] for each in told]) > 0.05
    assert sum(sum(each.broken) for each in told) <= 2


def test_a_cascade_is_certified_where_wrong_drafts_differ_and_not_where_they_agree() -> None:
    source = world(count=800)
    cheap = source.grades[:, 1]
    grades = np.stack((np.ones(800), cheap, cheap), axis=1)
    costs = np.tile((10.0, 1.0, 0.5), (800, 1))
    three = source._replace(arms=["dear", "cheap", "local"], grades=grades, costs=costs)
    with ThreadPoolExecutor(1) as pool:
        apart, together = cascade_lines(three, 2, None, pool)
    assert "cascade cheap+local" in apart
    assert "certified in 100.0% of 2 draws" in apart
    assert "certified in 0.0% of 2 draws" in together
