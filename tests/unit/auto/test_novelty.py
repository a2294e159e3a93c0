"""What is unlike everything that was graded is noticed, and most of the rest is let through."""

import numpy as np

from jevons.auto.novelty import know


def on_a_cap(count: int, middle: int, seed: int) -> np.ndarray:
    topics = np.random.default_rng(seed).normal(0, 0.1, (count, 8))
    topics[:, middle] += 1.0
    return topics / np.linalg.norm(topics, axis=1, keepdims=True)


def test_prompts_of_another_kind_are_new() -> None:
    known = know(on_a_cap(300, 0, 1))
    assert known.new(on_a_cap(100, 5, 2)).all()


def test_about_as_many_of_the_same_kind_are_taken_for_new_as_was_said() -> None:
    known = know(on_a_cap(1000, 0, 1), quantile=0.2)
    assert 0.1 < known.new(on_a_cap(1000, 0, 2)).mean() < 0.3


def test_with_a_handful_of_labels_everything_is_new() -> None:
    assert know(on_a_cap(5, 0, 1)).new(on_a_cap(5, 0, 1)).all()
