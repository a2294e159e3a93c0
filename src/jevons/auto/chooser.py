"""Which arm serves a request for `auto`, and why, as the plan says it.

Rule 1: policy has spoken before: an arm that may not serve a request is not taken, whatever it would save.
Rule 2: the reference stands behind every arm, in case it fails; nobody else does, since nothing
    was shown of anybody else.
Rule 3: what a caller names is taken. A conversation that began at the reference stays there, so
    that what it remembers of the prompt is read cheaply; nothing is lost by that. One that began
    elsewhere is decided at each turn, as was certified.
Rule 4: some requests, drawn by their id, get the reference all the same: what `auto` saves is
    measured beside them.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import structs

from jevons.auto.features import read
from jevons.types.decision import Candidate, Plan
from jevons.types.errors import Forbidden
from jevons.types.message import Text
from jevons.types.request import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jevons.auto.features import Prompt
    from jevons.auto.study import Study
    from jevons.ports import Clock, Pick
    from jevons.types.decision import Verdict
    from jevons.types.message import Message
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

__all__ = ("AUTO", "Chooser", "prompt_of")

AUTO = "auto"
"""The model that callers ask for."""
_REMEMBERED = 10_000
"""Conversations whose arm is known."""
_DRAW = 1 << 64


class Chooser:
    """Puts a certified arm first, and the reference behind it.

    Args:
        study: What is known of the arms.
        inner: Plans everything that is not asked of `auto`.
        clock: Certificates have an end.
        holdout: Share of requests that get the reference all the same.
        notice: Told of each request that may be graded; None grades none.
    """

    def __init__(
        self,
        study: Study,
        inner: Pick,
        clock: Clock,
        *,
        holdout: float = 0.05,
        notice: Callable[[Generate, Prompt], None] | None = None,
    ) -> None:
        self._study = study
        self._inner = inner
        self._clock = clock
        self._holdout = holdout
        self._notice = notice
        self._conversations: OrderedDict[bytes, tuple[str, str]] = OrderedDict()

    def plan(self, request: Generate, verdict: Verdict) -> Plan:
        """Order what policy left standing.

        Raises:
            Forbidden: The caller named an arm that may not serve this.
        """
        if request.model != AUTO:
            return self._inner.plan(request, verdict)
        if request.arm:
            return self._named(request, verdict)
        reference = self._study.arms[self._study.reference]
        allowed = {each.name: each for each in verdict.endpoints}
        if reference not in allowed:
            plan = self._inner.plan(request, verdict)
            why = f"the reference {reference!r} may not serve this, so nothing is promised: "
            return _chosen(plan, "no-reference", why)
        arm, chosen, why = self._arm(request, allowed)
        names = dict.fromkeys((arm, reference))
        held = self._study.certificate
        certificate = "" if held is None else _named_by(held.policy)
        return Plan(
            candidates=tuple(
                [
                    Candidate(
                        endpoint=allowed[name],
                        why=why if name == arm else f"the reference, after {arm!r} failed",
                        chosen=chosen if name == arm else "fallback",
                        certificate=certificate,
                    )
                    for name in names
                ]
            )
        )

    def _named(self, request: Generate, verdict: Verdict) -> Plan:
        for endpoint in verdict.endpoints:
            if endpoint.name == request.arm:
                why = "the caller named this arm"
                return Plan(candidates=(Candidate(endpoint=endpoint, why=why, chosen="named"),))
        names = ", ".join(repr(each.name) for each in verdict.endpoints)
        message = f"x-jevons-arm is {request.arm!r}; this request may use {names}"
        raise Forbidden(message, rule="endpoint-allowed", param="model")

    def _arm(self, request: Generate, allowed: Mapping[str, Endpoint]) -> tuple[str, str, str]:
        """Take an arm: its name, the kind of reason, and the reason."""
        study = self._study
        reference = study.arms[study.reference]
        prompt = prompt_of(request)
        if self._notice is not None:
            self._notice(request, prompt)
        held = study.certificate
        if held is None or study.due(self._clock.now_ms()):
            return reference, "uncertified", "the reference: no certificate holds"
        if _draw(request.id, "holdout") < self._holdout:
            return reference, "holdout", "the reference: drawn to measure what auto saves"
        talk = _conversation(request)
        known = self._conversations.get(talk) if _goes_on(request.messages) else None
        if known == (reference, held.policy):
            return reference, "sticky", "the reference: this conversation began there"
        arms = [at for at, name in enumerate(study.arms) if name in allowed]
        choice = study.choose(prompt, now_ms=self._clock.now_ms(), allowed=arms)
        arm = study.arms[choice.arm]
        if known is None:
            self._conversations[talk] = (arm, held.policy)
        if len(self._conversations) > _REMEMBERED:
            self._conversations.popitem(last=False)
        if choice.why == "new":
            return arm, "new", "the reference: nothing like this was graded"
        if arm == reference:
            return arm, "certified", "the reference: no cheaper arm is likely to do as well"
        why = (
            f"saves {choice.saving:.0%}, expected {choice.gain:+.1%} beside the reference; "
            f"certified to lose at most {held.terms.loss:.1%} in all"
        )
        return arm, "certified", why


def prompt_of(request: Generate) -> Prompt:
    """Read a request: its last turn, and by whom and how it is asked."""
    users = [each for each in request.messages if each.role == "user"]
    text = _text(users[-1]) if users else ""
    systems = [_text(each) for each in request.messages if each.role in {"system", "developer"}]
    key = "" if request.actor is None else request.actor.key
    tools = sorted(each.name if isinstance(each, Tool) else each.kind for each in request.tools)
    said = "\0".join((key, *systems, *tools, request.output.kind))
    return read(text, route=sha256(said.encode(errors="replace")).hexdigest()[:16])


def _conversation(request: Generate) -> bytes:
    """Name a conversation by whose it is and how it began."""
    key = "" if request.actor is None else request.actor.key
    began = takewhile(lambda each: each.role != "assistant", request.messages)
    said = "\0".join((key, *[_text(each) for each in began]))
    return sha256(said.encode(errors="replace")).digest()


def _goes_on(messages: tuple[Message, ...]) -> bool:
    return any(each.role == "assistant" for each in messages)


def _text(message: Message) -> str:
    return "\n".join([part.text for part in message.parts if isinstance(part, Text)])


def _chosen(plan: Plan, chosen: str, why: str) -> Plan:
    candidates = tuple(
        [structs.replace(each, chosen=chosen, why=why + each.why) for each in plan.candidates]
    )
    return structs.replace(plan, candidates=candidates)


def _draw(request: str, what: str) -> float:
    """Draw a number from 0 up to 1 by a request's id: the same each time."""
    digest = sha256(f"{what} {request}".encode()).digest()
    return int.from_bytes(digest[:8]) / _DRAW


def _named_by(policy: str) -> str:
    return f"cert_{policy[:26]}"
