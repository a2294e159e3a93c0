"""What a server took for a request that has gone is given back, whenever it went."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from jevons.budget import Terms
from jevons.providers.shared_pace import SharedPace
from jevons.providers.valkey import Line, read_where
from jevons.telemetry import Metrics
from jevons.testing import Clock
from jevons.testing.make import a_request, an_actor
from jevons.types.budget import Limit

if TYPE_CHECKING:
    from jevons.types.request import Generate

pytestmark = pytest.mark.anyio


class Wire:
    """What a line writes to."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        """Nothing hangs on it."""


def counted(pace: SharedPace) -> tuple[Line, Wire]:
    """Have it count with others, over a line that a test speaks for."""
    line, wire = Line(), Wire()
    line.connection_made(cast("asyncio.Transport", wire))
    pace._begin(line)  # pyright: ignore[reportPrivateUsage] a test is the server
    wire.written.clear()
    line.data_received(b":0\r\n+OK\r\n")
    return line, wire


@pytest.fixture
def pace() -> SharedPace:
    terms = Terms.of([Limit(at_ms=0, account="lab", parallel=1, requests=9)])
    where = read_where("valkey://here")
    return SharedPace(where, terms=lambda: terms, clock=Clock(), metrics=Metrics())


@pytest.fixture
def request_of_lab() -> Generate:
    return a_request(actor=an_actor(account=("search", "lab")))


@pytest.mark.parametrize("comes", ["before", "with", "after"])
async def test_whoever_leaves_gives_back_what_was_taken(
    pace: SharedPace, request_of_lab: Generate, comes: str
) -> None:
    line, wire = counted(pace)
    asking = pace.enter(request_of_lab)
    assert not isinstance(asking, bool)
    task = asyncio.ensure_future(asking)
    await asyncio.sleep(0)
    if comes == "before":
        line.data_received(b"*3\r\n:1\r\n:8\r\n:0\r\n")
        assert await task
        pace.leave(request_of_lab.id, tokens=None)
    elif comes == "with":
        line.data_received(b"*3\r\n:1\r\n:8\r\n:0\r\n")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    else:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        line.data_received(b"*3\r\n:1\r\n:8\r\n:0\r\n")
    assert len(wire.written) == 2
    put_back = b"$1\r\n0\r\n" if comes == "before" else b"$2\r\n-1\r\n"
    assert put_back in wire.written[1]


async def test_what_was_refused_is_not_given_back(
    pace: SharedPace, request_of_lab: Generate
) -> None:
    line, wire = counted(pace)
    asking = pace.enter(request_of_lab)
    assert not isinstance(asking, bool)
    task = asyncio.ensure_future(asking)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    line.data_received(b"*4\r\n:0\r\n:1\r\n:0\r\n:0\r\n")
    assert len(wire.written) == 1
