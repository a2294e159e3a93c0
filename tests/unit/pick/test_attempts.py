"""A second endpoint is tried only where it can help, and never after bytes went out."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.pick import attempts
from jevons.testing.make import an_endpoint
from jevons.types.decision import Attempt, Candidate, Outcome, Plan
from jevons.types.errors import (
    CallerLeft,
    Exhausted,
    JevonsError,
    NoCandidate,
    PromptTooLong,
    ProviderDenied,
    ProviderFiltered,
    ProviderGarbled,
    ProviderMissing,
    ProviderRejected,
    ProviderThrottled,
    ProviderTimeout,
    ProviderTruncated,
    ProviderUnavailable,
    ProviderUnpaid,
)

PASSING = (
    ProviderTimeout,
    ProviderThrottled,
    ProviderUnavailable,
    ProviderDenied,
    ProviderGarbled,
    ProviderTruncated,
    ProviderUnpaid,
    ProviderMissing,
    PromptTooLong,
)


def plan(size: int) -> Plan:
    names = [f"endpoint-{number}" for number in range(size)]
    return Plan(candidates=tuple(Candidate(endpoint=an_endpoint(name), why="") for name in names))


class Walked(NamedTuple):
    """What was tried, and what the caller is told."""

    tried: list[Attempt]
    error: JevonsError | None


def drive(size: int, errors: list[JevonsError | None], *, committed: bool = False) -> Walked:
    """Walk a plan whose attempts end, one by one, with `errors`."""
    walking = attempts(plan(size))
    tried = [next(walking)]
    for error in errors:
        outcome = Outcome(attempt=tried[-1], error=error, committed=committed)
        try:
            tried.append(walking.send(outcome))
        except StopIteration as stop:
            return Walked(tried, stop.value)
    message = "the plan asked for another attempt"
    raise AssertionError(message)


def test_an_empty_plan_has_no_candidate() -> None:
    with pytest.raises(NoCandidate, match=r"^no candidate left to try$"):
        next(attempts(Plan(candidates=())))


def test_the_first_success_stands() -> None:
    walked = drive(3, [None])
    assert walked.error is None
    assert [each.number for each in walked.tried] == [1]


@pytest.mark.parametrize("kind", PASSING)
def test_fails_over_in_the_order_of_the_plan(kind: type[JevonsError]) -> None:
    walked = drive(2, [kind("down"), None])
    assert walked.error is None
    assert [each.candidate.endpoint.name for each in walked.tried] == [
        "endpoint-0",
        "endpoint-1",
    ]


def test_never_splices_a_second_answer_onto_half_of_a_first() -> None:
    error = ProviderTruncated("cut")
    walked = drive(3, [error], committed=True)
    assert walked.error is error
    assert len(walked.tried) == 1


@pytest.mark.parametrize(
    "error", [ProviderRejected("bad field"), ProviderFiltered("no"), CallerLeft("gone")]
)
def test_tries_nothing_else_when_nothing_else_can_help(error: JevonsError) -> None:
    walked = drive(3, [error])
    assert walked.error is error
    assert len(walked.tried) == 1


def test_a_caller_that_left_is_followed_by_nothing_though_it_could_be_retried() -> None:
    class Retriable(CallerLeft):
        retry = ProviderTimeout.retry

    assert len(drive(2, [Retriable("gone")]).tried) == 1


def test_a_prompt_too_long_for_all_is_told_to_its_author() -> None:
    errors: list[JevonsError | None] = [PromptTooLong("9 > 5"), PromptTooLong("9 > 7")]
    assert drive(2, errors).error is errors[1]
    assert isinstance(drive(2, [errors[0], ProviderTimeout("slow")]).error, Exhausted)


def test_one_candidate_fails_with_its_own_error() -> None:
    error = ProviderTimeout("slow")
    assert drive(1, [error]).error is error


@given(st.integers(min_value=2, max_value=8))
def test_exhausted_carries_every_error_in_order(size: int) -> None:
    errors: list[JevonsError | None] = [ProviderTimeout(str(number)) for number in range(size)]
    walked = drive(size, errors)
    assert isinstance(walked.error, Exhausted)
    assert walked.error.errors == tuple(errors)
    assert [each.number for each in walked.tried] == list(range(1, size + 1))
