"""A house on loopback: real uvicorn, real rules and meter, a provider made of one function."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from jevons.catalog import Catalog, grids
from jevons.edge import app, serve_config
from jevons.flow import Rooms
from jevons.meter import HouseMeter
from jevons.pick import Cheapest
from jevons.policy import Rules
from jevons.telemetry import Metrics
from jevons.testing import Book, Clock, Drawer, Ids
from jevons.testing.make import an_actor, an_endpoint
from jevons.types.account import Measured, Usage
from jevons.types.decision import Attempt, Outcome
from jevons.types.event import Finished, Frame, TextDelta

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from jevons.ports import Caller
    from jevons.types.actor import Actor
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event
    from jevons.types.request import Generate

    Act = Callable[[Attempt, Generate, Caller], Awaitable[Outcome]]

USED = Usage(input=5, output=2, counted_by="endpoint")
MAX_BODY_BYTES = 100_000
READ_TIMEOUT_S = 0.2


class Stage:
    """A provider that does what the test says, and counts who is on it."""

    def __init__(self) -> None:
        self.act: Act = says("Hel", "lo")
        self.busy = 0
        self.heard: list[Generate] = []

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        self.busy += 1
        self.heard.append(request)
        try:
            return await self.act(attempt, request, caller)
        finally:
            self.busy -= 1


def says(*words: str) -> Act:
    """Answer with these words and stop."""
    return answers(*[TextDelta(text=word) for word in words])


def answers(*events: Event, finish: str = "stop") -> Act:
    """Answer with these events and finish."""

    async def act(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        for event in events:
            if not caller.push(event):
                await caller.send(event)
        closing = (Finished(reason=finish, usage=USED),)
        return Outcome(
            attempt=attempt, committed=True, usage=USED, measured=Measured(cpu_s=0.1, threads=1),
            finish=finish, closing=closing,
        )  # fmt: skip

    return act


def passes_on(*frames: bytes, ending: bytes) -> Act:
    """Answer with the bytes of an endpoint of the caller's own dialect."""

    async def act(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        for frame in frames:
            assert caller.push(Frame(frame))
        closing = (Frame(ending),)
        return Outcome(attempt=attempt, committed=True, usage=USED, finish="stop", closing=closing)

    return act


def fails(error: JevonsError, *, after: str = "") -> Act:
    """Fail with an error, after these words if there are any."""

    async def act(attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        if after:
            assert caller.push(TextDelta(text=after))
        return Outcome(attempt=attempt, committed=bool(after), error=error)

    return act


async def until(condition: Callable[[], object], *, within_s: float = 2) -> None:
    """Wait until something is so, and fail if that takes long."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 what is waited for has no event
            await asyncio.sleep(0.002)


class House:
    """What a test may look at and speak to."""

    answers = staticmethod(answers)
    fails = staticmethod(fails)
    passes_on = staticmethod(passes_on)
    until = staticmethod(until)

    key = "jv_a-key"
    other = "jv_another-key"

    def __init__(
        self, *, read_timeout_s: float = READ_TIMEOUT_S, keeps_answers: bool = True
    ) -> None:
        self.book = Book()
        self.stage = Stage()
        self.metrics = Metrics()
        self.writers: list[asyncio.StreamWriter] = []
        self.missing: dict[str, bool] = {"engine": True}
        self.actors: dict[str, Actor] = {
            self.key: an_actor(),
            self.other: an_actor(key="key_2"),
            "jv_revoked": an_actor(key="key_3", revoked=True),
        }
        can = frozenset({"text", "tools", "json", "json_schema", "logprobs"})
        endpoint = an_endpoint(
            "here", model="a/model", provider="stage", aliases=("small",), can=can
        )
        self.clock = clock = Clock()
        self.drawer = Drawer(clock)
        rooms = Rooms(
            policy=Rules(Catalog((endpoint,)), clock=clock),
            pick=Cheapest(),
            providers={"stage": self.stage},
            meter=HouseMeter(grids=grids()),
            ledger=self.book,
            clock=clock,
            metrics=self.metrics,
        )
        self.app = app(
            rooms=rooms,
            keys=self,
            ids=Ids(),
            metrics=self.metrics,
            ready=lambda: self.missing,
            max_body_bytes=MAX_BODY_BYTES,
            read_timeout_s=read_timeout_s,
            answers=self.drawer if keeps_answers else None,
        )
        self.server = uvicorn.Server(
            serve_config(self.app, host="127.0.0.1", port=0, read_timeout_s=read_timeout_s)
        )

    def find(self, presented: str) -> Actor | None:
        return self.actors.get(presented)

    @property
    def port(self) -> int:
        return self.server.servers[0].sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection; it is aborted when the test ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        return reader, writer

    def hang_up(self) -> None:
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    async def say(self, sent: bytes) -> bytes:
        """Send bytes and hear everything until the server closes."""
        reader, writer = await self.connect()
        writer.write(sent)
        heard = b""
        try:
            async with asyncio.timeout(5):
                heard = await reader.read(-1)
        except ConnectionError:
            pass
        finally:
            writer.close()
        return heard

    async def ask(
        self, method: str, path: str, body: bytes = b"", *, key: str | None = None, **headers: str
    ) -> Reply:
        """Send one request on a connection of its own."""
        lines = [f"{method} {path} HTTP/1.1", "host: here", "connection: close"]
        lines += [f"content-length: {len(body)}"] if body else []
        lines += [f"authorization: Bearer {key}"] if key else []
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return Reply(await self.say("\r\n".join([*lines, "", ""]).encode() + body))

    async def chat(self, *, key: str | None = key, **fields: Any) -> Reply:
        """Ask for a chat completion."""
        asked = {"model": "here", "messages": [{"role": "user", "content": "Hi"}], **fields}
        return await self.ask("POST", "/v1/chat/completions", json.dumps(asked).encode(), key=key)

    async def is_quiet(self) -> None:
        """Wait until no request is under way, and fail if that takes long."""
        tasks = self.server.server_state.tasks
        await until(lambda: not (self.metrics.in_flight or tasks or self.stage.busy))


class Reply:
    """One HTTP answer, taken apart."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        self.status = int(first.split()[1]) if first else 0
        self.headers = {
            name.lower().decode(): value.strip().decode()
            for name, _, value in (line.partition(b":") for line in lines)
        }
        chunked = self.headers.get("transfer-encoding") == "chunked"
        self.is_whole = not chunked or body.endswith(b"0\r\n\r\n")
        self.body = _unchunked(body) if chunked else body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error object: OpenAI has nothing beside it, Anthropic its type."""
        envelope = self.json
        error = envelope.pop("error")
        assert envelope in ({}, {"type": "error"})
        assert {"message", "type", "param", "code"} <= set(error)
        return error


def our_tasks() -> set[asyncio.Task[Any]]:
    """List every task but those that run the tests."""
    return {task for task in asyncio.all_tasks() if "TestRunner" not in repr(task.get_coro())}


def _unchunked(body: bytes) -> bytes:
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        out, body = out + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return out


@asynccontextmanager
async def opened(it: House) -> AsyncGenerator[House]:
    """Serve; afterwards no task and no connection may be left."""
    before = our_tasks()
    # Its end is awaited below.
    serving = asyncio.get_running_loop().create_task(it.server.serve())
    await until(lambda: it.server.started)
    yield it
    it.hang_up()
    await it.is_quiet()
    it.server.should_exit = True
    await serving
    assert not it.server.server_state.connections
    assert our_tasks() <= before


@pytest.fixture
async def house(anyio_backend: str) -> AsyncIterator[House]:
    """Make a house whose callers have to be quick."""
    async with opened(House()) as it:
        yield it


@pytest.fixture
async def patient_house(anyio_backend: str) -> AsyncIterator[House]:
    """Make a house whose callers may take their time."""
    async with opened(House(read_timeout_s=30)) as it:
        yield it


@pytest.fixture
async def closed_house(anyio_backend: str) -> AsyncIterator[House]:
    """Make a house that keeps no answers."""
    async with opened(House(keeps_answers=False)) as it:
        yield it
