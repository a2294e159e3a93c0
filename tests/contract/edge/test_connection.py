"""A connection frames every answer as its caller can read it, and ends when it should."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from jevons.edge.cycle import Cycle

if TYPE_CHECKING:
    from conftest import House
    from jevons.edge.connection import Connection

pytestmark = pytest.mark.anyio

BODY = json.dumps({"model": "here", "messages": [{"role": "user", "content": "Hi"}]}).encode()
STREAM = json.dumps({**json.loads(BODY), "stream": True}).encode()


def post(body: bytes, *headers: str, version: str = "1.1") -> bytes:
    lines = [
        f"POST /v1/chat/completions HTTP/{version}",
        "host: here",
        "authorization: Bearer jv_a-key",
        f"content-length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def test_a_caller_of_http_1_0_gets_a_stream_without_chunks_up_to_the_end(
    house: House,
) -> None:
    head, _, body = (await house.say(post(STREAM, version="1.0"))).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body.startswith(b"data: {")
    assert body.endswith(b"data: [DONE]\n\n")


async def test_a_caller_of_http_1_0_gets_a_whole_answer_by_its_length(house: House) -> None:
    head, _, body = (await house.say(post(BODY, version="1.0"))).partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head


async def test_an_upgrade_that_is_offered_is_not_taken_and_the_request_answered(
    house: House,
) -> None:
    sent = post(BODY, "connection: upgrade", "upgrade: h2c")
    for cut in (len(sent), len(sent) - len(BODY), len(sent) - 5):
        reader, writer = await house.connect()
        writer.write(sent[:cut])
        await asyncio.sleep(0.01)
        writer.write(sent[cut:])
        heard = await reader.read(-1)
        assert heard.startswith(b"HTTP/1.1 200 OK"), cut
        assert b"connection: close" in heard


async def test_a_connection_serves_one_request_after_another(house: House) -> None:
    reader, writer = await house.connect()
    for _ in range(3):
        writer.write(post(BODY))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert b"\r\ndate: " in head
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
        assert json.loads(await reader.readexactly(length))["object"] == "chat.completion"


async def test_an_idle_connection_is_closed_and_one_that_is_answering_is_not(
    house: House,
) -> None:
    reader, writer = await house.connect()
    await house.until(lambda: house.server.server_state.connections)
    (connection,) = cast("set[Connection]", house.server.server_state.connections)
    writer.write(post(BODY)[:40])
    await asyncio.sleep(0.02)
    connection.close_if_idle()
    writer.write(post(BODY)[40:])
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")
    connection.close_if_idle()
    async with asyncio.timeout(2):
        await reader.read(-1)


async def test_a_path_is_read_through_its_escapes(house: House) -> None:
    assert (await house.ask("GET", "/%68ealthz")).status == 200
    assert (await house.ask("GET", "/healthz?x=1")).status == 200


@pytest.mark.parametrize("target", [b"http://", b"/\xff\xfe"])
async def test_a_target_that_is_none_is_refused(house: House, target: bytes) -> None:
    heard = await house.say(b"GET %b HTTP/1.1\r\nhost: here\r\n\r\n" % target)
    assert heard.startswith(b"HTTP/1.1 400")


async def test_a_server_that_stops_closes_idle_connections_at_once(house: House) -> None:
    reader, writer = await house.connect()
    writer.write(post(BODY))
    await reader.readuntil(b"\r\n\r\n")
    (connection,) = house.server.server_state.connections
    connection.shutdown()
    async with asyncio.timeout(2):
        await reader.read(-1)


class Wire:
    """A connection that remembers what a cycle writes."""

    def __init__(self) -> None:
        self.is_full = False
        self.written: list[bytes] = []
        self.ends = 0

    def default_head(self) -> bytes:
        return b"date: now\r\n"

    def write(self, data: bytes) -> None:
        self.written.append(data)

    async def room(self) -> None:
        self.is_full = False

    def read_on(self) -> None:
        pass

    def ended(self, cycle: Cycle) -> None:
        assert cycle.sent
        self.ends += 1


def cycle_on(wire: Wire, **scope: Any) -> Cycle:
    usual = {"http_version": "1.1", "method": "GET"}
    return Cycle(wire, {**usual, **scope}, keep_alive=True, expects_continue=False)


START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
END = {"type": "http.response.body", "body": b"ok", "more_body": False}


async def test_head_and_body_go_out_in_one_write() -> None:
    wire = Wire()
    cycle = cycle_on(wire)
    await cycle.send(START)
    assert wire.written == []
    await cycle.send(END)
    assert wire.written == [b"HTTP/1.1 200 OK\r\ndate: now\r\ncontent-length: 2\r\n\r\nok"]
    assert wire.ends == 1


async def test_a_header_cannot_begin_another() -> None:
    cycle = cycle_on(Wire())
    with pytest.raises(RuntimeError, match="end of a line"):
        await cycle.send({**START, "headers": [(b"x-name", b"a\r\nset-cookie: b")]})


@pytest.mark.parametrize("messages", [[END], [START, START], [START, END, END]])
async def test_what_breaks_the_order_of_an_answer_is_a_bug(messages: list[dict[str, Any]]) -> None:
    cycle = cycle_on(Wire())
    *before, last = messages
    for message in before:
        await cycle.send(message)
    with pytest.raises(RuntimeError, match="not what comes next"):
        await cycle.send(last)


async def test_nothing_is_written_to_a_caller_that_left() -> None:
    wire = Wire()
    cycle = cycle_on(wire)
    cycle.gone = True
    wire.is_full = True
    await cycle.send(START)
    assert wire.written == []
    assert await cycle.receive() == {"type": "http.disconnect"}
