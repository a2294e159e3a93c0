"""Nothing of a draft goes out before others agree, and everything that was asked is on one receipt."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from jevons import drafting
from jevons.catalog import grids
from jevons.flow import Rooms, walk
from jevons.meter import HouseMeter
from jevons.pick import Resting, Retries
from jevons.privacy import Detector, Inspector
from jevons.testing import Allow, Book, Clock, Listener, Notebook, Script, Stop
from jevons.testing.make import a_price, a_request, an_actor, an_endpoint
from jevons.types.account import Receipt, Usage
from jevons.types.budget import Amounts, Budget
from jevons.types.decision import Candidate, Plan
from jevons.types.errors import (
    BudgetExceeded,
    Bug,
    CallerLeft,
    JevonsError,
    ProviderFiltered,
    ProviderTimeout,
    ProviderUnavailable,
)
from jevons.types.event import Finished, ReasoningDelta, Started, TextDelta, ToolCallDelta
from jevons.types.message import Text
from jevons.types.request import Tool
from jevons.types.units import Priced

if TYPE_CHECKING:
    from jevons.ports import Caller
    from jevons.types.decision import Attempt, Outcome, Verdict
    from jevons.types.event import Event
    from jevons.types.request import Generate

pytestmark = pytest.mark.anyio

GRIDS = grids()
USED = Usage(input=5, output=7, counted_by="endpoint")
CHEAP, DEAR = 5 * 1000 + 7 * 2000, 5 * 10_000 + 7 * 20_000
ASK = a_request(actor=an_actor(), stream=True)
NAMES = ("cheap", "local", "dear")


class InCascade:
    """The last answers where those before it differ."""

    def __init__(self, effort: Any = None) -> None:
        self._effort = effort

    def plan(self, request: Generate, verdict: Verdict) -> Plan:
        named = {each.name: each for each in verdict.endpoints}
        return Plan(
            candidates=tuple(
                Candidate(
                    endpoint=named[name],
                    why="",
                    chosen="certified",
                    arm="cheap+local",
                    effort=self._effort if name == "local" else None,
                )
                for name in NAMES
            ),
            drafts=2,
            ignore=frozenset({"reasoning"}),
        )


class House:
    def __init__(self, *scripts: Any, nusd: int | None = None, **rooms: Any) -> None:
        self.book, self.clock, self.listener = Book(), Clock(), Listener()
        if nusd is not None:
            self.book.purse.terms = self.book.purse.terms.of(
                [Budget(at_ms=0, account="house", per="month", cost_nusd=nusd)]
            )
        prices = (a_price(), a_price(), a_price("10", "20"))
        endpoints = [
            an_endpoint(name, provider=name, price=price, place="US")
            for name, price in zip(NAMES, prices, strict=True)
        ]
        usual: dict[str, Any] = {
            "policy": Allow(*endpoints),
            "pick": InCascade(),
            "providers": dict(zip(NAMES, scripts, strict=True)),
            "meter": HouseMeter(grids=GRIDS),
            "ledger": self.book,
            "clock": self.clock,
        }
        self.rooms = Rooms(**{**usual, **rooms})

    async def walk(self, request: Generate = ASK) -> Receipt:
        return await walk(request, self.listener, self.rooms)

    @property
    def balance(self) -> tuple[int, int]:
        (balance,) = self.book.purse.balances(ASK.at_ms)
        return balance.spent, balance.held


def says(*texts: str, finish: str = "stop") -> Script:
    return Script(*map(TextDelta, texts), usage=USED, finish=finish)


def fails(error: JevonsError) -> Script:
    return Script(error, usage=USED)


def words(events: list[Event]) -> str:
    return "".join(each.text for each in events if isinstance(each, TextDelta))


def became(receipt: Receipt) -> list[tuple[str, str, int | None]]:
    return [
        (each.endpoint, each.draft, each.cost.nusd if isinstance(each.cost, Priced) else None)
        for each in receipt.tried
    ]


def cost(receipt: Receipt) -> int:
    assert isinstance(receipt.cost, Priced)
    return receipt.cost.nusd


async def test_the_first_answer_goes_out_once_the_second_says_the_same() -> None:
    stop = Stop()
    second = Script(TextDelta("42."), stop, usage=USED)
    house = House(says("The answer ", "is 42"), second, says("never"))
    walking = asyncio.ensure_future(house.walk())
    await stop.reached()
    assert house.listener.heard == [], "nothing goes out before the second is whole"
    house.clock.move(2.0)
    stop.open()
    receipt = await walking
    assert words(house.listener.heard) == "The answer is 42"
    assert house.listener.heard[-1] == Finished(reason="stop", usage=USED)
    assert (receipt.endpoint, receipt.arm, receipt.chosen) == ("cheap", "cheap+local", "certified")
    assert became(receipt) == [("cheap", "taken", CHEAP), ("local", "agreed", CHEAP)]
    assert cost(receipt) == 2 * CHEAP
    assert receipt.first_byte_ms == 2000.0
    assert receipt.usage == USED
    assert [each.usage for each in receipt.tried] == [None, USED]


async def test_where_they_differ_the_reference_is_heard_as_it_speaks() -> None:
    stop = Stop()
    last = Script(TextDelta("4"), stop, TextDelta("3"), usage=USED)
    house = House(says("42"), says("41"), last)
    walking = asyncio.ensure_future(house.walk())
    await stop.reached()
    assert words(house.listener.heard) == "4"
    stop.open()
    receipt = await walking
    assert words(house.listener.heard) == "43"
    assert (receipt.endpoint, receipt.arm, receipt.chosen) == ("dear", "cheap+local", "certified")
    assert became(receipt) == [
        ("cheap", "dropped", CHEAP),
        ("local", "dropped", CHEAP),
        ("dear", "", DEAR),
    ]
    assert cost(receipt) == 2 * CHEAP + DEAR


@pytest.mark.parametrize(
    ("draft", "detail"),
    [
        (says("A long answer that nobody else would ever write in just the same words."), None),
        (says("4", finish="length"), None),
        (fails(ProviderTimeout("slow")), "slow"),
    ],
)
async def test_what_cannot_be_compared_goes_straight_on_to_the_reference(
    draft: Script, detail: str | None
) -> None:
    second = says("42")
    house = House(draft, second, says("43"))
    receipt = await house.walk()
    assert second.heard == []
    assert words(house.listener.heard) == "43"
    assert receipt.tried[0].draft == "dropped"
    assert receipt.tried[0].detail == (detail or "it could not be compared")


async def test_reasons_that_do_not_count_may_differ() -> None:
    said = ('{"reasoning": "so", "answer": 42}', '{"reasoning": "thus", "answer": 42}')
    first, second = (says(each) for each in said)
    house = House(first, second, says("never"))
    receipt = await house.walk()
    assert words(house.listener.heard) == said[0]
    assert receipt.endpoint == "cheap"


async def test_calls_to_functions_are_made_once_by_whoever_asked() -> None:
    asked = msgspec.structs.replace(ASK, tools=(Tool(name="add"),))
    call = ToolCallDelta(index=0, id="1", name="add", arguments='{"a": 1}')
    same = ToolCallDelta(index=0, id="2", name="add", arguments='{"a":1}')
    first, second = (Script(each, usage=USED, finish="tool_calls") for each in (call, same))
    house = House(first, second, says("never"))
    receipt = await house.walk(asked)
    assert house.listener.heard[0] == call
    assert len(house.listener.heard) == 2
    assert receipt.finish == "tool_calls"


async def test_a_draft_that_grows_too_long_is_stopped_and_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drafting, "_MOST_BYTES", 400)
    never = Stop()
    long = Script(Started(), *[TextDelta("4" * 90)] * 9, never, usage=USED)
    house = House(long, says("42"), says("43"), resting=Resting())
    receipt = await asyncio.wait_for(house.walk(), 5)
    assert words(house.listener.heard) == "43"
    assert (receipt.tried[0].draft, receipt.tried[0].error) == ("dropped", None)
    assert receipt.tried[0].usage is not None


async def test_a_whole_draft_that_is_too_long_is_none_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drafting, "_MOST_BYTES", 400)
    thought = [ReasoningDelta("h" * 150, opaque="x"), ToolCallDelta(index=0, arguments="{}")]
    house = House(Script(*thought, TextDelta("42")), says("42"), says("43"))
    assert words((await house.walk() and house.listener).heard) == "43"


# the caller leaves


async def test_a_caller_that_leaves_stops_a_draft_and_nobody_else_is_asked() -> None:
    for at in range(2):
        stop = Stop()
        waits = Script(TextDelta("4"), stop, usage=USED)
        scripts: list[Script] = [says("4"), says("4"), says("4")]
        scripts[at] = waits
        house = House(*scripts)
        walking = asyncio.ensure_future(house.walk())
        await stop.reached()
        house.listener.leave()
        with pytest.raises(CallerLeft):
            await walking
        intent, receipt = house.book.records
        assert isinstance(receipt, Receipt)
        assert intent.id == receipt.id  # type: ignore[union-attr] it is an intent
        assert (receipt.finish, receipt.endpoint) == ("caller_left", None)
        assert [each.heard for each in scripts[at + 1 :]] == [[]] * (2 - at)
        assert house.listener.heard == []


async def test_a_caller_that_left_unnoticed_is_followed_by_nothing() -> None:
    house = House(says("4"), says("4"), says("4"))

    class Deaf:
        """Answers whether anybody listens or not."""

        async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
            outcome = await says("4").serve(attempt, request, Listener())
            house.listener.leave()
            return outcome

    house.rooms.providers["cheap"] = Deaf()  # type: ignore[index] a dict
    with pytest.raises(CallerLeft):
        await house.walk()
    (receipt,) = house.book.receipts
    assert [each.endpoint for each in receipt.tried] == ["cheap"]
    assert receipt.finish == "caller_left"


class Leaving(Listener):
    """Leaves when it is given its second event."""

    def push(self, event: Event) -> bool:
        if self.heard:
            self.leave()
        return super().push(event)


async def test_a_caller_that_leaves_while_the_answer_goes_out_has_it_on_the_receipt() -> None:
    house = House(says("4", "2"), says("42"), says("43"))
    house.listener = Leaving()
    with pytest.raises(CallerLeft):
        await house.walk()
    (receipt,) = house.book.receipts
    assert (receipt.finish, receipt.endpoint) == ("caller_left", "cheap")
    assert became(receipt) == [("cheap", "taken", CHEAP), ("local", "agreed", CHEAP)]


async def test_a_slow_caller_is_waited_for() -> None:
    house = House(says("4", "2"), says("42"), says("43"))
    house.listener = Listener(room=0)
    await house.walk()
    assert words(house.listener.heard) == "42"


class Broken(Listener):
    def push(self, event: Event) -> bool:
        raise KeyError(event)


async def test_a_bug_while_the_answer_goes_out_leaves_one_receipt() -> None:
    house = House(says("42"), says("42"), says("43"))
    house.listener = Broken()
    with pytest.raises(KeyError):
        await house.walk()
    (receipt,) = house.book.receipts
    assert (receipt.error, receipt.finish) == ("bug", "lost")
    assert [each.endpoint for each in receipt.tried] == ["cheap", "local"]
    assert cost(receipt) == 2 * CHEAP


async def test_a_house_that_stops_amid_a_draft_leaves_one_receipt() -> None:
    stop = Stop()
    house = House(says("42"), Script(stop), says("43"))
    walking = asyncio.ensure_future(house.walk())
    await stop.reached()
    walking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walking
    (receipt,) = house.book.receipts
    assert (receipt.error, receipt.finish, receipt.endpoint) == ("abandoned", "lost", None)
    assert [each.draft for each in receipt.tried] == ["dropped", ""]


# money

WORST = ((5 + 64) * 1000 + 10 * 2000, (5 + 64) * 10_000 + 10 * 20_000)
BOUND = msgspec.structs.replace(ASK, sampling=msgspec.structs.replace(ASK.sampling, max_tokens=10))


async def test_all_drafts_and_the_reference_are_set_aside_before_the_first() -> None:
    house = House(says("42"), says("41"), says("43"), nusd=10_000_000)
    receipt = await house.walk(BOUND)
    assert house.book.intents[0].held == Amounts(cost_nusd=2 * WORST[0] + WORST[1])
    assert receipt.charged == Amounts(cost_nusd=2 * CHEAP + DEAR)
    assert house.balance == (2 * CHEAP + DEAR, 0)


async def test_a_cascade_fits_into_a_budget_that_carries_its_worst_case_and_no_less() -> None:
    whole = 2 * WORST[0] + WORST[1]
    house = House(says("42"), says("41"), says("43"), nusd=whole)
    await house.walk(BOUND)
    house = House(says("42"), says("41"), says("43"), nusd=whole - 1)
    with pytest.raises(BudgetExceeded):
        await house.walk(BOUND)
    assert house.book.intents == []


async def test_a_draft_of_unknown_use_costs_its_own_worst_and_not_the_cascade_s() -> None:
    house = House(fails(ProviderTimeout("slow")), says("42"), says("43"), nusd=10_000_000)
    for name in ("cheap", "local"):
        house.rooms.providers[name]._usage = Usage()  # type: ignore[attr-defined] a script's

    class Silent:
        async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
            outcome = await fails(ProviderTimeout("slow")).serve(attempt, request, caller)
            return msgspec.structs.replace(outcome, usage=Usage())

    house.rooms.providers["cheap"] = Silent()  # type: ignore[index] a dict
    receipt = await house.walk(BOUND)
    assert receipt.charged == Amounts(cost_nusd=WORST[0] + DEAR)


async def test_a_reference_that_is_asked_again_needs_more_of_the_budget() -> None:
    whole = 2 * WORST[0] + WORST[1]
    free = Retries(draw=lambda: 0.0, tries=1, wait_s=1)

    class Busy:
        async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
            error = ProviderUnavailable("busy")
            outcome = await fails(error).serve(attempt, request, caller)
            return msgspec.structs.replace(outcome, usage=USED)

    house = House(says("42"), says("41"), Busy(), nusd=whole + DEAR - 1, retries=free)
    with pytest.raises(BudgetExceeded):
        await house.walk(BOUND)
    assert house.balance == (2 * CHEAP + DEAR, 0)


# who sees it


async def test_every_attempt_is_in_the_trace() -> None:
    book = Notebook("")
    house = House(says("42"), says("41"), says("43"), traces=book)
    await house.walk()
    (noted,) = book.noted
    assert [each.candidate.endpoint.name for each in noted.attempts] == [*NAMES]


async def test_what_is_veiled_is_restored_in_the_draft_that_goes_out() -> None:
    class Veiling(Allow):
        def judge(self, request: Generate) -> Verdict:
            verdict = super().judge(request)
            return msgspec.structs.replace(verdict, veiled=frozenset(NAMES))

    look = Inspector(Detector((), ("Ann Other",)), (), key=bytes(32))
    asked = a_request("Who is Ann Other?", stream=True)
    endpoints = [an_endpoint(name, provider=name) for name in NAMES]

    class Echo:
        """Says the name as it was sent."""

        async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
            (part,) = request.messages[0].parts
            assert isinstance(part, Text)
            said = part.text.removeprefix("Who is ").rstrip("?")
            assert said != "Ann Other"
            return await says(said).serve(attempt, request, caller)

    house = House(Echo(), Echo(), says("never"), policy=Veiling(*endpoints), privacy=look)
    receipt = await house.walk(asked)
    assert words(house.listener.heard) == "Ann Other"
    assert receipt.veil is not None


async def test_an_endpoint_that_keeps_failing_is_asked_for_no_draft() -> None:
    down = fails(ProviderUnavailable("down"))
    house = House(says("42"), down, says("43"), resting=Resting())
    for _ in range(3):
        assert (await house.walk()).chosen == "certified"
    receipt = await house.walk()
    assert [each.endpoint for each in receipt.tried] == ["dear"]
    assert (receipt.chosen, receipt.arm, receipt.endpoint) == ("fallback", "dear", "dear")
    assert receipt.why == "the reference, since 'local' keeps failing"
    assert [each.endpoint for each in receipt.aside] == ["local"]
    house.clock.move(6.0)
    assert len((await house.walk()).tried) == 3, "then one request tries it"
    assert [each.endpoint for each in (await house.walk()).tried] == ["dear"]


async def test_an_arm_s_effort_is_told_to_its_endpoint_alone_and_named() -> None:
    first, second = says("42"), says("42")
    house = House(first, second, says("43"), pick=InCascade("low"))
    receipt = await house.walk()
    assert first.heard[0].thinking.effort is None
    assert second.heard[0].thinking.effort == "low"
    assert receipt.changed == ()
    house = House(says("42"), says("41"), says("43"), pick=InCascade("low"))
    await house.walk()


# everything that may happen, one after the other

EVENTS: tuple[Any, ...] = (
    "42",
    "41",
    "prose that is too long to be compared with anything at all",
    "cut",
    ProviderTimeout("slow"),
    ProviderUnavailable("down"),
    ProviderFiltered("no"),
    CallerLeft("gone"),
    KeyError("a bug"),
)


class Act:
    """A provider that does one thing."""

    def __init__(self, act: Any) -> None:
        self.act, self.asked = act, 0

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        self.asked += 1
        if isinstance(self.act, KeyError):
            raise self.act
        if isinstance(self.act, CallerLeft) and isinstance(caller, Listener):
            caller.leave()
        script = (
            fails(self.act)
            if isinstance(self.act, JevonsError)
            else says(self.act, finish="length" if self.act == "cut" else "stop")
        )
        return await script.serve(attempt, request, caller)


@pytest.mark.parametrize("wanted", ["a stream", "a whole"])
@pytest.mark.parametrize("budget", [None, 10_000_000])
async def test_however_they_come_out_the_books_and_the_caller_agree(
    wanted: str, budget: int | None
) -> None:
    asked = msgspec.structs.replace(BOUND, stream=wanted == "a stream")
    for acts in product(EVENTS, repeat=3):
        stages = [Act(each) for each in acts]
        house = House(*stages, nusd=budget)
        raised: BaseException | None = None
        try:
            await house.walk(asked)
        except (JevonsError, KeyError) as error:
            raised = error
        said = words(house.listener.heard)
        intent, receipt = house.book.records[:2]
        assert isinstance(receipt, Receipt)
        assert len(house.book.receipts) == len(house.book.intents) == 1, "one of each, however"
        assert intent.id == receipt.id  # type: ignore[union-attr] it is an intent
        if budget is not None:
            assert house.balance == (receipt.charged and receipt.charged.cost_nusd, 0)
        assert [each.endpoint for each in receipt.tried] == [
            name for name, stage in zip(NAMES, stages, strict=True) if stage.asked
        ]
        assert all(stage.asked <= 1 for stage in stages)
        agreed = acts[0] == acts[1] and acts[0] in {"42", "41"}
        if raised is None:
            standing = acts[0] if agreed else acts[2]
            assert said == standing
            assert receipt.endpoint == ("cheap" if agreed else "dear")
            assert stages[2].asked == (not agreed)
        else:
            assert not said
            assert receipt.error == (raised.code if isinstance(raised, JevonsError) else Bug.code)
            assert receipt.endpoint is None
        costs = [each.cost for each in receipt.tried if isinstance(each.cost, Priced)]
        if len(costs) == len(receipt.tried) and isinstance(receipt.cost, Priced):
            assert sum(each.nusd for each in costs) == receipt.cost.nusd
