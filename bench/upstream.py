"""A static server of OpenAI's chat dialect, so cheap that the gateway is what is measured.

Rule 1: what to answer is said in the request's own message, which every gateway hands on:
    `serial=00000001 chunks=0 pace_ms=0`. No chunks is one whole body; pace 0 is as fast as
    the connection takes them.
Rule 2: the serial comes back in the answer, so that an answer given to the wrong caller is
    seen; each chunk carries its number and the moment it was written.
Rule 3: a timer dies with its answer. One that outlived it would write into the next answer
    on that connection and make a paced stream faster than asked.
Rule 4: `GET /stats` says what really happened: connections, answers, chunks, faults.

Run alone: `python bench/upstream.py [PORT]`.
"""

from __future__ import annotations

import asyncio
import gc
import re
import sys
import time
from typing import NamedTuple, cast

import httptools
import msgspec
import uvloop

__all__ = ("ASK", "STAMP", "WHOLE_BYTES", "Stats", "listen")

ASK = "serial=%08d chunks=%d pace_ms=%d"
"""What a request's message says to be answered: serial, chunks, milliseconds between them."""
STAMP = re.compile(rb'"content":" (\d{5})@(\d{19})"')
"""A chunk's number, and `time.monotonic_ns` when it was written."""
WHOLE_BYTES = 581
"""Length of a whole answer: that of a short reply from a hosted vendor."""

_ASKED = re.compile(rb"serial=(\d{8}) chunks=(\d+) pace_ms=(\d+)")

_WHOLE_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % WHOLE_BYTES
)
_WHOLE_START = b'{"id":"chatcmpl-'
_WHOLE_MIDDLE = (
    b'","object":"chat.completion","created":1790000000,"model":"static",'
    b'"choices":[{"index":0,"message":{"role":"assistant","content":"'
)
_WHOLE_END = (
    b'"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":118,'
    b'"completion_tokens":64,"total_tokens":182,"prompt_tokens_details":{"cached_tokens":0},'
    b'"completion_tokens_details":{"reasoning_tokens":0}},"system_fingerprint":"fp_static"}'
)
_TEXT = (
    b"The delivery left the depot at seven, crossed the river before the morning traffic and "
    b"reached the ward at nine; two of the three boxes were signed for, the third follows. "
) * 4
_FILL = _TEXT[: WHOLE_BYTES - len(_WHOLE_START) - 8 - len(_WHOLE_MIDDLE) - len(_WHOLE_END)]

_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
)
_EVENT = (
    b'data: {"id":"chatcmpl-%b","object":"chat.completion.chunk","created":1790000000,'
    b'"model":"static","choices":[%b]%b}\n\n'
)
_OPENING = b'{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}'
_DELTA = b'{"index":0,"delta":{"content":" %05d@%019d"},"finish_reason":null}'
_CLOSING = b'{"index":0,"delta":{},"finish_reason":"stop"}'
_USAGE = b',"usage":{"prompt_tokens":118,"completion_tokens":%d,"total_tokens":%d}'


class Stats(msgspec.Struct):
    """What the upstream did since it started."""

    connections: int = 0
    answers: int = 0
    chunks: int = 0
    cut: int = 0
    """Answers whose caller left before the end."""
    faults: int = 0
    """Requests that could not be read, or that came before the last answer had ended."""


class Asked(NamedTuple):
    """What to answer."""

    serial: bytes
    chunks: int
    pace_s: float


class Answering(asyncio.Protocol):
    """One connection: one request at a time, kept alive."""

    def __init__(self, stats: Stats) -> None:
        self._loop = asyncio.get_running_loop()
        self._stats = stats
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body = list[bytes]()
        self._asked: Asked | None = None
        self._next: asyncio.Handle | None = None
        self._started_s = 0.0
        self._sent = 0
        self._has_room = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not an instance of it on uvloop, which has classes of its own.
        self._transport = cast("asyncio.Transport", transport)
        self._stats.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        if self._asked is not None:
            self._stats.cut += 1
        self._end()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fault()

    def pause_writing(self) -> None:
        self._has_room = False

    def resume_writing(self) -> None:
        self._has_room = True
        if self._asked is not None and self._next is None:
            self._step(self._asked)

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        self._body.clear()
        if self._url == b"/stats":
            self._write_stats()
            return
        found = _ASKED.search(body)
        if found is None or self._asked is not None:
            self._fault()
            return
        asked = Asked(found[1], int(found[2]), int(found[3]) / 1e3)
        self._stats.answers += 1
        if asked.chunks:
            self._start(asked)
        else:
            self._transport.writelines(
                (_WHOLE_HEAD, _WHOLE_START, asked.serial, _WHOLE_MIDDLE, _FILL, _WHOLE_END)
            )

    def _start(self, asked: Asked) -> None:
        self._asked = asked
        self._sent = 0
        self._started_s = self._loop.time()
        opening = _framed(_EVENT % (asked.serial, _OPENING, b""))
        self._transport.write(_STREAM_HEAD + opening)
        self._plan(asked)

    def _plan(self, asked: Asked) -> None:
        """Say when the next chunk goes out; by the start, so that lateness does not add up."""
        if asked.pace_s:
            due_s = self._started_s + asked.pace_s * (self._sent + 1)
            self._next = self._loop.call_at(due_s, self._step, asked)
        elif self._has_room:
            self._next = self._loop.call_soon(self._step, asked)
        else:
            self._next = None

    def _step(self, asked: Asked) -> None:
        event = _EVENT % (asked.serial, _DELTA % (self._sent, time.monotonic_ns()), b"")
        self._sent += 1
        self._stats.chunks += 1
        if self._sent < asked.chunks:
            self._transport.write(_framed(event))
            self._plan(asked)
        else:
            self._transport.write(_framed(event) + _ending(asked))
            self._end()

    def _end(self) -> None:
        self._asked = None
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _fault(self) -> None:
        self._stats.faults += 1
        self._end()
        self._transport.abort()

    def _write_stats(self) -> None:
        body = msgspec.json.encode(self._stats)
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            % (len(body), body)
        )


def _framed(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


def _ending(asked: Asked) -> bytes:
    usage = _USAGE % (asked.chunks, 118 + asked.chunks)
    return b"".join(
        (
            _framed(_EVENT % (asked.serial, _CLOSING, b"")),
            _framed(_EVENT % (asked.serial, b"", usage)),
            _framed(b"data: [DONE]\n\n"),
            b"0\r\n\r\n",
        )
    )


async def listen(port: int) -> None:
    """Serve on the loopback until cancelled."""
    stats = Stats()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(stats), "127.0.0.1", port, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    gc.freeze()
    gc.disable()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(listen(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
