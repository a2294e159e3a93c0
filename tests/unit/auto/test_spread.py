"""How far grades lie apart is told by the prompt."""

import numpy as np

from jevons.auto.features import read
from jevons.auto.quality import fit_quality
from jevons.auto.spread import fit_spread


def test_arms_differ_where_they_differed_on_like_prompts() -> None:
    dice = np.random.default_rng(0)
    texts = ("add {} and 17", "Prove in full, please: Theorem {} OF RING THEORY (hard); why?")
    prompts = [read(texts[at % 2].format(at)) for at in range(400)]
    hard = np.arange(400) % 2 == 1
    grades = np.stack((np.ones(400), np.where(hard & (dice.random(400) < 0.5), 0.0, 1.0)), axis=1)
    topics = fit_quality(prompts, grades, reference=0).expect(prompts).topics
    squares = fit_spread(prompts, topics, grades, reference=0).expect(prompts, topics)
    assert abs(squares[hard, 1].mean() - 0.5) < 0.1
    assert squares[~hard, 1].mean() < 0.1
    assert (squares[:, 0] < 0.05).all()
