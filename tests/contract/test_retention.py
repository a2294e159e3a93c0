"""What is older than the house keeps it is on the disk no more, the books say so, and every proof holds."""

# ruff: noqa: ASYNC221 nothing else runs on the loop while a test reads its files

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from structlog.testing import capture_logs
from tests.contract import test_erasure
from tests.contract.test_erasure import kept, records, remains, secrets_of

from jevons.boot import open_house
from jevons.clock import SystemClock, Ulids
from jevons.ledger.trust import Trust
from jevons.settings import AnswersSettings, EngineSettings, Settings
from jevons.store import Archive, Books, Limits, Retention, hold, release, verify
from jevons.store.shelf import AT_ONCE, Shelf
from jevons.testing import Clock
from jevons.types.account import Erased, Expired
from jevons.types.custody import DataClass, PerClass
from jevons.types.errors import StoreUnavailable
from jevons.types.kept import Kept

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.cluster import Cluster

pytestmark = pytest.mark.anyio

DAY_S = 24 * 60 * 60
DAYS = PerClass(public=183, internal=90, personal=30, special=7)
LIMITS = Limits(keep_days=DAYS, max_bytes=1_000_000_000)
KILLER = Path(__file__).with_name("kill_eraser.py")


class House(NamedTuple):
    """Books and an archive, open, and what looks after them."""

    books: Books
    archive: Archive
    retention: Retention


@asynccontextmanager
async def house(
    folder: Path, clock: Clock, *, erase_after_days: int | None = None
) -> AsyncGenerator[House]:
    async with (
        Books.open(
            folder / "ledger.db", commit="os", origin="a/log", clock=clock, ids=Ulids(clock)
        ) as books,
        Archive.open(folder / "answers.db", limits=LIMITS, clock=clock) as archive,
    ):
        retention = Retention(books, archive, erase_after_days=erase_after_days, clock=clock)
        yield House(books, archive, retention)


def an_answer(name: str, data_class: DataClass, clock: Clock, key: str = "key_1") -> Kept:
    said = f"the words of {name}, which nobody else may read".encode()
    at_ms = clock.now_ms()
    return Kept(id=name, key=key, at_ms=at_ms, input=b"[]", answer=said, data_class=data_class)


def size_bytes(where: House) -> int:
    return where.archive._shelf.size_bytes  # pyright: ignore[reportPrivateUsage] nobody is shown what has expired


def expiries(folder: Path) -> list[Expired]:
    return [record for record in records(folder) if isinstance(record, Expired)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "house"
    made.mkdir()
    return made


async def test_an_answer_is_there_as_long_as_its_class_and_the_books_say_when_it_went(
    folder: Path, clock: Clock
) -> None:
    there: list[list[str]] = []
    async with house(folder, clock) as where:
        for data_class in DataClass:
            await where.archive.keep(an_answer(f"resp_{data_class.word}", data_class, clock))
        for days in (6, 1, 23, 60, 93):
            clock.move(days * DAY_S)
            found = [
                data_class.word
                for data_class in DataClass
                if await where.archive.find(f"resp_{data_class.word}", key="key_1")
            ]
            there.append(found)
            await where.retention.look()
    assert there == [
        ["public", "internal", "personal", "special"],
        ["public", "internal", "personal"],
        ["public", "internal"],
        ["public"],
        [],
    ]
    runs = expiries(folder)
    assert [run.answers for run in runs] == [
        PerClass(special=1),
        PerClass(personal=1),
        PerClass(internal=1),
        PerClass(public=1),
    ]
    assert {run.keep_days for run in runs} == {DAYS}


async def test_nothing_of_what_expired_is_in_any_file_and_every_proof_holds(
    folder: Path, clock: Clock
) -> None:
    async with house(folder, clock) as where:
        actor = (await where.books.keys.create("somebody")).actor
        for number in range(AT_ONCE + 5):
            served = test_erasure.House(where.books, where.archive)
            await test_erasure.serve(served, actor, f"req_{number}", keep=False)
            await where.archive.keep(kept(actor, f"req_{number}", clock.now_ms()))
    before = verify(folder / "ledger.db")
    assert before.head
    secrets = secrets_of(folder, actor)[3:]  # the answers' own: the key's salting stays
    assert remains(folder, secrets) == ["answers.db"]
    clock.move(183 * DAY_S)
    async with house(folder, clock) as where:
        await where.retention.look()
        assert remains(folder, secrets) == []  # while it is open, its log included
    assert remains(folder, secrets) == []
    after = verify(folder / "ledger.db", Trust(kept=((before.head, "kept"),)))
    assert (after.findings, after.kept, after.receipts) == ((), 1, AT_ONCE + 5)
    assert [run.answers for run in expiries(folder)] == [PerClass(public=AT_ONCE + 5)]


async def test_a_server_does_it_at_its_start(folder: Path, clock: Clock) -> None:
    async with house(folder, clock) as where:
        await where.archive.keep(an_answer("resp_1", DataClass.PUBLIC, clock))
    clock.move(183 * DAY_S)
    async with house(folder, clock) as where, where.retention, asyncio.timeout(5):
        while size_bytes(where):  # noqa: ASYNC110 what is waited for has no event
            await asyncio.sleep(0.01)


async def test_what_cannot_be_destroyed_is_logged_and_tried_again(
    folder: Path, clock: Clock
) -> None:
    async with house(folder, clock) as where:
        where.archive._shelf._connection.execute("DROP TABLE answer")  # pyright: ignore[reportPrivateUsage] no door makes disks fail
        with capture_logs() as logs:
            async with where.retention, asyncio.timeout(5):
                while not logs:  # noqa: ASYNC110 as above
                    await asyncio.sleep(0.01)
    assert {each["event"] for each in logs} == {"retention.failed"}


async def test_what_is_on_hold_outlives_its_time_and_goes_when_it_is_released(
    folder: Path, clock: Clock
) -> None:
    async with house(folder, clock) as where:
        actor = (await where.books.keys.create("somebody")).actor
        await where.archive.keep(an_answer("resp_1", DataClass.SPECIAL, clock, actor.key))
        await hold(where.books, where.archive, actor.key)
        clock.move(365 * DAY_S)
        await where.retention.look()
        assert size_bytes(where) > 0
        await release(where.books, where.archive, actor.key)
        await where.retention.look()
        assert size_bytes(where) == 0
    assert [run.answers for run in expiries(folder)] == [PerClass(special=1)]


async def test_killed_at_any_statement_and_done_again_it_ends_the_same(
    folder: Path, tmp_path: Path
) -> None:
    long_ago = Clock()
    assert SystemClock().now_ms() - long_ago.now_ms() > 183 * DAY_S * 1000
    async with house(folder, long_ago) as where:
        actor = (await where.books.keys.create("somebody")).actor
        for number in range(3):
            await where.archive.keep(kept(actor, f"resp_{number}", long_ago.now_ms()))
    secrets = secrets_of(folder, actor)[3:]
    out = tmp_path / "killed"
    command = [sys.executable, str(KILLER), str(folder), str(out), "expire"]
    subprocess.run(command, check=True, timeout=120)
    ends = [*out.iterdir()]
    assert len(ends) > 10
    for each in ends:
        assert verify(each / "ledger.db").findings == (), each.name
        assert remains(each, secrets) == [], each.name
        runs = {run.at_ms: run.answers.public for run in expiries(each)}
        assert sum(runs.values()) == 3, each.name


async def test_a_file_of_before_there_were_classes_is_taken_over(
    folder: Path, clock: Clock
) -> None:
    path = folder / "answers.db"
    with closing(Shelf(path, limits=LIMITS, clock=clock)) as shelf:
        for data_class in DataClass:
            shelf.keep(an_answer(f"resp_{data_class.word}", data_class, clock))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX answer_by_class")
        connection.execute("ALTER TABLE answer DROP COLUMN class")
        connection.execute("DROP TABLE expired")
        connection.execute("UPDATE answer SET previous = 'x' WHERE id = 'resp_public'")
        connection.commit()
    with closing(Shelf(path, limits=LIMITS, clock=clock)) as shelf:
        clock.move(7 * DAY_S)
        shelf.expire()
        (run,) = shelf.finish()
        assert run.answers == PerClass(special=2)  # one of which is what does not open
        assert shelf.find("resp_personal", key="key_1") is not None


def test_of_replicas_each_tells_of_its_own_run_and_of_what_another_left_behind(
    postgres: Cluster, tmp_path: Path, clock: Clock
) -> None:
    server = postgres.make(tmp_path)
    with (
        closing(Shelf(server, limits=LIMITS, clock=clock)) as one,
        closing(Shelf(server, limits=LIMITS, clock=clock)) as other,
    ):
        one.keep(an_answer("resp_1", DataClass.SPECIAL, clock))
        clock.move(7 * DAY_S)
        one.expire()
        clock.move(60)
        assert other.finish() == ()
        (run,) = one.finish()
        assert run.answers == PerClass(special=1)
        clock.move(60 * 60)
        assert other.finish() == (run,)  # as if the one had fallen before it was in the books
        other.forget(run.at_ms)
        assert one.finish() == ()


async def test_a_class_that_was_changed_in_the_file_is_found_out(
    folder: Path, clock: Clock
) -> None:
    async with house(folder, clock) as where:
        await where.archive.keep(an_answer("resp_1", DataClass.SPECIAL, clock))
        with closing(sqlite3.connect(folder / "answers.db")) as connection:
            connection.execute("UPDATE answer SET class = 0")
            connection.commit()
        with pytest.raises(StoreUnavailable, match="class of the kept answer"):
            await where.archive.find("resp_1", key="key_1")


async def test_a_key_is_erased_so_many_days_after_its_end_unless_it_is_held(
    folder: Path, clock: Clock
) -> None:
    ends_ms = clock.now_ms() + DAY_S * 1000
    async with house(folder, clock, erase_after_days=10) as where:
        keys = where.books.keys
        stays = (await keys.create("in use")).actor
        revoked = (await keys.create("revoked")).actor
        ran_out = (await keys.create("ran out", expires_ms=ends_ms)).actor
        held = (await keys.create("held")).actor
        for actor in (revoked, held):
            await keys.revoke(actor.key)
        clock.move(5 * DAY_S)
        await keys.revoke(revoked.key)  # again, which does not begin its time anew
        await hold(where.books, where.archive, held.key)
        clock.move(5 * DAY_S)
        await where.retention.look()
        left = {actor.key for actor in keys.list()}
        assert left == {stays.key, ran_out.key, held.key}
        clock.move(DAY_S)
        await where.retention.look()
        assert {actor.key for actor in keys.list()} == {stays.key, held.key}
    assert verify(folder / "ledger.db").findings == ()
    erased = [record for record in records(folder) if isinstance(record, Erased)]
    assert [record.key for record in erased] == [revoked.key, ran_out.key]
    assert {record.reason for record in erased} == {"retention: 10 days after its end"}


async def test_a_house_that_keeps_nothing_any_more_says_what_it_destroyed(
    folder: Path, clock: Clock
) -> None:
    with closing(Shelf(folder / "answers.db", limits=LIMITS, clock=clock)) as shelf:
        shelf.keep(an_answer("resp_1", DataClass.PERSONAL, clock))
    settings = Settings(
        data_dir=folder,
        engine=EngineSettings(enabled=False),
        answers=AnswersSettings(keep="never"),
    )
    async with open_house(settings):
        assert not (folder / "answers.db").exists()
    (run,) = expiries(folder)
    assert (run.answers, run.keep_days) == (PerClass(personal=1), PerClass())
