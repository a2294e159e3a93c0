"""A load generator that believes nothing: it counts an answer only if it is whole and its own.

Closed loop: each caller keeps one connection and asks again when its answer has ended.
Figures are of a window in the middle: callers are warm when it opens and go on until it has
closed, so that neither connecting nor winding down is in them. Processor time of the watched
processes is read at the same two moments as the counters.

Rule 1: an answer counts when its status is 200, its serial is the request's, its usage is
    there, and, for a stream, every chunk came once, in order, and `[DONE]` after them.
Rule 2: whatever else happens is an error with a name. A caller whose connection is lost
    stays lost: a rig that quietly reconnects hides the fault it should show.

Run alone: `python bench/load.py '{"port": 8000, "callers": 16, "seconds": 2}'`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import cast

import httptools
import machine
import msgspec
import uvloop
from upstream import ASK, STAMP

__all__ = ("Figures", "Load", "Spread", "body", "measure")

_PATIENCE_S = 10.0
"""How long past its window a load waits for answers that have begun."""

_SYSTEM = (
    "You are the dispatcher of a hospital's courier service. Answer from the note alone, in "
    "plain words, in at most three sentences, and name what is missing."
)
_NOTE = (
    "Note of this morning: three boxes for ward seven, two of them cold, picked up at the depot "
    "at seven, one signature missing; the driver asks whether the third may follow at noon."
)


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask, how many at once, and for how long."""

    port: int
    key: str = "none"
    model: str = "bench/static"
    callers: int
    chunks: int = 0
    """Chunks of each stream; 0 asks for whole answers."""
    pace_ms: int = 0
    warmup_s: float = 0.5
    seconds: float
    watch: tuple[int, ...] = ()
    """The gateway's processes: their time is read when the window opens and closes."""
    rig: tuple[int, ...] = ()
    """The rig's other processes, read at the same moments."""


class Spread(msgspec.Struct, frozen=True):
    """Percentiles, microseconds."""

    p50_us: float
    p99_us: float
    samples: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen in the window."""

    window_s: float
    asked: int
    """Requests sent in the whole load, warm-up and end included."""
    answers: int
    chunks: int
    reads: int
    """Pieces of stream bodies; fewer than `chunks` means that some came together."""
    errors: dict[str, int]
    latency: Spread | None
    """Request to end of answer."""
    first: Spread | None
    """Request to first piece of a stream; of the whole load, not only the window."""
    chunk: Spread | None
    """A chunk's way from the upstream's write to here."""
    watched_ns: int
    rig_ns: int
    """The rig's own: this process and those named in the load."""
    machine_ns: int
    """The whole machine's, all cores."""
    stolen_ns: int


@dataclass(slots=True)
class Counts:
    """Running totals; a window is the difference of two readings."""

    answers: int = 0
    chunks: int = 0
    reads: int = 0


class Tally:
    """What the callers of one load have seen."""

    def __init__(self, load: Load) -> None:
        self.counts = Counts()
        self.errors = Counter[str]()
        self.latency_ns = array("q")
        self.first_ns = array("q")
        self.chunk_ns = array("q")
        self.asking = True
        self.serial = 0
        self.live = load.callers
        self.ended = asyncio.Event()
        self._start, self._end = _request(load)

    def request(self) -> bytes:
        """Write the next request."""
        self.serial += 1
        return b"%b%08d%b" % (self._start, self.serial, self._end)

    def leave(self, error: str | None = None) -> None:
        """Note that a caller has stopped, and why if it had to."""
        if error is not None:
            self.errors[error] += 1
        self.live -= 1
        if not self.live:
            self.ended.set()


def body(load: Load) -> bytes:
    """Write a request's body, with zeros for its serial."""
    asked = ASK % (0, load.chunks, load.pace_ms)
    fields: dict[str, object] = {
        "model": load.model,
        "messages": [
            {"role": "system", "content": _SYSTEM},
            {"role": "user", "content": f"{asked} {_NOTE}"},
        ],
        "temperature": 0.2,
        "max_tokens": 256,
        "stream": load.chunks > 0,
    }
    if load.chunks:
        fields["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(fields)


def _request(load: Load) -> tuple[bytes, bytes]:
    """Write a request, and cut it where the serial stands."""
    encoded = body(load)
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\n"
        f"host: 127.0.0.1:{load.port}\r\n"
        "accept: application/json\r\n"
        "user-agent: jevons-bench\r\n"
        f"authorization: Bearer {load.key}\r\n"
        "content-type: application/json\r\n"
        f"content-length: {len(encoded)}\r\n\r\n"
    )
    start, end = (head.encode() + encoded).split(b"serial=00000000", 1)
    return start + b"serial=", end


class Caller(asyncio.Protocol):
    """One caller on one connection."""

    def __init__(self, tally: Tally, load: Load) -> None:
        self._tally = tally
        self._chunks = load.chunks
        self._parser = httptools.HttpResponseParser(self)
        self._asked_ns = 0
        self._open = False
        self._gone = False
        self._body = b""
        self._seen = 0
        self._serial = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not an instance of it on uvloop, which has classes of its own.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave("connection lost" if self._open else "closed while idle")

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._leave("garbled")

    def ask(self) -> None:
        """Send one request, or stop."""
        tally = self._tally
        if not tally.asking:
            self._leave(None)
            return
        self._body, self._seen, self._open = b"", 0, True
        request = tally.request()
        self._serial = b"%08d" % tally.serial
        self._asked_ns = time.monotonic_ns()
        self._transport.write(request)

    def on_body(self, body: bytes) -> None:
        if not self._chunks:
            self._body += body
            return
        now_ns = time.monotonic_ns()
        tally = self._tally
        if not self._seen and not self._body:
            tally.first_ns.append(now_ns - self._asked_ns)
        tally.counts.reads += 1
        self._read_events(self._body + body, now_ns)

    def _read_events(self, text: bytes, now_ns: int) -> None:
        """Count the chunks of a piece; keep what follows the last of them."""
        tally, end = self._tally, 0
        for found in STAMP.finditer(text):
            if int(found[1]) != self._seen:
                tally.errors["chunk out of order"] += 1
            self._seen += 1
            tally.counts.chunks += 1
            tally.chunk_ns.append(now_ns - int(found[2]))
            end = found.end()
        self._body = text[end:]

    def on_message_complete(self) -> None:
        tally = self._tally
        self._open = False
        fault = self._fault()
        if fault:
            tally.errors[fault] += 1
        else:
            tally.counts.answers += 1
            tally.latency_ns.append(time.monotonic_ns() - self._asked_ns)
        self.ask()

    def _fault(self) -> str | None:
        """Say what is wrong with the answer that has just ended."""
        status = self._parser.get_status_code()
        if status != 200:
            return f"status {status}"
        if b'"id":"chatcmpl-%b"' % self._serial not in self._body:
            return "another's answer"
        if b'"usage":{' not in self._body:
            return "no usage"
        if self._seen != self._chunks:
            return "chunks missing"
        if self._chunks and not self._body.endswith(b"data: [DONE]\n\n"):
            return "no [DONE]"
        return None

    def _leave(self, error: str | None) -> None:
        if self._gone:
            return
        self._gone = True
        self._tally.leave(error)
        self._transport.abort()


class Reading:
    """Every counter at one moment."""

    def __init__(self, tally: Tally, load: Load) -> None:
        counts = tally.counts
        self.at_ns = time.monotonic_ns()
        self.watched_ns = machine.cpu_ns(load.watch)
        self.rig_ns = machine.cpu_ns((os.getpid(), *load.rig))
        self.busy = machine.busy()
        self.counts = Counts(counts.answers, counts.chunks, counts.reads)
        self.latencies = len(tally.latency_ns)
        self.chunks = len(tally.chunk_ns)


async def measure(load: Load) -> Figures:
    """Put one load on a server and say what was seen."""
    loop = asyncio.get_running_loop()
    tally = Tally(load)
    callers = list[Caller]()
    for _ in range(load.callers):
        made = await loop.create_connection(lambda: Caller(tally, load), "127.0.0.1", load.port)
        callers.append(made[1])

    opens_s = loop.time() + load.warmup_s
    # Streams begin one after another, so that their chunks do not fall on one moment.
    between_s = load.warmup_s / 2 / load.callers if load.pace_ms else 0.0
    for caller in callers:
        caller.ask()
        await asyncio.sleep(between_s)
    await asyncio.sleep(opens_s - loop.time())
    opened = Reading(tally, load)
    await asyncio.sleep(load.seconds)
    closed = Reading(tally, load)

    tally.asking = False
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await tally.ended.wait()
    except TimeoutError:
        tally.errors["never ended"] += tally.live
    return _figures(tally, opened, closed)


def _figures(tally: Tally, opened: Reading, closed: Reading) -> Figures:
    return Figures(
        window_s=(closed.at_ns - opened.at_ns) / 1e9,
        asked=tally.serial,
        answers=closed.counts.answers - opened.counts.answers,
        chunks=closed.counts.chunks - opened.counts.chunks,
        reads=closed.counts.reads - opened.counts.reads,
        errors=dict(tally.errors),
        latency=_spread(tally.latency_ns[opened.latencies : closed.latencies]),
        first=_spread(tally.first_ns),
        chunk=_spread(tally.chunk_ns[opened.chunks : closed.chunks]),
        watched_ns=closed.watched_ns - opened.watched_ns,
        rig_ns=closed.rig_ns - opened.rig_ns,
        machine_ns=closed.busy.used_ns - opened.busy.used_ns,
        stolen_ns=closed.busy.stolen_ns - opened.busy.stolen_ns,
    )


def _spread(samples_ns: array[int]) -> Spread | None:
    """Take percentiles by nearest rank."""
    if not samples_ns:
        return None
    ordered = sorted(samples_ns)

    def rank_us(share: float) -> float:
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] / 1e3

    return Spread(rank_us(0.5), rank_us(0.99), len(ordered))


def main() -> None:
    """Measure the load named on the command line; print its figures as JSON."""
    load = msgspec.json.decode(sys.argv[1], type=Load)
    gc.disable()
    figures = uvloop.run(measure(load))
    os.write(1, msgspec.json.encode(figures) + b"\n")


if __name__ == "__main__":
    main()
