"""Trials on a machine give back what its tokens take, and say how well."""

from __future__ import annotations

import pytest

from jevons.meter.calibration import Trial, calibrate

PROMPT_J, CONTEXT_J, ANSWER_J = 0.04, 2e-5, {1: 0.15, 2: 0.11, 4: 0.08}


def trial(
    batch: int,
    prompt: int,
    answer: int,
    *,
    off: float = 1.0,
    prompt_j: float = PROMPT_J,
    context_j: float = CONTEXT_J,
) -> Trial:
    """Each of a batch reads and writes as much."""
    context = batch * answer * (prompt + answer / 2)
    joules = batch * (prompt * prompt_j + answer * ANSWER_J[batch]) + context * context_j
    return Trial(batch, batch * prompt, batch * answer, context, joules * off, 1.0)


def trials(**fields: float) -> list[Trial]:
    return [
        trial(batch, prompt, answer, **fields)
        for batch in ANSWER_J
        for prompt in (32, 512)
        for answer in (16, 64)
    ]


def test_what_tokens_take_comes_back() -> None:
    found = calibrate(trials())
    assert found.prompt_j == pytest.approx(PROMPT_J)
    assert found.context_j == pytest.approx(CONTEXT_J)
    assert found.answer_j == pytest.approx(ANSWER_J)
    assert found.fold == pytest.approx(1)
    assert found.prompt_weight == pytest.approx(PROMPT_J / ANSWER_J[1])


def test_how_far_each_trial_is_off_is_said() -> None:
    some = trials()
    some[0] = some[0]._replace(joules=some[0].joules * 1.3)
    found = calibrate(some)
    assert max(found.residuals) == found.residuals[0]
    assert 1.0 < found.fold < 1.3
    assert some[0].name == "1 x 32 + 16"


def test_nothing_takes_less_than_nothing() -> None:
    found = calibrate(trials(context_j=-1e-6))
    assert found.context_j == 0
    assert found.prompt_j > 0


def test_what_trials_cannot_tell_is_said() -> None:
    with pytest.raises(ValueError, match="3 trials cannot tell"):
        calibrate(trials()[:3])
    with pytest.raises(ValueError, match="too much alike"):
        calibrate([trial(1, 32, 16)] * 5)
    free = [
        Trial(1, prompt, answer, answer * prompt, prompt * 0.1, 1.0)
        for prompt, answer in ((32, 16), (32, 64), (512, 16), (512, 64), (700, 1))
    ]
    with pytest.raises(ValueError, match="takes anything"):
        calibrate([each._replace(joules=each.joules / (1 + each.answer)) for each in free])
