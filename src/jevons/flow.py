"""The corridor: one request, room by room, in one direction.

Rule 1: rooms never call each other. The corridor carries a value out of one and into
    the next, so the order of the rooms is this file and nowhere else.
Rule 2: nothing leaves before its intent is durable, and what ends an answer goes out
    only after its receipt is. Every intent gets exactly one receipt, however it ends. An
    answer that was to be kept is kept before its receipt says that it was given. The worst case
    is set aside with the intent, and settled with the receipt.
    What is only drafted is held back, and charged like any other attempt.
Rule 3: events are pushed to the caller, as in ASGI. An async generator that yields
    between intent and receipt could be closed from another task (PEP 789).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons import entries, looking
from jevons.drafting import Draft
from jevons.entries import Asked, Ending, Most
from jevons.meter.total import total_charge
from jevons.pick.drafts import cascade
from jevons.telemetry import Metrics
from jevons.types.decision import Attempt, Outcome
from jevons.types.errors import (
    Abandoned,
    BudgetExceeded,
    Bug,
    CallerLeft,
    PolicyError,
    StoreUnavailable,
    Unauthenticated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jevons.pick.attempts import Retries
    from jevons.pick.drafts import Told
    from jevons.pick.resting import Resting
    from jevons.ports import (
        Caller,
        Clock,
        Ledger,
        Limits,
        Meter,
        Pick,
        Policy,
        Privacy,
        Provider,
        Recall,
        Trace,
        Traces,
        Veiled,
    )
    from jevons.types.account import Charge, Receipt
    from jevons.types.actor import Actor
    from jevons.types.decision import Plan, Verdict
    from jevons.types.errors import JevonsError
    from jevons.types.request import Generate

__all__ = ("Rooms", "walk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What stands behind each door. Built once, by `jevons.boot`."""

    policy: Policy
    pick: Pick
    providers: Mapping[str, Provider]
    meter: Meter
    ledger: Ledger
    clock: Clock
    metrics: Metrics = field(default_factory=Metrics)
    retries: Retries | None = None
    """When an endpoint is asked again; None never."""
    resting: Resting | None = None
    """Remembers which endpoints fail, so that they are asked last; None forgets."""
    privacy: Privacy | None = None
    """Looks through every request for what identifies people; None looks through none."""
    limits: Limits | None = None
    """Lets requests begin; None lets all."""
    traces: Traces | None = None
    """Is told how requests went; None tells nobody."""
    recall: Callable[[Generate, Verdict, Plan, Caller], Recall | None] | None = None
    """Looks whether the same was asked before; None never does. It gives None for what is neither
    answered from memory nor remembered."""


async def walk(request: Generate, caller: Caller, rooms: Rooms) -> Receipt:
    """Walk one request through every room.

    Args:
        request: What was asked.
        caller: Who asked; given events as they come, and at last what ends the answer.
        rooms: Where to go.

    Returns:
        The receipt, once it is durable and the answer has gone out whole.

    Raises:
        RateLimited: It came too soon. Only the log says so: a record each would be a flood too.
        PolicyError: A rule refused it; nothing left the house, and the books say so.
        CallerError: It cannot be served as asked, or the caller left.
        ProviderError: The only endpoint, or the one that had begun to answer, failed.
        FlowError: No endpoint could serve it.
        StoreUnavailable: The books could not be written.
    """
    if rooms.traces is None:
        return await _paced(request, caller, rooms, None)
    trace = rooms.traces.begin(request)
    try:
        receipt = await _paced(request, caller, rooms, trace)
    except BaseException as error:
        trace.end(error)
        raise
    trace.end(None)
    return receipt


async def _paced(request: Generate, caller: Caller, rooms: Rooms, trace: Trace | None) -> Receipt:
    outcomes: list[Outcome] = []
    is_limited = False
    if rooms.limits is not None:
        entered = rooms.limits.enter(request)
        is_limited = entered if isinstance(entered, bool) else await entered
    if rooms.limits is None or not is_limited:
        return await _walk(request, caller, rooms, outcomes, trace)
    try:
        return await _walk(request, caller, rooms, outcomes, trace)
    finally:
        rooms.limits.leave(request.id, tokens=entries.tokens(outcomes))


async def _walk(
    request: Generate,
    caller: Caller,
    rooms: Rooms,
    outcomes: list[Outcome],
    trace: Trace | None,
) -> Receipt:
    arrived_s = rooms.clock.monotonic_s()
    decided = await _decide(request, caller, rooms, arrived_s)
    request, caller, verdict, plan, recall, veiled = decided
    actor = _actor(request)
    most = _most(decided, rooms) if rooms.ledger.covers(actor) else None
    intent = entries.intent(request, actor, verdict, plan, held=most and most.held)
    asked = Asked(
        request,
        actor,
        intent,
        arrived_s,
        verdict.veiled,
        veiled,
        plan.aside,
        trace,
        most,
        plan.ignore,
    )
    try:
        await rooms.ledger.record(intent)
        error = await _reach(asked, plan, caller, rooms, outcomes)
        if request.keep and error is None:
            error = await _keep(caller, outcomes, verdict)
    except StoreUnavailable:
        raise  # no intent, so nothing left and nothing needs a receipt
    except BudgetExceeded as refusal:
        refusal.label, refusal.policy = verdict.label, verdict.policy
        await _note(refusal, request, rooms)
        raise  # as above
    except BaseException as accident:
        if not outcomes:  # nobody was asked yet
            first = Attempt(number=1, candidate=plan.candidates[0])
            outcomes.append(_accident(first, accident, was_sent=False))
        lost = _receipt(asked, outcomes, outcomes[-1].error, caller, rooms)
        if trace is not None:
            trace.booked(lost)
        await asyncio.shield(rooms.ledger.record(lost))
        raise

    receipt = _receipt(asked, outcomes, error, caller, rooms)
    await rooms.ledger.record(receipt)
    rooms.metrics.answered(receipt)
    if trace is not None:
        trace.booked(receipt)
    if error is not None:
        raise error
    if recall is not None:
        recall.keep(outcomes[-1], receipt)
    await caller.close(receipt)
    return receipt


class _Decided(NamedTuple):
    """What was decided before anything is written."""

    request: Generate
    """With what was found in it."""
    caller: Caller
    """Whoever asked, behind what listens or turns tokens back."""
    verdict: Verdict
    plan: Plan
    recall: Recall | None
    veiled: Veiled | None

    @property
    def is_found(self) -> bool:
        """Whether an answer is given again, so that nothing leaves."""
        return self.recall is not None and self.recall.is_found


async def _decide(request: Generate, caller: Caller, rooms: Rooms, now_s: float) -> _Decided:
    """Ask every room that has a say; the books hear of a no."""
    try:
        request = await looking.inspect(request, rooms.privacy)
        verdict = rooms.policy.judge(request)
        plan = _plan(request, verdict, rooms, now_s)
        recall = rooms.recall and rooms.recall(request, verdict, plan, caller)
        if recall is not None:
            plan, caller = recall.plan, recall.caller
            if recall.is_found:
                return _Decided(request, caller, verdict, plan, recall, None)
        veiled = await looking.veil(request, verdict, caller, rooms.privacy)
    except PolicyError as refusal:
        await _note(refusal, request, rooms)
        raise
    caller = caller if veiled is None else veiled.caller
    return _Decided(request, caller, verdict, plan, recall, veiled)


def _plan(request: Generate, verdict: Verdict, rooms: Rooms, now_s: float) -> Plan:
    """Say who is to be asked, whoever keeps failing last."""
    plan = rooms.pick.plan(request, verdict)
    if rooms.resting is None:
        return plan
    return rooms.resting.order(plan, now_s=now_s, now_ms=rooms.clock.now_ms())


def _most(decided: _Decided, rooms: Rooms) -> Most | None:
    """Say what attempts could come to: all drafts, and one more, whoever of the plan makes it.

    None if nobody is asked.
    """
    request, plan = decided.request, decided.plan
    if decided.is_found:
        return None
    each = [
        rooms.meter.worst(candidate.endpoint, entries.as_told(request, candidate)[0])
        for candidate in plan.candidates
    ]
    return Most(tuple(each[: plan.drafts]), entries.worst(each[plan.drafts :]))


async def _note(refusal: PolicyError, request: Generate, rooms: Rooms) -> None:
    """Put a refusal into the books; whoever has no valid key cannot fill them."""
    if isinstance(refusal, Unauthenticated):
        return
    at_ms = rooms.clock.now_ms()
    await rooms.ledger.record(entries.refused(refusal, request, _actor(request), at_ms=at_ms))


async def _reach(
    asked: Asked,
    plan: Plan,
    caller: Caller,
    rooms: Rooms,
    outcomes: list[Outcome],
) -> JevonsError | None:
    """Do the I/O that `cascade` asks for, and note what became of each; the last one stands."""
    walking = cascade(plan, rooms.retries)
    drafts: list[Draft] = []
    attempt = next(walking)
    try:
        while True:
            if attempt.after_s and await _leaves(caller, within_s=attempt.after_s):
                left = CallerLeft("the caller left").never_sent()
                outcome = Outcome(attempt=attempt, error=left)
            else:
                attempt = _begun(attempt, asked.trace)
                outcome = await _serve(asked, attempt, caller, rooms, drafts)
                if asked.trace is not None:
                    asked.trace.attempted(outcome)
            outcomes.append(outcome)
            if rooms.resting is not None:
                rooms.resting.note(outcome, now_s=rooms.clock.monotonic_s())
            attempt = walking.send(outcome)
            if not outcome.attempt.is_draft:  # what all drafts take is set aside already
                await _widen(asked, outcome, rooms)
    except (BudgetExceeded, StoreUnavailable) as refusal:  # of what another attempt may take
        return refusal
    except StopIteration as stop:
        told: Told = stop.value
    except BaseException as accident:
        outcomes.append(_accident(attempt, accident))
        raise
    if told.taken is None:
        return told.error
    outcomes.append(outcomes.pop(told.taken))
    return await _release(drafts[told.taken], outcomes, rooms)


async def _serve(
    asked: Asked, attempt: Attempt, caller: Caller, rooms: Rooms, drafts: list[Draft]
) -> Outcome:
    """Have an endpoint answer, or draft an answer that is held back."""
    candidate = attempt.candidate
    sent, changed = asked.sent_to(candidate)
    provider = rooms.providers[candidate.endpoint.provider]
    if attempt.is_draft:
        draft = Draft(caller, asked.ignore)
        drafts.append(draft)
        outcome = await draft.weigh(await provider.serve(attempt, sent, draft), sent)
    else:
        outcome = await provider.serve(attempt, sent, caller)
    if not changed:
        return outcome
    return msgspec.structs.replace(outcome, changed=(*changed, *outcome.changed))


async def _release(draft: Draft, outcomes: list[Outcome], rooms: Rooms) -> JevonsError | None:
    """Let a draft go out, the last of the attempts."""
    try:
        outcomes[-1] = await draft.release(outcomes[-1], now_s=rooms.clock.monotonic_s())
    except BaseException as accident:
        _lose(outcomes, accident)
        raise
    return outcomes[-1].error


def _begun(attempt: Attempt, trace: Trace | None) -> Attempt:
    """Say that an attempt begins, and have its endpoint told of the trace if it is to be."""
    if trace is None:
        return attempt
    traceparent = trace.attempt(attempt)
    return msgspec.structs.replace(attempt, traceparent=traceparent) if traceparent else attempt


async def _widen(asked: Asked, outcome: Outcome, rooms: Rooms) -> None:
    """Set aside for another attempt what this one has used of what was.

    Raises:
        BudgetExceeded: A budget does not carry another.
        StoreUnavailable: The books, which several processes share, cannot be written.
    """
    most = asked.most_of(outcome.attempt)
    if most is not None:
        used = entries.charged(outcome, _charge(outcome, rooms, rooms.clock.now_ms()), most)
        await rooms.ledger.widen(asked.request.id, used)


def _charge(outcome: Outcome, rooms: Rooms, at_ms: int) -> Charge | None:
    """Price an attempt; None if it is not known to have used anything."""
    if outcome.attempt.candidate.remembered is not None:
        return entries.FREE
    if not entries.has_used(outcome):
        return None
    return rooms.meter.charge(outcome.attempt.candidate.endpoint, outcome, at_ms=at_ms)


async def _keep(caller: Caller, outcomes: list[Outcome], verdict: Verdict) -> JevonsError | None:
    """Have the answer kept before its end goes out; what is not kept is no answer."""
    try:
        await caller.keep(outcomes[-1].closing, data_class=verdict.label.data_class)
    except StoreUnavailable as error:
        return error
    except BaseException as accident:
        _lose(outcomes, accident)
        raise
    return None


def _lose(outcomes: list[Outcome], accident: BaseException) -> None:
    """Say that the last attempt was answered, and its answer lost."""
    lost = _accident(outcomes[-1].attempt, accident)
    outcomes[-1] = msgspec.structs.replace(outcomes[-1], error=lost.error, finish=lost.finish)


async def _leaves(caller: Caller, *, within_s: float) -> bool:
    """Let time pass; say at once if the caller does not wait for its end."""
    loop = asyncio.get_running_loop()
    left: asyncio.Future[bool] = loop.create_future()
    timer = loop.call_later(within_s, _settle, left)
    caller.on_leave(lambda: _settle(left, is_left=True))
    try:
        return await left
    finally:
        timer.cancel()
        caller.on_leave(None)


def _settle(left: asyncio.Future[bool], *, is_left: bool = False) -> None:
    if not left.done():
        left.set_result(is_left)


def _accident(attempt: Attempt, accident: BaseException, *, was_sent: bool = True) -> Outcome:
    """Describe an attempt that neither answered nor failed: it was cut off, or we have a bug."""
    stopped = isinstance(accident, asyncio.CancelledError)
    error = Abandoned("the house stopped") if stopped else Bug(type(accident).__name__)
    error.is_free = not was_sent
    return Outcome(attempt=attempt, error=error, finish="lost")


def _receipt(
    asked: Asked,
    outcomes: Sequence[Outcome],
    error: JevonsError | None,
    caller: Caller,
    rooms: Rooms,
) -> Receipt:
    """Charge every attempt that used something, and seal what goes out of the answer."""
    outcome, digest = outcomes[-1], None
    at_ms = rooms.clock.now_ms()
    charges = [_charge(each, rooms, at_ms) for each in outcomes]
    charged = [
        entries.charged(each, charge, asked.most_of(each.attempt))
        for each, charge in zip(outcomes, charges, strict=True)
    ]
    if charges[-1] is None:  # the last says why it is not known
        endpoint = outcome.attempt.candidate.endpoint
        charges[-1] = rooms.meter.charge(endpoint, outcome, at_ms=at_ms)
    if error is None or (outcome.committed and asked.request.stream):  # else no byte goes out
        digest = caller.seal(() if error else outcome.closing)
    ending = Ending(
        outcomes,
        error,
        total_charge([charge for charge in charges if charge is not None]),
        entries.sum_up(charged),
        charges,
        digest,
        at_ms,
        rooms.clock.monotonic_s(),
    )
    return entries.receipt(asked, ending)


def _actor(request: Generate) -> Actor:
    """Name who asked; a policy that lets nobody through is a bug, not a refusal."""
    if request.actor is None:
        message = "a policy let a request without a key through"
        raise Bug(message)
    return request.actor
