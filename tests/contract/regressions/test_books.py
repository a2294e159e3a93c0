"""What other gateways' databases, logs and back doors let happen does not happen here.

Each test names the public thread in which it was reported.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs
from tests.contract.regressions.corridor import Lab, endpoint

from jevons.boot import open_house
from jevons.settings import EngineSettings, Settings
from jevons.store import Archive, Limits
from jevons.store.migrations import STEPS, Step, migrate, version_of
from jevons.store.schema import connect
from jevons.store.shelf import AT_ONCE
from jevons.testing import Clock
from jevons.testing.reply import usage, whole
from jevons.types.custody import PerClass
from jevons.types.errors import JevonsError
from jevons.types.kept import Kept

if TYPE_CHECKING:
    from jevons.types.account import Expired

pytestmark = pytest.mark.anyio

USD = 1_000_000_000


def answer() -> Any:
    return whole(counted=usage(100, 50))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", {"input": "Hi"}),
        ("/v1/messages/count_tokens", {"messages": [{"role": "user", "content": "Hi"}]}),
        ("/v1/audio/speech", {"input": "Hi", "voice": "a"}),
        ("/v1/audio/transcriptions", {"file": "a"}),
        ("/v1/moderations", {"input": "Hi"}),
        ("/v1/images/generations", {"prompt": "Hi"}),
        ("/v1/completions", {"prompt": "Hi"}),
        ("/v1/rerank", {"query": "Hi", "documents": ["a"]}),
    ],
)
async def test_no_path_reaches_an_endpoint_past_the_budget(
    lab: Lab, path: str, body: dict[str, Any]
) -> None:
    """mozilla-ai/otari#87: audio and moderations were exempt from pricing, and cost $0."""
    server = await lab.vendor(answer())
    can = ("text", "embedding")
    await lab.house(endpoint(server, price=None, place="US", can=can))
    await lab.budget(cost_nusd=0)
    refused = await lab.post(path, **body)
    assert refused.status in {402, 404}
    assert server.heard == []


async def test_one_key_cannot_read_what_another_was_charged(lab: Lab) -> None:
    """mozilla-ai/otari#87: whoever knew an id could read what belonged to another."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server))
    name = (await lab.chat()).headers["x-request-id"]
    assert (await lab.receipt(name))["id"] == name
    lab.use((await lab.books.keys.create("another")).secret)
    heard = await lab._client.get(f"/v1/receipts/{name}")  # pyright: ignore[reportPrivateUsage] a door for receipts waits for one
    assert heard.status_code == 404


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists the open files of a process")
async def test_callers_at_once_take_no_more_connections_to_the_books(lab: Lab) -> None:
    """BerriAI/litellm#18708: connections to the database ran out under load."""

    def connections() -> int:
        found = [_target(each) for each in Path("/proc/self/fd").iterdir()]
        return sum([each.startswith(str(lab.ledger)) for each in found])

    server = await lab.vendor(answer().stall(at=1))
    await lab.house(endpoint(server, idle_timeout_s=30.0))
    before = connections()
    asking = [asyncio.ensure_future(lab.chat()) for _ in range(60)]
    async with asyncio.timeout(20):
        while len(server.heard) < 60:  # noqa: ASYNC110 a vendor has no event for it
            await asyncio.sleep(0.01)
    during = connections()
    server.go_on()
    assert {each.status for each in await asyncio.gather(*asking)} == {200}
    assert before > 0
    assert during <= before + 1  # whoever reads opens one, once


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


TABLES = (
    "segment", "placed", "tile", "lookup", "pending", "checkpoint", "key", "standing", "spent",
)  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
async def test_a_house_does_not_open_over_tables_that_are_not_its_own(
    tmp_path: Path, table: str
) -> None:
    """BerriAI/litellm#23976, #15446, #23257, #40503: migrations failed, and it served all the same."""
    settings = Settings(data_dir=tmp_path, engine=EngineSettings(enabled=False))
    async with open_house(settings):
        pass
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"CREATE TABLE {table} (something TEXT)")
        connection.commit()
    with pytest.raises(JevonsError):
        async with open_house(settings):
            pass


async def test_a_step_of_a_migration_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    """BerriAI/litellm#40503 again: half of a migration was taken for all of it."""
    path = tmp_path / "ledger.db"
    with closing(connect(path, "os")) as connection:
        migrate(connection)
        before, tables = version_of(connection), _tables(connection)
        bad = Step("CREATE TABLE half (a INTEGER); CREATE TABLE spent (b INTEGER)")
        for _ in range(2):
            with pytest.raises(sqlite3.Error):
                migrate(connection, [*STEPS, bad])
        assert (version_of(connection), _tables(connection)) == (before, tables)


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]


async def test_answers_are_kept_while_a_flood_of_old_ones_is_destroyed(tmp_path: Path) -> None:
    """BerriAI/litellm#36594: cleaning up took the whole database, and requests waited for it."""
    clock, many = Clock(), 5 * AT_ONCE
    limits = Limits(keep_days=PerClass.all(1), max_bytes=100_000_000)
    said = Kept(id="", key="key_1", at_ms=clock.now_ms(), input=b"[]", answer=bytes(5000))

    def kept(name: str) -> Kept:
        return Kept(id=name, key=said.key, at_ms=clock.now_ms(), input=b"[]", answer=said.answer)

    told: list[Expired] = []

    async def record(run: Expired) -> None:
        told.append(run)

    async with Archive.open(tmp_path / "answers.db", limits=limits, clock=clock) as archive:
        for number in range(many):
            await archive.keep(kept(f"resp_{number}"))
        clock.move(25 * 60 * 60)
        expiring = asyncio.ensure_future(archive.expire(record))
        served = 0
        while not expiring.done():
            await archive.keep(kept(f"resp_new_{served}"))
            served += 1
            await asyncio.sleep(0)
        await expiring
        assert served > many // AT_ONCE
    assert [run.answers.public for run in told] == [many]


async def test_the_books_grow_by_the_same_however_long_a_prompt_is(lab: Lab) -> None:
    """BerriAI/litellm#29466, Team-Commonly/commonly#468: hundreds of gigabytes a month, of prompts."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server))
    sizes: list[int] = []
    for length in (10, 100_000):
        before = _leaves_bytes(lab.ledger)
        for _ in range(10):
            assert (
                await lab.chat({"role": "user", "content": "word " * (length // 5)})
            ).status == 200
        sizes.append(_leaves_bytes(lab.ledger) - before)
    assert sizes[1] < sizes[0] * 1.2 < 10 * 4_000


def _leaves_bytes(ledger: Path) -> int:
    with closing(sqlite3.connect(ledger)) as connection:
        return connection.execute("SELECT total(length(body)) FROM segment").fetchone()[0]


async def test_no_answer_writes_a_line_of_log(lab: Lab) -> None:
    """BerriAI/litellm#29466 for logs: a line a request is what fills disks."""
    server = await lab.vendor(answer())
    await lab.house(endpoint(server))
    with capture_logs() as logs:
        assert {(await lab.chat()).status for _ in range(20)} == {200}
    assert logs == []


NAMED = (
    14849, 6215, 37407, 11364, 18599, 4051, 5516, 37110, 2248, 1786, 1754, 6825, 41976,
    26672, 23714, 36926, 27735, 550, 87,
    6895, 27989, 34887, 18708, 23976, 15446, 23257, 40503, 29466, 29342, 468, 36594,
    12685, 15128, 27954, 6404, 14384, 13805, 38193,
)  # fmt: skip
"""Threads about costs, about budgets, and about databases and memory."""


def test_each_thread_about_costs_budgets_and_books_has_a_test_that_names_it() -> None:
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    text = "".join([each.read_text() for each in files])
    assert [number for number in NAMED if f"#{number}" not in text] == []
