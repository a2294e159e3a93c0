"""The whole corridor: real edge, rules, meter and books on loopback, fake vendors behind it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

import httpx2
import pytest
import uvicorn

from jevons.boot import open_house
from jevons.edge import serve_config
from jevons.settings import (
    BudgetSettings,
    EndpointSettings,
    EngineSettings,
    PolicySettings,
    RetrySettings,
    Settings,
)
from jevons.testing import Vendor
from jevons.testing.reply import respond, stream
from jevons.types.budget import Budget
from jevons.types.model import Price

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from pathlib import Path

    from jevons.testing import Reply

__all__ = ("PRICE", "SURFACES", "Answer", "Lab", "ask", "claude", "endpoint")

PRICE = Price(
    input_per_mtok=Decimal(1),
    cache_read_per_mtok=Decimal("0.1"),
    cache_write_per_mtok=Decimal("1.25"),
    output_per_mtok=Decimal(4),
    since="2026-01-01",
    source="a test's list",
)
"""In nano-dollars a token: 1000 in, 100 from the cache, 1250 to it, 4000 out."""


def endpoint(server: Vendor, name: str = "far", **fields: Any) -> EndpointSettings:
    """Describe an endpoint that a fake vendor is."""
    usual: dict[str, Any] = {
        "model": "a/model",
        "url": server.url,
        "place": "on-prem",
        "idle_timeout_s": 0.2,
        "price": PRICE,
    }
    return EndpointSettings(name=name, **{**usual, **fields})


SURFACES = pytest.mark.parametrize("surface", ["chat", "responses", "messages"])


class Answer:
    """What came over HTTP."""

    def __init__(self, status: int, headers: httpx2.Headers, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The JSON of each event of a stream, without the last word of chat."""
        lines = [line for line in self.body.decode().splitlines() if line.startswith("data: ")]
        return [json.loads(line[6:]) for line in lines if line != "data: [DONE]"]

    @property
    def deltas(self) -> list[dict[str, Any]]:
        """What each chunk of a chat stream says."""
        choices = [choice for event in self.events for choice in event.get("choices", ())]
        return [choice["delta"] for choice in choices]

    def said(self, field: str = "content") -> str:
        """Join what the chunks of a chat stream say."""
        return "".join([delta.get(field) or "" for delta in self.deltas])

    @property
    def message(self) -> dict[str, Any]:
        """The message of a chat answer, as an SDK hands it back; of a stream, put together."""
        if self.body.startswith(b"{"):
            return self.json["choices"][0]["message"]
        calls = _joined([call for delta in self.deltas for call in delta.get("tool_calls") or ()])
        details = [part for delta in self.deltas for part in delta.get("reasoning_details") or ()]
        return {
            "role": "assistant",
            "content": self.said() or None,
            "reasoning_content": self.said("reasoning_content"),
            **({"reasoning_details": details} if details else {}),
            **({"tool_calls": calls} if calls else {}),
        }

    @property
    def is_done(self) -> bool:
        """Whether a stream says that it ended well."""
        ends = (b"data: [DONE]", b"event: response.completed", b"event: message_stop")
        return any(end in self.body for end in ends)

    @property
    def error(self) -> dict[str, Any]:
        """The error that it is, or that its stream ended in."""
        last = self.json if self.body.startswith(b"{") else self.events[-1]
        return last.get("error") or last


def _joined(pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put calls to tools together, by their index."""
    calls: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        call = calls.setdefault(piece["index"], {**piece, "function": {"arguments": ""}})
        arguments = call["function"]["arguments"] + piece["function"].get("arguments", "")
        call["function"] |= {**piece["function"], "arguments": arguments}
    return [*calls.values()]


class Lab:
    """Fake vendors, and one house in front of them."""

    def __init__(self, folder: Path, closing: AsyncExitStack) -> None:
        self._folder = folder
        self._closing = closing
        self._client = httpx2.AsyncClient(timeout=10)
        self.url = ""
        """Of the house, once it is open, with `/v1`."""
        self.key = ""
        """To it."""
        self.name = ""
        """Id of that key."""
        self.ledger = folder / "ledger.db"

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncGenerator[Self]:
        """Open a laboratory; whatever is opened in it is closed with it."""
        async with AsyncExitStack() as closing:
            lab = cls(folder, closing)
            await closing.enter_async_context(lab._client)
            yield lab

    async def vendor(self, *replies: Reply) -> Vendor:
        """Have a vendor that answers these, one after the other."""
        return await self._closing.enter_async_context(Vendor(*replies))

    async def house(
        self,
        *endpoints: EndpointSettings,
        tries: int = 0,
        policy: PolicySettings | None = None,
        budgets: BudgetSettings | None = None,
    ) -> None:
        """Open the house in front of these."""
        settings = Settings(
            data_dir=self._folder,
            engine=EngineSettings(enabled=False),
            retries=RetrySettings(tries=tries),
            policy=policy or PolicySettings(),
            budgets=budgets or BudgetSettings(),
            endpoint=endpoints,
        )
        house = await self._closing.enter_async_context(open_house(settings))
        self.books = house.books
        self.name = house.books.keys.list()[0].key
        config = serve_config(house.app, host="127.0.0.1", port=0, read_timeout_s=5, grace_s=1)
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup()  # not `serve`, which takes a fifth of a second to stop
        self._closing.push_async_callback(_stop, server, self._client)
        port = server.servers[0].sockets[0].getsockname()[1]
        self._client.base_url = f"http://127.0.0.1:{port}"
        key = (self._folder / "key").read_text().strip()
        self._client.headers["authorization"] = f"Bearer {key}"
        self.url, self.key = f"http://127.0.0.1:{port}/v1", key

    async def chat(self, *messages: dict[str, Any], **fields: Any) -> Answer:
        """Ask in OpenAI's chat dialect."""
        asked = [*messages] or [{"role": "user", "content": "Hi"}]
        return await self.post("/v1/chat/completions", messages=asked, **fields)

    async def responses(self, *items: Any, **fields: Any) -> Answer:
        """Ask in OpenAI's Responses dialect."""
        asked = [*items] or "Hi"
        return await self.post("/v1/responses", input=asked, **fields)

    async def messages(self, *messages: dict[str, Any], **fields: Any) -> Answer:
        """Ask in Anthropic's Messages dialect."""
        asked = [*messages] or [{"role": "user", "content": "Hi"}]
        return await self.post("/v1/messages", messages=asked, max_tokens=100, **fields)

    async def post(
        self, path: str, *, headers: dict[str, str] | None = None, **fields: Any
    ) -> Answer:
        """Send a body, and hear the answer to its end."""
        body = {"model": "a/model", **fields}
        heard = await self._client.post(path, json=body, headers=headers)
        return Answer(heard.status_code, heard.headers, heard.content)

    async def leave_after(self, size: int, path: str = "/v1/chat/completions") -> str:
        """Ask for a stream, hang up after some bytes; return the request's id."""
        body = {"model": "a/model", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
        async with self._client.stream("POST", path, json=body) as heard:
            got = b""
            async for piece in heard.aiter_raw():
                got += piece
                if len(got) >= size:
                    break
        return heard.headers["x-request-id"]

    async def counted(self, line: str) -> None:
        """Wait until a line is in the metrics."""
        async with asyncio.timeout(5):
            while line not in (await self._client.get("/metrics")).text:  # noqa: ASYNC110 no event
                await asyncio.sleep(0.005)

    async def metrics(self, name: str) -> float:
        """Read one of the metrics."""
        lines = (await self._client.get("/metrics")).text.splitlines()
        (value,) = [line.removeprefix(name) for line in lines if line.startswith(name)]
        return float(value)

    async def budget(self, account: str = "house", **fields: Any) -> None:
        """Set a budget, hard and monthly unless said otherwise."""
        usual: dict[str, Any] = {"at_ms": 0, "account": account, "per": "month"}
        await self.books.stand(Budget(**{**usual, **fields}))

    async def close(self) -> None:
        """Close the house and its vendors before the test ends."""
        await self._closing.aclose()

    def use(self, key: str) -> None:
        """Ask with another key from now on."""
        self._client.headers["authorization"] = f"Bearer {key}"

    async def receipt_at_once(self, answer: Answer) -> dict[str, Any]:
        """Fetch the receipt of an answer that has ended: it is there."""
        heard = await self._client.get(f"/v1/receipts/{answer.headers['x-request-id']}")
        assert heard.status_code == 200
        return heard.json()["receipt"]

    async def receipt(self, answer: Answer | str) -> dict[str, Any]:
        """Fetch the receipt of an answer, once it is written."""
        name = answer if isinstance(answer, str) else answer.headers["x-request-id"]
        async with asyncio.timeout(5):
            while True:
                heard = await self._client.get(f"/v1/receipts/{name}")
                if heard.status_code == 200:
                    return heard.json()["receipt"]
                await asyncio.sleep(0.005)


async def ask(lab: Lab, surface: str, *, is_stream: bool = True, **fields: Any) -> Answer:
    """Ask on one of the surfaces."""
    asks = {"chat": lab.chat, "responses": lab.responses, "messages": lab.messages}
    return await asks[surface](stream=is_stream, **fields)


def claude(
    *blocks: dict[str, Any],
    counts: Mapping[str, Any],
    reason: str = "end_turn",
    is_stream: bool,
    line_end: bytes = b"\n",
) -> Reply:
    """Make an answer of Anthropic's; each block comes in one delta, thinking also in its mark."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m"}
    end = {"stop_reason": reason, "stop_sequence": None}
    if not is_stream:
        whole = {**message, "content": blocks, **end, "usage": counts}
        return respond(json.dumps(whole).encode())
    begun = {**counts, "output_tokens": 1}
    silent: dict[str, Any] = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    ended = {"output_tokens": counts["output_tokens"]}
    events: list[tuple[str, dict[str, Any]]] = [
        ("message_start", {"message": {**silent, "usage": begun}}),
        ("ping", {}),
        *[event for index, block in enumerate(blocks) for event in _block(index, block)],
        ("message_delta", {"delta": end, "usage": ended}),
        ("message_stop", {}),
    ]
    told = [_named(kind, {"type": kind, **fields}) for kind, fields in events]
    return stream(*told, done=0, line_end=line_end)


def _block(index: int, block: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """List the events of one block."""
    deltas = {
        "text": ("text_delta", "text"),
        "thinking": ("thinking_delta", "thinking"),
        "signature": ("signature_delta", "signature"),
        "input": ("input_json_delta", "partial_json"),
    }
    said = {name: block[name] for name in deltas if name in block}
    empty: dict[str, Any] = {name: {} if name == "input" else "" for name in said}
    begun = {"index": index, "content_block": {**block, **empty}}
    told: list[tuple[str, dict[str, Any]]] = [("content_block_start", begun)]
    for name, value in said.items():
        kind, field = deltas[name]
        text = value if isinstance(value, str) else json.dumps(value)
        told.append(("content_block_delta", {"index": index, "delta": {"type": kind, field: text}}))
    return [*told, ("content_block_stop", {"index": index})]


def _named(kind: str, fields: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(fields)}\n\n".encode()


async def _stop(server: uvicorn.Server, client: httpx2.AsyncClient) -> None:
    await client.aclose()
    for listening in server.servers:
        listening.close()
    async with asyncio.timeout(2):
        while server.server_state.connections:  # noqa: ASYNC110 uvicorn has no event
            await asyncio.sleep(0.001)
