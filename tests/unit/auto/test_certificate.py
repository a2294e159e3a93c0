"""A certificate goes as far as its labels carry, spends delta once, and ends."""

import numpy as np
import pytest

from jevons.auto.certificate import DAY_MS, Certificate, Labels, Terms, certify, expired, share

TERMS = Terms(loss=0.05, delta=0.05, days=30, requests=1000)
POLICIES = ("reference", "careful", "bold")


def labels(count: int, *, careful: float, bold: float) -> Labels:
    """The reference is right in nine of ten; others lose so much of that."""
    dice = np.random.default_rng(count)
    reference = (dice.random(count) < 0.9).astype(float)
    lost = dice.random(count)
    policy = [reference, reference * (lost >= careful), reference * (lost >= bold)]
    return Labels(reference, np.stack(policy, axis=1), np.ones(count))


def test_goes_as_far_as_labels_carry_and_no_further() -> None:
    held = certify(labels(1000, careful=0.0, bold=0.2), TERMS, at_ms=7, policies=POLICIES)
    assert (held.step, held.policy, held.at_ms, held.labels) == (1, "careful", 7, 1000)
    assert held.estimate == 0.0
    assert 0.0 < held.bound <= TERMS.loss


def test_few_labels_certify_nothing_and_nothing_is_claimed() -> None:
    held = certify(labels(20, careful=0.0, bold=0.0), TERMS, at_ms=0, policies=POLICIES)
    assert (held.step, held.policy, held.bound) == (0, "reference", 0.0)


def test_no_labels_certify_nothing() -> None:
    nothing = Labels(np.zeros(0), np.zeros((0, 3)), np.zeros(0))
    held = certify(nothing, TERMS, at_ms=0, policies=POLICIES)
    assert (held.step, held.estimate) == (0, 0.0)


def test_a_later_test_in_the_same_class_needs_more() -> None:
    enough = labels(140, careful=0.0, bold=0.5)
    assert certify(enough, TERMS, at_ms=0, policies=POLICIES).step == 1
    assert certify(enough, TERMS, at_ms=0, policies=POLICIES, times=9).step == 0


def test_what_all_tests_spend_adds_up_to_delta() -> None:
    assert sum(share(TERMS, times) for times in range(1, 10_000)) == pytest.approx(0.05, rel=1e-3)


def test_promises_are_broken_no_more_often_than_was_said() -> None:
    broken = 0
    for seed in range(300):
        dice = np.random.default_rng(seed)
        reference = (dice.random(400) < 0.9).astype(float)
        worse = reference * (dice.random(400) >= 0.06)  # loses 6 %: over the 5 % that is promised
        pair = Labels(reference, np.stack((reference, worse), axis=1), np.ones(400))
        broken += certify(pair, TERMS, at_ms=0, policies=POLICIES[:2]).step
    assert broken / 300 <= 0.05 + 2 * (0.05 * 0.95 / 300) ** 0.5


@pytest.mark.parametrize(
    ("now_ms", "requests", "has_drifted", "why"),
    [
        (0, 0, False, ""),
        (30 * DAY_MS, 999, False, ""),
        (30 * DAY_MS + 1, 0, False, "age"),
        (0, 1000, False, "volume"),
        (0, 0, True, "drift"),
    ],
)
def test_expires_by_age_volume_and_drift(
    *, now_ms: int, requests: int, has_drifted: bool, why: str
) -> None:
    held = Certificate(1, 100, 0.0, 0.04, TERMS, 0, "p")
    assert expired(held, now_ms=now_ms, requests=requests, has_drifted=has_drifted) == why
