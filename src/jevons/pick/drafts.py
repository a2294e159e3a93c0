"""Cascades: cheap endpoints draft an answer, and the reference is asked where they differ.

Sans-I/O, as `attempts`: the generator yields what to try, and is sent what became of it, with what
a draft came to. Whoever drives it holds drafts back until it returns.

Rule 1: a draft that failed, was cut short, refuses or cannot be compared agrees with nobody: nobody
    else is asked for a draft then.
Rule 2: what will fail anywhere is told to the caller, as without a cascade, and a caller that left
    is followed by nothing.
Rule 3: a draft is never asked for again, and never served alone: nothing was shown of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from jevons.pick.agreement import agree, canonical, canonical_calls, canonical_json
from jevons.pick.attempts import attempts, is_final
from jevons.pick.fits import fits
from jevons.types.decision import Attempt
from jevons.types.request import HostedTool, Tool
from jevons.wire.heard import heard
from jevons.wire.leftover import asks_more

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Sequence

    from jevons.pick.attempts import Retries
    from jevons.types.decision import Canonical, Outcome, Plan
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event
    from jevons.types.request import Generate

__all__ = ("Told", "can_compare", "can_draft", "cascade", "drafted", "form_of")

_WHOLE = frozenset({"stop", "tool_calls"})
_COMPARED = frozenset({"text", "image", "audio", "file", "tools", "json", "json_schema"})


class Told(NamedTuple):
    """How a plan ended."""

    error: JevonsError | None
    """What to tell the caller; None if it was answered."""
    taken: int | None = None
    """Place of the draft that goes out, among the attempts; None if the last of them stands."""


def cascade(plan: Plan, retries: Retries | None = None) -> Generator[Attempt, Outcome, Told]:
    """Yield each attempt, drafts first, be sent its outcome, return how it ended.

    Args:
        plan: Candidates, the first of which may be drafts.
        retries: When to ask an endpoint again that is no draft; None never does.

    Raises:
        NoCandidate: Nobody is behind the drafts.
    """
    if not plan.drafts:
        return Told((yield from attempts(plan, retries)))
    forms: list[Canonical | None] = []
    for number, candidate in enumerate(plan.candidates[: plan.drafts], start=1):
        outcome = yield Attempt(number=number, candidate=candidate, is_draft=True)
        if outcome.error is not None and is_final(outcome, outcome.error):
            return Told(outcome.error)
        forms.append(None if outcome.error is not None else outcome.form)
        if not _all_agree(forms):
            break
    else:
        return Told(None, taken=0)
    rest = structs.replace(plan, candidates=plan.candidates[plan.drafts :])
    return Told((yield from attempts(rest, retries, done=len(forms))))


def drafted(forms: Sequence[Canonical | None]) -> tuple[bool, int]:
    """Tell what a cascade would have come to, where what its drafts say is known.

    Returns:
        Whether the first goes out, and how many are asked before that is known.
    """
    for asked in range(1, len(forms) + 1):
        if not _all_agree(forms[:asked]):
            return False, asked
    return True, len(forms)


def _all_agree(forms: Sequence[Canonical | None]) -> bool:
    """Whether the last of them has a form, and the others have the same."""
    return forms[-1] is not None and all(agree(forms[-1], each) for each in forms)


def can_compare(request: Generate) -> bool:
    """Whether asking again does nothing but answer again, and there is one answer."""
    drawn = request.sampling
    is_one = drawn.n == 1 and not drawn.logprobs and request.embed is None and not request.counts
    acts = any(isinstance(tool, HostedTool) for tool in request.tools) or asks_more(request)
    return is_one and not acts and request.needs <= _COMPARED


def can_draft(request: Generate) -> bool:
    """Whether an answer may be drafted: it can be compared, and is not to be kept."""
    return not request.keep and can_compare(request)


def form_of(
    events: Sequence[Event], finish: str, request: Generate, ignore: Collection[str] = ()
) -> Canonical | None:
    """Tell what an answer comes to.

    Args:
        events: All of it, what ends it included.
        finish: Why it ended.
        request: What was asked.
        ignore: Names of fields of JSON that do not count; of calls all do.

    Returns:
        None if it was cut short, refuses, has not the shape that was asked for, or is prose.
    """
    if finish not in _WHOLE:
        return None
    said = heard(events, request)
    if not said.is_plain:
        return None
    if said.calls:
        declared = {tool.name for tool in request.tools if isinstance(tool, Tool)}
        is_known = declared.issuperset([name for name, _ in said.calls])
        return canonical_calls(said.calls) if is_known else None
    asked = request.output
    if asked.kind == "text":
        return canonical(said.text, ignore)
    if asked.kind == "json_schema" and not fits(said.text, bytes(asked.schema)):
        return None
    return canonical_json(said.text, ignore)
