"""A provider over a real socket, short ways to ask it, and the table of faults."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from jevons.providers import Remote
from jevons.testing import Clock, Listener, Vendor, let_through
from jevons.testing.make import an_actor, an_endpoint
from jevons.types.decision import Attempt, Candidate, Outcome
from jevons.types.event import Frame
from jevons.wire.openai_chat import parse_request

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator

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
        return Remote(url=url, admit=let_through, clock=Clock(), **usual)

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


class Scores:
    """What was expected of each fault, and what was seen, for each pair of dialects.

    Args:
        is_full: Whether every byte is to be cut at, and not only those around the events.
    """

    def __init__(self, *, is_full: bool) -> None:
        self.is_full = is_full
        self._rows: dict[str, str] = {}
        self._seen: dict[tuple[str, str], set[str]] = {}

    def note(self, fault: str, asked: str, spoken: str, expected: str, saw: str) -> None:
        """Note one cell, and hold it to what was expected."""
        self._rows[fault] = expected
        self._seen.setdefault((fault, f"{asked} < {spoken}"), set()).add(saw)
        assert saw == expected

    def table(self) -> Iterator[str]:
        """Lay it out: a row for each fault, a column for each pair, callers first."""
        pairs = sorted({pair for _, pair in self._seen})
        widths = [max(map(len, self._rows)), max(map(len, self._rows.values()))]
        for number, pair in enumerate(pairs, start=1):
            yield f"({number}) {pair}"
        heads = [f"({number})" for number in range(1, len(pairs) + 1)]
        yield _line(["fault", "expected", *heads], widths)
        met = 0
        for fault, expected in self._rows.items():
            cells = [self._seen.get((fault, pair), set[str]()) for pair in pairs]
            met += sum(cell == {expected} for cell in cells)
            yield _line([fault, expected, *[_cell(cell, expected) for cell in cells]], widths)
        yield f"{met} of {len(self._seen)} as expected; '.' is what the endpoint's dialect cannot say"


def _cell(saw: set[str], expected: str) -> str:
    if not saw:
        return "."
    return "ok" if saw == {expected} else " / ".join(sorted(saw - {expected}))


def _line(cells: list[str], widths: list[int]) -> str:
    ends = [*widths, *[4] * (len(cells) - len(widths))]
    return "  ".join([cell.ljust(end) for cell, end in zip(cells, ends, strict=True)]).rstrip()


SCORES = pytest.StashKey[Scores]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the table."""
    parser.addoption(
        "--score", action="store_true", help="cut at every byte, and print the table of faults"
    )


@pytest.fixture(scope="session")
def scores(pytestconfig: pytest.Config) -> Scores:
    """The table of this run."""
    is_full = bool(pytestconfig.getoption("--score", default=False))
    return pytestconfig.stash.setdefault(SCORES, Scores(is_full=is_full))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print it, if it was asked for or nobody watches."""
    it = config.stash.get(SCORES, None)
    if it is not None and (it.is_full or "CI" in os.environ):
        cuts = "cut at every byte" if it.is_full else "cut around every event"
        terminalreporter.section(f"faults, {cuts}: expected against seen")
        for line in it.table():
            terminalreporter.write_line(line)


def _tasks() -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() if "TestRunner" not in repr(task.get_coro())}
