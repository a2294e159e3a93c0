"""A witness remembers how far a log has come: it cosigns what goes on, and nothing that goes back."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import importlib.util
import shutil
import sqlite3
from contextlib import asynccontextmanager, closing, suppress
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from structlog.testing import capture_logs
from tests.contract.outside.doctored import (
    CLOCK,
    ORIGIN,
    copied,
    forked,
    key_of,
    newest,
    opened,
    trusting,
    write,
)
from tests.contract.outside.serving import listening

from jevons.cosigning import Cosigning, Known
from jevons.edge import cosigning
from jevons.edge.cosigning import MAX_BODY_BYTES
from jevons.ledger.cosignature import cosigned_s
from jevons.ledger.note import parse, read_note
from jevons.ledger.witness import Ask, write_ask
from jevons.ports import Told
from jevons.providers.witness import RemoteWitness
from jevons.store import Log, OwnWitness, verify, witness_vkey
from jevons.store.pages import Pages
from jevons.store.schema import connect_to_read
from jevons.telemetry import Metrics
from jevons.types.errors import Misconfigured, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.ports import Witness

pytestmark = pytest.mark.anyio


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "witness.db"


@pytest.fixture
async def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "true" / "ledger.db"
    await write(path, 5)
    return path


@asynccontextmanager
async def remembering(memory: Path, ledger: Path) -> AsyncGenerator[OwnWitness]:
    async with OwnWitness.open(memory, name="w/1", logs=[key_of(ledger)], clock=CLOCK) as witness:
        yield witness


@asynccontextmanager
async def rounds(
    ledger: Path, memory: Path, door: Witness, metrics: Metrics | None = None
) -> AsyncGenerator[Cosigning]:
    known = Known(key=witness_vkey(memory, "w/1"), door=door)
    async with opened(ledger) as log:
        yield Cosigning(log, [known], metrics=metrics or Metrics(), every_s=0.01)


async def shown(ledger: Path, memory: Path, door: Witness) -> list[str]:
    """Have a ledger cosigned as a house that just started would; what its log says of it."""
    with capture_logs() as lines:
        async with rounds(ledger, memory, door) as cosigner:
            await cosigner.round()
    return [line["event"] for line in lines]


def asked(ledger: Path, old: int) -> bytes:
    note = newest(ledger)
    with closing(connect_to_read(ledger, live=False)) as connection:
        return write_ask(Ask(old, Pages(connection).consistency(old, parse(note).size), note))


async def test_a_witness_that_saw_every_checkpoint_accepts_the_end_state(
    ledger: Path, memory: Path
) -> None:
    async with remembering(memory, ledger) as witness:
        for number in range(6):
            assert await shown(ledger, memory, witness) == []
            assert cosigned_s(read_note(newest(ledger)), witness_vkey(memory, "w/1"))
            await write(ledger, 40, f"more{number}")
        assert await shown(ledger, memory, witness) == []
    report = verify(ledger, trusting(ledger, witness=memory))
    assert report.ok, report.findings
    assert [each.size for each in report.witnessed] == [parse(newest(ledger)).size]


async def test_an_older_copy_is_refused_and_the_house_says_so_aloud(
    ledger: Path, memory: Path, tmp_path: Path
) -> None:
    older = copied(ledger, tmp_path / "older")
    await write(ledger, 5, "later")
    async with remembering(memory, ledger) as witness:
        assert await shown(ledger, memory, witness) == []
        assert await shown(older, memory, witness) == ["witness.rolled_back"]
        await write(older, 20, "otherwise")  # grown past the witness, it is another history
        assert await shown(older, memory, witness) == ["witness.forked"]
        assert await shown(ledger, memory, witness) == []


async def test_a_fork_of_the_same_size_is_refused(
    ledger: Path, memory: Path, tmp_path: Path
) -> None:
    fork = copied(ledger, tmp_path / "fork")
    forked(fork)
    async with remembering(memory, ledger) as witness:
        assert await shown(ledger, memory, witness) == []
        assert await shown(fork, memory, witness) == ["witness.forked"]


async def test_what_was_cosigned_is_remembered_by_whoever_opens_the_file_next(
    ledger: Path, memory: Path
) -> None:
    async with remembering(memory, ledger) as witness:
        told = await witness.add(asked(ledger, 0))
        assert told.status == 200
    async with remembering(memory, ledger) as witness:
        assert await witness.add(asked(ledger, 0)) == Told(409, f"{parse(newest(ledger)).size}\n")
        again = await witness.add(asked(ledger, parse(newest(ledger)).size))
        assert again.status == 200


async def test_nothing_is_cosigned_that_was_not_written(ledger: Path, memory: Path) -> None:
    async with (
        remembering(memory, ledger) as witness,
        listening(cosigning(witness, witness.recent)) as url,
        httpx2.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        with closing(sqlite3.connect(memory, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            witness._connection.execute("PRAGMA busy_timeout = 0")  # pyright: ignore[reportPrivateUsage] no need to wait
            with pytest.raises(StoreUnavailable):
                await witness.add(asked(ledger, 0))
            answer = await client.post("/add-checkpoint", content=asked(ledger, 0))
            assert (answer.status_code, answer.text.count("—")) == (503, 0)
            other.execute("COMMIT")
        assert await witness.recent(hashlib.sha256(ORIGIN.encode()).hexdigest()) is None


async def test_of_many_requests_at_once_one_goes_on_from_each_size(
    ledger: Path, memory: Path
) -> None:
    async with remembering(memory, ledger) as witness:
        first = asked(ledger, 0)
        told = await asyncio.gather(*[witness.add(first) for _ in range(20)])
        assert sorted(each.status for each in told) == [200] + [409] * 19
        before = parse(newest(ledger)).size
        await write(ledger, 5, "later")
        bodies = [asked(ledger, before), asked(ledger, 0)] * 10
        told = await asyncio.gather(*[witness.add(body) for body in bodies])
        assert sorted(each.status for each in told) == [200] + [409] * 19


async def test_two_processes_cannot_share_a_memory(ledger: Path, memory: Path) -> None:
    async with remembering(memory, ledger):
        with pytest.raises(Misconfigured, match="another process"):
            async with remembering(memory, ledger):
                pass


async def test_a_witness_without_its_key_does_not_make_another(ledger: Path, memory: Path) -> None:
    async with remembering(memory, ledger) as witness:
        await witness.add(asked(ledger, 0))
    memory.with_name("witness.db.key").unlink()
    with pytest.raises(Misconfigured, match="is gone"):
        witness_vkey(memory, "w/1")


async def test_a_memory_that_is_none_does_not_open(ledger: Path, memory: Path) -> None:
    witness_vkey(memory, "w/1")
    await asyncio.to_thread(memory.write_bytes, b"x" * 4096)
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        async with remembering(memory, ledger):
            pass


async def test_over_http_each_answer_has_the_status_that_the_specification_gives_it(
    ledger: Path, memory: Path
) -> None:
    origin = hashlib.sha256(ORIGIN.encode()).hexdigest()
    async with (
        remembering(memory, ledger) as witness,
        listening(cosigning(witness, witness.recent)) as url,
        httpx2.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        body = asked(ledger, 0)
        assert (await client.get(f"/{origin}/checkpoint")).status_code == 404
        assert (await client.post("/add-checkpoint", content=b"old")).status_code == 400
        strange = body.replace(ORIGIN.encode(), b"b/log")
        assert (await client.post("/add-checkpoint", content=strange)).status_code == 404
        note = newest(ledger)
        spoiled = body.replace(note.encode(), note.replace("=\n", "A\n", 1).encode())
        assert (await client.post("/add-checkpoint", content=spoiled)).status_code in {400, 403}
        good = await client.post("/add-checkpoint", content=body)
        assert good.status_code == 200
        assert good.text.startswith("— w/1 ")
        assert good.text.endswith("\n")
        late = await client.post("/add-checkpoint", content=body)
        assert (late.status_code, late.headers["content-type"]) == (409, "text/x.tlog.size")
        assert late.text == f"{parse(note).size}\n"
        recent = await client.get(f"/{origin}/checkpoint")
        assert recent.text == note + good.text
        assert (await client.head(f"/{origin}/checkpoint")).content == b""
        assert (await client.get("/add-checkpoint")).status_code == 405
        assert (await client.get("/")).status_code == 404
        long = b"x" * (MAX_BODY_BYTES + 1)
        assert (await client.post("/add-checkpoint", content=long)).status_code == 413


async def test_a_house_has_its_checkpoints_cosigned_over_http(ledger: Path, memory: Path) -> None:
    async with (
        remembering(memory, ledger) as witness,
        listening(cosigning(witness, witness.recent)) as url,
    ):
        door = RemoteWitness(f"{url}/", timeout_s=60)
        assert await shown(ledger, memory, door) == []
        door.close()
    assert cosigned_s(read_note(newest(ledger)), witness_vkey(memory, "w/1"))
    async with Log.open(ledger, is_witnessed=True) as log:
        assert await log.published() == newest(ledger)


async def test_what_is_published_is_what_a_witness_cosigned(ledger: Path, memory: Path) -> None:
    async with remembering(memory, ledger) as witness:
        await shown(ledger, memory, witness)
    cosigned = newest(ledger)
    await write(ledger, 3, "later")
    async with Log.open(ledger, is_witnessed=True) as log:
        assert await log.published() == cosigned != await log.newest()
    async with Log.open(ledger, is_witnessed=False) as log:
        assert await log.published() == newest(ledger)


class Says:
    """A witness that says what a test wants it to."""

    def __init__(self, *answers: Told | StoreUnavailable) -> None:
        self._answers = [*answers]
        self.asked = 0

    async def add(self, body: bytes) -> Told:
        self.asked += 1
        answer = self._answers.pop(0)
        if isinstance(answer, StoreUnavailable):
            raise answer
        return answer


async def test_a_witness_that_is_away_is_logged_once_counted_each_time_and_comes_back(
    ledger: Path, memory: Path
) -> None:
    async with remembering(memory, ledger) as witness:
        good = await witness.add(asked(ledger, 0))
    away = StoreUnavailable("away")
    door, metrics = Says(away, away, good), Metrics()
    with capture_logs() as lines:
        async with rounds(ledger, memory, door, metrics) as cosigner:
            for _ in range(4):
                await cosigner.round()
    assert [line["event"] for line in lines] == ["witness.unreachable", "witness.recovered"]
    assert door.asked == 3  # and not again, while there is nothing new
    page = metrics.render().decode()
    assert 'jevons_witness_failures_total{reason="unreachable",witness="w/1"} 2.0' in page
    assert f'jevons_witness_size{{witness="w/1"}} {float(parse(newest(ledger)).size)}' in page


@pytest.mark.parametrize(
    ("answers", "event"),
    [
        ([Told(200, "")], "witness.unreachable"),
        ([Told(200, "— w/1 AAAAAAA=\n")], "witness.unreachable"),
        ([Told(404, "no such log\n")], "witness.refused"),
        ([Told(403, "no\n")], "witness.refused"),
        ([Told(409, "x\n")], "witness.unreachable"),
        ([Told(409, f"{'9' * 5000}\n")], "witness.unreachable"),
        ([Told(409, "999999\n")], "witness.rolled_back"),
        ([Told(409, "3\n"), Told(409, "4\n")], "witness.refused"),
        ([Told(409, "3\n"), Told(422, "no\n")], "witness.forked"),
    ],
)
async def test_whatever_a_witness_says_nothing_is_kept_that_it_did_not_cosign(
    answers: list[Told], event: str, ledger: Path, memory: Path
) -> None:
    before = newest(ledger)
    assert await shown(ledger, memory, Says(*answers)) == [event]
    assert newest(ledger) == before


async def test_a_cosignature_is_kept_once(ledger: Path, memory: Path) -> None:
    async with remembering(memory, ledger) as witness:
        for _ in range(3):
            await shown(ledger, memory, witness)
    assert len(read_note(newest(ledger)).signatures) == 2


async def test_rounds_go_on_whatever_happens_in_one(ledger: Path, memory: Path) -> None:
    door = Says(Told(404, "no\n"))  # and then a bug: it has nothing more to say
    with capture_logs() as lines:
        async with rounds(ledger, memory, door) as cosigner:
            running = asyncio.ensure_future(cosigner.run())
            async with asyncio.timeout(5):
                while door.asked < 4:  # noqa: ASYNC110 a bug sets no event
                    await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert [line["event"] for line in lines][:2] == ["witness.refused", "witness.bug"]


async def test_rounds_wait_for_a_log_that_has_begun_and_can_be_read(
    tmp_path: Path, memory: Path
) -> None:
    with capture_logs() as lines:
        known = Known(key=witness_vkey(memory, "w/1"), door=Says())
        async with Log.open(tmp_path / "none.db", is_witnessed=True) as log:
            cosigner = Cosigning(log, [known], metrics=Metrics(), every_s=0.01)
            running = asyncio.ensure_future(cosigner.run())
            async with asyncio.timeout(5):
                while not lines:  # noqa: ASYNC110 a log line sets no event
                    await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert lines[0]["event"] == "witness.no_checkpoint"


async def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_opened_again() -> None:
    heard: list[int] = []
    left = asyncio.Semaphore(0)

    async def answer_twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(0)
        with suppress(asyncio.IncompleteReadError, OSError):  # the house has left
            for _ in range(2):
                await reader.readuntil(b"\r\n\r\n")
                heard[-1] += 1
                writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")  # a third is taken, and never answered
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        left.release()

    server = await asyncio.start_server(answer_twice, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        door = RemoteWitness(url, timeout_s=60)
        for _ in range(4):
            assert await door.add(b"") == Told(404, "")
        door.close()
        for _ in heard:
            await left.acquire()
    assert heard == [2, 2]


@pytest.mark.parametrize(
    "url", ["", "w.example", "ftp://w", "http://a:b", "http://w?x", "http://u@w", "http://w#x"]
)
def test_a_witness_has_the_address_of_a_server(url: str) -> None:
    with pytest.raises(Misconfigured, match="must look like"):
        RemoteWitness(url, timeout_s=1)


async def test_a_witness_that_is_not_there_or_never_ends_is_unavailable() -> None:
    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x" * 4096, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async with listening(endless) as url:
        door = RemoteWitness(url, timeout_s=60)
        with pytest.raises(StoreUnavailable, match="more than 65536 bytes"):
            await door.add(b"")
        door.close()
    door = RemoteWitness(url, timeout_s=60)
    with pytest.raises(StoreUnavailable, match="gives no answer"):
        await door.add(b"")
    door.close()


@pytest.mark.skipif(
    importlib.util.find_spec("aics_tlog") is None, reason="aics-tlog needs Python 3.12"
)
async def test_another_implementation_takes_our_cosignature(ledger: Path, memory: Path) -> None:
    other: Any = importlib.import_module("aics_tlog")
    async with remembering(memory, ledger) as witness:
        await shown(ledger, memory, witness)
    note = other.parse_note(newest(ledger))
    log, vouching = (
        other.parse_vkey(key.render()) for key in (key_of(ledger), witness_vkey(memory, "w/1"))
    )
    assert other.verify_checkpoint(note, log, [vouching], quorum=1).ok
    shutil.rmtree(memory.parent)
