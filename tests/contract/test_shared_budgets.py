"""One budget and many callers, on one file and among replicas of a server: never overrun, nothing lost."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.cluster import both

from jevons.budget.period import day_of
from jevons.clock import SystemClock, Ulids
from jevons.store import Books, balances, verify
from jevons.store.where import Server
from jevons.testing.make import a_receipt, an_intent
from jevons.types.budget import Amounts, Budget
from jevons.types.errors import BudgetExceeded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster import Cluster

    from jevons.store.where import Where
    from jevons.types.account import Intent, Receipt

CLOCK = SystemClock()
CALLERS = 1000
LIMIT = 900
ACCOUNTS = (("search", "house"), ("chat", "house"))
"""Of two keys: what they share is the house's budget."""


def amounts(nusd: int) -> Amounts:
    return Amounts(cost_nusd=nusd, energy_mj=0, carbon_ug=0)


def intent(name: str, held: int, who: int = 0) -> Intent:
    now_ms = CLOCK.now_ms()
    return an_intent(
        id=name, at_ms=now_ms, key=f"key_{who}", account=ACCOUNTS[who], held=amounts(held)
    )


def receipt(name: str, charged: int, who: int = 0) -> Receipt:
    now_ms = CLOCK.now_ms()
    return a_receipt(
        id=name,
        at_ms=now_ms,
        day=day_of(now_ms),
        key=f"key_{who}",
        account=ACCOUNTS[who],
        charged=amounts(charged),
    )


def openers(where: Where) -> int:
    """How many may have it open to serve."""
    return 2 if isinstance(where, Server) else 1


async def opened(where: Where, closing: AsyncExitStack) -> list[Books]:
    made: list[Books] = []
    for _ in range(openers(where)):
        opening = Books.open(where, commit="os", origin="a/log", clock=CLOCK, ids=Ulids(CLOCK))
        made.append(await closing.enter_async_context(opening))
    for account in ("house", "search", "chat"):  # the first is reached before the others
        await made[0].stand(Budget(at_ms=0, account=account, per="month", cost_nusd=LIMIT))
    async with asyncio.timeout(5):
        while not all(len(each.terms.budgets) == len(ACCOUNTS) + 1 for each in made):  # noqa: ASYNC110 another thread's doing
            await asyncio.sleep(0.02)
    return made


def sums(where: Where, books: Books) -> tuple[int, int]:
    now_ms = CLOCK.now_ms()
    found = (
        balances(where, now_ms=now_ms)
        if isinstance(where, Server)
        else books.purse.balances(now_ms)
    )
    ((spent, held),) = [(each.spent, each.held) for each in found if each.account == "house"]
    return spent, held


@both
@pytest.mark.anyio
async def test_a_thousand_callers_never_overrun_one_budget_and_none_is_lost(path: Where) -> None:
    charged: list[int] = []
    most = 0
    async with AsyncExitStack() as closing:
        made = await opened(path, closing)
        dice = random.Random(7)

        async def call(number: int, held: int, came_to: int) -> None:
            books, name = made[number % len(made)], f"req_{number}"
            try:
                await books.record(intent(name, held, number % 2))
            except BudgetExceeded:
                return
            await books.record(receipt(name, came_to, number % 2))
            charged.append(came_to)

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, sum(await asyncio.to_thread(sums, path, made[0])))
                await asyncio.sleep(0.01)

        watching = asyncio.ensure_future(watch())
        drawn = [(dice.randint(1, 4), dice.randint(0, 1)) for _ in range(CALLERS)]
        async with asyncio.timeout(60):
            await asyncio.gather(
                *[call(number, held, held * part) for number, (held, part) in enumerate(drawn)]
            )
        watching.cancel()
        assert sums(path, made[0]) == (sum(charged), 0), "an increment was lost"
    assert 0 < sum(charged) <= LIMIT
    assert most <= LIMIT
    assert len(charged) > CALLERS / 4
    assert verify(path).findings == ()


class Shop(RuleBasedStateMachine):
    """Callers come and go in any order, at any replica, against sums that are done by hand."""

    asked: Bundle[tuple[str, int]] = Bundle("asked")
    where: Where
    server: Cluster | None

    def __init__(self) -> None:
        super().__init__()
        self.run = asyncio.Runner()
        self.closing = AsyncExitStack()
        self.books = self.run.run(opened(self.begin(), self.closing))
        self.held: dict[str, int] = {}
        self.spent = self.count = 0

    def begin(self) -> Where:
        """Begin a ledger of its own."""
        raise NotImplementedError

    def teardown(self) -> None:
        self.run.run(self.closing.aclose())
        self.run.close()
        report = verify(self.where)
        assert report.findings == ()

    def has_room(self, more: int) -> bool:
        return more <= LIMIT - self.spent - sum(self.held.values())

    @rule(
        target=asked, at=st.integers(0, 1), who=st.integers(0, 1), most=st.integers(0, LIMIT // 3)
    )
    def ask(self, at: int, who: int, most: int) -> tuple[str, int]:
        name = f"req_{self.count}"
        self.count += 1
        fits = self.has_room(most)
        books = self.books[at % len(self.books)]
        try:
            self.run.run(books.record(intent(name, most, who)))
        except BudgetExceeded:
            assert not fits
        else:
            assert fits
            self.held[name] = most
        return name, at * 2 + who

    @rule(one=asked, more=st.integers(0, LIMIT // 3))
    def try_again(self, one: tuple[str, int], more: int) -> None:
        name, at = one
        if name not in self.held:
            return
        fits = self.has_room(more)
        try:
            self.run.run(self.books[at // 2 % len(self.books)].widen(name, amounts(more)))
        except BudgetExceeded:
            assert not fits
        else:
            assert fits
            self.held[name] += more

    @rule(one=consumes(asked), share=st.floats(0, 1))
    def answer(self, one: tuple[str, int], share: float) -> None:
        name, at = one
        held = self.held.pop(name, None)
        if held is not None:
            came_to = int(held * share)
            self.spent += came_to
            books = self.books[at // 2 % len(self.books)]
            self.run.run(books.record(receipt(name, came_to, at % 2)))

    @rule()
    def cut_off(self) -> None:
        """The server ends every session; what comes next finds another."""
        if self.server is not None:
            self.server.cut_off()

    @invariant()
    def nothing_is_overrun_or_lost(self) -> None:
        assert sums(self.where, self.books[0]) == (self.spent, sum(self.held.values()))
        assert self.spent + sum(self.held.values()) <= LIMIT


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_no_order_of_events_overruns_a_budget_or_loses_a_charge(
    kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cluster: Cluster | None = None if kind == "sqlite" else request.getfixturevalue("postgres")

    class Here(Shop):
        server = cluster

        def begin(self) -> Where:
            folder: Path = tmp_path_factory.mktemp("books")
            self.where = folder / "ledger.db" if cluster is None else cluster.make(folder)
            return self.where

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=4,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
