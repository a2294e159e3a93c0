"""What the corridor writes into the books of one request.

Rule 1: what was said is never in a record, only salted commitments to it.
Rule 2: a receipt repeats its intent; nothing that was decided before is decided again.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from jevons.budget.period import day_of
from jevons.ledger.commitment import commit, salt
from jevons.types.account import Intent, Measured, Receipt, Refused, Tried
from jevons.types.budget import Amounts
from jevons.types.custody import UNLABELLED
from jevons.types.errors import CallerLeft
from jevons.types.request import Inspected
from jevons.types.units import Estimate, Priced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.ports import Trace, Veiled
    from jevons.types.account import Charge, SetAside
    from jevons.types.actor import Actor
    from jevons.types.decision import Outcome, Plan, Verdict
    from jevons.types.errors import JevonsError, PolicyError
    from jevons.types.request import Generate

__all__ = (
    "Asked",
    "Ending",
    "charged",
    "has_used",
    "intent",
    "opening",
    "receipt",
    "refused",
    "sum_up",
    "tokens",
    "worst",
)

_NOBODY_LOOKED = Inspected()
_NOTHING_MEASURED = Measured()
_NOTHING = Amounts(cost_nusd=0, energy_mj=0, carbon_ug=0)
_NOT_KNOWN = Amounts()


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
    trace: Trace | None = None
    """Told how it goes; None tells nobody."""

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
    charged: Amounts
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


def intent(
    request: Generate, actor: Actor, verdict: Verdict, plan: Plan, *, held: Amounts | None = None
) -> Intent:
    """Write what is about to leave, and what is to be set aside for it."""
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
        account=actor.account,
        held=held,
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
        impact=ending.charge.impact,
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
        account=said.account,
        day=day_of(said.at_ms),
        charged=ending.charged,
        chosen=candidate.chosen,
        certificate=candidate.certificate,
    )


def has_used(outcome: Outcome) -> bool:
    """Whether an attempt is known to have used something."""
    return outcome.usage.counted_by != "nobody" or outcome.measured != _NOTHING_MEASURED


def charged(outcome: Outcome, charge: Charge | None, held: Amounts | None) -> Amounts:
    """Say what budgets are charged for one attempt.

    Args:
        outcome: What became of it.
        charge: What it came to; None if it is not known to have used anything.
        held: What one attempt could come to at most; None if nothing was set aside.
    """
    error = outcome.error
    if error is not None and error.is_free and not has_used(outcome):
        return _NOTHING
    most = held or _NOT_KNOWN
    if charge is None:
        return most
    cost, energy, carbon = charge.cost, charge.energy_mj, charge.carbon_mg
    return Amounts(
        cost_nusd=cost.nusd if isinstance(cost, Priced) else most.cost_nusd,
        energy_mj=ceil(energy.p50) if isinstance(energy, Estimate) else most.energy_mj,
        carbon_ug=ceil(carbon.p50 * 1e3) if isinstance(carbon, Estimate) else most.carbon_ug,
    )


def worst(amounts: Sequence[Amounts]) -> Amounts:
    """Take of each figure the largest; one that is not known makes it unknown."""
    if len(amounts) == 1:
        return amounts[0]
    return Amounts(
        cost_nusd=_most([each.cost_nusd for each in amounts]),
        energy_mj=_most([each.energy_mj for each in amounts]),
        carbon_ug=_most([each.carbon_ug for each in amounts]),
    )


def tokens(outcomes: Sequence[Outcome]) -> int | None:
    """Add up what attempts read and wrote; None if one may have, and nobody counted."""
    used = 0
    for outcome in outcomes:
        usage, error = outcome.usage, outcome.error
        if usage.counted_by == "nobody" and not (error is not None and error.is_free):
            return None
        used += usage.input + usage.cache_read + usage.cache_write + usage.output + usage.reasoning
    return used


def sum_up(amounts: Sequence[Amounts]) -> Amounts:
    """Add amounts up; one that is not known makes the sum unknown."""
    if len(amounts) == 1:
        return amounts[0]
    return Amounts(
        cost_nusd=_sum([each.cost_nusd for each in amounts]),
        energy_mj=_sum([each.energy_mj for each in amounts]),
        carbon_ug=_sum([each.carbon_ug for each in amounts]),
    )


def _most(figures: Sequence[int | None]) -> int | None:
    known = [figure for figure in figures if figure is not None]
    return max(known) if len(known) == len(figures) else None


def _sum(figures: Sequence[int | None]) -> int | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if len(known) == len(figures) else None


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
