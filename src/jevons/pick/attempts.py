"""Walking a plan, without doing any of it.

Sans-I/O, after httpx's `Auth.auth_flow` and h11: the generator yields what to try, the
corridor tries it and sends back what happened. So every failover rule is testable
without a socket, a clock or an event loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.types.decision import Attempt, Outcome, Plan
from jevons.types.errors import CallerLeft, Exhausted, JevonsError, NoCandidate, Retry

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("Walked", "attempts")


class Walked(NamedTuple):
    """How a plan ended."""

    outcomes: tuple[Outcome, ...]
    """What became of each attempt, in order; the last one stands."""
    error: JevonsError | None
    """What to tell the caller; None if the last attempt succeeded."""


def attempts(plan: Plan) -> Generator[Attempt, Outcome, Walked]:
    """Yield each attempt, be sent its outcome, return how the plan ended.

    A second endpoint is tried only before anything reached the caller, since a second
    answer cannot be spliced onto half of a first, and only if another could help.

    Args:
        plan: Candidates in the order to try them.

    Raises:
        NoCandidate: The plan is empty.
    """
    if not plan.candidates:
        message = "no candidate left to try"
        raise NoCandidate(message)

    outcomes: list[Outcome] = []
    errors: list[JevonsError] = []
    for number, candidate in enumerate(plan.candidates, start=1):
        outcome = yield Attempt(number=number, candidate=candidate)
        outcomes.append(outcome)
        error = outcome.error
        if error is None:
            return Walked(tuple(outcomes), None)
        if outcome.committed or isinstance(error, CallerLeft) or error.retry is Retry.NEVER:
            return Walked(tuple(outcomes), error)
        errors.append(error)
    return Walked(tuple(outcomes), errors[0] if len(errors) == 1 else Exhausted(errors))
