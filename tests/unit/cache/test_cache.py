"""What was answered is answered again: to the same account, under today's rules, and for nothing."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from jevons.budget import Purse, Terms
from jevons.cache import PROVIDER, AnswerCache, Memory
from jevons.catalog import grids
from jevons.entries import FREE
from jevons.flow import Rooms, walk
from jevons.meter import HouseMeter
from jevons.testing import Allow, Book, Clock, InOrder, Listener, Look, Script
from jevons.testing.make import a_request, an_actor, an_endpoint, an_outcome
from jevons.types.account import Intent, Receipt
from jevons.types.budget import Amounts, Budget
from jevons.types.custody import DataClass, Label
from jevons.types.decision import Candidate, Outcome, Plan, Verdict
from jevons.types.errors import Bug, CallerLeft, ProviderTruncated, StoreUnavailable
from jevons.types.event import Finished, Frame, TextDelta
from jevons.types.message import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.ports import Caller, Privacy
    from jevons.types.decision import Attempt
    from jevons.types.event import Event
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

pytestmark = pytest.mark.anyio

GRIDS = grids()  # read here, where no loop waits for the file
HERE, THERE = an_endpoint("here"), an_endpoint("there")
REQUEST = a_request(actor=an_actor())


class Town:
    """A corridor with a cache, one provider, and a clock that a test moves."""

    def __init__(
        self,
        *lines: Any,
        purse: Purse | None = None,
        privacy: Privacy | None = None,
        endpoints: tuple[Endpoint, ...] = (HERE,),
        finish: str = "stop",
        **cache: Any,
    ) -> None:
        self.book, self.clock = Book(purse), Clock()
        self.script = Script(*(lines or (TextDelta("hel"), TextDelta("lo"))), finish=finish)
        self.memory = Memory(most_bytes=1_000_000, longest_s=60)
        self.bad: set[str] = set()
        self.cache = AnswerCache(
            self.memory, clock=self.clock, is_good=lambda key: key not in self.bad, **cache
        )
        self.rooms = Rooms(
            policy=Allow(*endpoints),
            pick=InOrder(),
            providers={"script": self.script, PROVIDER: self.cache},
            meter=HouseMeter(grids=GRIDS),
            ledger=self.book,
            clock=self.clock,
            privacy=privacy,
            recall=self.cache.recall,
        )
        self.listener = Listener()
        self.number = 0

    async def ask(self, request: Generate = REQUEST) -> Receipt:
        self.number += 1
        self.listener = Listener()
        return await walk(replace(request, id=f"req_{self.number}"), self.listener, self.rooms)

    @property
    def asked(self) -> int:
        return len(self.script.heard)


def words(events: list[Event]) -> str:
    return "".join([each.text for each in events if isinstance(each, TextDelta)])


async def test_it_is_said_again_and_the_receipt_says_so() -> None:
    town = Town()
    first = await town.ask()
    assert (first.repeats, town.listener.age_s) == ("", None)
    heard = words(town.listener.heard)
    town.clock.move(12.5)
    second = await town.ask()
    assert words(town.listener.heard) == heard == "hello"
    assert (town.asked, town.listener.age_s) == (1, 12)
    assert second.repeats == first.id
    assert second.why == "the same was asked 12 s ago; the answer of receipt req_1, by 'here'"
    assert (second.endpoint, second.host, second.place) == (PROVIDER, "this machine", "on-prem")
    assert (second.model, second.finish, second.chosen) == (first.model, "stop", "cache")
    assert (second.cost, second.energy_mj, second.impact) == (
        FREE.cost,
        FREE.energy_mj,
        FREE.impact,
    )
    assert second.usage.input + second.usage.output == 0
    assert [type(each) for each in town.book.records] == [Intent, Receipt] * 2


async def test_no_budget_is_asked_nor_charged() -> None:
    purse = Purse()
    town = Town(purse=purse)
    await town.ask()
    budget = Budget(at_ms=0, account="default", per="day", cost_nusd=0, energy_mj=0, carbon_ug=0)
    purse.terms = Terms(budgets={"default": (budget,)})
    receipt = await town.ask()
    assert town.book.intents[-1].held is None
    assert receipt.charged == Amounts(cost_nusd=0, energy_mj=0, carbon_ug=0)


@pytest.mark.parametrize(
    ("cache", "asked", "repeats"), [("use", 1, True), ("renew", 2, False), ("never", 2, False)]
)
async def test_whoever_asks_may_want_another(cache: Any, asked: int, repeats: bool) -> None:  # noqa: FBT001 a table's column
    town = Town()
    first = await town.ask()
    second = await town.ask(replace(REQUEST, cache=cache))
    assert (town.asked, bool(second.repeats)) == (asked, repeats)
    last = first if cache in {"use", "never"} else second
    assert (await town.ask()).repeats == last.id


async def test_it_ends_with_its_time_and_with_its_key() -> None:
    town = Town()
    await town.ask()
    town.clock.move(60)
    assert not (await town.ask()).repeats
    town.bad.add("key_1")
    assert not (await town.ask()).repeats  # and what such a key is told is not remembered
    town.bad.clear()
    assert (await town.ask()).repeats == "req_2"
    town.bad.add("key_1")
    town.cache.forget()
    assert len(town.memory) == 0
    town.bad.clear()
    assert not (await town.ask()).repeats
    town.clock.move(60)
    town.cache.expire()
    assert len(town.memory) == 0


@pytest.mark.parametrize(
    "town",
    [
        lambda: Town(TextDelta("hel"), ProviderTruncated("it broke off")),
        lambda: Town(finish="length"),
        lambda: Town(finish="content_filter"),
        lambda: Town(TextDelta("a" * 5000), most_bytes=5000),
        lambda: Town(*[TextDelta("a")] * 200, most_bytes=1000),
        lambda: Town(most_bytes=400),
        lambda: Town(model="auto"),
    ],
)
async def test_what_is_not_whole_or_too_long_or_not_meant_is_not_remembered(
    town: Callable[[], Town],
) -> None:
    there = town()
    for _ in range(2):
        try:
            await there.ask()
        except ProviderTruncated:
            continue
    assert (there.asked, len(there.memory)) == (2, 0)


async def test_personal_data_is_not_remembered_unless_the_house_says_so() -> None:
    request = a_request("Anna", actor=an_actor())
    verdict = Verdict(
        endpoints=(HERE,), rules=(), policy="", label=Label(data_class=DataClass.PERSONAL)
    )
    plan = InOrder().plan(request, verdict)
    assert Town().cache.recall(request, verdict, plan, Listener()) is None
    allowed = Town(data_class=DataClass.PERSONAL)
    assert allowed.cache.recall(request, verdict, plan, Listener()) is not None
    unkeyed = replace(request, keep=True)
    assert allowed.cache.recall(unkeyed, verdict, plan, Listener()) is None


async def test_an_endpoint_that_may_not_serve_it_any_more_gives_no_answer() -> None:
    town = Town(endpoints=(HERE, THERE))
    await town.ask()
    assert (await town.ask()).repeats
    cache, request = town.cache, replace(REQUEST, id="req_9")
    verdict = Verdict(endpoints=(THERE,), rules=(), policy="")
    recall = cache.recall(request, verdict, InOrder().plan(request, verdict), Listener())
    assert recall is not None
    assert not recall.is_found


def a_plan(*candidates: Candidate) -> Plan:
    return Plan(candidates=candidates)


@pytest.mark.parametrize(
    ("kept", "plan", "is_found"),
    [
        # What the reference wrote is given while it may serve.
        ((THERE, "cert_1"), a_plan(Candidate(endpoint=THERE, why="", chosen="uncertified")), True),
        # What an arm wrote: under the certificate that holds now, whatever was drawn.
        ((HERE, "cert_1"), a_plan(Candidate(endpoint=THERE, why="", chosen="holdout", certificate="cert_1")), True),
        ((HERE, "cert_1"), a_plan(Candidate(endpoint=THERE, why="", chosen="holdout", certificate="cert_2")), False),
        ((HERE, "cert_1"), a_plan(Candidate(endpoint=THERE, why="", chosen="uncertified", certificate="cert_1")), False),
        ((HERE, "cert_1"), a_plan(Candidate(endpoint=THERE, why="", chosen="uncertified")), False),
        ((HERE, ""), a_plan(Candidate(endpoint=THERE, why="", chosen="no-reference")), False),
        # What a fallback wrote, where it is in the plan.
        ((HERE, ""), a_plan(Candidate(endpoint=THERE, why="", chosen="new"), Candidate(endpoint=HERE, why="")), True),
    ],
)  # fmt: skip
async def test_under_auto_it_is_given_only_while_what_it_was_chosen_under_holds(
    kept: tuple[Endpoint, str],
    plan: Plan,
    is_found: bool,  # noqa: FBT001 a table's column
) -> None:
    town = Town(endpoints=(HERE, THERE), model="auto")
    request = replace(REQUEST, model="auto")
    verdict = Verdict(endpoints=(HERE, THERE), rules=(), policy="")
    first = town.cache.recall(request, verdict, plan, Listener())
    assert first is not None
    outcome = an_outcome(kept[0], closing=())
    candidate = replace(outcome.attempt.candidate, certificate=kept[1])
    attempt = replace(outcome.attempt, candidate=candidate)
    receipt = await Town().ask()
    first.keep(replace(outcome, attempt=attempt), receipt)
    again = town.cache.recall(request, verdict, plan, Listener())
    assert again is not None
    assert again.is_found is is_found
    if is_found:
        assert again.plan.candidates[0].certificate == kept[1]
        again.keep(outcome, receipt)  # changes nothing
        assert len(town.memory) == 1


async def test_another_arm_of_the_same_endpoint_is_not_the_reference() -> None:
    town = Town(endpoints=(HERE,), model="auto")
    request = replace(REQUEST, model="auto")
    verdict = Verdict(endpoints=(HERE,), rules=(), policy="")
    low = a_plan(Candidate(endpoint=HERE, why="", chosen="certified", arm="here@low"))
    first = town.cache.recall(request, verdict, low, Listener())
    assert first is not None
    outcome = an_outcome(HERE)
    attempt = replace(outcome.attempt, candidate=low.candidates[0])
    first.keep(replace(outcome, attempt=attempt), await Town().ask())
    for arm, is_found in (("here@low", True), ("here", False)):
        plan = a_plan(Candidate(endpoint=HERE, why="", chosen="uncertified", arm=arm))
        again = town.cache.recall(request, verdict, plan, Listener())
        assert again is not None
        assert again.is_found is is_found


async def test_what_the_caller_was_told_is_said_again_and_not_what_was_veiled() -> None:
    class Veils(Allow):
        def judge(self, request: Generate) -> Verdict:
            return replace(super().judge(request), veiled=frozenset({"here"}))

    town = Town(privacy=Look("Anna"))
    town.rooms = with_rooms(town.rooms, policy=Veils(HERE))
    request = a_request("I am Anna", actor=an_actor())
    first, second = await town.ask(request), await town.ask(request)
    assert (first.veil is None, second.veil is None) == (False, True)
    assert (second.repeats, words(town.listener.heard)) == (first.id, "hello")


def with_rooms(rooms: Rooms, **fields: Any) -> Rooms:
    return dataclasses.replace(rooms, **fields)


async def test_a_receipt_that_is_not_durable_leaves_nothing() -> None:
    town = Town()
    town.book.fail(Receipt)
    with pytest.raises(StoreUnavailable):
        await town.ask()
    assert len(town.memory) == 0


async def test_a_caller_who_leaves_while_it_is_said_again_is_in_the_books() -> None:
    town = Town()
    await town.ask()
    caller = Listener(room=0)
    caller.leave()
    with pytest.raises(CallerLeft):
        await walk(replace(REQUEST, id="req_9"), caller, town.rooms)
    receipt = town.book.receipts[-1]
    assert (receipt.finish, receipt.repeats, receipt.cost) == ("caller_left", "req_1", FREE.cost)
    slow = Listener(room=0)
    await walk(replace(REQUEST, id="req_10"), slow, town.rooms)
    assert words(slow.heard) == "hello"


async def test_what_was_changed_then_is_told_again() -> None:
    town = Town()

    class Drops(Script):
        async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
            outcome = await super().serve(attempt, request, caller)
            return replace(outcome, changed=("seed: dropped",))

    town.rooms = with_rooms(
        town.rooms, providers={"script": Drops(TextDelta("a")), PROVIDER: town.cache}
    )
    await town.ask()
    assert (await town.ask()).changed == ("seed: dropped",)


async def test_what_cannot_be_put_into_the_form_is_asked_anew() -> None:
    town = Town()
    await town.ask()
    ((name, answer),) = town.memory.answers().items()
    garbled = replace(answer, stream=True, closing=(Finished(reason="stop", usage=answer.usage),))
    town.memory.keep(name, replace(garbled, events=(Frame(b"data: {"),)), 10)
    assert not (await town.ask()).repeats


async def test_to_serve_what_is_not_remembered_is_a_bug() -> None:
    with pytest.raises(Bug):
        await Town().cache.serve(an_outcome().attempt, REQUEST, Listener())


class One(NamedTuple):
    """One of a crowd: what they ask, and how they go."""

    account: str
    text: str
    cache: Any
    goes: str
    turns: int

    def request(self, number: int) -> Generate:
        actor = an_actor(key=f"key_{self.account}", account=(self.account,))
        return a_request(self.text, id=f"req_{number}", actor=actor, cache=self.cache)


CROWD = st.lists(
    st.builds(
        One,
        st.sampled_from(["a", "b"]),
        st.sampled_from(["what", "why"]),
        st.sampled_from(["use", "renew", "never"]),
        st.sampled_from(["stays", "leaves", "is cut off"]),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=14,
)


class Crowd:
    """Asks all at once, each beginning and ending at a turn of its own."""

    def __init__(self) -> None:
        self.count = 0
        self.town = Town()
        providers = {"script": self, PROVIDER: self.town.cache}
        self.town.rooms = with_rooms(self.town.rooms, providers=providers)
        self.said: dict[str, tuple[str, str, str]] = {}

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        """Say what nobody was told before."""
        self.count += 1
        said = TextDelta(f"{self.count}")
        actor, part = request.actor, request.messages[0].parts[0]
        assert actor is not None
        assert isinstance(part, Text)
        self.said[request.id] = (actor.account[0], part.text, said.text)
        await asyncio.sleep(0)
        if not caller.push(said):
            return an_outcome(attempt=attempt, error=CallerLeft("left"), finish="error")
        await asyncio.sleep(0)
        return an_outcome(attempt=attempt, committed=True)

    async def ask(self, number: int, one: One) -> None:
        listener = Listener()
        await turns(one.turns)
        if one.goes == "leaves":
            asyncio.get_running_loop().call_soon(listener.leave)
        walking = asyncio.ensure_future(walk(one.request(number), listener, self.town.rooms))
        if one.goes == "is cut off":
            await turns(one.turns)
            walking.cancel()
        try:
            receipt = await walking
        except (CallerLeft, asyncio.CancelledError):
            return
        self.check(one, receipt, words(listener.heard))

    def check(self, one: One, receipt: Receipt, said: str) -> None:
        if receipt.repeats:
            assert one.cache == "use"
            assert self.said[receipt.repeats] == (one.account, one.text, said)
            assert receipt.repeats in self.durable()

    def durable(self) -> set[str]:
        return {each.id for each in self.town.book.receipts if each.error is None}


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@settings(max_examples=60, deadline=None)
@given(CROWD)
def test_whatever_the_order_an_answer_was_given_to_the_same_account_for_the_same(
    ones: list[One],
) -> None:
    crowd = Crowd()

    async def ask() -> None:
        await asyncio.gather(*[crowd.ask(number, one) for number, one in enumerate(ones)])

    asyncio.run(ask())
    remembered = {each.receipt for each in crowd.town.memory.answers().values()}
    assert remembered <= crowd.durable()
