"""What every ledger promises, and what the one on disk promises beyond that."""

# ruff: noqa: ASYNC240 nothing else runs on the loop while a test reads its file

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

import pytest

from jevons.clock import SystemClock, Ulids
from jevons.ledger.merkle import leaf_hash
from jevons.store import Books, export, verify
from jevons.testing import Book
from jevons.testing.make import a_receipt, an_intent
from jevons.types.errors import Misconfigured, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons import ports

pytestmark = pytest.mark.anyio

CLOCK = SystemClock()


@asynccontextmanager
async def books(
    path: Path, commit: Literal["disk", "os"] = "os", origin: str = "a/log"
) -> AsyncGenerator[Books]:
    async with Books.open(
        path, commit=commit, origin=origin, clock=CLOCK, ids=Ulids(CLOCK)
    ) as opened:
        yield opened


@asynccontextmanager
async def ledger(kind: str, path: Path) -> AsyncGenerator[ports.Ledger]:
    if kind == "double":
        yield Book()
    else:
        async with books(path, "disk" if kind == "disk" else "os") as opened:
            yield opened


def connection(where: Books) -> sqlite3.Connection:
    """The writer's own: what fails there is what a disk would fail."""
    return where._writer._connection  # pyright: ignore[reportPrivateUsage] no door makes disks fail


async def serve(where: ports.Ledger, request: str) -> None:
    await where.record(an_intent(id=request))
    await where.record(a_receipt(id=request))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.mark.parametrize("kind", ["double", "disk", "os"])
async def test_a_receipt_is_found_as_soon_as_it_is_durable(kind: str, path: Path) -> None:
    async with ledger(kind, path) as where:
        await asyncio.gather(*[serve(where, f"req_{number}") for number in range(40)])
        found = await where.find("req_7")
        assert found is not None
        assert b'"req_7"' in found.leaf
        assert await where.find("req_none") is None


@pytest.mark.parametrize("commit", ["disk", "os"])
async def test_the_books_verify_open_closed_and_opened_again(
    path: Path, commit: Literal["disk", "os"]
) -> None:
    for start in (0, 50):
        async with books(path, commit) as where:
            await asyncio.gather(*[serve(where, f"req_{start + n}") for n in range(50)])
            assert verify(path).ok
        report = verify(path)
        assert report.findings == ()
        assert report.sealed
        assert report.receipts == start + 50
        assert report.unsigned == 0


async def test_a_found_receipt_proves_itself_once_it_is_in_order(path: Path) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
    async with books(path) as where:
        found = await where.find("req_1")
        assert found is not None
        assert found.inclusion is not None
        assert found.inclusion.index < found.inclusion.size
        assert leaf_hash(found.leaf)


async def test_whoever_stops_waiting_takes_nothing_back(path: Path) -> None:
    async with books(path) as where:
        await where.record(an_intent(id="req_1"))
        async with asyncio.TaskGroup() as group:
            gone = group.create_task(where.record(a_receipt(id="req_1")))
            others = [group.create_task(serve(where, f"req_{n}")) for n in range(2, 9)]
            await asyncio.sleep(0)
            gone.cancel()
        assert gone.cancelled()
        assert all(other.exception() is None for other in others)
        assert await where.find("req_1") is not None
    assert verify(path).receipts == 8


async def test_an_intent_that_was_left_open_gets_a_receipt_that_says_lost(path: Path) -> None:
    async with books(path) as where:
        await where.record(an_intent(id="req_1"))
    async with books(path) as where:
        found = await where.find("req_1")
        assert found is not None
        assert b'"finish":"lost"' in found.leaf
    assert verify(path).ok


async def test_a_locked_ledger_is_unavailable_and_comes_back(path: Path) -> None:
    async with books(path) as where:
        run = connection(where).execute
        run("PRAGMA query_only = ON")
        with pytest.raises(StoreUnavailable):
            await where.record(an_intent(id="req_1"))
        run("PRAGMA query_only = OFF")
        await serve(where, "req_1")
    assert verify(path).ok


async def test_a_full_disk_is_never_acknowledged_and_comes_back(path: Path) -> None:
    async with books(path) as where:
        run = connection(where).execute
        pages = run("PRAGMA page_count").fetchone()[0]
        run(f"PRAGMA max_page_count = {pages}")
        results = await asyncio.gather(
            *[where.record(an_intent(id=f"req_{n}", asked="x" * 9000)) for n in range(9)],
            return_exceptions=True,
        )
        assert all(isinstance(each, StoreUnavailable) for each in results)
        run("PRAGMA max_page_count = 1000000")
        await serve(where, "req_9")
    report = verify(path)
    assert report.ok
    assert report.intents == 1


async def test_closed_books_take_nothing(path: Path) -> None:
    async with books(path) as where:
        pass
    with pytest.raises(StoreUnavailable):
        await where.record(an_intent())
    with pytest.raises(StoreUnavailable):
        await where.find("req_1")


async def test_a_log_keeps_its_origin_and_its_key(path: Path) -> None:
    async with books(path):
        pass
    with pytest.raises(Misconfigured):
        async with books(path, origin="b/log"):
            pass
    path.with_name("signing.key").write_bytes(bytes(32))
    with pytest.raises(Misconfigured):
        async with books(path):
            pass
    path.with_name("signing.key").unlink()
    with pytest.raises(Misconfigured):
        async with books(path):
            pass


async def test_a_key_is_found_by_its_secret_and_revoked_by_its_id(path: Path) -> None:
    async with books(path) as where:
        made = await where.keys.create("a program", endpoints=["here"], places={"CH"})
        assert len(made.secret) == 46
        assert made.secret.encode() not in path.read_bytes()
        assert where.keys.find(made.secret) == made.actor
        assert where.keys.find(made.secret + "x") is None
        await where.keys.revoke(made.actor.key)
        with pytest.raises(NotFound):
            await where.keys.revoke("key_none")
    async with books(path) as where:
        found = where.keys.find(made.secret)
        assert found is not None
        assert found.revoked
        assert where.keys.list() == (found,)
    assert verify(path).ok


async def test_a_key_that_another_opener_makes_is_seen_within_a_second(path: Path) -> None:
    async with books(path) as where, books(path) as other:
        made = await other.keys.create("a program")
        for _ in range(20):
            if where.keys.find(made.secret):
                break
            await asyncio.sleep(0.1)
        assert where.keys.find(made.secret) == made.actor
    assert verify(path).ok


async def test_any_flipped_byte_of_closed_books_and_of_an_export_is_found(
    path: Path, tmp_path: Path
) -> None:
    async with books(path) as where:
        await where.keys.create("a program")
        await asyncio.gather(*[serve(where, f"req_{n}") for n in range(20)])
    out = tmp_path / "books.jevons"
    export(path, out)
    assert verify(out).ok
    dice = random.Random(2026)
    for file in (path, out):
        raw = file.read_bytes()
        for _ in range(60):
            at = dice.randrange(len(raw))
            file.write_bytes(raw[:at] + bytes([raw[at] ^ dice.randint(1, 255)]) + raw[at + 1 :])
            report = verify(file)
            assert not report.ok, f"byte {at} of {file.name}"
            assert all(finding.says for finding in report.findings)
        file.write_bytes(raw)


async def test_an_end_cut_off_with_its_checkpoints_is_found_by_the_copy(
    path: Path, tmp_path: Path
) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
    before = tmp_path / "before.db"
    shutil.copy(path, before)
    async with books(path) as where:
        await serve(where, "req_2")
    shutil.copy(before, path)
    path.with_name("ledger.db.sha256").unlink()
    assert "truncated" in {finding.kind for finding in verify(path).findings}


async def test_an_edited_tile_index_or_key_is_found(path: Path) -> None:
    async with books(path) as where:
        await where.keys.create("a program")
        await serve(where, "req_1")
    for edit, kind in (
        ("UPDATE tile SET hashes = zeroblob(32)", "bad_tile"),
        ("UPDATE lookup SET leaf = leaf + 1", "unindexed"),
        ("DELETE FROM placed", "unindexed"),
        ("UPDATE key SET actor = x'7b7d'", "bad_key_row"),
        ("DELETE FROM checkpoint", "seal_broken"),
        ("UPDATE segment SET body = x'00'", "bad_storage"),
    ):
        raw = path.read_bytes()
        forger = sqlite3.connect(path)
        forger.execute(edit)
        forger.commit()
        forger.close()
        assert kind in {finding.kind for finding in verify(path).findings}, edit
        path.write_bytes(raw)


def test_there_is_nothing_to_verify_where_nothing_is(path: Path) -> None:
    with pytest.raises(NotFound):
        verify(path)
    with pytest.raises(StoreUnavailable):
        export(path, path.with_name("out"))
