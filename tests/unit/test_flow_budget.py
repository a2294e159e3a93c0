"""The worst case is set aside before anything leaves, and what it came to is settled once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from jevons.catalog import grids
from jevons.entries import charged, sum_up, tokens, worst
from jevons.flow import Rooms, walk
from jevons.meter import HouseMeter
from jevons.pick import Retries
from jevons.testing import Allow, Book, Clock, InOrder, Listener, NoMeter
from jevons.testing.make import a_footprint, a_price, a_request, an_endpoint, an_outcome
from jevons.types.account import Charge, Intent, Receipt, Refused, Usage
from jevons.types.budget import Amounts, Budget
from jevons.types.errors import (
    Abandoned,
    BudgetExceeded,
    CallerLeft,
    Exhausted,
    JevonsError,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    StoreUnavailable,
)
from jevons.types.event import Finished
from jevons.types.request import Sampling
from jevons.types.units import Estimate, Priced, Unknown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jevons.ports import Caller
    from jevons.types.actor import Actor
    from jevons.types.decision import Attempt, Outcome
    from jevons.types.pace import Room
    from jevons.types.request import Generate

pytestmark = pytest.mark.anyio

GRIDS = grids()
USED = Usage(input=5, output=7, counted_by="endpoint")
COST = 5 * 1000 + 7 * 2000
ASK = a_request(sampling=Sampling(max_tokens=10))
WORST = (5 + 64) * 1000 + 10 * 2000
"""Five bytes of prompt and what may be around it, ten tokens of answer."""


class Stage:
    """A provider that does one thing after the other; the last one stays."""

    def __init__(self, *acts: Outcome | JevonsError | Callable[[], Any]) -> None:
        self.acts = [*acts]

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        if isinstance(act, JevonsError):
            return an_outcome(attempt=attempt, error=act, finish="error")
        if callable(act):
            await act()
            return an_outcome(attempt=attempt)
        return replace(act, attempt=attempt)


def said(usage: Usage = USED, error: JevonsError | None = None) -> Outcome:
    end = Finished(reason="stop", usage=usage)
    return an_outcome(usage=usage, error=error, closing=() if error else (end,))


class House:
    def __init__(self, *stages: Stage, nusd: int | None = 1_000_000, **rooms: Any) -> None:
        self.book = Book()
        if nusd is not None:
            self.book.purse.terms = self.book.purse.terms.of(
                [Budget(at_ms=0, account="house", per="month", cost_nusd=nusd)]
            )
        self.clock = Clock()
        endpoints = [
            an_endpoint(f"end-{n}", provider=f"stage-{n}", price=a_price(), place="US")
            for n in range(len(stages))
        ]
        usual: dict[str, Any] = {
            "policy": Allow(*endpoints),
            "pick": InOrder(),
            "providers": {f"stage-{n}": stage for n, stage in enumerate(stages)},
            "meter": HouseMeter(grids=GRIDS),
            "ledger": self.book,
            "clock": self.clock,
        }
        self.rooms = Rooms(**{**usual, **rooms})

    async def walk(self, request: Generate = ASK) -> Receipt:
        return await walk(request, Listener(), self.rooms)

    @property
    def balance(self) -> tuple[int, int]:
        (balance,) = self.book.purse.balances(ASK.at_ms)
        return balance.spent, balance.held


async def test_the_worst_case_is_held_with_the_intent_and_settled_with_the_receipt() -> None:
    held: list[tuple[int, int]] = []

    async def look() -> None:
        held.append(house.balance)

    house = House(Stage(look))
    await house.walk()
    (intent,) = house.book.intents
    assert intent.held == Amounts(cost_nusd=WORST)
    assert held == [(0, WORST)]
    house = House(Stage(said()))
    receipt = await house.walk()
    assert receipt.charged == Amounts(cost_nusd=COST)
    assert house.balance == (COST, 0)


async def test_a_house_without_budgets_holds_nothing_and_counts_all_the_same() -> None:
    house = House(Stage(said()), nusd=None)
    receipt = await house.walk()
    assert house.book.intents[0].held is None
    assert receipt.charged == Amounts(cost_nusd=COST)
    assert (receipt.account, receipt.day) == (("default", "house"), "2026-01-01")


async def test_what_a_budget_does_not_carry_leaves_no_intent_but_a_refusal() -> None:
    house = House(Stage(said()), nusd=WORST - 1)
    with pytest.raises(BudgetExceeded, match="'house'"):
        await house.walk()
    (record,) = house.book.records
    assert isinstance(record, Refused)
    assert (record.rule, record.error) == ("budget", "budget_exceeded")
    assert record.policy == "00" * 32


async def test_the_dearest_of_a_plan_is_held() -> None:
    dear = an_endpoint("dear", provider="stage-1", price=a_price("3", "5"), place="US")
    cheap = an_endpoint("cheap", provider="stage-0", price=a_price(), place="US")
    house = House(Stage(said()), Stage(said()), policy=Allow(cheap, dear))
    await house.walk()
    assert house.book.intents[0].held == Amounts(cost_nusd=(5 + 64) * 3000 + 10 * 5000)


async def test_an_endpoint_that_refused_costs_nothing() -> None:
    house = House(Stage(ProviderUnavailable("down")))
    with pytest.raises(ProviderUnavailable):
        await house.walk()
    assert house.balance == (0, 0)
    assert house.book.receipts[0].charged == Amounts(cost_nusd=0, energy_mj=0, carbon_ug=0)


async def test_an_endpoint_that_may_have_worked_and_said_nothing_costs_the_worst() -> None:
    lost = ProviderUnavailable("the connection was lost")
    lost.is_free = False
    for error in (ProviderTimeout("silent"), CallerLeft("gone"), lost):
        house = House(Stage(error))
        with pytest.raises(type(error)):
            await house.walk()
        assert house.balance == (WORST, 0)


async def test_every_attempt_that_used_something_is_charged() -> None:
    house = House(Stage(said(error=ProviderThrottled("later")), said()), retries=Retries(
        draw=lambda: 0.0, tries=1, wait_s=1
    ))  # fmt: skip
    receipt = await house.walk()
    assert receipt.charged == Amounts(cost_nusd=2 * COST)
    assert house.balance == (2 * COST, 0)


async def test_another_attempt_is_made_only_if_the_budget_carries_it_too() -> None:
    house = House(Stage(said(error=ProviderThrottled("later"))), Stage(said()), nusd=WORST + 1)
    with pytest.raises(BudgetExceeded):
        await house.walk()
    (receipt,) = house.book.receipts
    assert (receipt.error, receipt.charged) == ("budget_exceeded", Amounts(cost_nusd=COST))
    assert house.balance == (COST, 0)


async def test_another_attempt_after_one_that_cost_nothing_needs_no_more() -> None:
    house = House(Stage(ProviderThrottled("later")), Stage(said()), nusd=WORST)
    await house.walk()
    assert house.balance == (COST, 0)


async def test_nothing_is_charged_if_the_intent_could_not_be_written() -> None:
    house = House(Stage(said()))
    house.book.fail(Intent)
    with pytest.raises(StoreUnavailable):
        await house.walk()
    assert house.balance == (0, 0)


async def test_a_receipt_that_could_not_be_written_stays_held() -> None:
    house = House(Stage(said()))
    house.book.fail(Receipt)
    with pytest.raises(StoreUnavailable):
        await house.walk()
    assert house.balance == (0, WORST)


async def test_a_walk_that_is_cancelled_before_it_left_costs_nothing() -> None:
    house = House(Stage(said()))
    gate = house.book.hold(Intent)
    walking = asyncio.ensure_future(house.walk())
    await gate.reached()
    walking.cancel()
    gate.open()
    with pytest.raises(asyncio.CancelledError):
        await walking
    assert house.balance == (0, 0)


async def test_a_walk_that_is_cancelled_under_way_costs_the_worst() -> None:
    begun = asyncio.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    house = House(Stage(wait))
    walking = asyncio.ensure_future(house.walk())
    await begun.wait()
    walking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walking
    assert house.balance == (WORST, 0)


# limits


class Gate:
    """Limits that say no, or hear who leaves."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.is_open = is_open
        self.left: list[int | None] = []

    def enter(self, request: Generate) -> bool:
        if not self.is_open:
            message = "not now"
            raise RateLimited(message, retry_after_s=2)
        return True

    def leave(self, request: str, *, tokens: int | None) -> None:
        self.left.append(tokens)

    def rooms(self, actor: Actor) -> tuple[Room, ...]:
        return ()


async def test_who_asks_too_fast_leaves_no_record() -> None:
    house = House(Stage(said()), limits=Gate(is_open=False))
    with pytest.raises(RateLimited):
        await house.walk()
    assert house.book.records == []


@pytest.mark.parametrize(
    ("stage", "used"),
    [
        (Stage(said()), 12),
        (Stage(ProviderTimeout("silent")), None),
        (Stage(ProviderUnavailable("down")), 0),
    ],
)
async def test_a_limit_hears_of_every_end_and_what_was_used(stage: Stage, used: int | None) -> None:
    gate = Gate()
    house = House(stage, limits=gate)
    with suppress(JevonsError):
        await house.walk()
    assert gate.left == [used]


class Far(Gate):
    """Limits that have to be asked elsewhere."""

    def enter(self, request: Generate) -> Awaitable[bool]:  # type: ignore[override] a door of the other kind
        return self._asked(request)

    async def _asked(self, request: Generate) -> bool:
        await asyncio.sleep(0)
        return super().enter(request)


async def test_limits_that_are_asked_elsewhere_are_waited_for() -> None:
    gate = Far()
    await House(Stage(said()), limits=gate).walk()
    assert gate.left == [12]
    shut = House(Stage(said()), limits=Far(is_open=False))
    with pytest.raises(RateLimited):
        await shut.walk()
    assert shut.book.records == []


async def test_a_limit_hears_of_a_refusal_too() -> None:
    gate = Gate()
    house = House(Stage(said()), nusd=0, limits=gate)
    with pytest.raises(BudgetExceeded):
        await house.walk()
    assert gate.left == [0]


# the arithmetic


def test_figures_are_charged_at_their_median_rounded_up_and_else_as_held() -> None:
    energy = Estimate(p05=1, p50=1.2, p95=9, method="m", source="s")
    unknown = Unknown(why="a test")
    held = Amounts(cost_nusd=50, energy_mj=60, carbon_ug=70)
    cost = Priced(nusd=5, method="m", source="s")
    known = Charge(cost=cost, energy_mj=energy, carbon_mg=energy)
    assert charged(said(), known, held) == Amounts(cost_nusd=5, energy_mj=2, carbon_ug=1200)
    nothing = Charge(cost=unknown, energy_mj=unknown, carbon_mg=unknown)
    assert charged(said(), nothing, held) == held
    assert charged(said(), nothing, None) == Amounts()
    assert charged(said(Usage()), None, held) == held


def test_what_an_endpoint_refused_and_counted_all_the_same_is_charged() -> None:
    cost = Priced(nusd=5, method="m", source="s")
    nothing = Unknown(why="a test")
    charge = Charge(cost=cost, energy_mj=nothing, carbon_mg=nothing)
    throttled = said(error=ProviderThrottled("later"))
    assert charged(throttled, charge, None) == Amounts(cost_nusd=5)


def test_one_that_is_not_known_makes_a_sum_and_a_worst_case_unknown() -> None:
    one, other = Amounts(cost_nusd=1, energy_mj=2), Amounts(cost_nusd=3, carbon_ug=4)
    assert sum_up([one, other]) == Amounts(cost_nusd=4)
    assert worst([one, other]) == Amounts(cost_nusd=3)
    assert sum_up([one]) is worst([one]) is one


def test_tokens_are_those_of_all_attempts() -> None:
    refused = an_outcome(error=ProviderThrottled("later"))
    assert tokens([]) == 0
    assert tokens([refused, said()]) == 12
    assert tokens([said(), an_outcome()]) is None


def test_a_cancelled_walk_says_whether_anything_was_sent() -> None:
    assert Abandoned("x").never_sent().is_free
    assert not Abandoned("x").is_free
    assert not Exhausted([]).is_free


async def test_a_meter_that_knows_nothing_bounds_nothing() -> None:
    house = House(Stage(said()), meter=NoMeter())
    with pytest.raises(BudgetExceeded, match="not known"):
        await house.walk()


def test_a_footprint_makes_energy_countable() -> None:
    meter = HouseMeter(grids=GRIDS)
    most = meter.worst(an_endpoint(place="US", footprint=a_footprint()), ASK)
    assert most.cost_nusd is None
    assert most.energy_mj is not None
    assert most.carbon_ug is not None
