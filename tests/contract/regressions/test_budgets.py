"""What other gateways spent over a budget, lost, or never counted is held and counted here.

Each test names the public thread in which it was reported. Prices are `PRICE`: in nano-dollars
a token 1000 in, 4000 out. `whole()` answers with 5 tokens in and 7 out unless told otherwise.
"""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import tracemalloc
from contextlib import asynccontextmanager, closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.regressions.corridor import SURFACES, Lab, ask, endpoint

from jevons.budget.period import day_of
from jevons.clock import SystemClock, Ulids
from jevons.settings import BudgetSettings
from jevons.store import Books, balances, verify
from jevons.testing.make import a_receipt, an_intent
from jevons.testing.reply import chunk, refusal, stream, usage, whole
from jevons.types.budget import Account, Amounts, Budget, Limit
from jevons.types.errors import BudgetExceeded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.budget import Balance

pytestmark = pytest.mark.anyio

USD = 1_000_000_000
COST = 100 * 1000 + 50 * 4000
"""Nano-dollars of an answer with 100 tokens in and 50 out."""


def answer() -> Any:
    return whole(counted=usage(100, 50))


async def small(lab: Lab, **fields: Any) -> int:
    """Ask for at most 50 tokens, and return the status."""
    return (await lab.chat(max_tokens=50, **fields)).status


def left(lab: Lab) -> Balance:
    """Tell what is left of the only budget."""
    (balance,) = lab.books.purse.balances(SystemClock().now_ms())
    return balance


@asynccontextmanager
async def books(path: Path) -> AsyncGenerator[Books]:
    clock = SystemClock()
    async with Books.open(
        path, commit="os", origin="a/log", clock=clock, ids=Ulids(clock)
    ) as opened:
        yield opened


@SURFACES
async def test_a_model_without_a_price_is_not_free(lab: Lab, surface: str) -> None:
    """BerriAI/litellm#37110: an unmapped model cost $0, so no budget ever applied to it."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server, price=None, place="US"))
    await lab.budget(cost_nusd=USD)
    refused = await ask(lab, surface, is_stream=False)
    assert (refused.status, refused.error["code"]) == (402, "budget_exceeded")
    assert "ceiling_usd" in refused.error["message"]
    assert server.heard == []


async def test_a_model_without_a_price_takes_the_declared_ceiling(lab: Lab) -> None:
    """BerriAI/litellm#37110 again: where the house declares one, that is what is charged."""
    server = await lab.vendor(answer())
    await lab.house(
        endpoint(server, price=None, place="US"), budgets=BudgetSettings(ceiling_usd=Decimal("0.4"))
    )
    await lab.budget(cost_nusd=USD)
    assert [await small(lab) for _ in range(3)] == [200, 200, 402]
    assert left(lab).spent == 800_000_000


async def test_the_first_key_of_a_house_is_under_its_budget(lab: Lab) -> None:
    """trailofbits/buttercup#550: the master key passed every budget, $4.77 on a cap of $1."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server))
    await lab.budget(cost_nusd=0)
    assert await small(lab) == 402
    assert server.heard == []


async def test_callers_at_once_do_not_overspend_together(lab: Lab) -> None:
    """BerriAI/litellm#26672, BerriAI/litellm#23714, mozilla-ai/otari#87: all saw room, all went."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server))
    await lab.budget(cost_nusd=10 * COST)
    statuses = await asyncio.gather(*[small(lab) for _ in range(60)])
    balance = left(lab)
    assert set(statuses) == {200, 402}
    assert balance.spent == statuses.count(200) * COST <= 10 * COST
    assert balance.held == 0


async def test_what_fits_is_not_refused_under_load(lab: Lab) -> None:
    """BerriAI/litellm#36926: one process raced itself, and refused what there was money for."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server))
    await lab.budget(cost_nusd=40 * USD)
    assert set(await asyncio.gather(*[small(lab) for _ in range(40)])) == {200}
    assert left(lab).spent == 40 * COST


async def test_what_was_spent_is_spent_after_a_restart(lab: Lab, tmp_path: Path) -> None:
    """BerriAI/litellm#27735: counters were stale; here they are what the receipts add up to."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server))
    await lab.budget(cost_nusd=USD)
    for _ in range(3):
        assert await small(lab) == 200
    await lab.close()
    async with Lab.open(tmp_path) as again:
        server = await again.vendor(answer())
        await again.house(endpoint(server))
        assert left(again).spent == 3 * COST
        await again.budget(cost_nusd=3 * COST)
        assert await small(again) == 402


async def test_a_teams_budget_holds_for_every_key_of_its_projects(lab: Lab) -> None:
    """BerriAI/litellm#23714: keys of a team were not held to the team's budget."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server))
    await lab.books.stand(Account(at_ms=0, name="lab", level="team", under="house"))
    for project in ("search", "chat"):
        await lab.books.stand(Account(at_ms=0, name=project, level="project", under="lab"))
    await lab.budget("lab", cost_nusd=COST + COST // 2)
    made = [
        await lab.books.keys.create(name, account=lab.books.terms.line(name))
        for name in ("search", "chat")
    ]
    lab.use(made[0].secret)
    assert (await lab.chat(max_tokens=50)).status == 200
    lab.use(made[1].secret)
    refused = await lab.chat(max_tokens=50)
    assert refused.status == 402
    assert "'lab'" in refused.error["message"]


async def test_several_answers_at_once_are_set_aside_for_each(lab: Lab) -> None:
    """QuantumNous/new-api#6825: `n` multiplied the answers, and not what was set aside."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server, can=("text", "n")))
    await lab.budget(cost_nusd=900_000)
    assert await small(lab, n=4) == 402
    assert await small(lab) == 200


async def test_a_stream_that_broke_off_is_charged(lab: Lab) -> None:
    """BerriAI/litellm#39462: what a broken stream had used was charged to nobody."""
    server = await lab.vendor(stream(chunk("Hel"), chunk("lo"), done=0, framed="close"))
    await lab.house(endpoint(server))
    await lab.budget(cost_nusd=USD)
    broken = await lab.chat(max_tokens=50, stream=True)
    receipt = await lab.receipt(broken)
    assert receipt["charged"]["cost_nusd"] == left(lab).spent > 0


async def test_a_server_that_is_down_costs_nothing(lab: Lab) -> None:
    """BerriAI/litellm#36926: failures ate the budget of requests that nobody served."""
    server = await lab.vendor(refusal(503))
    await lab.house(endpoint(server), tries=0)
    await lab.budget(cost_nusd=USD)
    for _ in range(5):
        assert await small(lab) == 503
    assert (left(lab).spent, left(lab).held) == (0, 0)


@pytest.mark.parametrize("surface", ["chat", "messages"])
async def test_what_remains_of_a_limit_becomes_less(lab: Lab, surface: str) -> None:
    """envoyproxy/ai-gateway#1754: the remaining figure in the headers never went down."""
    name = {
        "chat": "x-ratelimit-remaining-requests",
        "messages": "anthropic-ratelimit-requests-remaining",
    }[surface]
    server = await lab.vendor(answer())
    await lab.house(endpoint(server))
    await lab.books.stand(Limit(at_ms=0, account="default", requests=3))
    answers = [await ask(lab, surface, is_stream=False) for _ in range(4)]
    assert [each.status for each in answers] == [200, 200, 200, 429]
    assert [each.headers[name] for each in answers] == ["2", "1", "0", "0"]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert answers[-1].error["code"] == "rate_limited"


async def test_no_increment_is_lost_and_nothing_locks_up(tmp_path: Path) -> None:
    """BerriAI/litellm#6895, #27989, #34887: upserts of spend deadlocked, and were dropped."""
    clock = SystemClock()
    async with books(tmp_path / "ledger.db") as where:
        await where.stand(Budget(at_ms=0, account="house", per="month", cost_nusd=USD))

        async def spend(number: int) -> int:
            name = f"req_{number}"
            most, cost = 3_000_000, 1_000_000 + number
            held = Amounts(cost_nusd=most, energy_mj=0, carbon_ug=0)
            try:
                await where.record(an_intent(id=name, at_ms=clock.now_ms(), held=held))
            except BudgetExceeded:
                return 0
            charged = Amounts(cost_nusd=cost, energy_mj=0, carbon_ug=0)
            day = day_of(clock.now_ms())
            await where.record(a_receipt(id=name, at_ms=clock.now_ms(), day=day, charged=charged))
            return cost

        async with asyncio.timeout(60):
            costs = await asyncio.gather(*[spend(number) for number in range(1000)])
        (balance,) = where.purse.balances(clock.now_ms())
        assert (balance.spent, balance.held) == (sum(costs), 0)
        assert 0 < balance.spent <= USD
        assert 0 in costs
    (balance,) = balances(tmp_path / "ledger.db", now_ms=clock.now_ms())
    assert balance.spent == sum(costs), "what the file says is what memory said"
    assert verify(tmp_path / "ledger.db").findings == ()


async def test_memory_and_side_tables_do_not_grow_with_requests(tmp_path: Path) -> None:
    """BerriAI/litellm#12685, #15128, #27954, #29342: memory and side tables grew with each.

    So in #6404, #14384, #13805 and #38193.
    """
    path, clock = tmp_path / "ledger.db", SystemClock()
    amounts = Amounts(cost_nusd=1, energy_mj=1, carbon_ug=1)

    async def many(where: Books, first: int, count: int) -> int:
        for start in range(first, first + count, 250):
            names = [f"req_{number}" for number in range(start, start + 250)]
            at_ms = clock.now_ms()
            await asyncio.gather(
                *[where.record(an_intent(id=name, at_ms=at_ms, held=amounts)) for name in names]
            )
            receipts = [
                a_receipt(id=name, at_ms=at_ms, day=day_of(at_ms), charged=amounts)
                for name in names
            ]
            await asyncio.gather(*[where.record(each) for each in receipts])
        async with asyncio.timeout(20):
            while where._unplaced:  # noqa: ASYNC110 another thread's doing, which sets no event  # pyright: ignore[reportPrivateUsage] as long as it is full, memory is what it may be
                await asyncio.sleep(0.02)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    async with books(path) as where:
        await where.stand(Budget(at_ms=0, account="house", per="day", cost_nusd=USD))
        tracemalloc.start()
        try:
            before = await many(where, 0, 10_000)
            after = await many(where, 10_000, 40_000)
        finally:
            tracemalloc.stop()
        assert after - before < 200_000
    with closing(sqlite3.connect(path)) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 our own
            for table in ("spent", "standing", "pending")
        ]
    assert counts[0] <= 6, "the key, its project and its organisation, each day"
    assert counts[1:] == [1, 0]


async def test_a_flood_of_requests_leaves_no_records(lab: Lab) -> None:
    """BerriAI/litellm#29466: logs of spend grew by hundreds of gigabytes, one row a request."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server))
    await lab.books.stand(Limit(at_ms=0, account="default", requests=1))
    statuses = [await small(lab) for _ in range(40)]
    assert (statuses.count(200), statuses.count(429)) == (1, 39)
    await lab.close()
    with closing(sqlite3.connect(lab.ledger)) as connection:
        (leaves,) = connection.execute("SELECT count(*) FROM lookup").fetchone()
    assert leaves == 1
