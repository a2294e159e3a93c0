"""One answer as an endpoint of each dialect says it, and the odd ways in which it may say it.

Authored from the dialects' documentation; nothing here was recorded. A dialect is added by a
row in `SPOKEN`; what it cannot say is left out of its `odd`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from tests.contract.providers.tongues import TONGUES, asking

from jevons.types.account import Usage
from jevons.types.event import Event, Finished, ReasoningDelta, TextDelta, ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jevons.types.request import Dialect

USED = Usage(input=11, output=5, reasoning=2, cache_read=3, counted_by="endpoint")
GUESSED = Usage(counted_by="guess")
SAID: tuple[Event, ...] = (
    ReasoningDelta("hm", owner="openai"),
    TextDelta("Hel"),
    TextDelta("lo"),
    ToolCallDelta(index=0, id="call_1", name="weather", arguments='{"place":'),
    ToolCallDelta(index=0, arguments='"Here"}'),
)
FINISHED = Finished(reason="tool_calls", usage=USED)
FAULT = "the model is overloaded"
LONG = b"x" * 10_000_000
JSON = msgspec.json.encode

Pieces = list[bytes]


class Odd(NamedTuple):
    """A stream that is said in another way, or wrong."""

    pieces: Pieces
    used: Usage | None = None
    """None is what the plain answer used."""


class Spoken(NamedTuple):
    """The answer, as an endpoint of one dialect sends it."""

    pieces: Pieces
    """Of the stream."""
    whole: bytes
    used: Usage
    odd: Mapping[str, Odd]
    kind: str = "text/event-stream"
    spare: int = 0
    """Pieces at its end without which it is whole already."""
    first: int = 0
    """The piece with the first token."""


def edited(piece: bytes, edit: Callable[[dict[str, Any]], object]) -> bytes:
    """Change the JSON of one event or line."""
    head, brace, rest = piece.partition(b"{")
    body, end = rest[: rest.rindex(b"}") + 1], rest[rest.rindex(b"}") + 1 :]
    fields = msgspec.json.decode(brace + body)
    edit(fields)
    return head + JSON(fields) + end


def sse(data: Any, *, name: str = "") -> bytes:
    head = f"event: {name}\n".encode() if name else b""
    return b"%bdata: %b\n\n" % (head, JSON(data))


def faulty(pieces: Pieces, error: bytes, *, before: bytes, after: bytes, at: int) -> dict[str, Odd]:
    """Put in what is wrong in every dialect: no JSON, an error, a line without end."""
    wrongs = {
        "a malformed line": before + b"oops" + after,
        "an error in the middle": error,
        "a line of 10 MB": before + b'{"' + LONG,
    }
    return {name: Odd([*pieces[:at], wrong, *pieces[at:]]) for name, wrong in wrongs.items()}


def streamed(dialect: Dialect) -> Pieces:
    """Render the stream in a dialect that callers speak as well."""
    chunks = TONGUES[dialect].codec.Chunks(asking(dialect, is_stream=True))
    pieces = [chunks.event(event) for event in SAID]
    whole = b"".join([*pieces, *chunks.closing((FINISHED,))])
    return [event + b"\n\n" for event in whole.removesuffix(b"\n\n").split(b"\n\n")]


def answered(dialect: Dialect) -> bytes:
    """Render the whole answer in such a dialect."""
    request = asking(dialect, is_stream=False)
    return TONGUES[dialect].codec.render_answer((*SAID, FINISHED), request)


def chat() -> Spoken:
    """OpenAI's chat; usage and `[DONE]` may be missing."""

    def says(delta: dict[str, Any], **choice: Any) -> Callable[[dict[str, Any]], object]:
        told = {"index": 0, "delta": delta, "finish_reason": None, **choice}
        return lambda fields: fields.update(choices=[told], usage=None)

    thought, hel, lo, call, arguments, finish, counts, done = streamed("openai-chat")
    start = edited(hel, says({"role": "assistant", "content": ""}))
    thought = edited(thought, says({"reasoning_content": "hm"}))
    begun = [start, thought, hel, lo, call]
    plain = [*begun, arguments, finish, counts, done]
    usage = msgspec.json.decode(counts.removeprefix(b"data: "))["usage"]
    rest = msgspec.json.decode(arguments.removeprefix(b"data: "))["choices"][0]["delta"]
    function = {"name": "weather", "arguments": '{"place":"Here"}'}
    everything = {
        "reasoning_content": "hm",
        "content": "Hello",
        "tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}],
    }
    odd = {
        "the start twice": [start, *plain],
        "the finish on the last piece": [
            *begun, edited(arguments, says(rest, finish_reason="tool_calls")),
            counts, done,
        ],
        "usage in a chunk of its own": plain,
        "usage on the finish": [
            *begun, arguments, edited(finish, lambda fields: fields.update(usage=usage)), done,
        ],
        "usage in the choice": [
            *begun, arguments, edited(finish, says({}, finish_reason="tool_calls", usage=usage)), done,
        ],
        "everything in one piece": [edited(hel, says(everything)), finish, counts, done],
        "two last words": [*plain, done],
    }  # fmt: skip
    error = sse({"error": {"message": FAULT, "code": 503}})
    return Spoken(
        plain,
        answered("openai-chat"),
        USED,
        {name: Odd(pieces) for name, pieces in odd.items()}
        | {"usage never": Odd([*begun, arguments, finish, done], GUESSED)}
        | faulty(plain, error, before=b"data: ", after=b"\n\n", at=4),
        spare=2,
        first=1,
    )


def responses() -> Spoken:
    """OpenAI's Responses: its last event has the whole answer."""
    plain = streamed("openai-responses")
    forget = edited(plain[-1], lambda fields: fields["response"].update(usage=None))
    error = sse({"type": "error", "code": "server_error", "message": FAULT}, name="error")
    return Spoken(
        plain,
        answered("openai-responses"),
        USED,
        {
            "the start twice": Odd([plain[0], *plain]),
            "usage never": Odd([*plain[:-1], forget], GUESSED),
            "two last words": Odd([*plain, plain[-1]]),
            **faulty(plain, error, before=b"data: ", after=b"\n\n", at=11),
        },
        first=4,
    )


def anthropic() -> Spoken:
    """Anthropic's Messages: usage at both ends, and no count of thinking."""

    def event(kind: str, **fields: Any) -> bytes:
        return sse({"type": kind, **fields}, name=kind)

    def block(index: int, begins: dict[str, Any], *deltas: dict[str, Any]) -> Pieces:
        return [
            event("content_block_start", index=index, content_block=begins),
            *[event("content_block_delta", index=index, delta=delta) for delta in deltas],
            event("content_block_stop", index=index),
        ]

    def text(said: str) -> dict[str, Any]:
        return {"type": "text_delta", "text": said}

    def arguments(said: str) -> dict[str, Any]:
        return {"type": "input_json_delta", "partial_json": said}

    call = {"type": "tool_use", "id": "toolu_1", "name": "weather"}
    thought = {"type": "thinking_delta", "thinking": "hm"}
    signed = {"type": "signature_delta", "signature": "c2ln"}
    blocks = [
        *block(0, {"type": "thinking", "thinking": "", "signature": ""}, thought, signed),
        event("ping"),
        *block(1, {"type": "text", "text": ""}, text("Hel"), text("lo")),
        *block(2, {**call, "input": {}}, arguments('{"place":'), arguments('"Here"}')),
    ]
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m"}
    silent: dict[str, Any] = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    counts = {"input_tokens": 11, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 0}
    start = event("message_start", message={**silent, "usage": {**counts, "output_tokens": 1}})
    end = {"stop_reason": "tool_use", "stop_sequence": None}
    stop = event("message_stop")
    plain = [
        start,
        *blocks,
        event("message_delta", delta=end, usage={"output_tokens": 7}),
        stop,
    ]
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "text", "text": "Hello"},
        {**call, "input": {"place": "Here"}},
    ]
    uncounted = [event("message_start", message=silent), *blocks, event("message_delta", delta=end)]
    error = sse(
        {"type": "error", "error": {"type": "overloaded_error", "message": FAULT}}, name="error"
    )
    return Spoken(
        plain,
        JSON({**message, "content": content, **end, "usage": {**counts, "output_tokens": 7}}),
        Usage(input=11, output=7, cache_read=3, counted_by="endpoint"),
        {
            "the start twice": Odd([start, *plain]),
            "usage never": Odd([*uncounted, stop], GUESSED),
            "two last words": Odd([*plain, stop]),
            **faulty(plain, error, before=b"data: ", after=b"\n\n", at=8),
        },
        first=2,
    )


def gemini() -> Spoken:
    """Gemini's `streamGenerateContent`."""

    def said(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0, **fields}
        return {"candidates": [candidate], "modelVersion": "m", "responseId": "r"}

    def event(data: dict[str, Any]) -> bytes:
        return b"data: %b\r\n\r\n" % JSON(data)

    call = {"functionCall": {"name": "weather", "args": {"place": "Here"}}}
    counts = {
        "promptTokenCount": 14,
        "cachedContentTokenCount": 3,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 2,
        "totalTokenCount": 21,
    }
    used = {"usageMetadata": counts}
    parts = [{"text": "hm", "thought": True}, {"text": "Hel"}, {"text": "lo"}, call]
    begun, last = [event(said(part)) for part in parts], said({"text": ""}, finishReason="STOP")
    plain = [*begun, event({**last, **used})]
    whole = {**said(*parts, finishReason="STOP"), **used}
    alone: dict[str, Any] = {"candidates": [], "modelVersion": "m", "responseId": "r", **used}
    error = event({"error": {"code": 503, "message": FAULT, "status": "UNAVAILABLE"}})
    return Spoken(
        plain,
        JSON(whole),
        USED,
        {
            "the finish on the last piece": Odd(
                [*begun[:-1], event({**said(call, finishReason="STOP"), **used})]
            ),
            "usage in a chunk of its own": Odd([*begun, event(last), event(alone)]),
            "usage never": Odd([*begun, event(last)], GUESSED),
            "everything in one piece": Odd([event(whole)]),
            **faulty(plain, error, before=b"data: ", after=b"\r\n\r\n", at=3),
        },
    )


def ollama() -> Spoken:
    """Ollama's own: lines of JSON, and no count of thinking."""

    def said(*, done: bool = False, **message: Any) -> dict[str, Any]:
        content = {"role": "assistant", "content": "", **message}
        return {
            "model": "m",
            "created_at": "2026-01-01T00:00:00Z",
            "message": content,
            "done": done,
        }

    def line(data: dict[str, Any]) -> bytes:
        return JSON(data) + b"\n"

    calls = [{"function": {"name": "weather", "arguments": {"place": "Here"}}}]
    counts = {"done_reason": "stop", "prompt_eval_count": 14, "eval_count": 7}
    begun = [said(thinking="hm"), said(content="Hel"), said(content="lo"), said(tool_calls=calls)]
    lines = [line(each) for each in begun]
    plain = [*lines, line({**said(done=True), **counts})]
    everything = {"thinking": "hm", "content": "Hello", "tool_calls": calls}
    whole = {**said(done=True, **everything), **counts}
    return Spoken(
        plain,
        JSON(whole),
        Usage(input=14, output=7, counted_by="endpoint"),
        {
            "the finish on the last piece": Odd(
                [*lines[:-1], line({**said(done=True, tool_calls=calls), **counts})]
            ),
            "usage never": Odd([*lines, line({**said(done=True), "done_reason": "stop"})], GUESSED),
            "everything in one piece": Odd([line(whole)]),
            **faulty(plain, line({"error": FAULT}), before=b"", after=b"\n", at=3),
        },
        kind="application/x-ndjson",
    )


SPOKEN: dict[Dialect, Spoken] = {
    "openai-chat": chat(),
    "openai-responses": responses(),
    "anthropic-messages": anthropic(),
    "gemini": gemini(),
    "ollama": ollama(),
}
PAIRS: list[tuple[Dialect, Dialect]] = [(asked, spoken) for asked in TONGUES for spoken in SPOKEN]
