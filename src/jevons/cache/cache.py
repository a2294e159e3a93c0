"""The answer cache: looks for an answer before anybody is asked, and remembers one after.

Rule 1: limits, privacy and policy have spoken before: what is given again is given to whoever may
    ask this now, by an endpoint that may serve it now.
Rule 2: an answer is remembered once its receipt is durable, and only if it is whole. Then it is a
    fact; before, it may yet be lost.
Rule 3: under `auto` an answer is given again only while what it was chosen under holds: what the
    reference wrote, or an arm under the certificate that holds now. Whether this request was drawn to
    measure beside decides nothing, or the two kinds would not be alike.
Rule 4: a key that is revoked or erased takes its answers along.
Rule 5: to what is only like what was asked an answer is given under a certificate of its own, and never
    else. What could have been given and was asked anew is held against what was then answered.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from jevons.cache.again import as_asked, text_of
from jevons.cache.hearing import Hearing, pressed, size_of
from jevons.cache.meaning import meaning
from jevons.cache.near import framed
from jevons.ports import Recall
from jevons.types.account import Usage
from jevons.types.custody import OWN, DataClass
from jevons.types.decision import Candidate, Outcome, Plan, Remembered
from jevons.types.errors import Bug, CallerLeft

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons import ports
    from jevons.cache.memory import Memory
    from jevons.cache.near import Near
    from jevons.ports import Caller, Clock
    from jevons.types.account import Receipt
    from jevons.types.decision import Attempt, Verdict
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

__all__ = ("PROVIDER", "AnswerCache")

PROVIDER = "cache"
"""Name of its door among providers, and what receipts say of who answered."""
_WHOLE = frozenset({"stop", "tool_calls"})
_CACHED = Usage(counted_by="cache")


class AnswerCache:
    """Remembers answers, and gives them again.

    Args:
        memory: Where they are.
        clock: Says how old they are.
        is_good: Whether a key, by its id, is there and not revoked.
        model: The only model, as callers name it, whose answers are remembered; empty is any.
        most_bytes: Longest answer that is remembered.
        data_class: Highest class of data that is.
        near: Knows how like two questions are; None: only what is the same is answered.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        clock: Clock,
        is_good: Callable[[str], bool],
        model: str = "",
        most_bytes: int = 1_000_000,
        data_class: DataClass = DataClass.INTERNAL,
        near: Near | None = None,
    ) -> None:
        self.memory = memory
        """Where they are."""
        self._clock = clock
        self._is_good = is_good
        self._model = model
        self._most_bytes = most_bytes
        self._data_class = data_class
        self._near = near

    def recall(
        self, request: Generate, verdict: Verdict, plan: Plan, caller: Caller
    ) -> Recall | None:
        """Look for an answer; None if this request is neither answered from memory nor remembered."""
        if request.cache == "never" or (self._model and request.model != self._model):
            return None
        if verdict.label.data_class > self._data_class:
            return None
        name = meaning(request, verdict)
        if name is None:
            return None
        now_s, like, text = self._clock.monotonic_s(), None, None
        if request.cache == "use":
            again = self._found(name, request, verdict, plan)
            if again is not None:
                return Recall(_again(again, plan, now_s), caller, _forget, is_found=True)
        if self._near is not None:
            text = framed(request, verdict)
            if text is not None and request.cache == "use":
                like = self._like(self._near, text, request, verdict, plan)
                if like is not None and like.certificate:
                    return Recall(_again(like, plan, now_s), caller, _forget, is_found=True)
        hearing = Hearing(caller, most_bytes=self._most_bytes)
        asked = _Asked(name, request, hearing, text, like)
        return Recall(plan, hearing, partial(self._keep, asked), is_found=False)

    def expire(self) -> None:
        """Forget what is too old."""
        self.memory.expire(self._clock.monotonic_s())
        if self._near is not None:
            self._near.keep_only(self.memory.answers())

    def forget(self) -> None:
        """Forget the answers of keys that are no longer good."""
        self.memory.drop_if(lambda answer: not self._is_good(answer.key))
        if self._near is not None:
            self._near.keep_only(self.memory.answers())

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        """Give an answer again."""
        answer = attempt.candidate.remembered
        if answer is None:
            message = "the cache is asked for an answer that it was not found to have"
            raise Bug(message)
        now_s = self._clock.monotonic_s()
        caller.again(int(now_s - answer.at_s))
        outcome = Outcome(
            attempt=attempt,
            committed=bool(answer.events),
            first_byte_s=now_s,
            usage=_CACHED,
            finish=answer.finish,
            closing=answer.closing,
            changed=answer.changed,
        )
        try:
            for event in answer.events:
                if not caller.push(event):
                    await caller.send(event)
        except CallerLeft as error:
            return replace(outcome, error=error, finish="error", closing=())
        return outcome

    def _found(
        self, name: bytes, request: Generate, verdict: Verdict, plan: Plan
    ) -> Remembered | None:
        """Find an answer that may be given to this request, in the form that it asks for."""
        found = self.memory.find(name, now_s=self._clock.monotonic_s())
        if found is None or not _stands(found, verdict, plan) or not self._is_good(found.key):
            return None
        return as_asked(found, request)

    def _like(
        self,
        near: Near,
        text: tuple[bytes, str],
        request: Generate,
        verdict: Verdict,
        plan: Plan,
    ) -> Remembered | None:
        """Find the answer to the question that is most like this one; certified if it is to be given."""
        like = near.find(*text)
        found = None if like is None else self._found(like.name, request, verdict, plan)
        if like is None or found is None:
            return None
        certificate = near.gives(like.likeness, request.id)
        return replace(found, likeness=like.likeness, certificate=certificate)

    def _keep(self, asked: _Asked, outcome: Outcome, receipt: Receipt) -> None:
        """Remember an answer, if all of it was heard and it was not cut."""
        request, hearing = asked.request, asked.hearing
        heard = hearing.events
        if heard is None or outcome.finish not in _WHOLE or not self._is_good(receipt.key):
            return
        events, closing = pressed(heard), hearing.closing
        size = size_of(events) + size_of(closing)
        if size > self._most_bytes:
            return
        candidate = outcome.attempt.candidate
        answer = Remembered(
            receipt=receipt.id,
            key=receipt.key,
            endpoint=candidate.endpoint,
            certificate=candidate.certificate,
            arm=candidate.arm,
            at_s=self._clock.monotonic_s(),
            dialect=request.source.dialect,
            stream=request.stream,
            want_usage=request.want_usage,
            events=events,
            closing=closing,
            finish=outcome.finish,
            usage=outcome.usage,
            changed=outcome.changed,
        )
        if self._near is not None and asked.text is not None:
            answer = _learn(self._near, asked, asked.text, answer)
        self.memory.keep(asked.name, answer, size)


class _Asked(NamedTuple):
    """A request that is answered anew."""

    name: bytes
    request: Generate
    hearing: Hearing
    text: tuple[bytes, str] | None
    """What it asks, and all else, hashed; None where nothing is held against it."""
    like: Remembered | None
    """What could have been given in place of its answer."""


def _learn(near: Near, asked: _Asked, text: tuple[bytes, str], answer: Remembered) -> Remembered:
    """Hold an answer against what could have been given, and have it found by what is like it."""
    said = text_of(answer)
    core = "" if said is None else near.core(said)
    if asked.like is not None and asked.like.likeness is not None:
        same = core == asked.like.core
        near.compare(asked.like.likeness, asked.request.id, same=same)
    if core:
        near.add(*text, asked.name)
    return replace(answer, core=core)


def _stands(answer: Remembered, verdict: Verdict, plan: Plan) -> bool:
    """Whether whoever wrote an answer might write it now."""
    name = answer.endpoint.name
    if not any(each.name == name for each in verdict.endpoints):
        return False
    first = plan.candidates[0]
    wrote = (name, answer.arm)
    if not first.chosen or any((each.endpoint.name, each.arm) == wrote for each in plan.candidates):
        return True
    is_certified = bool(answer.certificate) and answer.certificate == first.certificate
    return is_certified and first.chosen != "uncertified"


def _again(answer: Remembered, plan: Plan, now_s: float) -> Plan:
    """Plan to give an answer again, and to ask nobody."""
    age_s, wrote = int(now_s - answer.at_s), answer.endpoint.name
    what = (
        "the same" if answer.likeness is None else f"something like it ({answer.likeness:.3f} of 1)"
    )
    candidate = Candidate(
        endpoint=_memory_of(answer.endpoint),
        why=f"{what} was asked {age_s} s ago; the answer of receipt {answer.receipt}, by {wrote!r}",
        chosen=PROVIDER,
        certificate=answer.certificate,
        tenant=plan.candidates[0].tenant,
        traffic=plan.candidates[0].traffic,
        remembered=answer,
    )
    return Plan(candidates=(candidate,))


def _memory_of(endpoint: Endpoint) -> Endpoint:
    """Say who answers: this machine, with what a model wrote; nothing goes to whoever runs that."""
    return replace(
        endpoint,
        name=PROVIDER,
        provider=PROVIDER,
        host="this machine",
        place="on-prem",
        custody=OWN,
    )


def _forget(outcome: Outcome, receipt: Receipt) -> None:
    """What is given again is there already."""


if TYPE_CHECKING:
    _provider: type[ports.Provider] = AnswerCache
