"""A provider over a real socket, and short ways to ask it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from jevons.providers import Remote
from jevons.testing import Clock, Listener, Vendor
from jevons.testing.make import an_actor, an_endpoint
from jevons.types.decision import Attempt, Candidate, Outcome
from jevons.types.event import Frame
from jevons.wire.openai_chat import parse_request

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from jevons.ports import Provider
    from jevons.testing import Reply
    from jevons.types.event import Event
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
        self.provider: Provider | None = None

    async def open(
        self,
        *replies: Reply,
        tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
        **limits: Any,
    ) -> Remote:
        """Have a vendor answer these, and a provider with these limits."""
        self.vendor = Vendor(*replies, context=tls[0] if tls else None)
        await self.vendor.__aenter__()
        provider = self.aim(self.vendor.url, context=tls[1] if tls else None, **limits)
        self.provider = provider
        return provider

    def aim(self, url: str, **limits: Any) -> Remote:
        """Make a provider with short patience."""
        usual: dict[str, Any] = {
            "api_key": KEY,
            "connect_timeout_s": 2.0,
            "first_byte_timeout_s": 5.0,
            "idle_timeout_s": 5.0,
        }
        usual.update(limits)
        return Remote(url=url, clock=Clock(), **usual)

    async def ask(
        self, caller: Listener | None = None, *, stream: bool = True, **fields: Any
    ) -> tuple[Outcome, bytes]:
        """Ask once; return what became of it, and the bytes that were pushed."""
        assert self.provider is not None
        caller = caller or Listener()
        async with asyncio.timeout(20):
            outcome = await self.provider.serve(ATTEMPT, asking(stream=stream, **fields), caller)
        return outcome, _said(*caller.heard)

    async def close(self) -> None:
        if isinstance(self.provider, Remote):
            self.provider.close()
        await self.vendor.__aexit__(None, None, None)


def _said(*events: Event) -> bytes:
    """Join the bytes of frames, and what was said in other events."""
    return b"".join([_bytes(each) for each in events])


def _bytes(event: Event) -> bytes:
    if isinstance(event, Frame):
        assert event.body.endswith((b"\n\n", b"\r\n\r\n")), "only whole events are pushed"
        return event.body
    return msgspec.json.encode(event)


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops: connections of the one are not connections of the other."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def bench(anyio_backend: object) -> AsyncIterator[Bench]:
    """A vendor and a provider; afterwards no task may be left."""
    before = _tasks()
    it = Bench()
    yield it
    await it.close()
    await asyncio.sleep(0)
    assert _tasks() <= before


def _tasks() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if "TestRunner" not in repr(task.get_coro())}
