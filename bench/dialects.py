"""What a chunk costs to be understood and said again, for each pair of dialects: `python bench/dialects.py`.

No sockets: what an endpoint's stream costs between the read and the write, in processor time.
A stream of a caller's own dialect is relayed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import msgspec

from jevons.edge.surface import CHAT, MESSAGES, RESPONSES, Surface
from jevons.providers.speech import SPEECHES
from jevons.testing.make import an_actor
from jevons.types.account import Usage
from jevons.types.event import Event, Finished, TextDelta
from jevons.types.request import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jevons.types.request import Generate

LIMIT_US = 60.0
"""Of a chunk that crosses from one dialect to another."""

_MESSAGES = [{"role": "user", "content": "Hi"}]
_CALLERS: dict[Dialect, tuple[Surface, dict[str, Any]]] = {
    "openai-chat": (CHAT, {"messages": _MESSAGES}),
    "openai-responses": (RESPONSES, {"input": "Hi"}),
    "anthropic-messages": (MESSAGES, {"messages": _MESSAGES, "max_tokens": 9}),
}
_ENDED = Finished(reason="stop", usage=Usage(input=9, output=9, counted_by="endpoint"))
_encode = msgspec.json.Encoder().encode


class Cost(NamedTuple):
    """What was found for a pair."""

    asked: Dialect
    spoken: Dialect
    chunk_us: float
    """Median over rounds."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every pair, print a table; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=2_000, help="of a stream")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="figures for a program")
    said = parser.parse_args(arguments)
    costs = [*_measured(said.chunks, said.rounds)]
    if said.json:
        print(json.dumps([each._asdict() for each in costs]))
    else:
        print("\n".join(_table(costs)))
    return int(any(each.chunk_us > LIMIT_US for each in costs))


def _measured(chunks: int, rounds: int) -> Iterator[Cost]:
    words = [f"word{number} " for number in range(chunks)]
    for spoken in get_args(Dialect):
        pieces = _STREAMS[spoken](words)
        for asked in _CALLERS:
            spent = [_spent(asked, spoken, pieces) for _ in range(rounds)]
            yield Cost(asked, spoken, median(spent) / chunks * 1e6)


def _spent(asked: Dialect, spoken: Dialect, pieces: list[bytes]) -> float:
    """Hear a stream and say it again; processor seconds."""
    surface, request = _CALLERS[asked][0], _request(asked)
    rendering = surface.stream(request)
    hearing = SPEECHES[spoken].hear(request, "")
    said = 0
    began_s = time.process_time()
    for piece in pieces:
        heard = hearing.feed(piece)
        said += len(heard if isinstance(heard, bytes) else b"".join(map(rendering.event, heard)))
    spent_s = time.process_time() - began_s
    if hearing.end() is not None or not said:
        message = f"{spoken} to {asked}: {hearing.error}"
        raise RuntimeError(message)
    return spent_s


def _table(costs: list[Cost]) -> Iterator[str]:
    yield "CPU µs a chunk, from what was read to what is written"
    yield f"{'endpoint speaks':<22}" + "".join(f"{asked:>22}" for asked in _CALLERS)
    for spoken in _STREAMS:
        row = {each.asked: each.chunk_us for each in costs if each.spoken == spoken}
        cells = [f"{us:.1f}{' (relayed)' * (asked == spoken)}" for asked, us in row.items()]
        yield f"{spoken:<22}" + "".join(f"{cell:>22}" for cell in cells)
    dearest = max(costs, key=lambda each: each.chunk_us)
    verdict = "kept  " if dearest.chunk_us <= LIMIT_US else "BROKEN"
    yield f"{verdict}  dearest chunk: {dearest.chunk_us:.1f} µs, at most {LIMIT_US:g}"


def _request(asked: Dialect) -> Generate:
    surface, fields = _CALLERS[asked]
    body = _encode({"model": "a/model", "stream": True, **fields})
    actor = an_actor()
    return surface.parse(body, id="req_1", at_ms=0, actor=actor)


def _of(asked: Dialect) -> Callable[[list[str]], list[bytes]]:
    """Have a stream written as we write it for callers."""

    def written(words: list[str]) -> list[bytes]:
        rendering = _CALLERS[asked][0].stream(_request(asked))
        events: list[Event] = [TextDelta(word) for word in words]
        return [*map(rendering.event, events), b"".join(rendering.closing((_ENDED,)))]

    return written


def _gemini(words: list[str]) -> list[bytes]:
    said = [
        {"candidates": [{"content": {"role": "model", "parts": [{"text": word}]}, "index": 0}]}
        for word in words
    ]
    ended = {"candidates": [{"finishReason": "STOP", "index": 0}]}
    return [b"data: %b\r\n\r\n" % _encode(each) for each in (*said, ended)]


def _ollama(words: list[str]) -> list[bytes]:
    said = [
        {"model": "m", "message": {"role": "assistant", "content": word}, "done": False}
        for word in words
    ]
    ended = {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True}
    return [_encode(each) + b"\n" for each in (*said, {**ended, "done_reason": "stop"})]


_STREAMS: dict[Dialect, Callable[[list[str]], list[bytes]]] = {
    "openai-chat": _of("openai-chat"),
    "openai-responses": _of("openai-responses"),
    "anthropic-messages": _of("anthropic-messages"),
    "gemini": _gemini,
    "ollama": _ollama,
}

if __name__ == "__main__":
    sys.exit(main())
