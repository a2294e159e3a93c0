"""What the corridor writes into the books of one request.

Rule 1: what was said is never in a record, only salted commitments to it.
Rule 2: a receipt repeats its intent; nothing that was decided before is decided again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.ledger.commitment import commit, salt
from jevons.types.account import Intent, Measured, Receipt, Refused, Tried
from jevons.types.custody import UNLABELLED
from jevons.types.errors import CallerLeft
from jevons.types.request import Inspected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.ports import Veiled
    from jevons.types.account import Charge, SetAside
    from jevons.types.actor import Actor
    from jevons.types.decision import Outcome, Plan, Verdict
    from jevons.types.errors import JevonsError, PolicyError
    from jevons.types.request import Generate

__all__ = ("Asked", "Ending", "has_used", "intent", "opening", "receipt", "refused")

_NOBODY_LOOKED = Inspected()
_NOTHING_MEASURED = Measured()


class Asked(NamedTuple):
    """What was asked, and what was decided about it."""

    request: Generate
    actor: Actor
    intent: Intent
    arrived_s: float
    to_veil: frozenset[str]
    """Endpoints that are sent the veiled request instead."""
    veiled: Veiled | None
    aside: tuple[SetAside, ...] = ()
    """Endpoints that are asked last, since they kept failing."""

    def sent_to(self, endpoint: str) -> Generate:
        """Tell what an endpoint is sent."""
        return self.veiled.request if self.veiled and endpoint in self.to_veil else self.request


class Ending(NamedTuple):
    """How it ended."""

    outcomes: Sequence[Outcome]
    """One for each attempt, in order."""
    error: JevonsError | None
    """None if the last of them answered."""
    charge: Charge
    digest: bytes | None
    """SHA-256 of the answer's bytes; None if none went out."""
    at_ms: int
    ended_s: float


def opening(actor: Actor, receipt: str) -> bytes:
    """Derive the salt with which a key's owner opens the commitments of one receipt.

    Args:
        actor: Who asked.
        receipt: Its id.

    Returns:
        32 bytes.
    """
    return salt(actor.salting, receipt)


def intent(request: Generate, actor: Actor, verdict: Verdict, plan: Plan) -> Intent:
    """Write what is about to leave."""
    return Intent(
        id=request.id,
        at_ms=request.at_ms,
        key=actor.key,
        asked=request.model,
        endpoints=tuple([candidate.endpoint.name for candidate in plan.candidates]),
        rules=verdict.rules,
        policy=verdict.policy,
        request=commit(actor.salting, request.id, request.source.digest),
        data_class=verdict.label.data_class.word,
        region=verdict.label.region,
    )


def refused(refusal: PolicyError, request: Generate, actor: Actor, *, at_ms: int) -> Refused:
    """Write that a rule said no."""
    label, seen = refusal.label or UNLABELLED, request.inspected or _NOBODY_LOOKED
    return Refused(
        id=request.id,
        at_ms=at_ms,
        key=actor.key,
        asked=request.model,
        rule=refusal.rule,
        error=refusal.code,
        says=str(refusal),
        data_class=label.data_class.word,
        region=label.region,
        policy=refusal.policy,
        request=commit(actor.salting, request.id, request.source.digest),
        found=seen.found,
        unread=seen.unread,
    )


def receipt(asked: Asked, ending: Ending) -> Receipt:
    """Write what became of it."""
    request, said, error = asked.request, asked.intent, ending.error
    outcome = ending.outcomes[-1]
    candidate = outcome.attempt.candidate
    endpoint = candidate.endpoint
    answered = error is None or outcome.committed
    digest, seen = ending.digest, request.inspected or _NOBODY_LOOKED
    veiled = asked.veiled if endpoint.name in asked.to_veil else None
    return Receipt(
        id=request.id,
        at_ms=ending.at_ms,
        key=said.key,
        asked=request.model,
        endpoint=endpoint.name if answered else None,
        model=endpoint.model if answered else None,
        host=endpoint.host if answered else None,
        place=endpoint.place if answered else None,
        why=candidate.why,
        rules=said.rules,
        policy=said.policy,
        stream=request.stream,
        first_byte_ms=_since_ms(asked.arrived_s, outcome.first_byte_s),
        total_ms=_since_ms(asked.arrived_s, ending.ended_s) or 0.0,
        usage=outcome.usage,
        cost=ending.charge.cost,
        energy_mj=ending.charge.energy_mj,
        carbon_mg=ending.charge.carbon_mg,
        finish="caller_left" if isinstance(error, CallerLeft) else outcome.finish,
        error=error.code if error else None,
        tried=tuple([_tried(each, is_last=each is outcome) for each in ending.outcomes]),
        aside=asked.aside,
        changed=outcome.changed,
        request=said.request,
        answer=None if digest is None else commit(asked.actor.salting, request.id, digest),
        data_class=said.data_class,
        region=said.region,
        found=seen.found,
        unread=seen.unread,
        veil=None if veiled is None else veiled.tally(),
    )


def has_used(outcome: Outcome) -> bool:
    """Whether an attempt is known to have used something."""
    return outcome.usage.counted_by != "nobody" or outcome.measured != _NOTHING_MEASURED


def _tried(outcome: Outcome, *, is_last: bool) -> Tried:
    endpoint, error = outcome.attempt.candidate.endpoint.name, outcome.error
    after_s = outcome.attempt.after_s
    after_ms = round(after_s * 1e3, 3) if after_s else 0.0
    if error is None:
        return Tried(endpoint=endpoint, after_ms=after_ms)
    return Tried(
        endpoint=endpoint,
        error=error.code,
        detail=str(error)[:200],
        after_ms=after_ms,
        usage=None if is_last or not has_used(outcome) else outcome.usage,
    )


def _since_ms(start_s: float, moment_s: float | None) -> float | None:
    return None if moment_s is None else round((moment_s - start_s) * 1e3, 3)
