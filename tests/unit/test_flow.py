"""Nothing leaves before its intent is durable, nothing ends before its receipt is."""

from __future__ import annotations

import asyncio
import dataclasses
import hmac
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from jevons.catalog import Catalog, grids
from jevons.entries import opening
from jevons.flow import Rooms, walk
from jevons.ledger.commitment import commit
from jevons.meter import HouseMeter
from jevons.pick import Cheapest, Resting, Retries
from jevons.policy import Rules
from jevons.testing import Allow, Book, Clock, Listener, Look, Notebook
from jevons.testing.make import a_request, an_actor, an_endpoint, an_outcome
from jevons.types.account import Intent, Measured, Receipt, Refused, Tried, Usage, Veil
from jevons.types.custody import DataClass
from jevons.types.decision import Verdict
from jevons.types.errors import (
    Abandoned,
    Bug,
    CallerLeft,
    Exhausted,
    Forbidden,
    InspectionFailed,
    JevonsError,
    ProviderThrottled,
    ProviderTimeout,
    ProviderTruncated,
    ProviderUnavailable,
    StoreUnavailable,
    Unauthenticated,
    Unsupported,
)
from jevons.types.event import Finished, TextDelta
from jevons.types.message import Message, Text
from jevons.types.request import Inspected
from jevons.types.units import Estimate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jevons.ports import Caller, Policy, Privacy, Veiled
    from jevons.types.decision import Attempt, Outcome
    from jevons.types.event import Event
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

    Serve = Callable[[Attempt, Generate, Caller], Awaitable[Outcome]]

pytestmark = pytest.mark.anyio

GRIDS = grids()  # read here, where no loop waits for the file
USED = Usage(input=5, output=7, counted_by="endpoint")
END = Finished(reason="stop", usage=USED)
ASK = a_request(actor=an_actor(), model="a/model")


class Stage:
    """A provider made of one function."""

    def __init__(self, act: Serve) -> None:
        self._act = act

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        return await self._act(attempt, request, caller)


class House:
    """A corridor with a book, a clock and a listener that a test can look at."""

    def __init__(
        self,
        *stages: Serve,
        policy: Policy | None = None,
        retries: Retries | None = None,
        resting: Resting | None = None,
        privacy: Privacy | None = None,
    ) -> None:
        self.book = Book()
        self.clock = Clock()
        self.listener: Listener = Listener()
        self.endpoints = tuple(
            an_endpoint(f"end-{number}", provider=f"stage-{number}")
            for number in range(len(stages))
        )
        self.policy = Rules(Catalog(self.endpoints), clock=self.clock)
        self.rooms = Rooms(
            policy=policy or self.policy,
            pick=Cheapest(),
            providers={f"stage-{number}": Stage(serve) for number, serve in enumerate(stages)},
            meter=HouseMeter(grids=GRIDS),
            ledger=self.book,
            clock=self.clock,
            retries=retries,
            resting=resting,
            privacy=privacy,
        )

    async def walk(self, request: Generate = ASK) -> Receipt:
        return await walk(request, self.listener, self.rooms)

    def tell(self, traceparent: str = "") -> Notebook:
        """Have somebody told of what follows."""
        book = Notebook(traceparent)
        self.rooms = dataclasses.replace(self.rooms, traces=book)
        return book

    def settled(self) -> Receipt:
        """Check that there is one intent and after it one receipt of it; return that."""
        intent, receipt = self.book.records
        assert isinstance(intent, Intent)
        assert isinstance(receipt, Receipt)
        assert intent.id == receipt.id
        return receipt


async def answers(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
    """Say hello, and use half a second of a processor for it."""
    await asyncio.sleep(0)
    caller.push(TextDelta("hello"))
    return an_outcome(
        attempt=attempt,
        committed=True,
        usage=USED,
        measured=Measured(cpu_s=0.5),
        closing=(END,),
        changed=("seed: dropped",),
    )


def fails(error: JevonsError, *, after: str = "") -> Serve:
    """Fail, having said something first or nothing."""

    async def serve(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        if after:
            caller.push(TextDelta(after))
        return an_outcome(attempt=attempt, error=error, committed=bool(after), finish="error")

    return serve


# in order


async def test_an_answer_is_heard_whole_with_its_receipt() -> None:
    house = House(answers)
    receipt = await house.walk()
    assert house.listener.heard == [TextDelta("hello"), END]
    assert house.listener.receipt is receipt
    assert house.settled() is receipt


async def test_the_intent_is_durable_before_the_provider_is_called() -> None:
    called: list[list[object]] = []

    async def looks(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        called.append(list(house.book.records))
        return await answers(attempt, request, caller)

    house = House(looks)
    gate = house.book.hold(Intent)
    walking = asyncio.ensure_future(house.walk())
    await gate.reached()
    await asyncio.sleep(0)
    assert called == []
    gate.open()
    await walking
    assert called == [house.book.intents]


async def test_the_receipt_is_durable_before_the_answer_ends() -> None:
    house = House(answers)
    gate = house.book.hold(Receipt)
    walking = asyncio.ensure_future(house.walk())
    await gate.reached()
    await asyncio.sleep(0)
    assert house.listener.heard == [TextDelta("hello")]
    gate.open()
    await walking
    assert house.listener.heard == [TextDelta("hello"), END]


async def test_a_refusal_asks_nobody_and_is_in_the_books() -> None:
    house = House(fails(ProviderTimeout("must not be asked")))
    actor = an_actor(endpoints=frozenset({"other"}), data_class=DataClass.PERSONAL, region="EEA")
    request = a_request(actor=actor)
    with pytest.raises(Forbidden) as refused:
        await house.walk(request)
    (record,) = house.book.records
    assert record == Refused(
        id=request.id,
        at_ms=house.clock.now_ms(),
        key=actor.key,
        asked="a/model",
        rule="endpoint-allowed",
        error="forbidden",
        says=str(refused.value),
        data_class="personal",
        region="EEA",
        policy=house.policy.digest,
        request=commit(actor.salting, request.id, request.source.digest),
    )


async def test_a_refusal_that_the_books_do_not_take_is_told_as_that() -> None:
    house = House(fails(ProviderTimeout("must not be asked")))
    house.book.fail(Refused)
    with pytest.raises(StoreUnavailable):
        await house.walk(a_request(actor=an_actor(endpoints=frozenset())))


async def test_whoever_has_no_valid_key_fills_no_books() -> None:
    house = House(fails(ProviderTimeout("must not be asked")))
    for actor in (None, an_actor(revoked=True)):
        with pytest.raises(Unauthenticated):
            await house.walk(a_request(actor=actor))
    assert house.book.records == []


async def test_the_books_say_what_data_was_taken_to_be() -> None:
    house = House(answers)
    actor = an_actor(data_class=DataClass.INTERNAL, region="US")
    await house.walk(a_request(actor=actor, model="a/model", data_class=DataClass.SPECIAL))
    said = [(each.data_class, each.region) for each in (*house.book.intents, *house.book.receipts)]
    assert said == [("special", "US")] * 2


async def test_a_policy_that_lets_nobody_through_is_a_bug_before_anything_leaves() -> None:
    class Open:
        def judge(self, request: Generate) -> Verdict:
            return Verdict(endpoints=(an_endpoint(),), rules=(), policy="")

        def visible(self, actor: object) -> tuple[Endpoint, ...]:
            return ()

    house = House(answers, policy=Open())
    with pytest.raises(Bug, match="without a key"):
        await house.walk(a_request(actor=None))
    assert house.book.records == []


class Keeper(Listener):
    """A listener whose answers are kept when a test lets them be."""

    def __init__(self, error: JevonsError | None = None) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.done = asyncio.Event()
        self.error = error

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        await super().keep(closing, data_class=data_class)
        self.asked.set()
        await self.done.wait()
        if self.error is not None:
            raise self.error


KEPT = a_request(actor=an_actor(), model="a/model", stream=True, keep=True)


async def test_an_answer_is_kept_before_its_receipt_is_written_and_its_end_goes_out() -> None:
    house = House(answers)
    house.listener = keeper = Keeper()
    walking = asyncio.ensure_future(house.walk(KEPT))
    await keeper.asked.wait()
    assert keeper.kept == (TextDelta("hello"), END)
    assert house.book.receipts == []
    keeper.done.set()
    assert (await walking).error is None
    assert keeper.heard == [TextDelta("hello"), END]


async def test_what_was_not_to_be_kept_is_not_kept() -> None:
    house = House(answers)
    await house.walk()
    assert house.listener.kept == ()


async def test_what_failed_is_not_kept() -> None:
    house = House(fails(ProviderTruncated("cut"), after="hel"))
    with pytest.raises(ProviderTruncated):
        await house.walk(KEPT)
    assert house.listener.kept == ()


async def test_what_cannot_be_kept_is_never_ended_and_its_receipt_says_so() -> None:
    house = House(answers, answers)
    house.listener = keeper = Keeper(StoreUnavailable("full"))
    keeper.done.set()
    with pytest.raises(StoreUnavailable):
        await house.walk(KEPT)
    assert keeper.heard == [TextDelta("hello")]
    receipt = house.settled()
    assert (receipt.error, receipt.endpoint, receipt.usage) == ("store_unavailable", "end-0", USED)
    assert receipt.tried == (Tried(endpoint="end-0"),)


async def test_a_walk_that_is_cancelled_while_its_answer_is_kept_has_its_receipt() -> None:
    house = House(answers)
    house.listener = keeper = Keeper()
    walking = asyncio.ensure_future(house.walk(KEPT))
    await keeper.asked.wait()
    walking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walking
    receipt = house.settled()
    assert (receipt.error, receipt.finish, receipt.usage) == ("abandoned", "lost", USED)
    assert keeper.heard == [TextDelta("hello")]


# what the records say


async def test_an_intent_says_who_asked_what_and_who_may_be_asked() -> None:
    house = House(answers, answers)
    await house.walk()
    (intent,) = house.book.intents
    assert intent == Intent(
        id=ASK.id,
        at_ms=ASK.at_ms,
        key="key_1",
        asked="a/model",
        endpoints=("end-0", "end-1"),
        rules=house.rooms.policy.judge(ASK).rules,
        policy=house.rooms.policy.judge(ASK).policy,
        request=commit(bytes(32), ASK.id, ASK.source.digest),
        account=("default", "house"),
    )


async def test_a_receipt_says_who_answered_what_it_took_and_what_was_changed() -> None:
    house = House(answers)
    receipt = await house.walk(a_request(stream=True))
    assert (receipt.endpoint, receipt.model, receipt.host, receipt.place) == (
        "end-0",
        "a/model",
        "this machine",
        "on-prem",
    )
    assert (receipt.key, receipt.asked, receipt.stream) == ("key_1", "a/model", True)
    assert receipt.why == "the only endpoint of this model that is allowed"
    assert (receipt.usage, receipt.finish, receipt.error) == (USED, "stop", None)
    assert receipt.changed == ("seed: dropped",)
    assert receipt.tried == (Tried(endpoint="end-0"),)
    assert isinstance(receipt.energy_mj, Estimate)
    assert receipt.energy_mj.method == "modelled-cpu"
    (intent,) = house.book.intents
    assert (receipt.rules, receipt.policy, receipt.request) == (
        intent.rules,
        intent.policy,
        intent.request,
    )


async def test_a_receipt_commits_to_every_byte_of_the_answer() -> None:
    house = House(answers)
    receipt = await house.walk()
    again = Listener()
    again.push(TextDelta("hello"))
    assert receipt.answer == commit(bytes(32), ASK.id, again.seal((END,)))


async def test_a_key_s_owner_can_open_what_the_receipt_commits_to() -> None:
    receipt = await House(answers).walk()
    salt = opening(an_actor(), receipt.id)
    assert receipt.request == hmac.digest(salt, ASK.source.digest, "sha256").hex()


async def test_time_is_counted_from_arrival() -> None:
    async def slow(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        house.clock.move(0.25)
        first_byte_s = house.clock.monotonic_s()
        house.clock.move(1)
        return an_outcome(attempt=attempt, first_byte_s=first_byte_s)

    house = House(slow)
    house.clock.move(100)
    began_ms = house.clock.now_ms()
    receipt = await house.walk()
    assert (receipt.first_byte_ms, receipt.total_ms) == (250.0, 1250.0)
    assert receipt.at_ms == began_ms + 1250


async def test_an_answer_without_a_first_byte_says_so() -> None:
    assert (await House(answers).walk()).first_byte_ms is None


# when it fails


async def test_the_next_endpoint_answers_and_both_are_on_the_one_receipt() -> None:
    house = House(fails(ProviderTimeout("slow " * 100)), answers)
    receipt = await house.walk()
    assert receipt.tried == (
        Tried(endpoint="end-0", error="provider_timeout", detail=("slow " * 100)[:200]),
        Tried(endpoint="end-1"),
    )
    assert (receipt.endpoint, receipt.why) == (
        "end-1",
        "number 2 of 2 by expected cost, own hardware",
    )
    assert house.listener.heard == [TextDelta("hello"), END]
    assert house.settled() is receipt


async def test_when_nobody_answers_the_receipt_names_no_endpoint_and_the_answer_never_ends() -> (
    None
):
    house = House(fails(ProviderTimeout("a")), fails(ProviderTimeout("b")))
    with pytest.raises(Exhausted):
        await house.walk()
    receipt = house.settled()
    assert (receipt.endpoint, receipt.model, receipt.host, receipt.place) == (None,) * 4
    assert (receipt.error, receipt.finish, receipt.answer) == ("exhausted", "error", None)
    assert [tried.endpoint for tried in receipt.tried] == ["end-0", "end-1"]
    assert house.listener.receipt is None


async def test_half_an_answer_is_receipted_and_never_ended() -> None:
    house = House(fails(ProviderTruncated("cut"), after="hel"), answers)
    with pytest.raises(ProviderTruncated):
        await house.walk(a_request(stream=True))
    receipt = house.settled()
    assert (receipt.endpoint, receipt.error) == ("end-0", "provider_truncated")
    assert receipt.answer is not None
    assert house.listener.heard == [TextDelta("hel")]
    assert house.listener.receipt is None


async def test_half_an_answer_that_was_not_streamed_has_gone_nowhere() -> None:
    house = House(fails(ProviderTruncated("cut"), after="hel"), answers)
    with pytest.raises(ProviderTruncated):
        await house.walk(a_request(stream=False))
    receipt = house.settled()
    assert (receipt.endpoint, receipt.answer) == ("end-0", None)


async def test_what_failed_is_counted_as_what_answered_is() -> None:
    house = House(fails(ProviderTimeout("a")))
    with pytest.raises(ProviderTimeout):
        await house.walk()
    assert (
        b'jevons_answers_total{endpoint="none",finish="error"} 1.0' in house.rooms.metrics.render()
    )


async def test_a_caller_that_leaves_gets_a_receipt_in_the_books() -> None:
    async def hung_up_on(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        caller.push(TextDelta("hel"))
        house.listener.leave()
        return an_outcome(
            attempt=attempt,
            error=CallerLeft("gone"),
            committed=True,
            usage=Usage(output=1, counted_by="guess"),
            finish="error",
        )

    house = House(hung_up_on, answers)
    with pytest.raises(CallerLeft):
        await house.walk()
    receipt = house.settled()
    assert (receipt.finish, receipt.error) == ("caller_left", "caller_left")
    assert (receipt.endpoint, receipt.usage.output) == ("end-0", 1)


# what is looked through, and what is veiled


class Only(Allow):
    """A policy that lets some endpoints have a request only veiled, and notes what it judged."""

    def __init__(self, *endpoints: Endpoint, veiled: frozenset[str]) -> None:
        super().__init__(*endpoints)
        self.judged: list[Generate] = []
        self._veiled = veiled

    def judge(self, request: Generate) -> Verdict:
        self.judged.append(request)
        return msgspec.structs.replace(super().judge(request), veiled=self._veiled)


class Blind(Look):
    """A privacy that fails."""

    def inspect(self, request: Generate) -> Inspected:
        message = "Ada's card"
        raise ValueError(message)


class Bare(Look):
    """A privacy that sees and cannot hide."""

    def veil(self, request: Generate, caller: Caller) -> Veiled:
        message = "Ada's card"
        raise KeyError(message)


ADA = a_request(
    actor=an_actor(),
    model="a/model",
    messages=(Message(role="user", parts=(Text(text="Ask Ada"),)),),
)


def veiling(*stages: Serve, privacy: Privacy, names: set[str]) -> House:
    house = House(*stages, privacy=privacy)
    policy = Only(*house.endpoints, veiled=frozenset(names))
    house.rooms = dataclasses.replace(house.rooms, policy=policy)
    return house


async def test_a_request_is_looked_through_before_it_is_judged() -> None:
    house = veiling(answers, privacy=Look("Ada", unread=("image",)), names=set())
    receipt = await house.walk(ADA)
    assert isinstance(house.rooms.policy, Only)
    (judged,) = house.rooms.policy.judged
    assert judged.inspected == Inspected(
        found=("word",), data_class=DataClass.PERSONAL, unread=("image",)
    )
    assert (receipt.found, receipt.unread, receipt.veil) == (("word",), ("image",), None)


async def test_each_endpoint_is_sent_what_it_may_have() -> None:
    sent: dict[str, Generate] = {}

    def notes(serve: Serve) -> Serve:
        async def note(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
            sent[attempt.candidate.endpoint.name] = request
            return await serve(attempt, request, caller)

        return note

    house = veiling(
        notes(fails(ProviderUnavailable("away"))),
        notes(answers),
        privacy=Look("Ada"),
        names={"end-0"},
    )
    receipt = await house.walk(ADA)
    assert sent["end-0"].messages[0].parts == (Text(text="Ask WORD_0"),)
    assert sent["end-1"].messages == ADA.messages
    assert receipt.veil is None, "what answered was sent it as it came"
    only = veiling(answers, privacy=Look("Ada"), names={"end-0"})
    assert (await only.walk(ADA)).veil == Veil(hidden=1)


@pytest.mark.parametrize("privacy", [Blind("Ada"), Bare("Ada")], ids=["blind", "bare"])
async def test_what_cannot_be_looked_through_or_veiled_does_not_leave(privacy: Privacy) -> None:
    house = veiling(answers, privacy=privacy, names={"end-0"})
    with pytest.raises(InspectionFailed) as refused:
        await house.walk(ADA)
    assert "Ada" not in str(refused.value)
    (record,) = house.book.records
    assert isinstance(record, Refused)
    assert (record.rule, record.error) == ("inspection", "inspection_failed")
    assert house.listener.heard == []


async def test_what_takes_time_to_look_through_is_looked_through_beside_the_loop() -> None:
    looked: list[int] = []

    class Long(Look):
        def inspect(self, request: Generate) -> Inspected:
            looked.append(threading.get_ident())
            return super().inspect(request)

    house = veiling(answers, privacy=Long("Ada", quick_bytes=0), names={"end-0"})
    assert (await house.walk(ADA)).veil == Veil(hidden=1)
    assert looked != [threading.get_ident()]


async def test_a_veil_that_nobody_can_put_is_a_bug_and_nothing_leaves() -> None:
    house = veiling(answers, privacy=Look(), names={"end-0"})
    house.rooms = dataclasses.replace(house.rooms, privacy=None)
    with pytest.raises(Bug):
        await house.walk(ADA)
    assert house.book.records == []


async def test_names_that_nobody_would_look_for_are_no_silent_wish() -> None:
    house = House(answers)
    with pytest.raises(Unsupported, match=r"privacy\.look"):
        await house.walk(msgspec.structs.replace(ADA, identifiers=("Ada",)))
    assert house.book.records == []


async def test_a_stranger_s_request_is_not_looked_through() -> None:
    house = House(answers, privacy=Blind())
    for request in (a_request(actor=None), a_request(actor=None, identifiers=("Ada",))):
        with pytest.raises(Unauthenticated):
            await house.walk(request)


# when it is worth another try

AT_ONCE = Retries(draw=lambda: 0.0)


def after(*errors: JevonsError) -> Serve:
    """Fail with each of these, then answer."""
    failing = [fails(error) for error in errors]

    async def serve(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        return await (failing.pop(0) if failing else answers)(attempt, request, caller)

    return serve


async def test_an_endpoint_that_was_busy_is_asked_again_and_every_try_is_on_the_receipt() -> None:
    house = House(
        after(ProviderThrottled("slow", retry_after_s=0.002), ProviderUnavailable("busy")),
        retries=AT_ONCE,
    )
    receipt = await house.walk()
    assert receipt.tried == (
        Tried(endpoint="end-0", error="provider_throttled", detail="slow"),
        Tried(endpoint="end-0", error="provider_unavailable", detail="busy", after_ms=2.0),
        Tried(endpoint="end-0"),
    )
    assert house.listener.heard == [TextDelta("hello"), END]
    assert house.settled() is receipt


async def test_an_endpoint_that_keeps_failing_is_asked_last_and_the_receipt_says_until_when() -> (
    None
):
    down = fails(ProviderUnavailable("down"))
    house = House(down, answers, resting=Resting())
    receipts = [await house.walk() for _ in range(4)]
    tried = [[each.endpoint for each in receipt.tried] for receipt in receipts]
    assert tried == [["end-0", "end-1"]] * 3 + [["end-1"]]
    assert [receipt.aside for receipt in receipts[:3]] == [()] * 3
    (aside,) = receipts[3].aside
    assert (aside.endpoint, aside.failures, aside.error) == ("end-0", 3, "provider_unavailable")
    assert aside.until_ms == house.clock.now_ms() + 5000


async def test_what_a_failed_attempt_used_is_charged_too() -> None:
    spent = Usage(input=3, counted_by="endpoint")

    async def cut(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        return an_outcome(
            attempt=attempt,
            error=ProviderTruncated("cut"),
            usage=spent,
            measured=Measured(cpu_s=0.25),
            finish="error",
        )

    alone = await House(answers).walk()
    receipt = await House(cut, fails(ProviderUnavailable("away")), answers).walk()
    assert isinstance(alone.energy_mj, Estimate)
    assert isinstance(receipt.energy_mj, Estimate)
    assert receipt.energy_mj.p50 == pytest.approx(1.5 * alone.energy_mj.p50)
    assert [each.usage for each in receipt.tried] == [spent, None, None]
    assert receipt.usage == alone.usage


async def test_nothing_is_asked_while_we_wait() -> None:
    asked_s: list[float] = []
    loop = asyncio.get_running_loop()

    async def notes(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        asked_s.append(loop.time())
        return await throttled(attempt, request, caller)

    throttled = after(ProviderThrottled("slow", retry_after_s=0.02))
    await House(notes, retries=AT_ONCE).walk()
    first, second = asked_s
    assert second - first >= 0.02


async def test_a_caller_that_leaves_while_we_wait_ends_it_at_once() -> None:
    house = House(after(ProviderThrottled("slow", retry_after_s=9.0)), retries=AT_ONCE)
    asyncio.get_running_loop().call_soon(house.listener.leave)
    async with asyncio.timeout(1):
        with pytest.raises(CallerLeft):
            await house.walk()
    receipt = house.settled()
    assert (receipt.finish, receipt.endpoint, receipt.answer) == ("caller_left", None, None)
    assert [(each.error, each.after_ms) for each in receipt.tried] == [
        ("provider_throttled", 0.0),
        ("caller_left", 9000.0),
    ]


async def test_a_caller_that_left_before_we_wait_is_not_waited_with() -> None:
    async def leaves(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        house.listener.leave()
        error = ProviderThrottled("slow", retry_after_s=9.0)
        return an_outcome(attempt=attempt, error=error, finish="error")

    house = House(leaves, retries=AT_ONCE)
    async with asyncio.timeout(1):
        with pytest.raises(CallerLeft):
            await house.walk()
    assert house.settled().finish == "caller_left"


async def test_a_caller_that_leaves_just_as_the_wait_ends_has_left() -> None:
    async def throttles(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        asyncio.get_running_loop().call_later(0, house.listener.leave)
        error = ProviderThrottled("slow", retry_after_s=1e-9)
        return an_outcome(attempt=attempt, error=error, finish="error")

    house = House(throttles, retries=AT_ONCE)
    with pytest.raises(CallerLeft):
        await house.walk()
    assert len(house.settled().tried) == 2


async def test_a_caller_that_leaves_after_the_wait_was_over_is_heard_by_the_provider() -> None:
    async def looks(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        if attempt.number == 1:
            return await fails(ProviderUnavailable("busy"))(attempt, request, caller)
        house.listener.leave()
        assert caller.left
        return an_outcome(attempt=attempt, error=CallerLeft("gone"), finish="error")

    house = House(looks, retries=Retries(draw=lambda: 0.001))
    with pytest.raises(CallerLeft):
        await house.walk()
    assert len(house.settled().tried) == 2


async def test_a_walk_that_is_cancelled_while_it_waits_has_its_receipt() -> None:
    reached = asyncio.Event()

    async def throttles(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        reached.set()
        error = ProviderThrottled("slow", retry_after_s=9.0)
        return an_outcome(attempt=attempt, error=error, finish="error")

    house = House(throttles, retries=AT_ONCE)
    walking = asyncio.ensure_future(house.walk())
    await reached.wait()
    walking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walking
    receipt = house.settled()
    assert (receipt.error, receipt.finish) == (Abandoned.code, "lost")
    assert [each.error for each in receipt.tried] == ["provider_throttled", "abandoned"]


async def test_an_accident_is_told_of_the_endpoint_that_had_it() -> None:
    async def breaks(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        if attempt.number == 1:
            return await fails(ProviderUnavailable("busy"))(attempt, request, caller)
        raise KeyError

    house = House(breaks, fails(ProviderTimeout("slow")), retries=AT_ONCE)
    with pytest.raises(KeyError):
        await house.walk()
    tried = house.settled().tried
    assert [(each.endpoint, each.error) for each in tried] == [
        ("end-0", "provider_unavailable"),
        ("end-1", "provider_timeout"),
        ("end-0", "bug"),
    ]


# when it is cut short


async def test_a_walk_that_is_cancelled_at_the_provider_has_its_receipt() -> None:
    reached = asyncio.Event()

    async def hangs(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    house = House(hangs)
    walking = asyncio.ensure_future(house.walk())
    await reached.wait()
    walking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walking
    receipt = house.settled()
    assert (receipt.error, receipt.finish) == (Abandoned.code, "lost")
    assert (receipt.endpoint, receipt.answer) == (None, None)
    assert receipt.tried == (
        Tried(endpoint="end-0", error="abandoned", detail="the house stopped"),
    )


async def test_a_walk_that_is_cancelled_before_its_intent_is_durable_has_its_receipt() -> None:
    house = House(fails(ProviderTimeout("must not be asked")))
    gate = house.book.hold(Intent)
    walking = asyncio.ensure_future(house.walk())
    await gate.reached()
    walking.cancel()
    gate.open()
    with pytest.raises(asyncio.CancelledError):
        await walking
    assert house.settled().error == Abandoned.code


async def test_a_walk_that_is_cancelled_while_its_receipt_is_written_has_one_and_no_more() -> None:
    house = House(answers)
    gate = house.book.hold(Receipt)
    walking = asyncio.ensure_future(house.walk())
    await gate.reached()
    walking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walking
    gate.open()
    assert house.settled().finish == "stop"
    assert house.listener.receipt is None


async def test_a_second_cancellation_does_not_lose_the_receipt() -> None:
    reached = asyncio.Event()

    async def hangs(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    house = House(hangs)
    gate = house.book.hold(Receipt)
    walking = asyncio.ensure_future(house.walk())
    await reached.wait()
    walking.cancel()
    await gate.reached()
    walking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walking
    gate.open()
    assert house.settled().error == Abandoned.code


async def test_a_bug_in_a_provider_is_raised_as_it_is_and_has_its_receipt() -> None:
    async def breaks(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        message = "secret words of the caller"
        raise KeyError(message)

    house = House(breaks)
    with pytest.raises(KeyError):
        await house.walk()
    receipt = house.settled()
    assert (receipt.error, receipt.finish, receipt.endpoint) == (Bug.code, "lost", None)
    assert receipt.tried == (Tried(endpoint="end-0", error="bug", detail="KeyError"),)


async def test_an_endpoint_whose_provider_is_missing_is_a_bug_with_a_receipt() -> None:
    house = House(answers)
    object.__setattr__(house.rooms, "providers", {})
    with pytest.raises(KeyError):
        await house.walk()
    assert house.settled().error == Bug.code


# when the books fail


async def test_without_a_durable_intent_nothing_leaves() -> None:
    house = House(fails(ProviderTimeout("must not be asked")))
    house.book.fail(Intent)
    with pytest.raises(StoreUnavailable):
        await house.walk()
    assert house.book.records == []
    assert house.listener.heard == []


async def test_without_a_durable_receipt_the_answer_does_not_end() -> None:
    house = House(answers)
    house.book.fail(Receipt)
    with pytest.raises(StoreUnavailable):
        await house.walk()
    assert house.listener.heard == [TextDelta("hello")]
    assert house.listener.receipt is None


# told to somebody


async def test_whoever_is_told_hears_of_each_attempt_the_receipt_and_the_end() -> None:
    house = House(fails(ProviderUnavailable("down")), answers)
    book = house.tell()
    receipt = await house.walk()
    (noted,) = book.noted
    assert noted.request is ASK
    assert [each.number for each in noted.attempts] == [1, 2]
    assert [each.error and each.error.code for each in noted.outcomes] == [
        "provider_unavailable",
        None,
    ]
    assert (noted.receipt, noted.error, noted.ends) == (receipt, None, 1)


@pytest.mark.parametrize("traceparent", ["", "00-trace-span-01"])
async def test_an_endpoint_is_given_the_trace_that_it_is_to_be_given(traceparent: str) -> None:
    given: list[str] = []

    async def serve(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        given.append(attempt.traceparent)
        return await answers(attempt, request, caller)

    house = House(serve)
    house.tell(traceparent)
    await house.walk()
    assert given == [traceparent]


async def test_whoever_is_told_hears_of_a_refusal_without_a_receipt() -> None:
    house = House(answers)
    book = house.tell()
    with pytest.raises(Forbidden) as refused:
        await house.walk(a_request(actor=an_actor(endpoints=frozenset({"other"}))))
    (noted,) = book.noted
    assert (noted.attempts, noted.receipt, noted.ends) == ([], None, 1)
    assert noted.error is refused.value


async def test_whoever_is_told_hears_the_end_of_what_was_cut_off() -> None:
    entered = asyncio.Event()

    async def hangs(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        entered.set()
        return await asyncio.Future()

    house = House(hangs)
    book = house.tell()
    walking = asyncio.ensure_future(house.walk())
    await entered.wait()
    walking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walking
    (noted,) = book.noted
    assert (len(noted.attempts), noted.outcomes, noted.ends) == (1, [], 1)
    assert isinstance(noted.error, asyncio.CancelledError)
    assert noted.receipt is house.settled()
