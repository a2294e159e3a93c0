"""A further try is made only where it can help, when it may, and never after bytes went out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.pick import Retries, attempts
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
    Unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    Unsupported,
)


def plan(size: int) -> Plan:
    names = [f"endpoint-{number}" for number in range(size)]
    return Plan(candidates=tuple(Candidate(endpoint=an_endpoint(name), why="") for name in names))


class Walked(NamedTuple):
    """What was tried, and what the caller is told."""

    tried: list[Attempt]
    error: JevonsError | None


def drive(
    size: int,
    errors: Sequence[JevonsError | None],
    *,
    committed: bool = False,
    retries: Retries | None = None,
) -> Walked:
    """Walk a plan whose attempts end, one by one, with `errors`."""
    walking = attempts(plan(size), retries)
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


def test_what_no_endpoint_can_do_is_told_to_its_author() -> None:
    error = Unsupported("n is 2")
    assert drive(2, [PromptTooLong("9 > 5"), error]).error is error


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


# the same endpoint again

RETRIES = Retries(draw=lambda: 1.0)


def waits(walked: Walked) -> list[tuple[str, float]]:
    """Who was asked, and after which wait."""
    return [(each.candidate.endpoint.name, each.after_s) for each in walked.tried]


def test_an_endpoint_that_is_busy_is_asked_again_after_waits_that_double() -> None:
    walked = drive(
        1, [ProviderUnavailable("busy"), ProviderThrottled("slow"), None], retries=RETRIES
    )
    assert walked.error is None
    assert waits(walked) == [("endpoint-0", 0.0), ("endpoint-0", 0.5), ("endpoint-0", 1.0)]
    assert [each.number for each in walked.tried] == [1, 2, 3]


def test_waits_are_drawn_from_nothing_up_to_the_whole() -> None:
    drawn = iter([0.0, 0.25])
    errors = [ProviderUnavailable("busy"), ProviderUnavailable("busy"), None]
    walked = drive(1, errors, retries=Retries(draw=lambda: next(drawn)))
    assert [after_s for _, after_s in waits(walked)] == [0.0, 0.0, 0.25]


def test_waits_grow_to_a_longest_one() -> None:
    retries = Retries(draw=lambda: 1.0, tries=2000, wait_s=30.0)
    walked = drive(1, [ProviderUnavailable("busy")] * 7, retries=retries)
    assert [after_s for _, after_s in waits(walked)] == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert isinstance(walked.error, ProviderUnavailable)


def test_a_wait_that_was_asked_for_is_kept_to_exactly() -> None:
    walked = drive(1, [ProviderThrottled("slow", retry_after_s=3.25), None], retries=RETRIES)
    assert waits(walked)[1] == ("endpoint-0", 3.25)


def test_a_wait_of_nothing_is_no_advice() -> None:
    walked = drive(1, [ProviderThrottled("slow", retry_after_s=0.0), None], retries=RETRIES)
    assert waits(walked)[1] == ("endpoint-0", 0.5)


def test_a_wait_that_is_too_long_goes_to_the_caller_at_once() -> None:
    error = ProviderThrottled("slow", retry_after_s=10.5)
    walked = drive(1, [error], retries=RETRIES)
    assert walked.error is error
    assert error.retry_after_s == 10.5


def test_all_waits_together_keep_to_the_bound() -> None:
    errors = [
        ProviderThrottled("slow", retry_after_s=6.0),
        ProviderThrottled("", retry_after_s=5.0),
    ]
    walked = drive(1, errors, retries=RETRIES)
    assert walked.error is errors[1]
    assert sum(each.after_s for each in walked.tried) == 6.0


def test_tries_are_counted_over_all_endpoints() -> None:
    errors = [ProviderUnavailable(str(number)) for number in range(4)]
    walked = drive(2, errors, retries=RETRIES)
    assert isinstance(walked.error, Exhausted)
    assert walked.error.errors == tuple(errors)
    assert [name for name, _ in waits(walked)] == ["endpoint-0", "endpoint-1"] * 2


def test_no_tries_means_each_endpoint_once() -> None:
    error = ProviderUnavailable("busy")
    assert drive(1, [error], retries=RETRIES._replace(tries=0)).error is error


def test_every_other_endpoint_is_asked_before_one_is_asked_again() -> None:
    walked = drive(2, [ProviderThrottled("slow", retry_after_s=1.0), None], retries=RETRIES)
    assert waits(walked) == [("endpoint-0", 0.0), ("endpoint-1", 0.0)]


def test_whoever_is_ready_first_is_asked_first_and_nobody_before_their_moment() -> None:
    errors = [
        ProviderThrottled("slow", retry_after_s=3.0),
        ProviderThrottled("slow", retry_after_s=2.0),
        ProviderUnavailable("down"),
        None,
    ]
    walked = drive(2, errors, retries=RETRIES)
    assert waits(walked)[2:] == [("endpoint-1", 2.0), ("endpoint-0", 1.0)]


def test_a_moment_that_passed_while_we_waited_for_another_is_not_waited_for_again() -> None:
    errors = [ProviderThrottled("slow", retry_after_s=2.0)] * 2
    walked = drive(2, [*errors, ProviderTimeout("late"), None], retries=RETRIES)
    assert waits(walked)[2:] == [("endpoint-0", 2.0), ("endpoint-1", 0.0)]


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in PASSING
        if kind not in {ProviderThrottled, ProviderUnavailable, ProviderTruncated}
    ],
)
def test_a_failure_that_does_not_pass_is_not_tried_again(kind: type[JevonsError]) -> None:
    error = kind("no")
    assert drive(1, [error], retries=RETRIES).error is error
    assert len(drive(2, [error, error], retries=RETRIES).tried) == 2


def test_an_answer_that_was_lost_before_its_first_piece_is_tried_again() -> None:
    assert len(drive(1, [ProviderTruncated("cut"), None], retries=RETRIES).tried) == 2


def test_half_an_answer_is_not_tried_again_though_none_of_it_went_out() -> None:
    walking = attempts(plan(1), RETRIES)
    error = ProviderTruncated("cut")
    with pytest.raises(StopIteration) as stop:
        walking.send(Outcome(attempt=next(walking), error=error, first_byte_s=1.0))
    assert stop.value.value is error


@pytest.mark.parametrize(
    "error",
    [ProviderUnpaid("no"), ProviderDenied("no"), ProviderRejected("no"), CallerLeft("gone")],
)
def test_a_further_try_that_fails_for_good_is_the_last(error: JevonsError) -> None:
    walked = drive(1, [ProviderUnavailable("busy"), error], retries=RETRIES)
    assert walked.error is error
    assert len(walked.tried) == 2


def test_a_further_try_that_had_begun_to_answer_is_the_last() -> None:
    walking = attempts(plan(1), RETRIES)
    busy, cut = ProviderUnavailable("busy"), ProviderUnavailable("cut")
    second = walking.send(Outcome(attempt=next(walking), error=busy))
    with pytest.raises(StopIteration) as stop:
        walking.send(Outcome(attempt=second, error=cut, committed=True))
    assert stop.value.value is cut


def test_exhausted_says_when_the_first_may_be_asked_again_by_what_each_said_last() -> None:
    errors = [
        ProviderThrottled("slow", retry_after_s=2.0),
        ProviderThrottled("slow", retry_after_s=40.0),
        ProviderThrottled("slow", retry_after_s=30.0),
    ]
    error = drive(2, errors, retries=RETRIES).error
    assert isinstance(error, Exhausted)
    assert error.retry_after_s == 30.0
    silent = drive(2, [ProviderTimeout("a"), ProviderTimeout("b")], retries=RETRIES).error
    assert isinstance(silent, Exhausted)
    assert silent.retry_after_s is None


FAILURES = st.sampled_from(PASSING) | st.tuples(
    st.sampled_from([ProviderThrottled, ProviderUnavailable]), st.floats(0, 20)
)


@given(
    st.lists(FAILURES, min_size=40, max_size=40),
    st.integers(1, 5),
    st.integers(0, 6),
    st.floats(0, 30),
    st.floats(0, 1, exclude_max=True),
)
def test_however_they_fail_tries_and_waits_keep_to_their_bounds(
    failures: list[type[JevonsError] | tuple[type[ProviderThrottled], float]],
    size: int,
    tries: int,
    wait_s: float,
    drawn: float,
) -> None:
    retries = Retries(draw=lambda: drawn, tries=tries, wait_s=wait_s)
    walking = attempts(plan(size), retries)
    attempt, now_s, count = next(walking), 0.0, 0
    not_before_s: dict[str, float] = {}
    for failure in failures:
        count += 1
        now_s += attempt.after_s
        name = attempt.candidate.endpoint.name
        assert now_s >= not_before_s.get(name, 0.0) - 1e-9, "asked before the moment it named"
        told = failure[1] if isinstance(failure, tuple) else None
        error = failure[0]("", retry_after_s=told) if isinstance(failure, tuple) else failure("")
        not_before_s[name] = now_s + (told or 0.0)
        try:
            attempt = walking.send(Outcome(attempt=attempt, error=error))
        except StopIteration:
            break
    assert size <= count <= size + tries
    assert now_s <= wait_s + 1e-9
