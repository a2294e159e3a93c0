"""Endpoints that keep failing before they begin to answer, set aside for a while.

Rule 1: to be set aside is to be asked last. Nobody is left out: where all others fail, or there
    is no other, it is asked as ever. Only drafts are not asked for then, since they take all.
Rule 2: an endpoint that names the moment from which it may be asked is set aside until then; any
    other after failing three times in a row.
Rule 3: it is set aside for 5 s, then 10, doubling, and never longer than the house says. When
    the time is up one request tries it, and others stay away until that one has heard.
Rule 4: an answer that begins ends it. What the request itself is to blame for counts for nothing.
Rule 5: whatever is set aside is named, with the moment and the reason, on every receipt of a
    request that would have asked it otherwise.

Sans-I/O: whoever asks tells the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from jevons.types.account import SetAside
from jevons.types.errors import PromptTooLong, ProviderError, Retry

if TYPE_CHECKING:
    from jevons.types.decision import Candidate, Outcome, Plan

__all__ = ("Resting",)

_IN_A_ROW = 3
_FIRST_S = 5.0
_DOUBLINGS = 10  # more is longer than any house says


@dataclass(slots=True)
class _Failing:
    """What is known of one endpoint that failed last time."""

    times: int
    """In a row."""
    error: str
    """Code of the last."""
    until_s: float
    """By the monotonic clock; in the past if it is not set aside."""


class Resting:
    """Remembers who failed lately, for one process.

    Args:
        longest_s: Longest that an endpoint is set aside; 0 sets none aside.
    """

    def __init__(self, *, longest_s: float = 60.0) -> None:
        self._longest_s = longest_s
        self._failing: dict[str, _Failing] = {}

    def order(self, plan: Plan, *, now_s: float, now_ms: int) -> Plan:
        """Put those that are set aside behind the others, whoever is due first before the rest.

        Args:
            plan: Candidates in the order in which they would be asked.
            now_s: By the monotonic clock.
            now_ms: The same moment, Unix milliseconds.
        """
        if not self._failing or len(plan.candidates) == 1:
            return plan
        if plan.drafts:
            return self._without_drafts(plan, now_s, now_ms)
        due_s = [self._due_s(candidate, now_s) for candidate in plan.candidates]
        order = sorted(range(len(due_s)), key=due_s.__getitem__)
        candidates = tuple([plan.candidates[place] for place in order])
        aside = tuple(
            [
                self._told(plan.candidates[place], now_ms + round((due_s[place] - now_s) * 1e3))
                for place in order
                if due_s[place]
            ]
        )
        self._try(candidates[0], now_s)
        return structs.replace(plan, candidates=candidates, aside=aside)

    def _without_drafts(self, plan: Plan, now_s: float, now_ms: int) -> Plan:
        """Ask nobody for a draft where one is set aside: the others' would be dropped."""
        drafts = plan.candidates[: plan.drafts]
        due_s = [self._due_s(candidate, now_s) for candidate in drafts]
        aside = tuple(
            [
                self._told(candidate, now_ms + round((due - now_s) * 1e3))
                for candidate, due in zip(drafts, due_s, strict=True)
                if due
            ]
        )
        if not aside:
            for candidate in drafts:
                self._try(candidate, now_s)
            return plan
        why = f"the reference, since {aside[0].endpoint!r} keeps failing"
        rest = [
            structs.replace(each, why=why, chosen="fallback", arm=_alone(each))
            for each in plan.candidates[plan.drafts :]
        ]
        return structs.replace(plan, candidates=tuple(rest), aside=aside, drafts=0)

    def failing(self, *, now_s: float, now_ms: int) -> dict[str, SetAside]:
        """Tell which endpoints failed when they were asked last, by name, and until when each rests.

        Args:
            now_s: By the monotonic clock.
            now_ms: The same moment, Unix milliseconds.
        """
        return {
            name: SetAside(
                endpoint=name,
                until_ms=now_ms + round((each.until_s - now_s) * 1e3),
                failures=each.times,
                error=each.error,
            )
            for name, each in self._failing.items()
        }

    def note(self, outcome: Outcome, *, now_s: float) -> None:
        """Learn from an attempt.

        Args:
            outcome: What became of it.
            now_s: By the monotonic clock.
        """
        name, error = outcome.attempt.candidate.endpoint.name, outcome.error
        if error is None or outcome.committed:
            self._failing.pop(name, None)
        elif isinstance(error, ProviderError) and _is_its_own(error):
            before = self._failing.get(name)
            times = before.times + 1 if before else 1
            rest_s = max(error.retry_after_s or 0.0, _usual_s(times))
            until_s = now_s + min(rest_s, self._longest_s)
            self._failing[name] = _Failing(times, error.code, until_s)

    def _due_s(self, candidate: Candidate, now_s: float) -> float:
        """Tell when it may be asked again; 0 if it may be now."""
        failing = self._failing.get(candidate.endpoint.name)
        return failing.until_s if failing is not None and failing.until_s > now_s else 0.0

    def _told(self, candidate: Candidate, until_ms: int) -> SetAside:
        name = candidate.endpoint.name
        failing = self._failing[name]
        return SetAside(
            endpoint=name, until_ms=until_ms, failures=failing.times, error=failing.error
        )

    def _try(self, candidate: Candidate, now_s: float) -> None:
        """Keep others away from one that is tried after a rest."""
        failing = self._failing.get(candidate.endpoint.name)
        if failing is not None and failing.times >= _IN_A_ROW and failing.until_s <= now_s:
            failing.until_s = now_s + min(_FIRST_S, self._longest_s)


def _alone(candidate: Candidate) -> str:
    """Name the arm that a candidate is by itself."""
    name = candidate.endpoint.name
    return f"{name}@{candidate.effort}" if candidate.effort else name


def _is_its_own(error: ProviderError) -> bool:
    """Whether a failure says something about the endpoint, and not about what it was asked."""
    return error.retry is not Retry.NEVER and not isinstance(error, PromptTooLong)


def _usual_s(times: int) -> float:
    beyond = times - _IN_A_ROW
    return _FIRST_S * 2 ** min(beyond, _DOUBLINGS) if beyond >= 0 else 0.0
