"""What an endpoint sends to show that it lives reaches callers of its dialect, and is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.contract.providers.spoken import PAIRS, SPOKEN
from tests.contract.providers.tongues import Line, asking, essence, told, understood

from jevons.testing import Listener, Vendor
from jevons.testing.reply import respond
from jevons.types.errors import ProviderTimeout
from jevons.types.event import Frame

if TYPE_CHECKING:
    from jevons.types.request import Dialect

pytestmark = pytest.mark.anyio

COMMENT = b": keep-alive\n\n"
ALIVE: dict[Dialect, bytes] = {
    "openai-chat": COMMENT,
    "openai-responses": COMMENT
    + b'event: keepalive\ndata: {"type":"keepalive","sequence_number":0}\n\n',
    "anthropic-messages": COMMENT + b'event: ping\ndata: {"type": "ping"}\n\n',
    "gemini": COMMENT,
    "ollama": b"\r\n",
}


@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_signs_of_life_go_on_as_they_came_or_not_at_all(
    asked: Dialect, spoken: Dialect
) -> None:
    said, alive = SPOKEN[spoken], ALIVE[spoken]
    pieces = [each for piece in said.pieces for each in (alive, piece)]
    async with Vendor(respond(*pieces, kind=said.kind, framed="chunked")) as vendor:
        caller = Listener()
        request = asking(asked, is_stream=True)
        outcome = await Line(vendor, spoken).ask(request, caller)
    assert outcome.error is None
    assert (outcome.finish, outcome.usage) == ("tool_calls", said.used)
    heard = [*caller.heard, *outcome.closing]
    plain = asking(asked, is_stream=True)
    async with Vendor(respond(*said.pieces, kind=said.kind, framed="chunked")) as vendor:
        bare = Listener()
        quiet = await Line(vendor, spoken).ask(plain, bare)
    assert [*essence(understood(request, heard))] == [
        *essence(understood(plain, [*bare.heard, *quiet.closing]))
    ]
    signs = told(request, heard).count(alive)
    assert signs >= len(said.pieces) - said.spare if asked == spoken else signs == 0


@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_signs_of_life_alone_are_no_beginning(asked: Dialect, spoken: Dialect) -> None:
    """Another endpoint may still answer, or the caller be told with a status of its own."""
    said, alive = SPOKEN[spoken], ALIVE[spoken]
    stream = respond(alive * 3, *said.pieces, kind=said.kind, framed="chunked")
    async with Vendor(stream.stall(at=stream.after(1))) as vendor:
        caller = Listener()
        line = Line(vendor, spoken, idle_timeout_s=0.05)
        outcome = await line.ask(asking(asked, is_stream=True), caller)
    assert isinstance(outcome.error, ProviderTimeout)
    assert not outcome.committed
    assert caller.heard == []


async def test_empty_lines_before_a_whole_answer_are_not_of_it() -> None:
    """DeepSeek sends them while a request that does not stream waits in line."""
    said = SPOKEN["openai-chat"]
    async with Vendor(respond(b"\n" * 5 + said.whole)) as vendor:
        for asked in ("openai-chat", "anthropic-messages"):
            request = asking(asked, is_stream=False)
            outcome = await Line(vendor, "openai-chat").ask(request)
            assert outcome.error is None
            assert outcome.usage == said.used
            (first, *_) = outcome.closing
            assert isinstance(first, Frame) == (asked == "openai-chat")
