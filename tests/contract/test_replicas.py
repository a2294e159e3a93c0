"""What replicas that share a ledger on a server promise, whatever becomes of one of them."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.cluster import both

from jevons.budget.period import day_of
from jevons.clock import SystemClock, Ulids
from jevons.ledger.record import decode, encode, pack, unpack
from jevons.ledger.trust import Trust
from jevons.store import Archive, Books, Limits, Log, move, replica, server_writer, verify
from jevons.store.door import ServerFault
from jevons.store.migrations import STEPS, Step, migrate, version_of
from jevons.store.opening import join_ledger
from jevons.store.postgres import connect_to
from jevons.store.read import glance, segments
from jevons.store.schema import connect, look_into
from jevons.store.where import Server, beside
from jevons.testing.make import a_receipt, an_intent
from jevons.types.account import Receipt
from jevons.types.budget import Amounts, Budget
from jevons.types.custody import PerClass
from jevons.types.errors import BudgetExceeded, Misconfigured, NotFound, StoreUnavailable
from jevons.types.kept import Kept

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from tests.cluster import Cluster

    from jevons.store.door import Connection
    from jevons.store.schema import Commit
    from jevons.store.where import Where
    from jevons.types.account import Record

pytestmark = pytest.mark.anyio

CLOCK = SystemClock()
LIMITS = Limits(keep_days=PerClass.all(30), max_bytes=1_000_000)


@pytest.fixture
def server(postgres: Cluster, tmp_path: Path) -> Server:
    return postgres.make(tmp_path)


@asynccontextmanager
async def books(where: Where, commit: Commit = "disk") -> AsyncGenerator[Books]:
    async with Books.open(
        where, commit=commit, origin="a/log", clock=CLOCK, ids=Ulids(CLOCK)
    ) as opened:
        yield opened


async def serve(where: Books, request: str) -> None:
    await where.record(an_intent(id=request))
    await where.record(a_receipt(id=request))


async def found(where: Books, request: str) -> bytes:
    """Wait for a receipt to be found, and return its leaf."""
    async with asyncio.timeout(10):
        while (filed := await where.find(request)) is None:  # noqa: ASYNC110 as below
            await asyncio.sleep(0.02)
    return filed.leaf


async def until(holds: Callable[[], bool], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 another process's doing
            await asyncio.sleep(0.02)


def records(where: Where) -> list[Record]:
    with closing(look_into(where)) as connection, glance(connection):
        return [decode(leaf) for _, body in segments(connection) for leaf in unpack(body)]


def asked(where: Server, sql: str) -> Any:
    with closing(connect_to(where)) as session:
        return session.execute(sql).fetchall()


def number_of(where: Books) -> int:
    """The number under which a replica writes."""
    return cast("Any", where)._writer._replica.number


async def test_a_segment_that_is_committed_late_is_not_skipped(server: Server) -> None:
    async with books(server) as where:
        late = await asyncio.to_thread(connect_to, server)
        late.execute("BEGIN")
        body = pack([encode(an_intent(id="late")), encode(a_receipt(id="late"))])
        late.execute("INSERT INTO segment (replica, body) VALUES (0, ?)", (body,))
        await serve(where, "soon")
        placed = "SELECT count(*) FROM segment WHERE first IS NULL"
        await until(lambda: asked(server, placed) == [(0,)])
        assert await where.find("late") is None
        late.execute("COMMIT")
        late.close()
        await found(where, "late")
    report = verify(server)
    assert (report.findings, report.receipts, report.unsigned) == ((), 2, 0)


async def test_replicas_write_one_tree_and_one_of_them_signs(server: Server) -> None:
    async with books(server) as one, books(server) as two, books(server) as three:
        await asyncio.gather(
            *[
                serve(where, f"req_{name}_{number}")
                for number in range(40)
                for name, where in (("a", one), ("b", two), ("c", three))
            ]
        )
        await found(three, "req_a_39")
    report = verify(server)
    assert (report.findings, report.receipts, report.pending, report.unsigned) == ((), 120, 0, 0)


async def test_a_sequencer_that_lost_its_lock_signs_nothing(server: Server) -> None:
    joined = await asyncio.to_thread(join_ledger, server, origin="a/log", clock=CLOCK)
    with closing(joined.replica.session) as session:
        assert joined.replica.is_elected()
        sequencer = joined.sequencer(joined.replica)
        session.execute("SELECT pg_advisory_unlock_all()")
        with pytest.raises(ServerFault, match="lock"):
            sequencer.step()
        assert asked(server, "SELECT count(*) FROM checkpoint") == [(0,)]
        assert asked(server, "SELECT count(*) FROM placed") == [(0,)]
        assert joined.replica.is_elected()
        sequencer.step()
    assert asked(server, "SELECT count(*) FROM checkpoint") == [(1,)]


async def test_one_that_is_taken_for_dead_writes_no_second_receipt(
    server: Server, postgres: Cluster
) -> None:
    async with books(server) as living, books(server) as slow:
        await serve(living, "req_1")
        await slow.record(an_intent(id="req_slow"))
        number = number_of(slow)
        closing_it = "UPDATE replica SET closed = true WHERE id = ?"
        with closing(connect_to(server)) as session:
            session.execute(closing_it, (number,))
        await asyncio.to_thread(postgres.cut_off)
        lost = decode(await found(living, "req_slow"))
        assert isinstance(lost, Receipt)
        assert lost.finish == "lost"
        with pytest.raises(StoreUnavailable, match="cut off for too long"):
            await slow.record(a_receipt(id="req_slow"))
        assert number_of(slow) != number
        assert b'"lost"' in await found(slow, "req_slow")
        await serve(slow, "req_2")
    report = verify(server)
    assert (report.findings, report.intents, report.receipts) == ((), 3, 3)


async def test_what_a_dead_replica_left_is_closed_by_a_living_one(
    server: Server, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "GRACE_S", 0.3)
    monkeypatch.setattr(server_writer, "_LOOK_FOR_DEAD_S", 0.1)
    dead = await asyncio.to_thread(join_ledger, server, origin="a/log", clock=CLOCK)
    body = pack([encode(an_intent(id="req_1"))])
    dead.replica.session.execute(
        "INSERT INTO segment (replica, body) VALUES (?, ?)", (dead.replica.number, body)
    )
    dead.replica.session.close()
    async with books(server) as living:
        await found(living, "req_1")
        await until(lambda: asked(server, "SELECT count(*) FROM replica") == [(1,)])
    assert verify(server).pending == 0


class Torn:
    """A session that is lost while it commits a batch: before it did, or after."""

    def __init__(self, session: Any, *, is_done: bool) -> None:
        self._session = session
        self._is_done = is_done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def commit(self, sql: str, values: Sequence[Any], /) -> None:
        if self._is_done:
            self._session.commit(sql, values)
        self._session.close()
        self._session.execute(sql, values)


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_session_lost_in_the_middle_of_a_commit_writes_nothing_twice_and_loses_nothing(
    server: Server, *, is_done: bool
) -> None:
    async with books(server) as where:
        await serve(where, "req_1")
        part = cast("Any", where)._writer._replica
        part.session = cast("Any", Torn(part.session, is_done=is_done))
        await where.record(an_intent(id="req_2"))
        part.session = cast("Any", Torn(part.session, is_done=is_done))
        await where.record(a_receipt(id="req_2"))
        await where.keys.create("me")
        assert len(where.keys.list()) == 1
    report = verify(server)
    assert (report.findings, report.intents, report.receipts) == ((), 2, 2)
    assert len(records(server)) == 6


async def test_what_was_refused_and_is_in_the_books_all_the_same_is_closed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_writer, "PATIENCE_S", 0.0)
    async with books(server) as where:
        part = cast("Any", where)._writer._replica
        part.session = cast("Any", Torn(part.session, is_done=True))
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            await where.record(an_intent(id="req_1"))
        leaf = await found(where, "req_1")
        assert b'"finish":"lost"' in leaf
        assert b'"cost_nusd":0' in leaf, "nothing left: nothing is charged"
    assert verify(server).findings == ()


async def test_a_server_that_is_gone_refuses_cleanly_and_comes_back_by_itself(
    server: Server, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_writer, "PATIENCE_S", 0.3)
    async with books(server) as where, Log.open(server, is_witnessed=False) as log:
        await serve(where, "req_1")
        await found(where, "req_1")
        assert await log.newest() is not None
        await asyncio.to_thread(postgres.stop, at_once=True)
        try:
            with pytest.raises(StoreUnavailable) as refused:
                await where.record(an_intent(id="req_2"))
            assert refused.value.retry_after_s
            with pytest.raises(StoreUnavailable, match="cannot be read"):
                await log.newest()
            with pytest.raises(StoreUnavailable, match="cannot be reached"):
                async with asyncio.timeout(0.1):  # at once
                    await where.record(an_intent(id="req_3"))
        finally:
            await asyncio.to_thread(postgres.start)
        async with asyncio.timeout(20):
            while True:
                try:
                    await serve(where, "req_4")
                    break
                except StoreUnavailable:
                    await asyncio.sleep(0.05)
        assert await where.find("req_1") is not None
        assert await log.newest() is not None
    report = verify(server)
    assert (report.findings, report.receipts, report.pending) == ((), 2, 0)


async def test_what_is_acknowledged_before_it_is_flushed_is_flushed_soon(server: Server) -> None:
    async with books(server, "os") as where:
        await where.record(an_intent(id="req_1"))
        ((at,),) = asked(server, "SELECT pg_current_wal_insert_lsn()")
        flushed = f"SELECT pg_current_wal_flush_lsn() >= '{at}'"
        await until(lambda: asked(server, flushed) == [(True,)], within_s=2)


async def test_a_replica_needs_the_key_that_the_log_began_with(
    server: Server, tmp_path: Path
) -> None:
    async with books(server) as where:
        await serve(where, "req_1")
    other = server._replace(folder=tmp_path / "other")
    with pytest.raises(Misconfigured, match="gone"):
        async with books(other):
            pass
    key = beside(server, "signing.key").read_bytes()
    async with books(other._replace(key=key)) as where:
        await serve(where, "req_2")
    with pytest.raises(Misconfigured, match="not the key"):
        async with books(other._replace(key=bytes(32))):
            pass
    assert verify(server).findings == ()


async def test_an_erased_key_is_gone_for_every_replica(server: Server) -> None:
    async with books(server) as one, books(server) as two:
        made = await one.keys.create("me")
        kept = await one.keys.create("you")
        await until(lambda: two.keys.find(made.secret) is not None)
        await one.keys.erase(made.actor.key, answers=0)
        await until(lambda: two.keys.find(made.secret) is None)
        with pytest.raises(NotFound, match="was erased"):
            two.keys.named(made.actor.key)
        assert two.keys.find(kept.secret) is not None
    assert verify(server).findings == ()


async def test_replicas_that_begin_at_once_begin_one_log(server: Server) -> None:
    async def begin(number: int) -> None:
        async with books(server) as where:
            await serve(where, f"req_{number}")

    await asyncio.gather(*[begin(number) for number in range(6)])
    report = verify(server)
    assert (report.findings, report.receipts) == ((), 6)


def test_a_password_is_not_in_what_a_server_is_called(tmp_path: Path) -> None:
    where = Server("postgresql://me:secret@db.example/books?sslmode=require", tmp_path)
    assert str(where) == "postgresql://me@db.example/books"
    assert "secret" not in repr(where)


# from a file


async def test_a_ledger_that_is_moved_goes_on_as_the_same_log(
    server: Server, tmp_path: Path
) -> None:
    path, answers = tmp_path / "ledger.db", tmp_path / "answers.db"
    async with books(path) as where:
        made = await where.keys.create("me")
        await where.stand(Budget(at_ms=0, account="house", per="month", cost_nusd=100))
        now_ms = CLOCK.now_ms()
        held = Amounts(cost_nusd=90, energy_mj=0, carbon_ug=0)
        await where.record(an_intent(id="req_1", at_ms=now_ms, held=held))
        await where.record(a_receipt(id="req_1", day=day_of(now_ms), charged=held))
    async with Archive.open(answers, limits=LIMITS, clock=CLOCK) as archive:
        kept = Kept(id="resp_1", key=made.actor.key, at_ms=now_ms, input=b"[]", answer=b"{}")
        await archive.keep(kept)
    before = verify(path)
    report = move(path, answers, server, CLOCK)
    assert (report.leaves, report.head, report.kept) == (before.leaves, before.head, 1)
    assert not path.exists()
    assert not answers.exists()
    async with books(server) as where:
        found = where.keys.find(made.secret)
        assert found is not None
        proof = await where.find("req_1")
        assert proof is not None
        assert proof.inclusion is not None
        with pytest.raises(BudgetExceeded):
            await where.record(an_intent(id="req_2", at_ms=now_ms, held=held))
        await serve(where, "req_3")
    async with Archive.open(server, limits=LIMITS, clock=CLOCK) as archive:
        assert await archive.find("resp_1", key=made.actor.key) == kept
    after = verify(server, Trust(kept=((before.head or "", "kept"),)))
    assert (after.findings, after.kept) == ((), 1)
    path.with_name("ledger.db.moved").rename(path)
    with pytest.raises(StoreUnavailable, match="the end was cut off"):
        move(path, answers, server, CLOCK)  # the copy of checkpoints knows of a later one


async def test_a_ledger_that_is_open_is_not_moved_nor_onto_another(
    server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    async with books(path):
        with pytest.raises(Misconfigured, match="stop it first"):
            move(path, tmp_path / "answers.db", server, CLOCK)
        assert path.exists()
    another = server._replace(folder=tmp_path / "another")
    async with books(another):
        pass
    with pytest.raises(Misconfigured, match="has a ledger"):
        move(path, tmp_path / "answers.db", another, CLOCK)
    with pytest.raises(NotFound):
        move(tmp_path / "none.db", tmp_path / "answers.db", server, CLOCK)


# migrations


def opened(where: Where) -> Connection:
    return connect_to(where) if isinstance(where, Server) else connect(where, "disk")


def tables(connection: Connection) -> list[str]:
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if connection.words.name == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    return sorted(name for (name,) in connection.execute(sql).fetchall())


ANOTHER = Step(
    "CREATE TABLE later (a INTEGER NOT NULL, b BLOB) WITHOUT ROWID".replace(" WITHOUT ROWID", "")
)


@both
@pytest.mark.parametrize("version", range(len(STEPS) + 1))
def test_a_ledger_of_any_version_is_brought_up_to_date(path: Where, version: int) -> None:
    with closing(opened(path)) as connection:
        if version:
            migrate(connection, STEPS[:version])
        assert version_of(connection) == version
        migrate(connection)
        assert version_of(connection) == len(STEPS)
        made = tables(connection)
        migrate(connection)
        assert tables(connection) == made
        migrate(connection, [*STEPS, ANOTHER])
        assert tables(connection) == sorted([*made, "later"])


@both
def test_a_step_that_fails_leaves_a_ledger_as_it_was(path: Where) -> None:
    with closing(opened(path)) as connection:
        migrate(connection)
        made = tables(connection)
        broken = Step("CREATE TABLE half (a INTEGER); CREATE TABLE tile (at INTEGER)")
        with pytest.raises((ServerFault, sqlite3.Error)):
            migrate(connection, [*STEPS, broken])
        assert (version_of(connection), tables(connection)) == (len(STEPS), made)


@both
async def test_what_a_newer_one_has_had_open_is_left_alone(path: Where) -> None:
    with closing(opened(path)) as connection:
        migrate(connection, [*STEPS, ANOTHER])
    with pytest.raises(Misconfigured, match="a newer jevons"):
        async with books(path):
            pass


async def test_tallies_are_made_of_what_was_there_before(server: Server) -> None:
    async with books(server) as where:
        await serve(where, "req_1")
    with closing(connect_to(server)) as session:
        before = session.execute("SELECT * FROM tally").fetchall()
        assert before
        session.execute("DROP TABLE tally")
        session.execute("UPDATE schema_version SET version = 2")
        migrate(session)
        assert session.execute("SELECT * FROM tally").fetchall() == before
    assert verify(server).findings == ()
