"""The whole corridor: real edge, rules, meter and books on loopback, fake vendors behind it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

import httpx2
import uvicorn

from jevons.boot import open_house
from jevons.edge import serve_config
from jevons.settings import EndpointSettings, EngineSettings, RetrySettings, Settings
from jevons.testing import Vendor
from jevons.types.model import Price

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.testing import Reply

__all__ = ("PRICE", "Answer", "Lab", "endpoint")

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
        calls = [call for delta in self.deltas for call in delta.get("tool_calls") or ()]
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
        return b"data: [DONE]" in self.body or b"event: response.completed" in self.body

    @property
    def error(self) -> dict[str, Any]:
        """The error that it is, or that its stream ended in."""
        last = self.json if self.body.startswith(b"{") else self.events[-1]
        return last.get("error") or last


class Lab:
    """Fake vendors, and one house in front of them."""

    def __init__(self, folder: Path, closing: AsyncExitStack) -> None:
        self._folder = folder
        self._closing = closing
        self._client = httpx2.AsyncClient(timeout=10)

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

    async def house(self, *endpoints: EndpointSettings, tries: int = 0) -> None:
        """Open the house in front of these."""
        settings = Settings(
            data_dir=self._folder,
            engine=EngineSettings(enabled=False),
            retries=RetrySettings(tries=tries),
            endpoint=endpoints,
        )
        house = await self._closing.enter_async_context(open_house(settings))
        server = uvicorn.Server(
            serve_config(house.app, host="127.0.0.1", port=0, read_timeout_s=5, grace_s=1)
        )
        # Its end is awaited when the laboratory closes.
        serving = asyncio.get_running_loop().create_task(server.serve())
        self._closing.push_async_callback(_stop, server, serving)
        async with asyncio.timeout(5):
            while not server.started:  # noqa: ASYNC110 uvicorn has no event
                await asyncio.sleep(0.002)
        port = server.servers[0].sockets[0].getsockname()[1]
        self._client.base_url = f"http://127.0.0.1:{port}"
        key = (self._folder / "key").read_text().strip()
        self._client.headers["authorization"] = f"Bearer {key}"

    async def chat(self, *messages: dict[str, Any], **fields: Any) -> Answer:
        """Ask in OpenAI's chat dialect."""
        asked = [*messages] or [{"role": "user", "content": "Hi"}]
        return await self.post("/v1/chat/completions", messages=asked, **fields)

    async def responses(self, *items: Any, **fields: Any) -> Answer:
        """Ask in OpenAI's Responses dialect."""
        asked = [*items] or "Hi"
        return await self.post("/v1/responses", input=asked, **fields)

    async def post(self, path: str, **fields: Any) -> Answer:
        """Send a body, and hear the answer to its end."""
        heard = await self._client.post(path, json={"model": "a/model", **fields})
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

    async def receipt(self, answer: Answer | str) -> dict[str, Any]:
        """Fetch the receipt of an answer, once it is written."""
        name = answer if isinstance(answer, str) else answer.headers["x-request-id"]
        async with asyncio.timeout(5):
            while True:
                heard = await self._client.get(f"/v1/receipts/{name}")
                if heard.status_code == 200:
                    return heard.json()["receipt"]
                await asyncio.sleep(0.005)


async def _stop(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    server.should_exit = True
    await serving
