"""Replicas together let in what one would, also when one dies; without a server, each its own part."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2
import pytest

from jevons.boot import House, open_house
from jevons.budget import Terms
from jevons.clock import SystemClock
from jevons.providers.shared_pace import SharedPace
from jevons.providers.valkey import connect, read_where
from jevons.settings import (
    EndpointSettings,
    EngineSettings,
    LimitsSettings,
    PolicySettings,
    Settings,
)
from jevons.telemetry import Metrics
from jevons.testing import Vendor
from jevons.testing.make import a_request, an_actor
from jevons.testing.reply import usage, whole
from jevons.types.budget import Limit
from jevons.types.errors import Misconfigured, RateLimited

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator

    from jevons.types.request import Generate

SERVER = shutil.which("valkey-server") or shutil.which("redis-server")

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.skipif(SERVER is None, reason="neither valkey-server nor redis-server is here"),
]

REPLICA = Path(__file__).with_name("replica.py")
LEASE_S = 1.0


class Server:
    """A Valkey server that a test can end and begin again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: Process | None = None
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.url = f"valkey://127.0.0.1:{self.port}"

    async def start(self) -> None:
        words = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir")
        self._child = await asyncio.create_subprocess_exec(
            *(str(SERVER), *words, str(self._folder)), stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(20):
            while not await self._answers():  # noqa: ASYNC110 another process has no event for it
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        if self._child is not None and self._child.returncode is None:
            self._child.kill()
            await self._child.wait()

    def pause(self) -> None:
        """Have it say nothing, with its connections open."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)

    async def keys(self) -> list[bytes]:
        line = await connect(read_where(self.url))
        found = await line.ask(b"KEYS", b"*")
        line.end("done")
        assert isinstance(found, list)
        return [key for key in found if isinstance(key, bytes)]

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.write(b"PING\r\n")
        answer = await reader.readline()
        writer.close()
        return answer == b"+PONG\r\n"


class Replica:
    """A process of `replica.py`."""

    def __init__(self, child: Process) -> None:
        self._child = child

    async def do(self, **told: Any) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(told).encode() + b"\n")
        return json.loads(await asyncio.wait_for(self._child.stdout.readline(), 60))

    async def counts(self, *, shared: bool) -> None:
        """Wait until it counts with the others, or alone."""
        async with asyncio.timeout(20):
            while (await self.do(look=True))["shared"] is not shared:  # noqa: ASYNC110 as above
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        self._child.kill()
        await self._child.wait()

    async def end(self) -> None:
        if self._child.returncode is None:
            self._child.stdin.close()  # type: ignore[union-attr] it has one
            await asyncio.wait_for(self._child.wait(), 20)


@asynccontextmanager
async def replicas(
    server: Server, *, parts: int = 3, **limit: int
) -> AsyncGenerator[list[Replica]]:
    async with AsyncExitStack() as closing:
        found: list[Replica] = []
        for name in "abc":
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, str(REPLICA), server.url, json.dumps(limit), name, str(parts)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            found.append(Replica(child))
            closing.push_async_callback(found[-1].end)
        yield found


@pytest.fixture
async def server(tmp_path: Path, anyio_backend: str) -> AsyncGenerator[Server]:
    made = Server(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def at_once(some: list[Replica], **told: Any) -> int:
    """Have all do the same at once; say how many requests were let in."""
    return sum([each["in"] for each in await asyncio.gather(*[one.do(**told) for one in some])])


async def test_a_thousand_callers_of_three_replicas_are_let_in_as_of_one(server: Server) -> None:
    async with replicas(server, parallel=100) as three:
        for each in three:
            await each.counts(shared=True)
        assert await at_once(three, enter=334) == 100
        assert await at_once(three, enter=334) == 0
        left = sum([(await each.do(leave=7, used=0))["left"] for each in three])
        assert left >= 7
        assert await at_once(three, enter=334) == left
        assert sum([(await each.do(look=True))["alone"] for each in three]) == 0


@pytest.mark.parametrize(("kind", "each"), [("requests", 1), ("tokens", 7)])
async def test_a_minutes_worth_is_one_for_all(server: Server, kind: str, each: int) -> None:
    async with replicas(server, **{kind: 60 * each}) as three:
        for one in three:
            await one.counts(shared=True)
        began_s = time.monotonic()
        came = await at_once(three, enter=334, tokens=each)
        took_s = time.monotonic() - began_s
    assert 60 <= came <= 60 + took_s + 1  # and what flowed in meanwhile, one a second


async def test_what_a_killed_replica_had_under_way_counts_until_its_lease_ends(
    server: Server,
) -> None:
    async with replicas(server, parallel=30) as (dies, *two):
        for each in (dies, *two):
            await each.counts(shared=True)
        assert (await dies.do(enter=20))["in"] == 20
        assert await at_once(two, enter=50) == 10
        await dies.kill()
        assert await at_once(two, enter=50) == 0
        came = 0
        async with asyncio.timeout(LEASE_S + 10):
            while not came:
                await asyncio.sleep(0.1)
                came = await at_once(two, enter=50)
        assert came == 20


async def test_without_the_server_each_has_its_part_and_with_it_again_all_is_counted(
    server: Server,
) -> None:
    async with replicas(server, parallel=30) as three:
        for each in three:
            await each.counts(shared=True)
        assert [(await each.do(enter=2))["in"] for each in three] == [2, 2, 2]
        await server.stop()
        for each in three:
            await each.counts(shared=False)
        seen = [await each.do(enter=100) for each in three]
        assert [each["in"] for each in seen] == [8, 8, 8]  # a third of 30, less what is under way
        assert [each["alone"] for each in seen] == [100, 100, 100]
        await server.start()
        for each in three:
            await each.counts(shared=True)
        assert await at_once(three, enter=100) == 0
        assert await at_once(three, leave=1) == 0
        assert await at_once(three, enter=100) == 3


async def test_a_server_that_falls_silent_holds_nobody_up(server: Server) -> None:
    async with replicas(server, parallel=30, parts=1) as (one, *_):
        await one.counts(shared=True)
        server.pause()
        try:
            seen = await one.do(enter=40)  # all of which wait for the same moment
            again = await one.do(enter=40)
        finally:
            server.go_on()
        assert (seen["in"], seen["alone"]) == (30, 40)
        assert again["in"] == 0
        await one.counts(shared=True)
        assert (await one.do(leave=30, used=0))["in"] == 0
        assert (await one.do(enter=40))["in"] == 30


async def test_whoever_leaves_before_the_server_has_answered_takes_nothing(server: Server) -> None:
    terms = Terms.of([Limit(at_ms=0, account="lab", parallel=1, requests=2, tokens=9)])
    pace = SharedPace(
        read_where(server.url),
        terms=lambda: terms,
        clock=SystemClock(),
        metrics=Metrics(),
        timeout_s=2.0,
    )
    actor = an_actor(account=("search", "lab"))
    request = a_request(actor=actor)
    async with pace:
        for _ in range(20):
            asking = pace.enter(request)
            assert not isinstance(asking, bool)
            leaving = asyncio.ensure_future(asking)
            await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        async with asyncio.timeout(20):
            while not await is_let_in(pace, request):  # noqa: ASYNC110 what was taken comes back when it comes
                await asyncio.sleep(0.01)
        assert [(room.what, room.remaining) for room in pace.rooms(actor)] == [
            ("requests", 1),
            ("tokens", 8),
        ]
        pace.leave(request.id, tokens=0)


async def is_let_in(pace: SharedPace, request: Generate) -> bool:
    entered = pace.enter(request)
    try:
        return entered if isinstance(entered, bool) else await entered
    except RateLimited:
        return False


async def test_the_server_is_told_no_name_and_no_key(server: Server) -> None:
    async with replicas(server, parallel=9, requests=9) as (one, *_):
        await one.counts(shared=True)
        await one.do(enter=1)
        told = await server.keys()
    assert len(told) > 2  # an account's two, and a replica's lease each
    assert all(key.startswith(b"{jevons}:") for key in told)
    assert not any(name in key for key in told for name in (b"lab", b"search", b"key_"))


async def test_there_being_no_server_at_the_start_is_no_reason_not_to_start(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    async with replicas(server, requests=3, parts=3) as (one, *_):
        seen = await one.do(enter=5)
        assert (seen["in"], seen["alone"], seen["shared"]) == (1, 5, False)
        await server.start()
        await one.counts(shared=True)
    await server.stop()


@asynccontextmanager
async def front(folder: Path, vendor: Vendor, limits: LimitsSettings) -> AsyncGenerator[Front]:
    settings = Settings(
        data_dir=folder,
        engine=EngineSettings(enabled=False),
        endpoint=(EndpointSettings(name="far", model="a/b", url=vendor.url, place="CH"),),
        limits=limits,
    )
    async with open_house(settings) as house:
        transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] its own words for ASGI
        key = (folder / "key").read_text().strip()
        headers = {"authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://jevons", headers=headers
        ) as client:
            yield Front(house, client)


class Front(NamedTuple):
    """A house, and a client of it."""

    house: House
    client: httpx2.AsyncClient

    async def ask(self) -> httpx2.Response:
        body = {"model": "far", "messages": [{"role": "user", "content": "Hi"}]}
        return await self.client.post("/v1/chat/completions", json=body)


async def test_two_houses_of_one_prefix_answer_as_many_requests_as_one(
    server: Server, tmp_path: Path
) -> None:
    said = LimitsSettings(valkey=server.url, replicas=2, timeout_ms=2000)
    async with (
        Vendor(whole(counted=usage(3, 2))) as vendor,
        front(tmp_path / "a", vendor, said) as one,
        front(tmp_path / "b", vendor, said) as other,
    ):
        for each in (one, other):
            await each.house.books.stand(Limit(at_ms=0, account="default", requests=2))
        answers = [await each.ask() for each in (one, other, one, other)]
        assert [each.status_code for each in answers] == [200, 200, 429, 429]
        assert [each.headers["x-ratelimit-remaining-requests"] for each in answers[:2]] == [
            "1",
            "0",
        ]
        assert "retry-after" in answers[2].headers
        assert "jevons_limits_shared 1.0" in (await one.client.get("/metrics")).text
    assert len(vendor.heard) == 2


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (LimitsSettings(valkey="env:NOT_SET_AT_ALL"), "not set"),
        (LimitsSettings(valkey="valkey://:word@127.0.0.1"), "a password in the file"),
        (LimitsSettings(valkey="127.0.0.1"), "no address of a server"),
    ],
)
async def test_what_cannot_be_set_stops_the_start(
    tmp_path: Path, said: LimitsSettings, why: str
) -> None:
    settings = Settings(data_dir=tmp_path, engine=EngineSettings(enabled=False), limits=said)
    with pytest.raises(Misconfigured, match=why):
        async with open_house(settings):
            pass


async def test_a_profile_that_lets_nothing_out_lets_no_count_out(tmp_path: Path) -> None:
    policy, said = (
        PolicySettings(profile="air-gapped"),
        LimitsSettings(valkey="valkey://far.example"),
    )
    settings = Settings(
        data_dir=tmp_path, engine=EngineSettings(enabled=False), limits=said, policy=policy
    )
    with pytest.raises(Misconfigured, match=r"valkey:far\.example"):
        async with open_house(settings):
            pass
