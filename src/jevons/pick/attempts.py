"""Walking a plan, without doing any of it.

Sans-I/O, after httpx's `Auth.auth_flow` and h11: the generator yields what to try, the
corridor tries it and sends back what happened. So every failover rule is testable
without a socket, a clock or an event loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.decision import Attempt, Outcome, Plan
from jevons.types.errors import (
    CallerLeft,
    Exhausted,
    JevonsError,
    NoCandidate,
    PromptTooLong,
    Retry,
)

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("attempts",)


def attempts(plan: Plan) -> Generator[Attempt, Outcome, JevonsError | None]:
    """Yield each attempt, be sent its outcome, return what to tell the caller.

    A second endpoint is tried only before anything reached the caller, since a second
    answer cannot be spliced onto half of a first, and only if another could help.

    Args:
        plan: Candidates in the order to try them.

    Returns:
        None if the last attempt succeeded; its error if no other could help, or if the prompt
        was too long for all, since only its author can mend that; `Exhausted` if several were
        tried and all failed.

    Raises:
        NoCandidate: The plan is empty.
    """
    if not plan.candidates:
        message = "no candidate left to try"
        raise NoCandidate(message)

    errors: list[JevonsError] = []
    for number, candidate in enumerate(plan.candidates, start=1):
        outcome = yield Attempt(number=number, candidate=candidate)
        error = outcome.error
        if error is None:
            return None
        if outcome.committed or isinstance(error, CallerLeft) or error.retry is Retry.NEVER:
            return error
        errors.append(error)
    is_too_long = all(isinstance(error, PromptTooLong) for error in errors)
    return errors[-1] if is_too_long or len(errors) == 1 else Exhausted(errors)
