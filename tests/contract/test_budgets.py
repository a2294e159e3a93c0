"""Budgets in the books: durable with their records, whole after any end, and open to an audit."""

# ruff: noqa: ASYNC110, ASYNC240 what is waited for is another thread's, and sets no event; nothing
# else runs on the loop while a test copies its files

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs
from tests.cluster import both

from jevons.budget import Terms
from jevons.budget.period import day_of
from jevons.clock import SystemClock, Ulids
from jevons.ledger.record import decode
from jevons.store import Books, balances, spending, verify
from jevons.store.file_writer import FileWriter
from jevons.store.schema import look_into
from jevons.store.where import Server
from jevons.testing.make import a_receipt, an_intent
from jevons.types.account import Intent, Receipt
from jevons.types.budget import Account, Alert, Amounts, Budget, Limit
from jevons.types.errors import BudgetExceeded, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from jevons.store.where import Where

pytestmark = pytest.mark.anyio

CLOCK = SystemClock()
OLD = Path(__file__).parent / "before_budgets"
DAY_MS = 24 * 60 * 60 * 1000


@asynccontextmanager
async def books(path: Where) -> AsyncGenerator[Books]:
    async with Books.open(
        path, commit="os", origin="a/log", clock=CLOCK, ids=Ulids(CLOCK)
    ) as opened:
        yield opened


def amounts(nusd: int) -> Amounts:
    return Amounts(cost_nusd=nusd, energy_mj=0, carbon_ug=0)


def intent(name: str, held: int) -> Intent:
    return an_intent(id=name, at_ms=CLOCK.now_ms(), held=amounts(held))


def receipt(name: str, charged: int) -> Receipt:
    now_ms = CLOCK.now_ms()
    return a_receipt(id=name, at_ms=now_ms, day=day_of(now_ms), charged=amounts(charged))


def budget(cost_nusd: int | None = 100, **fields: Any) -> Budget:
    usual: dict[str, Any] = {"at_ms": 0, "account": "house", "per": "month"}
    return Budget(cost_nusd=cost_nusd, **{**usual, **fields})


def sums(where: Books | Where) -> tuple[int, int]:
    now_ms = CLOCK.now_ms()
    found = (
        where.purse.balances(now_ms) if isinstance(where, Books) else balances(where, now_ms=now_ms)
    )
    ((spent, held),) = [(each.spent, each.held) for each in found]
    return spent, held


@both
async def test_an_intent_that_a_budget_does_not_carry_is_not_written(path: Where) -> None:
    async with books(path) as where:
        await where.stand(budget())
        with pytest.raises(BudgetExceeded):
            await where.record(intent("req_1", 101))
        assert sums(where) == (0, 0)
    assert verify(path).intents == 0


async def test_what_a_dead_process_held_is_charged_at_the_next_start(
    path: Path, tmp_path: Path
) -> None:
    async with books(path) as where:
        await where.stand(budget())
        await where.record(intent("req_1", 30))
        await where.record(receipt("req_1", 10))
        await where.record(intent("req_2", 40))
        torn = tmp_path / "torn"
        torn.mkdir()
        for each in tmp_path.glob("*.*"):  # as a kill leaves them
            shutil.copy(each, torn)
    async with books(torn / "ledger.db") as where:
        assert sums(where) == (50, 0)
        found = await where.find("req_2")
        assert found is not None
        lost = decode(found.leaf)
        assert isinstance(lost, Receipt)
        assert (lost.finish, lost.charged) == ("lost", amounts(40))
        with pytest.raises(BudgetExceeded):
            await where.record(intent("req_3", 51))
    assert verify(torn / "ledger.db").findings == ()


@both
async def test_a_hold_is_settled_though_nobody_waits_for_its_receipt(path: Where) -> None:
    async with books(path) as where:
        await where.stand(budget())
        await where.record(intent("req_1", 30))
        waiting = asyncio.ensure_future(where.record(receipt("req_1", 10)))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await where.record(intent("req_2", 1))
        assert sums(path if isinstance(path, Server) else where) == (10, 1)


async def test_what_could_not_be_written_is_not_held(path: Path) -> None:
    async with books(path) as where:
        await where.stand(budget())
        await where.record(intent("req_1", 30))
        writing = where._writer  # pyright: ignore[reportPrivateUsage] no door makes disks fail
        assert isinstance(writing, FileWriter)
        connection = writing._connection  # pyright: ignore[reportPrivateUsage] as above
        connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreUnavailable):
            await where.record(intent("req_2", 30))
        assert sums(where) == (0, 30)
        with pytest.raises(StoreUnavailable):
            await where.record(receipt("req_1", 10))
        assert sums(where) == (0, 30), "its receipt is not durable: the next start charges it"
        connection.execute("PRAGMA query_only = OFF")


@both
async def test_another_process_reads_what_is_spent_and_held(path: Where) -> None:
    async with books(path) as where:
        await where.stand(budget())
        await where.record(intent("req_1", 30))
        await where.record(receipt("req_1", 10))
        await where.record(intent("req_2", 40))
        async with asyncio.timeout(5):
            while await asyncio.to_thread(sums, path) != (10, 40):
                await asyncio.sleep(0.02)
        await where.record(receipt("req_2", 5))
    assert sums(path) == (15, 0)
    used = spending(path, now_ms=CLOCK.now_ms()).used["house"]
    assert (used.answers, used.cost_nusd) == (2, 15)


@both
async def test_a_budget_that_another_process_sets_holds_within_a_second(path: Where) -> None:
    async with books(path) as where:
        await where.record(intent("req_1", 30))
        await where.record(receipt("req_1", 10))
        async with books(path) as other:
            await other.stand(budget(12))
        async with asyncio.timeout(5):
            while not where.terms.budgets:
                await asyncio.sleep(0.02)
        with pytest.raises(BudgetExceeded):
            await where.record(intent("req_2", 3))


@both
async def test_an_alert_is_a_line_in_the_log_and_a_record_once(path: Where) -> None:
    told: list[Alert] = []
    with capture_logs() as logs:
        async with books(path) as where:
            where.on_alert = told.append
            await where.stand(budget(hard=False, alert_at=(80, 100)))
            for number, cost in enumerate((50, 31, 5, 40)):
                await where.record(intent(f"req_{number}", cost))
                await where.record(receipt(f"req_{number}", cost))
        async with books(path) as where:
            where.on_alert = told.append
            await where.record(intent("req_9", 1))
            await where.record(receipt("req_9", 1))
    assert [each.percent for each in told] == [80, 100]
    assert [each["percent"] for each in logs if each["event"] == "budget.reached"] == [80, 100]
    assert records(path, Alert) == told
    assert verify(path).findings == ()


async def test_an_alert_that_a_kill_swallowed_is_given_at_the_next_start(path: Path) -> None:
    async with books(path) as where:
        await where.record(intent("req_1", 90))
        await where.record(receipt("req_1", 90))
        where.purse.terms = Terms()  # as if it had ended before it could tell
        await where.stand(budget(hard=False, alert_at=(80,)))
    (alert,) = records(path, Alert)
    assert alert.spent == 90


def records(path: Where, kind: type[Alert]) -> list[Alert]:
    with closing(look_into(path)) as connection:
        rows = connection.execute("SELECT leaf FROM standing WHERE kind = 'alert'").fetchall()
    found = [decode(leaf) for (leaf,) in rows]
    return sorted([each for each in found if isinstance(each, kind)], key=lambda it: it.percent)


@both
async def test_accounts_budgets_and_limits_stand_after_a_restart(path: Where) -> None:
    async with books(path) as where:
        await where.stand(Account(at_ms=1, name="search", level="project", under="house"))
        await where.stand(budget())
        await where.stand(budget(7, per="day", account="search"))
        await where.stand(budget(None, per="day", account="search"))
        await where.stand(Limit(at_ms=1, account="search", requests=5))
        before = where.terms
    async with books(path) as where:
        assert where.terms == before
        assert where.terms.line("search") == ("search", "house")
        assert [*where.terms.budgets] == ["house"]


@pytest.mark.parametrize(
    "doctored",
    [
        "UPDATE spent SET cost_nusd = 0 WHERE account = 'house'",
        "DELETE FROM spent",
        "INSERT INTO spent VALUES ('new', '2026-11-29', 1, 1, 1, 1, 1, 0, 0, 0)",
        "DELETE FROM standing",
        "UPDATE standing SET leaf = replace(leaf, '100', '900') WHERE kind = 'budget'",
    ],
)
async def test_who_edits_what_was_spent_or_may_be_is_found(path: Path, doctored: str) -> None:
    async with books(path) as where:
        await where.stand(budget())
        await where.record(intent("req_1", 30))
        await where.record(receipt("req_1", 10))
    path.with_name("ledger.db.sha256").unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(doctored)
    (finding,) = verify(path).findings
    assert finding.kind == "unindexed"
    assert doctored.split()[2 if doctored[0] in "DI" else 1] in finding.says


# keys


@both
async def test_a_rotated_key_is_the_same_key_and_its_old_secret_ends(path: Where) -> None:
    async with books(path) as where:
        made = await where.keys.create("me", account=("search", "house"))
        turned = await where.keys.rotate(made.actor.key, grace_ms=DAY_MS)
        new, old = where.keys.find(turned.secret), where.keys.find(made.secret)
        assert new is not None
        assert old is not None
        assert new.key == old.key == made.actor.key
        assert new.account == ("search", "house")
        assert new.expires_ms is None
        assert old.expires_ms == turned.actor.former_until_ms
        assert old.expires_ms is not None
        assert abs(old.expires_ms - CLOCK.now_ms() - DAY_MS) < 10_000
        again = await where.keys.rotate(made.actor.key, grace_ms=0)
        assert where.keys.find(made.secret) is None
        assert where.keys.find(turned.secret) is None
        assert where.keys.find(again.secret) is not None
        assert len(where.keys.list()) == 1
    assert verify(path).findings == ()


@both
async def test_an_old_secret_does_not_outlive_its_key(path: Where) -> None:
    async with books(path) as where:
        soon_ms = CLOCK.now_ms() + 1000
        made = await where.keys.create("me", expires_ms=soon_ms)
        await where.keys.rotate(made.actor.key, grace_ms=DAY_MS)
        old = where.keys.find(made.secret)
        assert old is not None
        assert old.expires_ms == soon_ms
        await where.keys.revoke(made.actor.key)
        old = where.keys.find(made.secret)
        assert old is not None
        assert old.revoked
        with pytest.raises(NotFound, match="was revoked"):
            await where.keys.rotate(made.actor.key, grace_ms=0)


@both
async def test_the_last_use_of_a_key_is_that_of_its_last_answer(path: Where) -> None:
    async with books(path) as where:
        await where.record(intent("req_1", 1))
        last = receipt("req_1", 1)
        await where.record(last)
        async with asyncio.timeout(5):
            while "key_1" not in await where.last_uses():
                await asyncio.sleep(0.02)
        assert (await where.last_uses())["key_1"] == last.at_ms


# a file of before there were budgets


@pytest.fixture
def old(path: Path) -> Path:
    """A ledger that a process of before there were budgets left open, an intent in it too."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((OLD / "ledger.sql").read_text())
    shutil.copy(OLD / "checkpoints", path.with_name("checkpoints"))
    key = bytes.fromhex((OLD / "signing.key.hex").read_text())
    path.with_name("signing.key").write_bytes(key)
    return path


def test_a_file_of_before_there_were_budgets_verifies(old: Path) -> None:
    report = verify(old)
    assert report.findings == ()
    assert (report.receipts, report.pending) == (3, 1)
    assert balances(old, now_ms=CLOCK.now_ms()) == []
    assert spending(old, now_ms=CLOCK.now_ms()).used == {}


async def test_a_file_of_before_there_were_budgets_is_taken_over(old: Path) -> None:
    async with books(old) as where:
        before, gone = where.keys.list()
        assert (before.name, before.account, before.revoked) == (
            "before",
            ("default", "house"),
            False,
        )
        assert gone.revoked
        await where.stand(budget())
        await where.record(intent("req_new", 30))
        await where.record(receipt("req_new", 10))
        assert sums(where) == (10, 0), "answers of before count for no budget"
        found = await where.find("req_1")
        assert found is not None
        assert b'"charged"' not in found.leaf
        await where.keys.rotate(before.key, grace_ms=0)
    report = verify(old)
    assert report.findings == ()
    assert (report.receipts, report.pending) == (5, 0)
