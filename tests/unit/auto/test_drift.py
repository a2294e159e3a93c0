"""A change is noticed soon, and no change seldom."""

import numpy as np

from jevons.auto.drift import Drift, drift


def watched(figures: np.ndarray, watch: Drift) -> int:
    for at, figure in enumerate(figures):
        watch = watch.after(float(figure))
        if watch.is_seen:
            return at
    return len(figures)


def test_a_change_is_seen_however_long_all_was_well() -> None:
    dice = np.random.default_rng(0)
    well, ill = dice.normal(-0.1, 0.3, 20_000), dice.normal(0.2, 0.3, 2000)
    watch = drift(usual=0.09, worse=0.1, least=-2.0)
    assert watched(np.concatenate((well, ill)), watch) - 20_000 < 200


def test_what_is_seen_stays_seen() -> None:
    watch = Drift(bet=0.5, run=10.0, purse=11.0)
    assert watch.after(-1.0).is_seen


def test_false_alarms_are_no_more_frequent_than_was_said() -> None:
    dice, watch = np.random.default_rng(4), drift(usual=0.2, worse=0.1, run=500.0)
    first = [
        watched(dice.choice((-1.0, 0.0, 1.0), 4000, p=(0.1, 0.8, 0.1)), watch) for _ in range(100)
    ]
    assert np.mean(first) > 500
