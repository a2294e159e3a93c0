"""A provider over a real socket, and short ways to ask it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from jevons.providers import OpenAIChat
from jevons.testing import Clock, Listener, Vendor
from jevons.testing.make import an_actor, an_endpoint
from jevons.types.decision import Attempt, Candidate, Outcome
from jevons.types.event import Frame
from jevons.wire.openai_chat import parse_request

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from jevons.testing import Reply
    from jevons.types.request import Generate

KEY = "sk-very-secret"
ENDPOINT = an_endpoint("far", upstream_model="upstream/model")
ATTEMPT = Attempt(number=1, candidate=Candidate(endpoint=ENDPOINT, why="a test said so"))


def asking(*, stream: bool = True, **fields: Any) -> Generate:
    """Make a request as a caller's body gives it."""
    body = {
        "model": "a/model",
        "messages": [{"role": "user", "content": "Hi"}],
        **({"stream": True} if stream else {}),
        **fields,
    }
    return parse_request(msgspec.json.encode(body), id="req_1", at_ms=0, actor=an_actor())


class Bench:
    """One vendor and one provider that asks it."""

    Listener = Listener

    def __init__(self) -> None:
        self.vendor = Vendor()
        self.provider: OpenAIChat | None = None

    async def open(
        self,
        *replies: Reply,
        tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
        **limits: Any,
    ) -> OpenAIChat:
        """Have a vendor answer these, and a provider with these limits."""
        self.vendor = Vendor(*replies, context=tls[0] if tls else None)
        await self.vendor.__aenter__()
        self.provider = self.aim(self.vendor.url, context=tls[1] if tls else None, **limits)
        return self.provider

    def aim(self, url: str, **limits: Any) -> OpenAIChat:
        """Make a provider with short patience."""
        patience: dict[str, Any] = {
            "connect_timeout_s": 2.0,
            "first_byte_timeout_s": 5.0,
            "idle_timeout_s": 5.0,
        }
        return OpenAIChat(url=url, api_key=KEY, clock=Clock(), **{**patience, **limits})

    async def ask(
        self, caller: Listener | None = None, *, stream: bool = True, **fields: Any
    ) -> tuple[Outcome, bytes]:
        """Ask once; return what became of it, and the bytes that were pushed."""
        assert self.provider is not None
        caller = caller or Listener()
        async with asyncio.timeout(20):
            outcome = await self.provider.serve(ATTEMPT, asking(stream=stream, **fields), caller)
        return outcome, said(*caller.heard)

    async def close(self) -> None:
        if self.provider is not None:
            self.provider.close()
        await self.vendor.__aexit__(None, None, None)


def said(*events: Any) -> bytes:
    """Join the bytes of frames, of which each must be whole."""
    for each in events:
        assert isinstance(each, Frame)
    return b"".join([each.body for each in events])


@pytest.fixture
async def bench(anyio_backend: str) -> AsyncIterator[Bench]:
    """A vendor and a provider; afterwards no task may be left."""
    before = _tasks()
    it = Bench()
    yield it
    await it.close()
    await asyncio.sleep(0)
    assert _tasks() <= before


def _tasks() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if "TestRunner" not in repr(task.get_coro())}
