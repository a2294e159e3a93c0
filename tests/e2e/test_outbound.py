"""A house that serves a request opens connections from its providers, and from nowhere else.

`tests/meta/test_outbound.py` reads the source; this watches it run. The interpreter reports
every connection it is asked for (PEP 578), with the stack that asks. The loop is asyncio's own,
since uvloop connects in C and reports nothing; the code above it is the same.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import httpx2
import pytest

from jevons.boot import open_house
from jevons.ledger.note import COSIGNATURE, Vkey
from jevons.settings import (
    EndpointSettings,
    EngineSettings,
    OtelSettings,
    Settings,
    WitnessSettings,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

WAYS_OUT = {
    "socket.connect",
    "socket.sendto",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
}
MAY = ("jevons.providers", "jevons.engine")

ANSWER = (
    b'{"id":"a","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"Yes."},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}'
)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class Way(NamedTuple):
    """One way out that was taken."""

    event: str
    asked_by: str
    """The module of jevons nearest to it, or `nobody`."""


class Watch:
    """Every way out since `clear`. An audit hook stays for ever, so it is switched."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[Way] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _: tuple[object, ...]) -> None:
        if self.on and event in WAYS_OUT:
            self.seen.append(Way(event, _nearest()))


def _nearest() -> str:
    frame = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] nothing else says who asks
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith("jevons"):
            return name
        frame = frame.f_back
    return "nobody"


WATCH = Watch()


@pytest.fixture
def watch() -> Iterator[Watch]:
    WATCH.seen.clear()
    WATCH.on = True
    yield WATCH
    WATCH.on = False


@asynccontextmanager
async def upstream() -> AsyncGenerator[str]:
    """Run a server that gives everybody the same answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD % len(ANSWER) + ANSWER)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


@pytest.mark.parametrize("is_traced", [False, True])
async def test_only_providers_reach_out_while_a_request_is_served(
    tmp_path: Path, watch: Watch, *, is_traced: bool
) -> None:
    async with upstream() as url:
        settings = Settings(
            data_dir=tmp_path,
            engine=EngineSettings(enabled=False),
            endpoint=(EndpointSettings(name="far", model="a/b", url=url),),
            otel=OtelSettings(url=url.removesuffix("/v1") if is_traced else ""),
        )
        async with open_house(settings, weights=None) as house:
            key = (tmp_path / "key").read_text().strip()
            transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] its own words for ASGI
            async with httpx2.AsyncClient(transport=transport, base_url="http://jevons") as client:
                answer = await client.post(
                    "/v1/chat/completions",
                    headers={"authorization": f"Bearer {key}"},
                    json={
                        "model": "far",
                        "messages": [{"role": "user", "content": "Are you there?"}],
                    },
                )
                await client.get("/metrics")
                await client.get("/readyz")
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"] == "Yes."
    assert house.metrics.spans_sent == (2 if is_traced else 0)
    assert any(way.event == "socket.connect" and way.asked_by.startswith(MAY) for way in watch.seen)
    assert [way for way in watch.seen if not way.asked_by.startswith(MAY)] == []


async def test_only_providers_reach_out_to_a_witness_and_it_is_sent_a_checkpoint(
    tmp_path: Path, watch: Watch
) -> None:
    heard: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        heard.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        key = Vkey("w/1", COSIGNATURE, bytes(range(32))).render()
        settings = Settings(
            data_dir=tmp_path,
            engine=EngineSettings(enabled=False),
            witness=(WitnessSettings(url=url, key=key),),
        )
        async with open_house(settings, weights=None) as house:
            cosigning = house.shown.cosigning
            assert cosigning is not None
            async with asyncio.timeout(10):
                while not heard:
                    await cosigning.round()
                    await asyncio.sleep(0.1)
    old, origin, size, root, blank, signature, end = (
        heard[0].decode().replace("\n\n", "\n", 1).split("\n")
    )
    assert (old, origin, blank, end) == ("old 0", "jevons.local/ledger", "", "")
    assert size.isdigit()
    assert len(root) == 44
    assert signature.startswith("— jevons.local/ledger ")
    assert any(way.event == "socket.connect" and way.asked_by.startswith(MAY) for way in watch.seen)
    assert [way for way in watch.seen if not way.asked_by.startswith(MAY)] == []
