"""Whoever keeps failing before it begins is asked last, for a while, and never left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.pick import Resting
from jevons.testing.make import an_endpoint
from jevons.types.account import SetAside
from jevons.types.decision import Attempt, Candidate, Outcome, Plan
from jevons.types.errors import (
    CallerLeft,
    JevonsError,
    PromptTooLong,
    ProviderRejected,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnavailable,
    Unsupported,
)

DOWN = ProviderUnavailable("down")
NAMES = ("a", "b", "c")
CANDIDATES = {name: Candidate(endpoint=an_endpoint(name), why="") for name in NAMES}


def outcome(name: str, error: JevonsError | None, *, committed: bool = False) -> Outcome:
    attempt = Attempt(number=1, candidate=CANDIDATES[name])
    return Outcome(attempt=attempt, error=error, committed=committed)


def fail(resting: Resting, name: str, *times_s: float, error: JevonsError = DOWN) -> None:
    for now_s in times_s:
        resting.note(outcome(name, error), now_s=now_s)


def plan_at(resting: Resting, now_s: float, names: tuple[str, ...] = NAMES) -> Plan:
    plan = Plan(candidates=tuple([CANDIDATES[name] for name in names]))
    return resting.order(plan, now_s=now_s, now_ms=round(now_s * 1000))


def order(resting: Resting, now_s: float, names: tuple[str, ...] = NAMES) -> str:
    candidates = plan_at(resting, now_s, names).candidates
    return "".join([each.endpoint.name for each in candidates])


def test_whoever_failed_last_is_told_with_its_error_until_it_answers() -> None:
    resting = Resting()
    fail(resting, "a", 0, 0)
    (failing,) = resting.failing(now_s=0, now_ms=7).values()
    assert (failing.endpoint, failing.failures, failing.error) == ("a", 2, DOWN.code)
    resting.note(outcome("a", None), now_s=0)
    assert resting.failing(now_s=0, now_ms=7) == {}


def test_nobody_is_set_aside_who_has_not_failed_three_times_in_a_row() -> None:
    resting = Resting()
    assert order(resting, 0) == "abc"
    fail(resting, "a", 0, 0)
    assert order(resting, 0) == "abc"
    resting.note(outcome("a", None), now_s=0)
    fail(resting, "a", 0, 0)
    assert order(resting, 0) == "abc"
    fail(resting, "a", 0)
    assert order(resting, 0) == "bca"


def test_a_rest_is_named_with_its_end_and_its_reason() -> None:
    resting = Resting()
    fail(resting, "a", 0, 1, 2)
    assert plan_at(resting, 4).aside == (
        SetAside(endpoint="a", until_ms=7000, failures=3, error="provider_unavailable"),
    )
    assert plan_at(resting, 7).aside == ()


def test_a_rest_doubles_up_to_what_the_house_says() -> None:
    resting = Resting(longest_s=30)
    now_s, rests = 0.0, list[float]()
    for _ in range(7):
        fail(resting, "a", now_s)
        aside = plan_at(resting, now_s).aside
        rests.append(aside[0].until_ms / 1000 - now_s if aside else 0.0)
        now_s += rests[-1]
    assert rests == [0, 0, 5, 10, 20, 30, 30]


def test_whoever_names_the_moment_is_set_aside_until_then_and_no_longer_than_the_house_says() -> (
    None
):
    resting = Resting()
    fail(resting, "a", 0, error=ProviderThrottled("slow", retry_after_s=8))
    assert (order(resting, 7.9), order(resting, 8)) == ("bca", "abc")
    fail(resting, "a", 8, error=ProviderThrottled("slow", retry_after_s=3600))
    assert (order(resting, 67.9), order(resting, 68)) == ("bca", "abc")


def test_of_several_whoever_is_due_first_is_asked_first() -> None:
    resting = Resting()
    fail(resting, "a", 0, 0, 0, 0)
    fail(resting, "b", 0, 0, 0)
    assert order(resting, 0) == "cba"
    assert [each.endpoint for each in plan_at(resting, 0).aside] == ["b", "a"]
    assert order(resting, 0, ("a", "b")) == "ba"


def test_the_only_endpoint_is_asked_as_ever() -> None:
    resting = Resting()
    fail(resting, "a", 0, 0, 0)
    assert plan_at(resting, 0, ("a",)).aside == ()


def test_after_a_rest_one_tries_it_and_the_others_stay_away() -> None:
    resting = Resting()
    fail(resting, "a", 0, 0, 0)
    assert order(resting, 5) == "abc"
    assert order(resting, 5) == "bca"
    assert order(resting, 10) == "abc"
    resting.note(outcome("a", DOWN, committed=True), now_s=11)
    assert [order(resting, 11), order(resting, 11)] == ["abc", "abc"], "it had begun to answer"


def test_a_rest_that_was_asked_for_ends_for_everybody() -> None:
    resting = Resting()
    fail(resting, "a", 0, error=ProviderThrottled("slow", retry_after_s=1))
    assert [order(resting, 1), order(resting, 1)] == ["abc", "abc"]


@pytest.mark.parametrize(
    "error",
    [CallerLeft("gone"), Unsupported("no"), ProviderRejected("bad"), PromptTooLong("long")],
)
def test_what_is_not_the_endpoints_fault_counts_for_nothing(error: JevonsError) -> None:
    resting = Resting()
    fail(resting, "a", 0, 0, 0, 0, error=error)
    assert order(resting, 0) == "abc"


def test_a_house_can_have_none_set_aside() -> None:
    resting = Resting(longest_s=0)
    fail(resting, "a", 0, 0, 0, 0)
    assert order(resting, 0) == "abc"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.sampled_from(
                [None, DOWN, ProviderTimeout("slow"), ProviderThrottled("", retry_after_s=99)]
            ),
            st.floats(min_value=0, max_value=20),
        )
    )
)
def test_nobody_is_ever_left_out_or_set_aside_for_too_long(
    steps: list[tuple[str, JevonsError | None, float]],
) -> None:
    resting, now_s = Resting(longest_s=30), 0.0
    for name, error, after_s in steps:
        now_s += after_s
        resting.note(outcome(name, error), now_s=now_s)
        assert sorted(order(resting, now_s)) == sorted(NAMES)
        for each in plan_at(resting, now_s).aside:
            assert 0 <= each.until_ms - now_s * 1000 <= 30_001
    assert order(resting, now_s + 31) == "abc"
