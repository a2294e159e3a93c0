"""The benchmark's rig counts an answer only when it is whole, and its upstream gives it so."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

pytestmark = pytest.mark.anyio

BENCH = Path(__file__).parents[2] / "bench"
SERIAL = re.compile(rb"serial=(\d{8})")
USAGE = b'"usage":{"total_tokens":3}'


def whole(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body)


def stream(serial: bytes, numbers: tuple[int, ...], end: bytes = b"data: [DONE]\n\n") -> bytes:
    start = b'data: {"id":"chatcmpl-%b",' % serial
    chunks = b"".join(start + b'"content":" %05d@%019d"}\n\n' % (each, each) for each in numbers)
    return whole(chunks + start + USAGE + b"}\n\n" + end)


@asynccontextmanager
async def answering(answer: Callable[[bytes], bytes]) -> AsyncGenerator[int]:
    """Serve what a function makes of each request's serial; hang up after an empty answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while found := SERIAL.search(await reader.read(65536)):
                writer.write(answered := answer(found[1]))
                if not answered:
                    break
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def measure(port: int, **load: float) -> dict[str, Any]:
    said = {"port": port, "callers": 2, "seconds": 0.05, "warmup_s": 0.02} | load
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(BENCH / "load.py"), json.dumps(said), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    figures: dict[str, Any] = json.loads(output)
    return figures


WRONG: dict[str, Callable[[bytes], bytes]] = {
    "status 500": lambda serial: whole(b'{"id":"chatcmpl-%b"}' % serial, b"500 No"),
    "no usage": lambda serial: whole(b'{"id":"chatcmpl-%b"}' % serial),
    "another's answer": lambda _: whole(b'{"id":"chatcmpl-99999999",%b}' % USAGE),
    "garbled": lambda _: b"what?\r\n\r\n",
    "connection lost": lambda _: b"",
}

WRONG_STREAM: dict[str, Callable[[bytes], bytes]] = {
    "no [DONE]": lambda serial: stream(serial, (0, 1, 2), end=b""),
    "chunks missing": lambda serial: stream(serial, (0, 1)),
    "chunk out of order": lambda serial: stream(serial, (0, 2, 1)),
    "another's answer": lambda _: stream(b"99999999", (0, 1, 2)),
}


@pytest.mark.parametrize("fault", WRONG)
async def test_does_not_count_a_whole_answer_that_is_wrong(fault: str) -> None:
    async with answering(WRONG[fault]) as port:
        seen = await measure(port)
    assert seen["answers"] == 0
    assert set(seen["errors"]) == {fault}


@pytest.mark.parametrize("fault", WRONG_STREAM)
async def test_names_what_is_wrong_with_a_stream(fault: str) -> None:
    async with answering(WRONG_STREAM[fault]) as port:
        seen = await measure(port, chunks=3)
    assert set(seen["errors"]) == {fault}


@asynccontextmanager
async def upstream() -> AsyncGenerator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(BENCH / "upstream.py"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


async def ask(port: int, *requests: bytes) -> bytes:
    """Send requests on one connection, one at a time; return all that came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    for request in requests:
        writer.write(request)
        said += await reader.readuntil(b"}" if b"chunks=0" in request else b"0\r\n\r\n")
    writer.close()
    return said + await reader.read()


async def stats(port: int) -> dict[str, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /stats HTTP/1.1\r\nhost: bench\r\n\r\n")
    body = (await reader.readuntil(b"}")).partition(b"\r\n\r\n")[2]
    writer.close()
    said: dict[str, int] = json.loads(body)
    return said


def request(serial: int, chunks: int, pace_ms: int = 0) -> bytes:
    body = b"serial=%08d chunks=%d pace_ms=%d" % (serial, chunks, pace_ms)
    return b"POST / HTTP/1.1\r\nhost: bench\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


async def test_the_upstream_gives_each_stream_whole_on_a_connection_used_again() -> None:
    async with upstream() as port:
        said = await ask(port, request(1, 5, 1), request(2, 3, 1), request(3, 4))
        seen = await stats(port)
    numbers = [int(each) for each in re.findall(rb'"content":" (\d{5})@', said)]
    assert numbers == [*range(5), *range(3), *range(4)]
    assert said.count(b"data: [DONE]\n\n") == 3
    assert (seen["answers"], seen["chunks"], seen["cut"], seen["faults"]) == (3, 12, 0, 0)


async def test_the_upstream_writes_no_more_for_a_caller_that_has_left() -> None:
    async with upstream() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(1, 99999, 1))
        await reader.readuntil(b"@")
        writer.transport.abort()
        left = await stats(port)
        for _ in range(100):
            left = left if left["cut"] else await stats(port)
        await ask(port, request(2, 3, 2))
        later = await stats(port)
    assert left["cut"] == 1
    assert later["chunks"] - left["chunks"] == 3


async def test_the_upstream_refuses_a_request_before_the_last_answer_has_ended() -> None:
    async with upstream() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(1, 99999, 1) + request(2, 3, 1))
        with suppress(ConnectionResetError):
            await reader.read()
        writer.close()
        seen = await stats(port)
    assert seen["faults"] == 1


async def test_the_rig_finds_nothing_wrong_with_its_own_upstream() -> None:
    async with upstream() as port:
        seen = await measure(port, callers=4, chunks=3)
    assert seen["errors"] == {}
    assert seen["chunks"] > 0
