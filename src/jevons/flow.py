"""The corridor: one request, room by room, in one direction.

Rule 1: rooms never call each other. The corridor carries a value out of one and into
    the next, so the order of the rooms is this file and nowhere else.
Rule 2: nothing leaves before its intent is durable, and what ends an answer goes out
    only after its receipt is. Every intent gets exactly one receipt, however it ends. An
    answer that was to be kept is kept before its receipt says that it was given.
Rule 3: events are pushed to the caller, as in ASGI. An async generator that yields
    between intent and receipt could be closed from another task (PEP 789).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.ledger.commitment import commit, salt
from jevons.pick.attempts import attempts
from jevons.telemetry import Metrics
from jevons.types.account import Intent, Receipt, Refused, Tried
from jevons.types.custody import UNLABELLED
from jevons.types.decision import Attempt, Outcome
from jevons.types.errors import (
    Abandoned,
    Bug,
    CallerLeft,
    PolicyError,
    StoreUnavailable,
    Unauthenticated,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.pick.attempts import Retries
    from jevons.ports import Caller, Clock, Ledger, Meter, Pick, Policy, Provider
    from jevons.types.actor import Actor
    from jevons.types.decision import Plan, Verdict
    from jevons.types.errors import JevonsError
    from jevons.types.request import Generate

__all__ = ("Rooms", "opening", "walk")


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


async def walk(request: Generate, caller: Caller, rooms: Rooms) -> Receipt:
    """Walk one request through every room.

    Args:
        request: What was asked.
        caller: Who asked; given events as they come, and at last what ends the answer.
        rooms: Where to go.

    Returns:
        The receipt, once it is durable and the answer has gone out whole.

    Raises:
        PolicyError: A rule refused it; nothing left the house, and the books say so.
        CallerError: It cannot be served as asked, or the caller left.
        ProviderError: The only endpoint, or the one that had begun to answer, failed.
        FlowError: No endpoint could serve it.
        StoreUnavailable: The books could not be written.
    """
    arrived_s = rooms.clock.monotonic_s()
    try:
        verdict = rooms.policy.judge(request)
    except PolicyError as refusal:
        await _note(refusal, request, rooms)
        raise
    plan = rooms.pick.plan(request, verdict)
    actor = _actor(request)
    intent = _intent(request, actor, verdict, plan)
    asked = _Asked(request, actor, intent, arrived_s)
    outcomes: list[Outcome] = []
    try:
        await rooms.ledger.record(intent)
        error = await _reach(request, plan, caller, rooms, outcomes)
        if request.keep and error is None:
            error = await _keep(caller, outcomes)
    except StoreUnavailable:
        raise  # no intent, so nothing left and nothing needs a receipt
    except BaseException as accident:
        if not outcomes:  # nobody was asked yet
            outcomes.append(_accident(Attempt(number=1, candidate=plan.candidates[0]), accident))
        lost = _receipt(asked, outcomes, outcomes[-1].error, caller, rooms)
        await asyncio.shield(rooms.ledger.record(lost))
        raise

    receipt = _receipt(asked, outcomes, error, caller, rooms)
    await rooms.ledger.record(receipt)
    rooms.metrics.answered(receipt)
    if error is not None:
        raise error
    await caller.close(receipt)
    return receipt


def opening(actor: Actor, receipt: str) -> bytes:
    """Derive the salt with which a key's owner opens the commitments of one receipt.

    Args:
        actor: Who asked.
        receipt: Its id.

    Returns:
        32 bytes.
    """
    return salt(actor.salting, receipt)


class _Asked(NamedTuple):
    """What a receipt repeats of the request."""

    request: Generate
    actor: Actor
    intent: Intent
    arrived_s: float


async def _note(refusal: PolicyError, request: Generate, rooms: Rooms) -> None:
    """Put a refusal into the books; whoever has no valid key cannot fill them."""
    if isinstance(refusal, Unauthenticated):
        return
    actor, label = _actor(request), refusal.label or UNLABELLED
    refused = Refused(
        id=request.id,
        at_ms=rooms.clock.now_ms(),
        key=actor.key,
        asked=request.model,
        rule=refusal.rule,
        error=refusal.code,
        says=str(refusal),
        data_class=label.data_class.word,
        region=label.region,
        policy=refusal.policy,
        request=commit(actor.salting, request.id, request.source.digest),
    )
    await rooms.ledger.record(refused)


async def _reach(
    request: Generate,
    plan: Plan,
    caller: Caller,
    rooms: Rooms,
    outcomes: list[Outcome],
) -> JevonsError | None:
    """Do the I/O that `attempts` asks for, and note what became of each."""
    walking = attempts(plan, rooms.retries)
    attempt = next(walking)
    try:
        while True:
            if attempt.after_s and await _leaves(caller, within_s=attempt.after_s):
                outcome = Outcome(attempt=attempt, error=CallerLeft("the caller left"))
            else:
                provider = rooms.providers[attempt.candidate.endpoint.provider]
                outcome = await provider.serve(attempt, request, caller)
            outcomes.append(outcome)
            attempt = walking.send(outcome)
    except StopIteration as stop:
        error: JevonsError | None = stop.value
        return error
    except BaseException as accident:
        outcomes.append(_accident(attempt, accident))
        raise


async def _keep(caller: Caller, outcomes: list[Outcome]) -> JevonsError | None:
    """Have the answer kept before its end goes out; what is not kept is no answer."""
    try:
        await caller.keep(outcomes[-1].closing)
    except StoreUnavailable as error:
        return error
    except BaseException as accident:
        lost = _accident(outcomes[-1].attempt, accident)
        outcomes[-1] = msgspec.structs.replace(outcomes[-1], error=lost.error, finish=lost.finish)
        raise
    return None


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


def _accident(attempt: Attempt, accident: BaseException) -> Outcome:
    """Describe an attempt that neither answered nor failed: it was cut off, or we have a bug."""
    stopped = isinstance(accident, asyncio.CancelledError)
    error = Abandoned("the house stopped") if stopped else Bug(type(accident).__name__)
    return Outcome(attempt=attempt, error=error, finish="lost")


def _intent(request: Generate, actor: Actor, verdict: Verdict, plan: Plan) -> Intent:
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


def _receipt(
    asked: _Asked,
    outcomes: Sequence[Outcome],
    error: JevonsError | None,
    caller: Caller,
    rooms: Rooms,
) -> Receipt:
    request, intent = asked.request, asked.intent
    outcome = outcomes[-1]
    candidate = outcome.attempt.candidate
    endpoint = candidate.endpoint
    charge = rooms.meter.charge(endpoint, outcome)
    answered = error is None or outcome.committed
    answer = None
    if error is None or (outcome.committed and request.stream):  # else no byte of it went out
        digest = caller.seal(() if error else outcome.closing)
        answer = commit(asked.actor.salting, request.id, digest)
    return Receipt(
        id=request.id,
        at_ms=rooms.clock.now_ms(),
        key=intent.key,
        asked=request.model,
        endpoint=endpoint.name if answered else None,
        model=endpoint.model if answered else None,
        host=endpoint.host if answered else None,
        place=endpoint.place if answered else None,
        why=candidate.why,
        rules=intent.rules,
        policy=intent.policy,
        stream=request.stream,
        first_byte_ms=_since_ms(asked.arrived_s, outcome.first_byte_s),
        total_ms=_since_ms(asked.arrived_s, rooms.clock.monotonic_s()) or 0.0,
        usage=outcome.usage,
        cost=charge.cost,
        energy_mj=charge.energy_mj,
        carbon_mg=charge.carbon_mg,
        finish="caller_left" if isinstance(error, CallerLeft) else outcome.finish,
        error=error.code if error else None,
        tried=tuple([_tried(each) for each in outcomes]),
        changed=outcome.changed,
        request=intent.request,
        answer=answer,
        data_class=intent.data_class,
        region=intent.region,
    )


def _actor(request: Generate) -> Actor:
    """Name who asked; a policy that lets nobody through is a bug, not a refusal."""
    if request.actor is None:
        message = "a policy let a request without a key through"
        raise Bug(message)
    return request.actor


def _tried(outcome: Outcome) -> Tried:
    endpoint, error = outcome.attempt.candidate.endpoint.name, outcome.error
    after_s = outcome.attempt.after_s
    after_ms = round(after_s * 1e3, 3) if after_s else 0.0
    if error is None:
        return Tried(endpoint=endpoint, after_ms=after_ms)
    return Tried(endpoint=endpoint, error=error.code, detail=str(error)[:200], after_ms=after_ms)


def _since_ms(start_s: float, moment_s: float | None) -> float | None:
    return None if moment_s is None else round((moment_s - start_s) * 1e3, 3)
