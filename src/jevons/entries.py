"""What the corridor writes into the books of one request.

Rule 1: what was said is never in a record, only salted commitments to it.
Rule 2: a receipt repeats its intent; nothing that was decided before is decided again.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from jevons.budget.period import day_of
from jevons.ledger.commitment import commit, salt
from jevons.types.account import Charge, Impact, Intent, Measured, Receipt, Refused, Tried
from jevons.types.budget import Amounts
from jevons.types.custody import UNLABELLED
from jevons.types.errors import CallerLeft
from jevons.types.request import Inspected
from jevons.types.units import Estimate, Priced
from jevons.wire.told_effort import says_effort, with_effort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.ports import Trace, Veiled
    from jevons.types.account import SetAside
    from jevons.types.actor import Actor
    from jevons.types.decision import Attempt, Candidate, Outcome, Plan, Verdict
    from jevons.types.errors import JevonsError, PolicyError
    from jevons.types.request import Generate

__all__ = (
    "FREE",
    "Asked",
    "Ending",
    "Most",
    "as_told",
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

_NO_ENERGY = Estimate(
    p05=0.0,
    p50=0.0,
    p95=0.0,
    method="cache",
    source="an answer was given again: no model was asked",
)
FREE = Charge(
    cost=Priced(nusd=0, method="cache", source=_NO_ENERGY.source),
    energy_mj=_NO_ENERGY,
    carbon_mg=_NO_ENERGY,
    impact=Impact(
        market_mg=_NO_ENERGY,
        embodied_mg=_NO_ENERGY,
        water_site_ul=_NO_ENERGY,
        water_grid_ul=_NO_ENERGY,
    ),
)
"""Of an answer that is given again. What this house itself takes for that is told of no answer."""

_NOBODY_LOOKED = Inspected()
_NOTHING_MEASURED = Measured()
_NOTHING = Amounts(cost_nusd=0, energy_mj=0, carbon_ug=0)
_NOT_KNOWN = Amounts()


class Most(NamedTuple):
    """What attempts may come to at most."""

    drafts: tuple[Amounts, ...]
    """One for each draft: all of them may be made."""
    rest: Amounts
    """Of one attempt behind them, whoever makes it."""

    @property
    def held(self) -> Amounts:
        """What is set aside before the first."""
        return sum_up([*self.drafts, self.rest])


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
    most: Most | None = None
    """What attempts may come to; None if nothing is set aside."""
    ignore: frozenset[str] = frozenset()
    """Names of fields of JSON that do not count where drafts are compared."""

    def sent_to(self, candidate: Candidate) -> tuple[Generate, tuple[str, ...]]:
        """Tell what an endpoint is sent, and what of it was changed on the way to its door."""
        is_veiled = self.veiled is not None and candidate.endpoint.name in self.to_veil
        sent = self.veiled.request if self.veiled is not None and is_veiled else self.request
        return as_told(sent, candidate)

    def most_of(self, attempt: Attempt) -> Amounts | None:
        """Tell what an attempt may come to; None if nothing is set aside."""
        if self.most is None:
            return None
        return self.most.drafts[attempt.number - 1] if attempt.is_draft else self.most.rest


class Ending(NamedTuple):
    """How it ended."""

    outcomes: Sequence[Outcome]
    """One for each attempt; the last is the one that stands."""
    error: JevonsError | None
    """None if the last of them answered."""
    charge: Charge
    charged: Amounts
    charges: Sequence[Charge | None]
    """What each came to; None if it is not known to have used anything."""
    digest: bytes | None
    """SHA-256 of the answer's bytes; None if none went out."""
    at_ms: int
    ended_s: float


def as_told(request: Generate, candidate: Candidate) -> tuple[Generate, tuple[str, ...]]:
    """Have a request say how hard a candidate is to think, and name that; a caller's word stands."""
    effort = candidate.effort
    if effort is None or says_effort(request):
        return request, ()
    told, note = with_effort(request, effort, model=candidate.endpoint.upstream_model)
    return told, (note,)


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
    remembered = candidate.remembered
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
        tried=_all_tried(ending),
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
        arm=candidate.arm,
        tenant=candidate.tenant,
        traffic=candidate.traffic,
        repeats="" if remembered is None else remembered.receipt,
        likeness=None if remembered is None else remembered.likeness,
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


def _all_tried(ending: Ending) -> tuple[Tried, ...]:
    """List all attempts in the order in which they were made; of a cascade's, what each cost."""
    stands = ending.outcomes[-1]
    if not any(each.attempt.is_draft for each in ending.outcomes):
        return tuple([_tried(each, None, stands) for each in ending.outcomes])
    made = sorted(
        zip(ending.outcomes, ending.charges, strict=True), key=lambda each: each[0].attempt.number
    )
    return tuple([_tried(outcome, charge, stands) for outcome, charge in made])


def _tried(outcome: Outcome, charge: Charge | None, stands: Outcome) -> Tried:
    error, after_s = outcome.error, outcome.attempt.after_s
    draft, detail = _draft(outcome, stands)
    return Tried(
        endpoint=outcome.attempt.candidate.endpoint.name,
        error=error.code if error else None,
        detail=str(error)[:200] if error else detail,
        after_ms=round(after_s * 1e3, 3) if after_s else 0.0,
        usage=None if outcome is stands or not has_used(outcome) else outcome.usage,
        draft=draft,
        cost=charge.cost if charge else None,
    )


def _draft(outcome: Outcome, stands: Outcome) -> tuple[str, str | None]:
    """Say what became of a draft, and why it was dropped if it did not fail."""
    if not outcome.attempt.is_draft:
        return "", None
    if outcome is stands:
        return "taken" if outcome.form else "", None
    if stands.attempt.is_draft and stands.form is not None and outcome.form is not None:
        return "agreed", None
    return "dropped", "no other came to the same" if outcome.form else "it could not be compared"


def _since_ms(start_s: float, moment_s: float | None) -> float | None:
    return None if moment_s is None else round((moment_s - start_s) * 1e3, 3)
