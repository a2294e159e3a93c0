"""The embedded engine against llama.cpp's own HTTP server: the same library, file and settings.

    python bench/engine.py [--quick] [--json] [--weights FILE]

Both are loaded for the whole run; one works at a time. A round asks each for one answer
alone and for eight at once, the same prompts, and begins with the other side than the
round before. What is compared is tokens a second, from asking to the last token, as the
client sees it: in this process for the engine, over a socket for the server. The ratio that
counts is the median of each round's own, so that a noisy neighbour hits both sides of it.

Exit status 1 if a round cannot be believed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import msgspec
import uvloop
from machine import busy, describe

from jevons.engine import Embedded
from jevons.engine.load import load
from jevons.engine.pull import find, pull
from jevons.telemetry import configure_logs
from jevons.testing import Listener
from jevons.testing.make import an_actor, an_endpoint
from jevons.types.decision import Attempt, Candidate
from jevons.wire.openai_chat import parse_request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from types import FrameType

__all__ = ("main",)

_AT_LEAST = 0.97
"""What is promised: of the server's tokens a second."""
_SLOTS = 8
_CONTEXT_TOKENS = 1024
_WEIGHTS = Path(__file__).parents[1] / ".jevons" / "weights"
_SUBJECTS = ("fox", "lighthouse", "clockmaker", "river", "violin", "desert", "baker", "comet")


class Round(msgspec.Struct, frozen=True):
    """One side's share of a round."""

    side: str
    callers: int
    tokens: int
    seconds: float
    own_s: float
    """Processor time of this process and of the server's."""
    foreign: float
    """Processor time of everything else meanwhile, in cores."""

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


class Side(NamedTuple):
    """One of the two."""

    name: str
    ask: Callable[[bytes], Awaitable[int]]
    """Asks one request's body; returns the tokens of the answer."""
    pids: tuple[int, ...]


@asynccontextmanager
async def embedded(weights: Path) -> AsyncGenerator[Side, None]:
    """Open the engine in this process."""
    attempt = Attempt(number=1, candidate=Candidate(endpoint=an_endpoint(), why="bench"))
    opening = Embedded.open(
        weights, name="bench", slots=_SLOTS, context_tokens=_CONTEXT_TOKENS, threads=None
    )
    async with opening as engine:

        async def ask(body: bytes) -> int:
            request = parse_request(body, id="req_1", at_ms=0, actor=an_actor())
            outcome = await engine.serve(attempt, request, Listener())
            if outcome.error is not None:
                raise outcome.error
            return outcome.usage.output

        yield Side("jevons", ask, ())


@asynccontextmanager
async def server(weights: Path) -> AsyncGenerator[Side, None]:
    """Run llama.cpp's server in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--serve", str(weights), stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            raise AssertionError
        port, key = (await process.stdout.readline()).decode().split()

        async def ask(body: bytes) -> int:
            return await _asked(int(port), key, body)

        yield Side("server", ask, (process.pid,))
    finally:
        process.terminate()
        await process.wait()


async def _asked(port: int, key: str, body: bytes) -> int:
    """Ask over a socket; read every event as it comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
        b"content-type: application/json\r\nauthorization: Bearer %b\r\n"
        b"content-length: %d\r\n\r\n%b" % (key.encode(), len(body), body)
    )
    tokens = 0
    async for line in reader:
        if line.startswith(b"data: {"):
            usage = msgspec.json.decode(line[6:]).get("usage")
            tokens = usage["completion_tokens"] if usage else tokens
    writer.close()
    await writer.wait_closed()
    if not tokens:
        message = "the server's answer had no usage"
        raise RuntimeError(message)
    return tokens


def serve(weights: Path) -> None:
    """Be llama.cpp's server, as the engine sets it up, until terminated."""
    signal.signal(signal.SIGTERM, _leave)
    key = "bench"
    loaded = load(
        weights, name="bench", slots=_SLOTS, context_tokens=_CONTEXT_TOKENS, threads=None, key=key
    )
    print(loaded.server.listening_address.rsplit(":", 1)[1], key, flush=True)
    signal.pause()


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(0)


def bodies(callers: int, tokens: int) -> list[bytes]:
    """Write one request a caller."""
    return [
        msgspec.json.encode(
            {
                "model": "bench",
                "messages": [{"role": "user", "content": f"Write a long story about a {subject}."}],
                "max_tokens": tokens,
                "temperature": 0,
                "stream": True,
                "stream_options": {"include_usage": True},
            }
        )
        for subject in _SUBJECTS[:callers]
    ]


async def take(side: Side, callers: int, tokens: int) -> Round:
    """Ask one side, and time it."""
    asked = bodies(callers, tokens)
    before, own_ns = busy(), _own_ns(side)
    began_s = time.perf_counter()
    counts = await asyncio.gather(*[side.ask(body) for body in asked])
    seconds = time.perf_counter() - began_s
    own_s = (_own_ns(side) - own_ns) / 1e9
    foreign = ((busy().used_ns - before.used_ns) / 1e9 - own_s) / seconds
    return Round(side.name, callers, sum(counts), seconds, own_s, foreign)


def _own_ns(side: Side) -> int:
    # 2 is CPUCLOCK_SCHED; see machine.cpu_ns.
    return time.process_time_ns() + sum(time.clock_gettime_ns(~pid << 3 | 2) for pid in side.pids)


async def measure(weights: Path, *, rounds: int, tokens: int) -> list[Round]:
    """Take turns."""
    taken: list[Round] = []
    async with embedded(weights) as ours, server(weights) as theirs:
        sides = [ours, theirs]
        for side in sides:  # prompts read, caches warm
            await take(side, _SLOTS, 4)
        for _ in range(rounds):
            for callers in (1, _SLOTS):
                taken += [await take(side, callers, tokens) for side in sides]
            sides.reverse()
    return taken


def report(taken: list[Round]) -> bool:
    """Print the table; tell whether it can be believed."""
    print(
        f"{'':<14}{'jevons':>10}{'server':>10}{'ratio':>8}{'in rounds':>12}{'CPU ms/token':>18}{'foreign CPU, cores':>22}"
    )
    for callers in (1, _SLOTS):
        rounds = {
            side: [each for each in taken if each.side == side and each.callers == callers]
            for side in ("jevons", "server")
        }
        ours, theirs = (median([each.rate for each in rounds[side]]) for side in rounds)
        cpu_ms = [
            median([1e3 * each.own_s / each.tokens for each in rounds[side]]) for side in rounds
        ]
        foreign = [each.foreign for side in rounds.values() for each in side]
        pairs = zip(rounds["jevons"], rounds["server"], strict=True)
        ratio = median([mine.rate / its.rate for mine, its in pairs])
        verdict = "kept" if ratio >= _AT_LEAST else "BROKEN"
        print(
            f"{callers} at once".ljust(14)
            + f"{ours:>10.1f}{theirs:>10.1f}{ours / theirs:>8.3f}{ratio:>12.3f}"
            + f"{f'{cpu_ms[0]:.2f}, {cpu_ms[1]:.2f}':>18}"
            + f"{f'{median(foreign):.2f}, {max(foreign):.2f}':>22}  {verdict}: at least {_AT_LEAST}"
        )
    counts = {(each.callers, each.tokens) for each in taken}
    equal = len(counts) == len({callers for callers, _ in counts})
    if not equal:
        print("NOT TO BE BELIEVED: the two sides did not write the same number of tokens")
    return equal


def main() -> int:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three rounds of short answers")
    parser.add_argument("--json", action="store_true", help="every round's figures")
    parser.add_argument("--weights", type=Path, help="a GGUF file; else the best that is here")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
    configure_logs(json=False)
    weights: Path = options.weights or _weights()
    rounds, tokens = (3, 24) if options.quick else (11, 64)
    taken = uvloop.run(measure(weights, rounds=rounds, tokens=tokens))
    if options.json:
        sys.stdout.buffer.write(msgspec.json.encode(taken) + b"\n")
        return 0
    print(f"{describe()}   {weights.name}   {rounds} rounds of {tokens} tokens an answer")
    return 0 if report(taken) else 1


def _weights() -> Path:
    found = find(None, _WEIGHTS)
    return found.path if found else pull("smollm2-135m", _WEIGHTS, lambda _: None).path


if __name__ == "__main__":
    sys.exit(main())
