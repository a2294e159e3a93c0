"""Which arm serves a request for `auto`, and why, as the plan says it.

Rule 1: policy has spoken before. Where some arm may not serve a request the reference does, and where
    its answers could not be graded: nothing was shown of those, and to take the next best arm would
    be another policy.
Rule 2: the reference stands behind every arm, in case it fails, and behind every cascade, in case its
    endpoints differ; nobody else does, since nothing was shown of anybody else.
Rule 3: what a caller names is taken. A conversation that began at the reference stays there, so
    that what it remembers of the prompt is read cheaply; nothing is lost by that. One that began
    elsewhere is decided at each turn, as was certified: to stay at a cheap arm would be another policy.
    How hard to think is the caller's to say: arms that are told something else are none then.
Rule 4: some requests, drawn by their id, get the reference all the same: what `auto` saves is
    measured beside them.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from jevons.auto.features import read
from jevons.types.arm import Arm, Step
from jevons.types.decision import Candidate, Plan
from jevons.types.errors import Forbidden, Unsupported
from jevons.types.message import Text
from jevons.types.request import Thinking, Tool
from jevons.wire.told_effort import says_effort

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jevons.auto.certificate import Certificate
    from jevons.auto.features import Prompt
    from jevons.auto.traffic import Studied, Traffic
    from jevons.ports import Clock, Pick
    from jevons.types.decision import Verdict
    from jevons.types.message import Message
    from jevons.types.model import Endpoint
    from jevons.types.request import Effort, Generate

__all__ = ("AUTO", "Chooser", "named_by", "prompt_of")

AUTO = "auto"
"""The model that callers ask for."""
_REMEMBERED = 10_000
"""Conversations whose arm is known."""
_DRAW = 1 << 64


class Chooser:
    """Puts a certified arm first, and the reference behind it.

    Args:
        arms: What may serve, the reference first: each study's arms.
        studied: Finds what is known of the arms, on traffic like a request.
        inner: Plans everything that is not asked of `auto`.
        clock: Certificates have an end.
        holdout: Share of requests that get the reference all the same.
        spend: What is saved.
        notice: Told of each request that may be graded, since every arm may serve it; None grades none.
        can_grade: Whether answers to a request are ever graded; None says so of all.
        can_draft: Whether a cascade may serve a request; None lets none.
        ignore: Names of fields of JSON that do not count where drafts are compared.
    """

    def __init__(
        self,
        studied: Callable[[Generate], Studied],
        inner: Pick,
        clock: Clock,
        *,
        holdout: float = 0.05,
        arms: Sequence[Arm],
        spend: Literal["money", "energy", "carbon"] = "money",
        notice: Callable[[Generate, Prompt, Studied], None] | None = None,
        can_grade: Callable[[Generate], bool] | None = None,
        can_draft: Callable[[Generate], bool] | None = None,
        ignore: frozenset[str] = frozenset(),
    ) -> None:
        self._studied = studied
        self._inner = inner
        self._clock = clock
        self._holdout = holdout
        self._saves = "" if spend == "money" else f" of the {spend}"
        self._notice = notice
        self._reference = arms[0]
        self._arms = {each.name: each for each in arms}
        self._can_grade = can_grade
        self._can_draft = can_draft
        self._ignore = ignore
        self._conversations: OrderedDict[bytes, tuple[str, str]] = OrderedDict()

    def plan(self, request: Generate, verdict: Verdict) -> Plan:
        """Order what policy left standing.

        Raises:
            Forbidden: The caller named an arm that may not serve this.
            Unsupported: It cannot.
        """
        if request.model != AUTO:
            return self._inner.plan(request, verdict)
        reference = self._reference
        allowed = {each.name: each for each in verdict.endpoints}
        if request.arm:
            return self._named(request, reference, allowed)
        studied = self._studied(request)
        traffic, study = studied
        if reference.steps[0].endpoint not in allowed:
            plan = self._inner.plan(request, verdict)
            why = f"the reference {reference.name!r} may not serve this, so nothing is promised: "
            return _chosen(plan, "no-reference", why, traffic)
        lacks = {name: self._lacks(arm, request, allowed) for name, arm in self._arms.items()}
        lack = next(filter(None, lacks.values()), "")
        if self._can_grade is not None and not self._can_grade(request):
            lack = "answers to requests like this are never graded"
        if lack:
            why = f"the reference, and nothing is promised: {lack}"
            return _of(_plan(reference, reference, allowed, chosen="barred", why=why), traffic)
        held = None if study.due(self._clock.now_ms()) else study.certificate
        arm, chosen, why = self._arm(request, studied, held)
        certificate = "" if held is None else named_by(held.policy)
        plan = _plan(
            self._arms[arm], reference, allowed, chosen=chosen, why=why, certificate=certificate
        )
        return _of(structs.replace(plan, ignore=self._ignore), traffic)

    def _named(self, request: Generate, reference: Arm, allowed: Mapping[str, Endpoint]) -> Plan:
        """Take what a caller names: an arm, or any endpoint of one."""
        arm = self._arms.get(request.arm) or Arm(request.arm, (Step(request.arm),))
        if not self._asked(arm) <= allowed.keys():
            able = [
                name for name, each in self._arms.items() if not self._lacks(each, request, allowed)
            ]
            names = ", ".join(repr(name) for name in dict.fromkeys((*able, *allowed)))
            message = f"x-jevons-arm is {request.arm!r}; this request may use {names}"
            raise Forbidden(message, rule="endpoint-allowed", param="model")
        lack = self._lacks(arm, request, allowed)
        if lack:
            message = f"x-jevons-arm is {request.arm!r}, and {lack}"
            raise Unsupported(message, param="model")
        why = "the caller named this arm"
        if not arm.is_cascade:
            return _plan(arm, arm, allowed, chosen="named", why=why)
        plan = _plan(arm, reference, allowed, chosen="named", why=why)
        return structs.replace(plan, ignore=self._ignore)

    def _asked(self, arm: Arm) -> frozenset[str]:
        """Name the endpoints that an arm may come to ask: of a cascade the reference too."""
        steps = (*arm.steps, *self._reference.steps) if arm.is_cascade else arm.steps
        return frozenset([each.endpoint for each in steps])

    def _lacks(self, arm: Arm, request: Generate, allowed: Mapping[str, Endpoint]) -> str:
        """Say why an arm cannot serve a request; empty if it can."""
        told: set[Effort] = {each.effort for each in arm.steps if each.effort is not None}
        if not self._asked(arm) <= allowed.keys():
            return "not all of it may serve this"
        said = request.thinking
        if told and says_effort(request) and any(said != Thinking(effort=each) for each in told):
            return "this request says itself how hard to think"
        if arm.is_cascade and (self._can_draft is None or not self._can_draft(request)):
            return "the answer to this cannot be drafted"
        return ""

    def _arm(
        self, request: Generate, studied: Studied, held: Certificate | None
    ) -> tuple[str, str, str]:
        """Take an arm: its name, the kind of reason, and the reason."""
        study = studied.study
        reference = study.arms[study.reference]
        prompt = prompt_of(request)
        if self._notice is not None:
            self._notice(request, prompt, studied)
        if held is None:
            return reference, "uncertified", "the reference: no certificate holds"
        if _draw(request.id, "holdout") < self._holdout:
            return reference, "holdout", "the reference: drawn to measure what auto saves"
        talk = _conversation(request)
        known = self._conversations.get(talk) if _goes_on(request.messages) else None
        if known == (reference, held.policy):
            return reference, "sticky", "the reference: this conversation began there"
        choice = study.choose(prompt, now_ms=self._clock.now_ms())
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
            f"saves {choice.saving:.0%}{self._saves}, expected {choice.gain:+.1%} beside the reference; "
            f"certified to lose at most {held.terms.loss:.1%} in all"
        )
        return arm, "certified", why


def _plan(
    arm: Arm,
    reference: Arm,
    allowed: Mapping[str, Endpoint],
    *,
    chosen: str,
    why: str,
    certificate: str = "",
) -> Plan:
    """Put an arm first, and the reference behind it if that is another."""
    behind = arm.name if arm.is_cascade else reference.name
    fails = f"the reference, after {arm.name!r} failed"
    asked = [(step, arm.name, chosen, why) for step in arm.steps]
    if arm.is_cascade:
        names = " and ".join(repr(each.endpoint) for each in arm.steps)
        asked = [(*each[:3], f"{why}; what {names} agree on goes out") for each in asked]
        fails = f"{why}; the reference answers where {names} do not agree"
    if arm.name != reference.name:
        held = chosen if arm.is_cascade else "fallback"
        asked.append((reference.steps[0], behind, held, fails))
    candidates = [
        Candidate(
            endpoint=allowed[step.endpoint],
            effort=step.effort,
            arm=name,
            chosen=how,
            why=because,
            certificate=certificate,
        )
        for step, name, how, because in asked
    ]
    return Plan(candidates=tuple(candidates), drafts=len(arm.steps) if arm.is_cascade else 0)


def prompt_of(request: Generate) -> Prompt:
    """Read a request: its last turn, and by whom and how it is asked."""
    users = [each for each in request.messages if each.role == "user"]
    text = _text(users[-1]) if users else ""
    systems = [_text(each) for each in request.messages if each.role in {"system", "developer"}]
    # Not its id: where a key was erased its rows are nobody's.
    key = "" if request.actor is None else request.actor.salting.hex()
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


def _chosen(plan: Plan, chosen: str, why: str, traffic: Traffic) -> Plan:
    candidates = tuple(
        [structs.replace(each, chosen=chosen, why=why + each.why) for each in plan.candidates]
    )
    return _of(structs.replace(plan, candidates=candidates), traffic)


def _of(plan: Plan, traffic: Traffic) -> Plan:
    """Say what traffic a plan was made for."""
    tenant, name = traffic
    candidates = tuple(
        [structs.replace(each, tenant=tenant, traffic=name) for each in plan.candidates]
    )
    return structs.replace(plan, candidates=candidates)


def _draw(request: str, what: str) -> float:
    """Draw a number from 0 up to 1 by a request's id: the same each time."""
    digest = sha256(f"{what} {request}".encode()).digest()
    return int.from_bytes(digest[:8]) / _DRAW


def named_by(policy: str) -> str:
    """Name the certificate of a policy."""
    return f"cert_{policy[:26]}"
