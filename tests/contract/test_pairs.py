"""Rows that `auto` learns from are in the books' database: every server reads the same, in one order."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.cluster import both
from tests.unit.auto.test_study import EASY, HARD, PLAN

from jevons.auto import Plan, Study, Terms, Traffic, read
from jevons.clock import SystemClock, Ulids
from jevons.grading import Reader, Studies, row_of_line
from jevons.ledger.record import decode, unpack
from jevons.store import Books, PairRow, Pairs, Setup, back_up, move, progress_of
from jevons.store.read import glance, segments
from jevons.store.schema import look_into
from jevons.testing.make import a_request, an_actor
from jevons.types.account import Certified
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.cluster import Cluster

    from jevons.store.where import Where

pytestmark = pytest.mark.anyio

CLOCK = SystemClock()
ARMS = ("dear", "cheap")
MODELS = {"dear": "a/dear", "cheap": "a/cheap"}
TEXT = Traffic("default", "text")


@asynccontextmanager
async def books(where: Where) -> AsyncGenerator[Books]:
    async with Books.open(
        where, commit="disk", origin="a/log", clock=CLOCK, ids=Ulids(CLOCK)
    ) as opened:
        yield opened


def a_setup(plan: Plan = PLAN, **fields: object) -> Setup:
    usual = {"arms": ARMS, "models": (*MODELS.values(),), "spend": "money"}
    return Setup(**{**usual, "plan": msgspec.json.encode(plan).decode(), **fields})  # type: ignore[arg-type] as they are


def graded(numbers: range, traffic: Traffic = TEXT, *, is_broken: bool = False) -> list[PairRow]:
    """The cheap arm, a tenth of the price, adds well and proves badly."""
    return [
        row_of_line(
            msgspec.json.encode(
                {
                    "prompt": (EASY, HARD)[number % 2].format(10 + number % 80),
                    "grades": {"dear": 1, "cheap": int(number % 2 == 0 and not is_broken)},
                    "costs": {"dear": 0.01, "cheap": 0.001},
                    "energy_mj": {"dear": 10, "cheap": 9},
                }
            ),
            MODELS,
            traffic=traffic,
            at_ms=CLOCK.now_ms() + number,
        )
        for number in numbers
    ]


def promised(where: Where) -> list[Certified]:
    with closing(look_into(where)) as connection, glance(connection):
        leaves = [leaf for _, body in segments(connection) for leaf in unpack(body)]
    return [each for each in map(decode, leaves) if isinstance(each, Certified)]


class Server:
    """One of those that share the books."""

    def __init__(self, where: Where, opened: Books, setup: Setup, most: int = 64) -> None:
        self.pairs = Pairs(where)
        self.studies = Studies(setup, tenant="project", names=(), most=most)
        self.reader = Reader(self.pairs, self.studies)
        self._books = opened

    async def look(self) -> None:
        await self.reader.look(self._books, CLOCK)

    def study(self, traffic: Traffic = TEXT) -> Study:
        return self.studies.study(traffic)


@asynccontextmanager
async def servers(where: Where, *setups: Setup, most: int = 64) -> AsyncGenerator[list[Server]]:
    """Begin some, and have each look once."""
    async with AsyncExitStack() as closing_them:
        begun: list[Server] = []
        for setup in setups:
            # A file has one server; two in one process stand in for one beside another command.
            opened = await closing_them.enter_async_context(books(where))
            one = Server(where, opened, setup, most)
            closing_them.callback(one.pairs.close)
            await one.reader.begin()
            await one.look()
            begun.append(one)
        yield begun


@both
async def test_rows_are_numbered_in_the_order_in_which_they_are_committed(path: Where) -> None:
    async with books(path):
        adding = [Pairs(path) for _ in range(4)]

        def add(pairs: Pairs) -> None:
            for number in range(20):
                pairs.add([PairRow(at_ms=number, grades={"a": 1.0})] * 2)

        def watch() -> list[int]:
            seen: list[int] = []
            with Pairs(path) as pairs:
                while len(seen) < 160:
                    seen += [number for number, _ in pairs.after(seen[-1] if seen else 0)]
            return seen

        with ThreadPoolExecutor(5) as threads:
            watched = asyncio.get_running_loop().run_in_executor(threads, watch)
            await asyncio.gather(
                *[asyncio.get_running_loop().run_in_executor(threads, add, each) for each in adding]
            )
            assert await watched == [*range(1, 161)]
        for each in adding:
            each.close()


@both
async def test_two_servers_stand_at_one_certificate_and_write_each_turn_once(path: Where) -> None:
    async with servers(path, a_setup(), a_setup()) as (one, two):
        one.pairs.add(graded(range(200)))
        for _ in range(2):
            await asyncio.gather(one.look(), two.look())
        held = one.study().certificate
        assert held is not None
        assert two.study().certificate == held
        one.pairs.add(graded(range(200, 400), is_broken=True))
        await asyncio.gather(one.look(), two.look())
        assert one.study().certificate == two.study().certificate
        assert one.study().times == two.study().times
    turns = [(each.id, each.ended) for each in promised(path)]
    assert len(set(turns)) == len(turns)
    assert [ended for _, ended in turns if ended] == ["quality"]
    assert {(each.tenant, each.traffic) for each in promised(path)} == {TEXT}


@both
async def test_a_restart_stands_where_the_last_process_stood_and_writes_nothing(
    path: Where,
) -> None:
    async with servers(path, a_setup()) as (one,):
        one.pairs.add(graded(range(200)))
        await one.look()
        await one.look()
        one.study().resume(150, 7.0)
        await one.reader.count()
        held = one.study().certificate
    before = promised(path)
    async with servers(path, a_setup()) as (again,):
        study = again.study()
        assert (study.certificate, study.decided, study.purse) == (held, 150, 7.0)
    assert promised(path) == before
    (told,) = progress_of(path)
    assert (told.tenant, told.traffic, told.learned, told.decided) == (*TEXT, 60, 150)
    assert told.certificate == before[-1].id
    assert (told.is_testing, told.fewest) == (True, 0)


@both
async def test_the_volume_is_that_of_all_servers(path: Where) -> None:
    async with servers(path, a_setup(), a_setup()) as (one, two):
        one.pairs.add(graded(range(200)))
        for _ in range(2):
            await one.look()
            await two.look()
        for _ in range(110):  # 200 end it
            for each in (one, two):
                each.study().choose(read(EASY.format(14)), now_ms=CLOCK.now_ms())
        await one.reader.count()
        await two.reader.count()
        await one.reader.count()
        assert one.study().decided == two.study().decided == 220
        for each in (two, one, two, one):  # both find it over
            await each.look()
    assert [each.ended for each in promised(path) if each.ended] == ["volume"]


@both
async def test_each_class_of_each_tenant_is_promised_something_of_its_own(path: Where) -> None:
    other, json = Traffic("search", "text"), Traffic("default", "json")
    async with servers(path, a_setup()) as (one,):
        one.pairs.add([*graded(range(200)), *graded(range(200), json), *graded(range(50), other)])
        await one.look()
        await one.look()
        assert one.study().certificate is not None
        assert one.study(json).certificate is not None
        assert one.study(other).certificate is None
        assert one.study().certificate != one.study(json).certificate
    assert {(each.tenant, each.traffic) for each in promised(path)} == {TEXT, json}
    assert len({each.id for each in promised(path)}) == len(promised(path))


@both
async def test_more_classes_than_memory_holds_are_made_again_of_their_rows(path: Where) -> None:
    names = [Traffic(f"team-{at}", "text") for at in range(3)]
    async with servers(path, a_setup(), most=2) as (one,):
        for each in names:
            one.pairs.add(graded(range(200), each))
            await one.look()
            await one.look()
        assert one.study(names[0]).certificate is None
        assert len(one.studies.live()) == 2
        asked = a_request(actor=an_actor(account=("team-0", "house")))
        assert one.studies.find(asked).study.certificate is None
        await one.look()
        assert one.studies.find(asked).study.certificate is not None
    began = [(each.tenant, each.ended) for each in promised(path)]
    assert {tenant for tenant, _ in began} == {each.tenant for each in names}
    assert all(not ended for _, ended in began)


async def test_other_settings_end_what_was_promised_and_are_tested_on_new_pairs(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.db"
    async with servers(path, a_setup()) as (one,):
        one.pairs.add(graded(range(200)))
        await one.look()
        await one.look()
        times = one.study().times
    strict = a_setup(Plan(Terms(0.2, 0.05), learn=60, labels=300))
    async with servers(path, strict) as (again,):
        await again.look()
        study = again.study()
        assert study.certificate is None
        assert (study.learned, study.tested, study.times) == (200, 0, times + 1)
        again.pairs.add(graded(range(200, 400)))
        await again.look()
        assert study.certificate is not None
    assert [each.ended for each in promised(path) if each.ended] == ["settings"]


async def test_grades_of_other_arms_another_reference_or_another_model_are_none(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.db"
    rows = graded(range(70))
    beside = [msgspec.structs.replace(each, reference="cheap") for each in graded(range(20))]
    async with servers(path, a_setup()) as (one,):
        one.pairs.add([*rows, *beside])
        await one.look()
        await one.look()
        assert one.study().pairs == 70
    async with servers(path, a_setup(arms=("dear", "new"), models=("a/dear", "a/new"))) as (one,):
        await one.look()
        assert one.study().pairs == 0
    async with servers(path, a_setup(models=("a/dear", "another/cheap"))) as (one,):
        await one.look()
        assert one.study().pairs == 0
    turned = a_setup(arms=("cheap", "dear"), models=("a/cheap", "a/dear"))
    async with servers(path, turned) as (one,):
        await one.look()
        assert one.study().pairs == 90  # whoever wrote the labels graded each arm by itself


async def test_of_two_servers_that_are_set_otherwise_the_last_is_right_and_the_first_promises_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.db"
    other = a_setup(Plan(Terms(0.2, 0.05), learn=60, labels=300))
    async with servers(path, a_setup()) as (one,):
        one.pairs.add(graded(range(200)))
        await one.look()
        await one.look()
        assert one.study().certificate is not None
        async with servers(path, other) as (two,):
            await two.look()
            for _ in range(3):
                await one.look()
            two.pairs.add(graded(range(200, 400)))
            await two.look()
            await one.look()
            assert two.study().certificate is not None
            assert one.study().certificate is None
    assert sum(row.setup is not None for _, row in Pairs(path).after(0)) == 2


async def test_rows_move_to_a_server_with_the_books(tmp_path: Path, postgres: Cluster) -> None:
    path = tmp_path / "ledger.db"
    async with servers(path, a_setup()) as (one,):
        one.pairs.add(graded(range(200)))
        await one.look()
        await one.look()
        held = one.study().certificate
    server = postgres.make(tmp_path)
    await asyncio.to_thread(move, path, tmp_path / "answers.db", server, CLOCK)
    before = promised(server)
    async with servers(server, a_setup()) as (one,):
        assert one.study().certificate == held
        one.pairs.add(graded(range(1)))
    assert promised(server) == before


async def test_a_backup_takes_rows_along(tmp_path: Path) -> None:
    path, out = tmp_path / "ledger.db", tmp_path / "backup"
    async with servers(path, a_setup()) as (one,):
        one.pairs.add(graded(range(200)))
        await one.look()
        await one.look()
        held = one.study().certificate
        await asyncio.sleep(1.0)
        assert (await asyncio.to_thread(back_up, path, out)).ok
    async with servers(out / "ledger.db", a_setup()) as (again,):
        assert again.study().certificate == held


def a_file(path: Path, rows: list[PairRow]) -> None:
    """Write rows as versions before did."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE pair (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        encode = msgspec.msgpack.Encoder().encode
        for row in rows:
            fields = msgspec.to_builtins(row, builtin_types=(bytes,))
            new = {"tenant", "traffic", "reference", "models", "energy_mj", "carbon_mg", "policy"}
            old = {name: each for name, each in fields.items() if name not in {*new, "setup"}}
            connection.execute("INSERT INTO pair (body) VALUES (?)", (encode(old),))


@both
async def test_a_file_of_before_is_taken_in_once_and_put_aside(path: Where, tmp_path: Path) -> None:
    old = tmp_path / "auto.db"
    async with servers(path, a_setup()) as (one,):
        a_file(old, graded(range(200)))
        assert one.pairs.bring(old, "default") == 200
        assert not old.exists()
        (tmp_path / "auto.db.moved").rename(old)  # as if it had been cut off
        one.pairs.bring(old, "default")
        assert one.pairs.last() == 200
        assert one.pairs.bring(old, "default") == 0
        await one.look()
        await one.look()
        assert one.study().certificate is not None


async def test_a_file_that_is_none_of_ours_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "auto.db").write_bytes(b"no database, but long enough to be taken for one" * 9)
    with pytest.raises(StoreUnavailable, match="what auto learned from cannot be used"):
        Pairs(tmp_path / "ledger.db").bring(tmp_path / "auto.db", "default")


async def test_a_connection_that_is_lost_is_followed_by_another(
    tmp_path: Path, postgres: Cluster
) -> None:
    server = postgres.make(tmp_path)
    async with books(server):
        with Pairs(server) as pairs:
            pairs.add(graded(range(1)))
            postgres.cut_off()
            with pytest.raises(StoreUnavailable):
                pairs.last()
            assert pairs.last() == 1
