"""A published log is C2SP tlog-tiles, and shows what records say to nobody who may not know."""

from __future__ import annotations

import asyncio
import gzip
import importlib
import importlib.util
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.contract.outside.doctored import key_of, newest, trusting, write
from tests.contract.outside.serving import listening

from jevons.cli.failure import Failure
from jevons.cli.outside import RemoteLog
from jevons.edge import published
from jevons.ledger.note import parse
from jevons.ledger.record import unpack
from jevons.ledger.trust import Trust
from jevons.store import Log, verify_published
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from jevons.store import Report

pytestmark = pytest.mark.anyio

TOKEN = "an auditor's long token"


def with_token(token: str | None) -> bool:
    return token == TOKEN


def anyone(token: str | None) -> bool:
    return True


@pytest.fixture
async def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    await write(path, 300)
    return path


@asynccontextmanager
async def shown(
    ledger: Path, admits: Callable[[str | None], bool] | None = None
) -> AsyncGenerator[httpx2.AsyncClient]:
    async with (
        Log.open(ledger, is_witnessed=False) as log,
        listening(published(log, admits=admits)) as url,
        httpx2.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield client


async def test_the_newest_checkpoint_is_served_as_text_that_is_not_cached(ledger: Path) -> None:
    async with shown(ledger) as client:
        answer = await client.get("/checkpoint")
    assert answer.text == newest(ledger)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


async def test_tiles_are_as_wide_as_was_asked_and_never_wider_than_what_is_signed(
    ledger: Path,
) -> None:
    size = parse(newest(ledger)).size
    assert size == 601
    async with shown(ledger) as client:
        full = await client.get("/tile/0/001")
        edge = await client.get(f"/tile/0/002.p/{size - 512}")
        narrow = await client.get("/tile/0/002.p/7")
        top = await client.get("/tile/1/000.p/2")
        beyond = [
            (await client.get(path)).status_code
            for path in (
                f"/tile/0/002.p/{size - 511}", "/tile/0/002", "/tile/0/003.p/1", "/tile/1/000",
                "/tile/2/000.p/1", "/tile/63/000.p/1", "/tile/0/x999/x999/999", "/tile/0/x000/001",
                "/", "/tile", "/v1/models", "/metrics", "/tile/0/001/", "/../ledger.db",
            )
        ]  # fmt: skip
    assert (len(full.content), len(edge.content), len(top.content)) == (8192, 89 * 32, 64)
    assert edge.content.startswith(narrow.content)
    assert len(narrow.content) == 7 * 32
    assert "immutable" in full.headers["cache-control"]
    assert full.headers["content-type"] == "application/octet-stream"
    assert set(beyond) == {404}


async def test_records_are_for_nobody_unless_the_house_says_for_whom(ledger: Path) -> None:
    async with shown(ledger) as client:
        assert (await client.get("/tile/entries/000")).status_code == 403
    async with shown(ledger, with_token) as client:
        for headers in ({}, {"authorization": "Bearer no"}, {"authorization": TOKEN[:-1]}):
            refused = await client.get("/tile/entries/000", headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
            assert b"genesis" not in refused.content
        told = await client.get("/tile/entries/000", headers={"authorization": f"Bearer {TOKEN}"})
        assert "private" in told.headers["cache-control"]
        assert len(unpack(told.content)) == 256
    async with shown(ledger, anyone) as client:
        assert (await client.get("/tile/entries/002.p/89")).status_code == 200
        assert (await client.get("/tile/entries/002.p/90")).status_code == 404


async def test_bundles_are_compressed_for_whoever_can_read_that(ledger: Path) -> None:
    async with shown(ledger, anyone) as client:
        plain = await client.get("/tile/entries/000", headers={"accept-encoding": "identity"})
        async with client.stream("GET", "/tile/entries/000") as answer:
            squeezed = b"".join([piece async for piece in answer.aiter_raw()])
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(squeezed) == plain.content
    assert len(squeezed) < len(plain.content) / 2


async def test_a_log_is_only_read(ledger: Path) -> None:
    async with shown(ledger, anyone) as client:
        head = await client.head("/checkpoint")
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == len(newest(ledger).encode())
        for method in ("POST", "PUT", "DELETE"):
            answer = await client.request(method, "/checkpoint", content=b"x")
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_log_that_has_begun_nothing_or_cannot_be_read_says_so(tmp_path: Path) -> None:
    async with shown(tmp_path / "none.db") as client:
        assert (await client.get("/checkpoint")).status_code == 503
        assert (await client.get("/tile/0/000")).status_code == 503


async def test_too_many_readers_are_told_to_come_back(ledger: Path) -> None:
    class Slow:
        def __init__(self) -> None:
            self.gate = asyncio.Event()

        async def published(self) -> str:
            await self.gate.wait()
            return newest(ledger)

    slow = Slow()
    app = published(slow, admits=None)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] one answer is enough
    statuses: list[int] = []

    async def ask() -> None:
        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(int(str(message["status"])))
                slow.gate.set()

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        await app(
            {"type": "http", "method": "GET", "path": "/checkpoint", "headers": []}, receive, send
        )

    await asyncio.gather(*[ask() for _ in range(80)])
    assert statuses.count(200) == 64
    assert statuses.count(503) == 16


def checked(url: str, trust: Trust, token: str | None = None) -> Report:
    assert trust.key is not None
    with RemoteLog(url, token) as log:
        return verify_published(log, trust.key, trust)


async def test_an_outsider_checks_a_log_over_http_with_its_key_and_an_old_checkpoint(
    ledger: Path,
) -> None:
    kept = newest(ledger)
    await write(ledger, 20, "later")
    trust = trusting(ledger, kept)
    async with shown(ledger, with_token) as client:
        url = str(client.base_url)
        blind = await asyncio.to_thread(checked, url, trust)
        seeing = await asyncio.to_thread(checked, url, trust, TOKEN)
        with pytest.raises(Failure, match="does not take the token"):
            await asyncio.to_thread(checked, url, trust, "another")
    assert blind.ok
    assert seeing.ok
    assert (blind.kept, seeing.kept) == (1, 1)
    assert seeing.receipts == 320
    assert seeing.caveat is None


async def test_a_server_that_is_no_log_is_told_from_one_that_is_away(ledger: Path) -> None:
    trust = Trust(key=key_of(ledger))
    async with shown(ledger) as client:
        url = str(client.base_url)
        with pytest.raises(Failure, match="status 404"):
            await asyncio.to_thread(checked, f"{url}/elsewhere", trust)
    with pytest.raises(Failure, match="no log at"):
        await asyncio.to_thread(checked, url, trust)
    with pytest.raises(Failure, match="not a log's address"):
        RemoteLog("http://a:b", None)


async def test_a_log_on_a_file_that_went_away_raises_what_the_house_knows(tmp_path: Path) -> None:
    async with Log.open(tmp_path / "none.db", is_witnessed=True) as log:
        with pytest.raises(StoreUnavailable):
            await log.published()


@pytest.mark.skipif(
    importlib.util.find_spec("aics_tlog") is None, reason="aics-tlog needs Python 3.12"
)
async def test_another_implementation_audits_every_tile_and_bundle(ledger: Path) -> None:
    other: Any = importlib.import_module("aics_tlog")
    kept = parse(newest(ledger))
    await write(ledger, 20, "later")

    def audit(url: str) -> None:
        reader = other.HttpTileReader(url)
        note = other.parse_note(newest(ledger))
        key = other.parse_vkey(key_of(ledger).render())
        assert other.verify_checkpoint(note, key).ok
        now = parse(newest(ledger))
        other.audit_tiles(reader, now.size, now.root, entries=True)
        proof = other.consistency_proof_from_tiles(reader, kept.size, now.size)
        assert other.verify_consistency(kept.size, now.size, kept.root, now.root, proof)

    async with shown(ledger, anyone) as client:
        await asyncio.to_thread(audit, str(client.base_url))
