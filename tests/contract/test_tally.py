"""What reports read of the table is what its receipts come to, at every moment."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from jevons.clock import SystemClock, Ulids
from jevons.ledger.record import encode, pack
from jevons.reports import DAY_MS, HOUR_MS, Counted, add_up, tally_of
from jevons.store import Books, receipts, tallies, verify
from jevons.testing.make import a_receipt, a_refusal, an_intent
from jevons.types.account import Usage
from jevons.types.errors import StoreUnavailable
from jevons.types.units import Estimate, Priced

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.reports import Tally
    from jevons.types.account import Receipt, Record

EVERY = ("key", "account", "model", "endpoint", "host", "place", "data_class", "method", "ended")
NOV_1_MS = 1_793_491_200_000  # 2026-11-01, UTC


def answer(number: int, **fields: Any) -> Receipt:
    """Receipts of three keys and two models, one every twenty minutes."""
    energy = 1000.0 + number / 7
    usual: dict[str, Any] = {
        "id": f"req_{number:026}",
        "at_ms": NOV_1_MS + number * HOUR_MS // 3,
        "key": f"key_{number % 3}",
        "model": f"a/model-{number % 2}",
        "account": ("ada", "research") if number % 3 else (),
        "usage": Usage(input=10, output=number, counted_by="endpoint"),
        "cost": Priced(nusd=number, method="price-row", source="a row"),
        "energy_mj": Estimate(
            p05=energy / 2, p50=energy, p95=energy * 3, method="modelled-hosted", source="a test"
        ),
    }
    return a_receipt(**{**usual, **fields})


def write(path: Path, some: list[Receipt]) -> None:
    async def run() -> None:
        clock = SystemClock()
        opening = Books.open(path, commit="os", origin="a/log", clock=clock, ids=Ulids(clock))
        async with opening as books:
            records: list[Record] = [a_refusal(id=f"req_r{len(some)}")]
            for receipt in some:
                records += [an_intent(id=receipt.id, at_ms=receipt.at_ms), receipt]
            await asyncio.gather(*[books.record(record) for record in records])

    asyncio.run(run())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    write(path, [answer(number) for number in range(300)])
    return path


def of_receipts(path: Path) -> list[Tally]:
    sums = add_up(receipts(path, Counted))
    return sorted([tally_of(group, row) for group, row in sums.items()])


def by_hour(path: Path) -> list[Tally]:
    return sorted(tallies(path, by=EVERY, step_ms=HOUR_MS))


def run(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_the_table_is_what_the_receipts_come_to(path: Path) -> None:
    found = by_hour(path)
    assert found == of_receipts(path)
    assert sum(tally.requests for tally in found) == 300
    write(path, [answer(number) for number in range(300, 400)])
    assert by_hour(path) == of_receipts(path)
    assert verify(path).ok


def test_what_nobody_tells_apart_is_one(path: Path) -> None:
    (all_of_it,) = tallies(path, by=())
    assert all_of_it.requests == 300
    assert all_of_it.cost_nusd == sum(range(300))
    assert all_of_it.group.hour_ms == 0
    days = tallies(path, by=("model",), step_ms=DAY_MS)
    assert len(days) == 2 * 5
    assert {tally.group.hour_ms % DAY_MS for tally in days} == {0}
    some = tallies(path, by=(), begin_ms=NOV_1_MS + DAY_MS, end_ms=NOV_1_MS + 2 * DAY_MS)
    assert [tally.requests for tally in some] == [72]
    assert tallies(path, by=(), begin_ms=NOV_1_MS + 99 * DAY_MS) == []


@pytest.mark.parametrize(
    ("account", "requests"), [("key_1", 100), ("ada", 200), ("house", 100), ("nobody", 0)]
)
def test_one_account_alone(path: Path, account: str, requests: int) -> None:
    found = tallies(path, by=(), account=account)
    assert sum(tally.requests for tally in found) == requests


def test_what_has_no_place_yet_is_in_it(path: Path) -> None:
    more = [encode(answer(number, key="key_9", account=())) for number in (500, 501)]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO segment (body) VALUES (?)", (pack(more),))
    assert by_hour(path) == of_receipts(path)
    (late,) = tallies(path, by=("account",), account="key_9")
    assert late.requests == 2
    assert tallies(path, by=("key",), end_ms=NOV_1_MS, account="key_9") == []


def test_a_file_of_before_is_given_it_whole(path: Path) -> None:
    before = by_hour(path)
    run(path, "DROP TABLE tally")
    (path.parent / "ledger.db.sha256").unlink()
    assert by_hour(path) == before, "read from the receipts themselves"
    assert verify(path).ok, "a file of before it misses none"
    write(path, [])
    assert by_hour(path) == before
    assert verify(path).ok


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tally SET energy_uj_mid = energy_uj_mid - 1 WHERE key = 'key_1'",
        "DELETE FROM tally WHERE key = 'key_2'",
        "UPDATE tally SET place = 'CH'",
    ],
)
def test_a_change_of_it_is_found(path: Path, change: str) -> None:
    run(path, change)
    says = [finding.says for finding in verify(path).findings]
    assert "the table tally is not what the leaves make it" in says


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no ledger" * 1000)
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        tallies(tmp_path / "ledger.db", by=())
