"""What everything behind `Answers` promises, and what the archive on disk promises beyond that."""

# ruff: noqa: ASYNC240 nothing else runs on the loop while a test reads its file

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.cluster import both

from jevons.store import Archive, Limits, empty, is_kept
from jevons.store.shelf import Shelf
from jevons.testing import Clock, Drawer
from jevons.types.custody import DataClass, PerClass
from jevons.types.errors import Misconfigured, OnHold, StoreUnavailable, TooLarge
from jevons.types.kept import Kept

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

    from jevons import ports
    from jevons.store.door import Connection
    from jevons.store.where import Where
    from jevons.types.account import Expired

pytestmark = pytest.mark.anyio

DAY_S = 24 * 60 * 60
SECRET = b"nobody but the caller may read this sentence"
LIMITS = Limits(keep_days=PerClass.all(30), max_bytes=1_000_000)


def a_kept(name: str = "resp_1", **fields: Any) -> Kept:
    answer = b'{"output":["' + SECRET + b'"]}'
    usual = Kept(id=name, key="key_1", at_ms=1_767_225_600_000, input=b'["hi"]', answer=answer)
    return msgspec.structs.replace(usual, **fields)


@asynccontextmanager
async def archive(
    path: Where, clock: Clock | None = None, limits: Limits = LIMITS
) -> AsyncGenerator[Archive]:
    async with Archive.open(path, limits=limits, clock=clock or Clock()) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    if getattr(request, "param", "sqlite") == "sqlite":
        return tmp_path / "answers.db"
    return request.getfixturevalue("postgres").make(tmp_path)


@pytest.fixture(params=["double", "disk", "postgres"])
async def answers(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock, anyio_backend: str
) -> AsyncIterator[ports.Answers]:
    if request.param == "double":
        yield Drawer(clock)
        return
    on_a_server = request.param == "postgres"
    server = request.getfixturevalue("postgres").make(tmp_path) if on_a_server else None
    async with archive(server or tmp_path / "answers.db", clock) as opened:
        yield opened


async def test_what_is_kept_is_found_as_it_was(answers: ports.Answers) -> None:
    kept = a_kept(
        previous="resp_0", answer=bytes(range(256)), input=b"", data_class=DataClass.SPECIAL
    )
    answers.check()
    await answers.keep(kept)
    assert await answers.find("resp_1", key="key_1") == kept


async def test_what_is_not_kept_is_not_found(answers: ports.Answers) -> None:
    assert await answers.find("resp_1", key="key_1") is None
    assert await answers.trace("resp_1", key="key_1", max_bytes=10) == ()
    assert not await answers.drop("resp_1", key="key_1")


async def test_what_another_key_keeps_is_not_found_and_not_dropped(answers: ports.Answers) -> None:
    await answers.keep(a_kept())
    assert await answers.find("resp_1", key="key_2") is None
    assert await answers.trace("resp_1", key="key_2", max_bytes=1000) == ()
    assert not await answers.drop("resp_1", key="key_2")
    assert await answers.find("resp_1", key="key_1") == a_kept()


async def test_two_keys_may_keep_answers_of_one_name(answers: ports.Answers) -> None:
    for key in ("key_1", "key_2"):
        await answers.keep(a_kept(key=key))
    assert await answers.drop("resp_1", key="key_1")
    assert await answers.find("resp_1", key="key_2") == a_kept(key="key_2")


async def test_a_name_is_given_once(answers: ports.Answers) -> None:
    await answers.keep(a_kept())
    with pytest.raises(StoreUnavailable):
        await answers.keep(a_kept(answer=b"another"))
    assert await answers.find("resp_1", key="key_1") == a_kept()


async def test_what_is_dropped_is_not_found(answers: ports.Answers) -> None:
    await answers.keep(a_kept())
    assert await answers.drop("resp_1", key="key_1")
    assert await answers.find("resp_1", key="key_1") is None
    assert not await answers.drop("resp_1", key="key_1")


async def test_a_conversation_is_traced_from_its_beginning(answers: ports.Answers) -> None:
    turns = [a_kept("resp_0")]
    for at in range(1, 20):
        turns.append(a_kept(f"resp_{at}", previous=f"resp_{at - 1}"))  # noqa: PERF401 each names the last
    for turn in turns:
        await answers.keep(turn)
    traced = await answers.trace("resp_19", key="key_1", max_bytes=10_000)
    assert traced == tuple(turns)
    with pytest.raises(TooLarge):
        await answers.trace("resp_19", key="key_1", max_bytes=100)
    assert await answers.drop("resp_4", key="key_1")
    traced = await answers.trace("resp_19", key="key_1", max_bytes=10_000)
    assert traced == tuple(turns[5:])


async def test_a_conversation_of_two_keys_is_none(answers: ports.Answers) -> None:
    await answers.keep(a_kept("resp_0", key="key_2"))
    await answers.keep(a_kept("resp_1", previous="resp_0"))
    (only,) = await answers.trace("resp_1", key="key_1", max_bytes=1000)
    assert only.previous == "resp_0"


async def test_what_has_expired_is_not_found(answers: ports.Answers, clock: Clock) -> None:
    await answers.keep(a_kept(at_ms=clock.now_ms()))
    clock.move(30 * DAY_S - 1)
    assert await answers.find("resp_1", key="key_1") is not None
    clock.move(1)
    assert await answers.find("resp_1", key="key_1") is None
    assert await answers.trace("resp_1", key="key_1", max_bytes=1000) == ()
    assert not await answers.drop("resp_1", key="key_1")


# The archive on disk.


def remains(path: Path, *secrets: bytes) -> list[str]:
    """List the files of an archive that hold any of these."""
    return [
        each.name
        for each in sorted(path.parent.iterdir())
        if any(secret in each.read_bytes() for secret in secrets)
    ]


def sealed(path: Path) -> list[bytes]:
    """Read what is sealed, and its salt, as somebody with a copy of the file could."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sealed, salt FROM answer ORDER BY rowid").fetchall()
    return [part for row in rows for part in row]


def connection(shelf: Shelf) -> Connection:
    """The shelf's own: what fails there is what a disk would fail."""
    return shelf._connection  # pyright: ignore[reportPrivateUsage] no door makes disks fail


@both
async def test_the_archive_outlives_its_process(path: Where) -> None:
    async with archive(path) as first:
        await first.keep(a_kept())
    async with archive(path) as second:
        assert await second.find("resp_1", key="key_1") == a_kept()


async def test_nothing_that_was_said_is_in_the_files(path: Path) -> None:
    async with archive(path) as opened:
        await opened.keep(a_kept(input=b'["' + SECRET + b'"]'))
        assert remains(path, SECRET) == []
    assert remains(path, SECRET) == []
    assert remains(path, b"resp_1") == ["answers.db"]  # so what is looked for would be found


async def test_only_its_owner_may_read_the_files(path: Path) -> None:
    async with archive(path) as opened:
        await opened.keep(a_kept())
        for each in path.parent.iterdir():
            assert each.stat().st_mode & 0o077 == 0, each.name


@pytest.mark.parametrize("size", [10, 100_000])
async def test_what_is_dropped_is_overwritten(path: Path, size: int) -> None:
    async with archive(path) as opened:
        await opened.keep(a_kept("resp_0"))
        await opened.keep(a_kept(answer=os.urandom(size)))
        *_, body, salt = sealed(path)
        traces = [salt, *[body[at : at + 16] for at in range(0, len(body) - 16, 1000)]]
        assert remains(path, *traces)
        assert await opened.drop("resp_1", key="key_1")
        assert remains(path, *traces) == []
        assert await opened.find("resp_0", key="key_1") is not None


def test_whatever_is_deleted_in_whatever_order_leaves_nothing_behind(path: Path) -> None:
    dice = random.Random(7)
    alive: dict[str, bytes] = {}
    dead: dict[str, bytes] = {}
    with closing(Shelf(path, limits=LIMITS, clock=Clock())) as shelf:
        for at in range(200):
            if alive and dice.random() < 0.4:
                name = dice.choice([*alive])
                dead[name] = alive.pop(name)
                assert shelf.drop(name, key="key_1")
            else:
                size = dice.choice([5, 200, 1000, 3000, 9000])
                shelf.keep(a_kept(f"resp_{at}_", answer=os.urandom(size)))
                alive[f"resp_{at}_"] = sealed(path)[-1]
        assert len(dead) > 50
        assert all(remains(path, salt) for salt in alive.values())
        assert remains(path, *dead.values(), *[name.encode() for name in dead]) == []


@both
async def test_a_shorter_limit_holds_for_what_is_kept_already(path: Where, clock: Clock) -> None:
    async with archive(path, clock) as opened:
        await opened.keep(a_kept(at_ms=clock.now_ms()))
    clock.move(2 * DAY_S)
    async with archive(path, clock, Limits(keep_days=PerClass.all(1), max_bytes=1000)) as opened:
        assert await opened.find("resp_1", key="key_1") is None


@both
async def test_a_full_archive_keeps_nothing_until_something_goes(path: Where) -> None:
    async with archive(path, limits=Limits(keep_days=PerClass.all(1000), max_bytes=250)) as opened:
        await opened.keep(a_kept("resp_1"))
        opened.check()
        with pytest.raises(StoreUnavailable, match="no room"):
            await opened.keep(a_kept("resp_2", answer=bytes(200)))
        assert await opened.find("resp_2", key="key_1") is None
        await opened.keep(a_kept("resp_3", answer=b"", input=bytes(60)))
    async with archive(path, limits=Limits(keep_days=PerClass.all(1000), max_bytes=150)) as opened:
        with pytest.raises(StoreUnavailable, match="no room"):
            opened.check()
        assert await opened.drop("resp_1", key="key_1")
        opened.check()


async def test_a_row_opens_only_as_the_row_that_it_was(path: Path) -> None:
    async with archive(path) as opened:
        await opened.keep(a_kept("resp_1", key="key_1"))
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE answer SET owner = 'key_2'")
            connection.commit()
        with pytest.raises(StoreUnavailable, match="does not open"):
            await opened.find("resp_1", key="key_2")


async def test_without_its_key_the_archive_opens_nothing(path: Path) -> None:
    async with archive(path) as opened:
        await opened.keep(a_kept())
    key = path.with_name("answers.key")
    right = key.read_bytes()
    key.write_bytes(bytes(32))
    async with archive(path) as opened:
        with pytest.raises(StoreUnavailable, match="does not open"):
            await opened.find("resp_1", key="key_1")
    key.write_bytes(b"short")
    with pytest.raises(Misconfigured, match="not a key"):
        async with archive(path):
            pass
    key.unlink()
    with pytest.raises(Misconfigured, match="gone"):
        async with archive(path):
            pass
    key.write_bytes(right)
    async with archive(path) as opened:
        assert await opened.find("resp_1", key="key_1") is not None


async def test_what_another_process_still_reads_is_not_said_to_be_overwritten(path: Path) -> None:
    with closing(Shelf(path, limits=LIMITS, clock=Clock())) as shelf:
        shelf.keep(a_kept())
        connection(shelf).execute("PRAGMA busy_timeout = 0")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM answer").fetchall()
            with pytest.raises(StoreUnavailable, match="not overwritten yet"):
                shelf.drop("resp_1", key="key_1")
        assert shelf.find("resp_1", key="key_1") is None
        assert not shelf.drop("resp_1", key="key_1")  # which overwrites it now
        assert path.with_name("answers.db-wal").stat().st_size == 0


async def test_a_file_that_is_none_is_said_to_be_none(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        async with archive(path):
            pass


async def test_a_closed_archive_says_so(path: Path) -> None:
    async with archive(path) as opened:
        pass
    with pytest.raises(StoreUnavailable, match="closed"):
        await opened.keep(a_kept())


@both
async def test_emptying_leaves_nothing(path: Where, tmp_path: Path) -> None:
    assert not empty(path)
    async with archive(path) as opened:
        await opened.keep(a_kept())
    assert empty(path)
    assert not is_kept(path)
    assert [*tmp_path.iterdir()] == []


@both
async def test_what_has_expired_or_is_erased_is_destroyed_and_what_is_held_is_not(
    path: Where, clock: Clock
) -> None:
    async with archive(path, clock) as opened:
        for key in ("key_1", "key_2", "key_3"):
            await opened.keep(a_kept(key=key, at_ms=clock.now_ms()))
        assert await opened.hold("key_2")
        with pytest.raises(OnHold):
            await opened.erase("key_2")
        assert await opened.erase("key_3") == 1
        with pytest.raises(StoreUnavailable, match="was erased"):
            await opened.keep(a_kept("resp_2", key="key_3"))
        clock.move(31 * DAY_S)
        runs: list[Expired] = []

        async def record(run: Expired) -> None:
            runs.append(run)

        await opened.expire(record)
        clock.move(1)
        await opened.release("key_2")
        await opened.expire(record)
        assert [sum(msgspec.structs.astuple(run.answers)) for run in runs] == [1, 1]


@pytest.mark.parametrize("path", ["sqlite", "postgres"], indirect=True)
async def test_what_has_a_name_that_begins_so_is_listed_the_oldest_first(
    path: Where, clock: Clock
) -> None:
    now_ms = clock.now_ms()
    limits = Limits(
        keep_days=PerClass(public=30, internal=30, personal=1, special=1), max_bytes=10**6
    )
    old = {"at_ms": now_ms - 2 * DAY_S * 1000}
    async with archive(path, clock, limits) as opened:
        await opened.keep(a_kept("lab_2", at_ms=now_ms))
        await opened.keep(a_kept("lab_1", key="key_2", at_ms=now_ms - 1))
        await opened.keep(a_kept("labx", at_ms=now_ms))
        await opened.keep(a_kept("lab_old", data_class=DataClass.PERSONAL, **old))
        await opened.keep(a_kept("lab_older", data_class=DataClass.PUBLIC, **old))
        listed = [("lab_older", "key_1"), ("lab_1", "key_2"), ("lab_2", "key_1")]
        assert await opened.named("lab_", most=9) == listed
        assert await opened.named("lab_", most=1) in ([], listed[:1])
