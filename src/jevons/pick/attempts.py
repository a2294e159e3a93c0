"""Walking a plan, without doing any of it.

Sans-I/O, after httpx's `Auth.auth_flow` and h11: the generator yields what to try, and how
long to wait before it; the corridor does so and sends back what happened. So every rule of
failover and of retrying is testable without a socket, a clock or an event loop.

Rule 1: each endpoint is asked once before any is asked again.
Rule 2: nobody is asked before the moment that they named, and nobody whose moment is too far
    off is waited for: whoever asked is told, and decides.
Rule 3: what one request learns is forgotten with it; the next asks a busy endpoint anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.types.decision import Attempt, Outcome, Plan
from jevons.types.errors import (
    CallerLeft,
    Exhausted,
    JevonsError,
    NoCandidate,
    PromptTooLong,
    ProviderTruncated,
    Retry,
    Unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

__all__ = ("Retries", "attempts", "is_final")

# Source: `_constants.py` of openai-python 3.54.0 and of anthropic-sdk-python 2.12.0, read
# 2026-11-23: whoever asks through us is used to waits of this length.
_FIRST_S = 0.5
_LONGEST_S = 8.0
_DOUBLINGS = 4  # reach the longest

_MENDED_BY_AUTHOR = (PromptTooLong, Unsupported)


class Retries(NamedTuple):
    """How often an endpoint may be asked again, and how long that may be waited for."""

    draw: Callable[[], float]
    """A number from 0 up to 1, at random: spreads out those who were turned away together."""
    tries: int = 2
    """Most further tries of one request, over all endpoints."""
    wait_s: float = 10.0
    """Longest wait of one request, in all."""


def attempts(
    plan: Plan, retries: Retries | None = None, *, done: int = 0
) -> Generator[Attempt, Outcome, JevonsError | None]:
    """Yield each attempt, be sent its outcome, return what to tell the caller.

    A further attempt is made only before anything reached the caller, since a second
    answer cannot be spliced onto half of a first, and only if it could help: at another
    endpoint, or at last at one that failed in a way that passes.

    Args:
        plan: Candidates in the order to try them.
        retries: When to ask an endpoint again; None never does.
        done: Attempts that were made before.

    Returns:
        None if the last attempt succeeded; its error if no other could help, if there is one
        endpoint only, or if all say what only the request's author can mend; else `Exhausted`.

    Raises:
        NoCandidate: The plan is empty.
    """
    if not plan.candidates:
        message = "no candidate left to try"
        raise NoCandidate(message)

    failed: list[_Failure] = []
    for number, candidate in enumerate(plan.candidates, start=1):
        outcome = yield Attempt(number=done + number, candidate=candidate)
        error = outcome.error
        if error is None or is_final(outcome, error):
            return error
        failed.append(_failure(number - 1, outcome, error))
    return (yield from _again(plan, failed, retries, done))


class _Failure(NamedTuple):
    """An attempt that another could follow."""

    place: int
    """Of its endpoint in the plan."""
    error: JevonsError
    passes: bool
    """Whether the same endpoint may do better after a while."""


def _failure(place: int, outcome: Outcome, error: JevonsError) -> _Failure:
    is_lost = isinstance(error, ProviderTruncated) and outcome.first_byte_s is None
    return _Failure(place, error, is_lost or error.retry is Retry.LATER)


def _again(
    plan: Plan, failed: list[_Failure], retries: Retries | None, before: int
) -> Generator[Attempt, Outcome, JevonsError | None]:
    """Ask those again whose failure may have passed: whoever is ready first.

    Time is what we waited, and no other: it is never ahead of the clock, so nobody is
    asked too early.
    """
    if retries is None:
        return _told(plan, failed)
    ready_s = {each.place: _backoff_s(each, 0, retries) for each in failed if each.passes}
    now_s = 0.0
    for done in range(1, retries.tries + 1):
        place = min(ready_s, key=lambda place: (ready_s[place], place), default=None)
        if place is None or ready_s[place] > retries.wait_s:
            break
        after_s = max(ready_s.pop(place) - now_s, 0.0)
        now_s += after_s
        candidate = plan.candidates[place]
        number = before + len(failed) + 1
        outcome = yield Attempt(number=number, candidate=candidate, after_s=after_s)
        error = outcome.error
        if error is None or is_final(outcome, error):
            return error
        failure = _failure(place, outcome, error)
        failed.append(failure)
        if failure.passes:
            ready_s[place] = now_s + _backoff_s(failure, done, retries)
    return _told(plan, failed)


def is_final(outcome: Outcome, error: JevonsError) -> bool:
    """Whether nothing may follow a failure, or nothing else could help."""
    return outcome.committed or isinstance(error, CallerLeft) or error.retry is Retry.NEVER


def _backoff_s(failure: _Failure, done: int, retries: Retries) -> float:
    """Wait as long as was asked, else a random part of a time that doubles.

    Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015
    ("full jitter").
    """
    if failure.error.retry_after_s:  # a zero is no advice
        return failure.error.retry_after_s
    return retries.draw() * min(_FIRST_S * 2 ** min(done, _DOUBLINGS), _LONGEST_S)


def _told(plan: Plan, failed: Sequence[_Failure]) -> JevonsError:
    """Say why nobody could serve it, and when the first may be asked again."""
    errors = [each.error for each in failed]
    is_author = all(isinstance(error, _MENDED_BY_AUTHOR) for error in errors)
    if is_author or len(plan.candidates) == 1:
        return errors[-1]
    last = {each.place: each.error.retry_after_s for each in failed}
    waits = [wait for wait in last.values() if wait is not None]
    return Exhausted(errors, retry_after_s=min(waits, default=None))
