"""What every ledger promises, and what the one on disk promises beyond that."""

# ruff: noqa: ASYNC240 nothing else runs on the loop while a test reads its file

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
from base64 import b64decode
from contextlib import asynccontextmanager, closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import pytest
from structlog.testing import capture_logs
from tests.cluster import both

from jevons.clock import SystemClock, Ulids
from jevons.ledger.merkle import leaf_hash, verify_inclusion
from jevons.ledger.note import open_note
from jevons.ledger.record import decode, encode, pack
from jevons.store import Books, export, file_writer, schema, verify, writer
from jevons.store import books as store_books
from jevons.store.file_writer import FileWriter
from jevons.store.signing import load_or_make
from jevons.store.where import beside
from jevons.testing import Book
from jevons.testing.make import a_receipt, a_refusal, an_intent
from jevons.types.errors import Misconfigured, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from jevons import ports
    from jevons.store.door import Connection
    from jevons.store.where import Where

pytestmark = pytest.mark.anyio

CLOCK = SystemClock()


@asynccontextmanager
async def books(
    path: Where, commit: Literal["disk", "os"] = "os", origin: str = "a/log"
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


def connection(where: Books) -> Connection:
    """The writer's own: what fails there is what a disk would fail."""
    writing = where._writer  # pyright: ignore[reportPrivateUsage] no door makes disks fail
    assert isinstance(writing, FileWriter)
    return writing._connection  # pyright: ignore[reportPrivateUsage] as above


class NotADisk:
    """A connection that fails as none does."""

    def __getattr__(self, name: str) -> object:
        message = f"no {name} here"
        raise RuntimeError(message)

    def close(self) -> None:
        pass


async def serve(where: ports.Ledger, request: str) -> None:
    await where.record(an_intent(id=request))
    await where.record(a_receipt(id=request))


async def until(holds: Callable[[], bool], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 another thread's doing, which sets no event
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", ["double", "disk", "os"])
async def test_a_receipt_is_found_as_soon_as_it_is_durable(kind: str, path: Path) -> None:
    async with ledger(kind, path) as where:
        await asyncio.gather(*[serve(where, f"req_{number}") for number in range(40)])
        found = await where.find("req_7")
        assert found is not None
        assert b'"req_7"' in found.leaf
        assert await where.find("req_none") is None


@pytest.mark.parametrize("kind", ["double", "disk", "os"])
async def test_a_refusal_is_found_as_a_receipt_is(kind: str, path: Path) -> None:
    async with ledger(kind, path) as where:
        await where.record(a_refusal(id="req_no"))
        found = await where.find("req_no")
        assert found is not None
        assert decode(found.leaf) == a_refusal(id="req_no")


@both
async def test_a_refusal_is_in_the_tree_and_nothing_waits_for_it(path: Where) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
        await where.record(a_refusal(id="req_no"))
    async with books(path) as where:
        found = await where.find("req_no")
        assert found is not None
        assert found.inclusion is not None
    assert verify(path).findings == ()


@pytest.mark.parametrize("commit", ["disk", "os"])
@both
async def test_the_books_verify_open_closed_and_opened_again(
    path: Where, commit: Literal["disk", "os"]
) -> None:
    for start in (0, 50):
        async with books(path, commit) as where:
            await asyncio.gather(*[serve(where, f"req_{start + n}") for n in range(50)])
            assert verify(path).ok
        report = verify(path)
        assert report.findings == ()
        assert report.sealed == isinstance(path, Path)
        assert report.receipts == start + 50
        assert report.unsigned == 0


@both
async def test_a_found_receipt_proves_itself_once_it_is_in_order(path: Where) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
    async with books(path) as where:
        found = await where.find("req_1")
        assert found is not None
        assert found.inclusion is not None
        assert found.inclusion.index < found.inclusion.size
        key = load_or_make(beside(path, "signing.key"), may_make=False).public_key()
        checkpoint = open_note(found.inclusion.checkpoint, key)
        assert checkpoint.size == found.inclusion.size
        for leaf, holds in ((found.leaf, True), (found.leaf + b" ", False)):
            assert holds == verify_inclusion(
                leaf_hash(leaf),
                found.inclusion.index,
                checkpoint.size,
                path=tuple(b64decode(node) for node in found.inclusion.path),
                root=checkpoint.root,
            )


@both
async def test_whoever_stops_waiting_takes_nothing_back(path: Where) -> None:
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


async def test_books_that_refuse_to_be_written_are_unavailable_and_come_back(path: Path) -> None:
    async with books(path) as where:
        run = connection(where).execute
        run("PRAGMA query_only = ON")
        with pytest.raises(StoreUnavailable):
            await where.record(an_intent(id="req_1"))
        run("PRAGMA query_only = OFF")
        await serve(where, "req_1")
    assert verify(path).ok


async def test_a_locked_ledger_keeps_records_waiting_and_loses_none(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with books(path) as where:
        monkeypatch.setattr(schema, "_LOCKED_S", 0.1)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            async with asyncio.timeout(5):
                with pytest.raises(StoreUnavailable, match="locked"):
                    await where.record(an_intent(id="req_1"))
            monkeypatch.undo()
            waiting = [asyncio.ensure_future(serve(where, f"req_{n}")) for n in range(2, 9)]
            await asyncio.sleep(0.1)
            assert not any(each.done() for each in waiting)
            other.execute("COMMIT")
        async with asyncio.timeout(5):
            await asyncio.gather(*waiting)
        assert await where.find("req_8") is not None
    report = verify(path)
    assert report.ok
    assert report.intents == report.receipts == 7


async def test_a_commit_on_the_loop_never_waits_and_is_flushed_like_any_other(
    path: Path,
) -> None:
    async with books(path) as where:
        quick = where._writer  # pyright: ignore[reportPrivateUsage] which thread commits shows nowhere else
        await serve(where, "req_1")
        assert quick.commit_now([encode(an_intent(id="req_2"))])
        assert quick._flush_at is not None or quick._inbox.qsize()  # pyright: ignore[reportPrivateUsage] as above
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert not quick.commit_now([encode(a_receipt(id="req_2"))])
            other.execute("COMMIT")
        with cast("FileWriter", quick)._using:  # pyright: ignore[reportPrivateUsage] as above
            assert not quick.commit_now([encode(a_receipt(id="req_2"))])
        assert quick.commit_now([encode(a_receipt(id="req_2"))])
    report = verify(path)
    assert report.ok
    assert report.receipts == 2


async def test_a_commit_that_has_to_be_flushed_is_never_made_on_the_loop(path: Path) -> None:
    async with books(path, "disk") as where:
        assert not where._writer.commit_now([encode(an_intent(id="req_1"))])  # pyright: ignore[reportPrivateUsage] as above


async def test_the_write_ahead_log_does_not_grow_with_the_ledger(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_writer, "MOST_UNCOPIED_BYTES", 64 * 1024)
    monkeypatch.setattr(writer, "REST_S", 0.01)
    async with books(path) as where:
        for begin in range(0, 6000, 200):
            await asyncio.gather(*[serve(where, f"req_{begin + n}") for n in range(200)])
        assert path.stat().st_size > 3_000_000
        assert path.with_name("ledger.db-wal").stat().st_size < path.stat().st_size / 2
    assert verify(path).ok


async def test_a_folder_that_cannot_be_written_holds_no_books(path: Path) -> None:
    for nowhere in (Path("/proc/jevons/ledger.db"), path / "ledger.db"):
        path.touch()
        with pytest.raises(StoreUnavailable, match="cannot be opened"):
            async with books(nowhere):
                pass


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing keeps the superuser from writing")
async def test_closed_books_verify_where_nothing_can_be_written(path: Path) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
    path.parent.chmod(0o500)
    try:
        assert verify(path).ok
        with pytest.raises(StoreUnavailable):
            async with books(path):
                pass
    finally:
        path.parent.chmod(0o700)


async def test_a_reader_that_began_before_anything_was_written_sees_what_came_later(
    path: Path,
) -> None:
    async with books(path) as where:
        with closing(sqlite3.connect(path)) as other:
            empty = "PRAGMA wal_checkpoint(TRUNCATE)"
            await until(lambda: other.execute(empty).fetchone() == (0, 0, 0), 5)
        assert path.with_name("ledger.db-wal").stat().st_size == 0
        assert await where.find("req_1") is None
        await serve(where, "req_1")
        await in_order(where)
        found = await where.find("req_1")
        assert found is not None
        assert found.inclusion is not None


async def in_order(where: Books) -> None:
    """Wait until nothing is kept in memory for want of its place."""
    await until(lambda: not where._unplaced, 5)  # pyright: ignore[reportPrivateUsage] a find tells less


async def test_an_error_that_nobody_foresaw_reaches_every_waiter_and_all_that_come_later(
    path: Path,
) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
        connection(where).close()  # sqlite3.ProgrammingError is foreseen; this is not:
        setattr(where._writer, "_connection", NotADisk())  # noqa: B010 # pyright: ignore[reportPrivateUsage] as above
        with capture_logs() as logs:
            waiting = [where.record(an_intent(id=f"req_{n}")) for n in range(2, 5)]
            async with asyncio.timeout(5):
                results = await asyncio.gather(*waiting, return_exceptions=True)
                assert [type(each) for each in results] == [StoreUnavailable] * 3
                with pytest.raises(StoreUnavailable):
                    await where.record(a_receipt(id="req_2"))
                with pytest.raises(StoreUnavailable):
                    await where.keys.create("a program")
        assert [each["event"] for each in logs] == ["ledger.stopped"]
    assert not path.with_name("ledger.db.sha256").exists()
    async with books(path) as where:
        assert await where.find("req_1") is not None
    assert verify(path).ok


async def test_books_that_cannot_be_put_in_order_say_so_once_and_then_take_no_new_work(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "STUCK_S", 0.2)
    monkeypatch.setattr(writer, "REST_S", 0.02)
    copy = path.with_name("checkpoints")
    async with books(path) as where:
        copy.unlink()
        copy.mkdir()
        with capture_logs() as logs:
            await serve(where, "req_1")
            await where.record(an_intent(id="req_2"))
            await asyncio.sleep(0.4)
            with pytest.raises(StoreUnavailable, match="in order"):
                await where.record(an_intent(id="req_3"))
            await where.record(a_receipt(id="req_2"))  # what was begun can end
            copy.rmdir()
            await asyncio.sleep(0.1)
            await serve(where, "req_3")
        assert [each["event"] for each in logs] == ["ledger.stumbled", "ledger.recovered"]
    assert verify(path).receipts == 3


async def test_books_with_too_much_that_is_not_in_order_take_no_new_work(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_books, "MAX_UNPLACED", 3)
    monkeypatch.setattr(writer, "REST_S", 0.3)
    async with books(path) as where:
        await asyncio.gather(*[serve(where, f"req_{n}") for n in range(3)])
        with pytest.raises(StoreUnavailable, match="not yet in order"):
            await where.record(an_intent(id="req_3"))
        await in_order(where)
        await serve(where, "req_9")


@both
async def test_what_another_opener_puts_in_order_is_forgotten_here(path: Where) -> None:
    async with books(path), books(path) as second:
        await serve(second, "req_1")
        await in_order(second)
        found = await second.find("req_1")
        assert found is not None
        assert found.inclusion is not None


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


@both
async def test_closed_books_take_nothing(path: Where) -> None:
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


@both
async def test_a_key_is_found_by_its_secret_and_revoked_by_its_id(path: Where) -> None:
    async with books(path) as where:
        made = await where.keys.create("a program", endpoints=["here"], places={"CH"})
        assert len(made.secret) == 46
        if isinstance(path, Path):
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


@both
async def test_a_key_that_another_opener_makes_or_revokes_is_honoured_within_a_second(
    path: Where,
) -> None:
    async with books(path) as where, books(path) as other:
        made = await other.keys.create("a program")
        await until(lambda: where.keys.find(made.secret) == made.actor, 1.2)
        await other.keys.revoke(made.actor.key)
        await until(lambda: where.keys.list()[0].revoked, 1.2)
    assert verify(path).ok


@both
async def test_no_key_is_hidden_when_two_openers_make_and_revoke_them_at_once(path: Where) -> None:
    async def fill(mine: Books) -> list[tuple[str, str]]:
        made: list[tuple[str, str]] = []
        for n in range(25):
            created = await mine.keys.create(f"program {n}")
            assert mine.keys.find(created.secret) == created.actor
            if n % 2:
                await mine.keys.revoke(created.actor.key)
                assert mine.keys.find(created.secret) != created.actor
            made.append((created.secret, created.actor.key))
        return made

    async with books(path) as where, books(path) as other:
        one, two = await asyncio.gather(fill(where), fill(other))
        await asyncio.sleep(1.1)
        for ring in (where.keys, other.keys):
            for made in (one, two):
                found = [ring.find(secret) for secret, _ in made]
                assert [each and each.key for each in found] == [key for _, key in made]
                assert [each and each.revoked for each in found] == [n % 2 == 1 for n in range(25)]
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
    beside = [path.with_name(name) for name in ("checkpoints", "ledger.db.sha256", "signing.key")]
    for file in (path, out, *beside):
        raw = file.read_bytes()
        for _ in range(60 if file in {path, out} else 20):
            at = dice.randrange(len(raw))
            file.write_bytes(raw[:at] + bytes([raw[at] ^ dice.randint(1, 255)]) + raw[at + 1 :])
            report = verify(out if file == out else path)
            assert not report.ok, f"byte {at} of {file.name}"
            assert all(finding.says for finding in report.findings)
        file.write_bytes(raw)


async def test_books_without_a_seal_say_what_is_not_covered_until_they_are_closed(
    path: Path,
) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
        in_use = verify(path)
    assert verify(path).caveat is None
    path.with_name("ledger.db.sha256").unlink()
    after_a_crash = verify(path)
    for report, word in ((in_use, "server is running"), (after_a_crash, "not closed cleanly")):
        assert report.ok
        assert not report.sealed
        assert report.caveat is not None
        assert word in report.caveat
    async with books(path):
        pass
    assert verify(path).sealed


async def test_a_receipt_that_is_damaged_is_unavailable(path: Path, tmp_path: Path) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
    for edit in (
        "UPDATE checkpoint SET note = x'00'",
        "UPDATE checkpoint SET note = 'a'",
        "UPDATE tile SET hashes = x''",
        "UPDATE lookup SET leaf = 99",
    ):
        raw = path.read_bytes()
        async with books(path) as where:
            with closing(sqlite3.connect(path)) as forger:
                forger.execute(edit)
                forger.commit()
            with pytest.raises(StoreUnavailable, match="cannot be read"):
                await where.find("req_1")
            if "checkpoint SET note = x" in edit:
                with pytest.raises(StoreUnavailable, match="cannot be exported"):
                    export(path, tmp_path / "out")
        path.write_bytes(raw)


async def test_a_damaged_beginning_does_not_open_and_holds_nothing_open(path: Path) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
    raw = path.read_bytes()
    for edit in ("UPDATE segment SET body = x'0001'", "UPDATE segment SET body = x'00027b7d'"):
        with closing(sqlite3.connect(path)) as forger:
            forger.execute(edit)
            forger.commit()
        with pytest.raises(StoreUnavailable, match="cannot be opened"):
            async with books(path):
                pass
        path.write_bytes(raw)
    async with books(path):
        pass
    assert verify(path).sealed


@both
async def test_checkpoints_are_signed_in_the_pauses_and_not_for_each_record(path: Where) -> None:
    async with books(path) as where:
        for n in range(40):
            await serve(where, f"req_{n}")
    assert verify(path).checkpoints < 10


@both
async def test_an_export_of_running_books_holds_what_was_recorded_before_it(
    path: Where, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    async with books(path) as where:
        await serve(where, "req_1")
        written = await asyncio.to_thread(export, path, out)
    assert written.left_out == 0
    assert written.leaves == 3
    assert verify(out).receipts == 1


async def test_an_export_says_how_many_records_no_checkpoint_covers(
    path: Path, tmp_path: Path
) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
    forger = sqlite3.connect(path)
    forger.execute("DELETE FROM checkpoint WHERE size > 1")
    forger.commit()
    forger.close()
    written = export(path, tmp_path / "out")
    assert (written.leaves, written.left_out) == (1, 2)


async def test_records_put_behind_what_was_signed_whole_are_found(
    path: Path, tmp_path: Path
) -> None:
    async with books(path) as where:
        await serve(where, "req_1")
    forged = [encode(an_intent(id="req_2")), encode(a_receipt(id="req_2"))]
    written = export(path, tmp_path / "out")
    body = (tmp_path / "out").read_bytes()
    more = b"".join([len(leaf).to_bytes(2) + leaf for leaf in forged])
    with closing(sqlite3.connect(path)) as reader:
        note = reader.execute("SELECT note FROM checkpoint ORDER BY size").fetchone()[0].encode()
    at = body.index(len(note).to_bytes(4) + note)
    body = body[:at] + more + body[at:-32]
    body = body.replace(b"leaves %d" % written.leaves, b"leaves %d" % (written.leaves + 2))
    (tmp_path / "out").write_bytes(body + sha256(body).digest())
    report = verify(tmp_path / "out")
    assert [(found.kind, found.leaf) for found in report.findings] == [("unsigned", written.leaves)]

    forger = sqlite3.connect(path)
    forger.execute("INSERT INTO segment (body) VALUES (?)", (pack(forged),))
    forger.commit()
    forger.close()
    seal = path.with_name("ledger.db.sha256")
    seal.write_text(f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    assert "unsigned" in {finding.kind for finding in verify(path).findings}


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
        ("UPDATE segment SET body = 'text'", "bad_storage"),
        ("UPDATE checkpoint SET note = x'00'", "bad_storage"),
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
