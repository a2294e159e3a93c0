"""Whatever dialect a caller asks in and an endpoint speaks, an answer is whole and the same, or an error."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from jevons.catalog.vendors import vendors
from jevons.providers import Remote
from jevons.testing import Clock, Listener, Vendor
from jevons.testing.make import an_actor, an_endpoint
from jevons.testing.reply import Reply, respond
from jevons.types.account import Usage
from jevons.types.decision import Attempt, Candidate
from jevons.types.errors import CallerLeft, ProviderError, ProviderTimeout, Unsupported
from jevons.types.event import Event, Finished, Frame, ReasoningDelta, TextDelta, ToolCallDelta
from jevons.wire import openai_chat, responses
from jevons.wire.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.types.decision import Outcome
    from jevons.types.request import Dialect, Generate

pytestmark = pytest.mark.anyio

ENDPOINT = an_endpoint("far", upstream_model="upstream/model")
ATTEMPT = Attempt(number=1, candidate=Candidate(endpoint=ENDPOINT, why="a test said so"))
USED = Usage(input=11, output=5, reasoning=2, cache_read=3, counted_by="endpoint")
SAID: tuple[Event, ...] = (
    ReasoningDelta("hm", owner="openai"),
    TextDelta("Hel"),
    TextDelta("lo"),
    ToolCallDelta(index=0, id="call_1", name="weather", arguments='{"place":'),
    ToolCallDelta(index=0, arguments='"Here"}'),
)
FINISHED = Finished(reason="tool_calls", usage=USED)
JSON = msgspec.json.encode
TOOL: dict[str, Any] = {"name": "weather", "parameters": {"type": "object", "properties": {}}}


class Tongue(NamedTuple):
    """One dialect, and how a request is written in it."""

    codec: Any
    body: dict[str, Any]


TONGUES: dict[Dialect, Tongue] = {
    "openai-chat": Tongue(
        openai_chat,
        {
            "messages": [{"role": "user", "content": "Hi"}],
            "tools": [{"type": "function", "function": TOOL}],
            "stream_options": {"include_usage": True},
        },
    ),
    "openai-responses": Tongue(
        responses, {"input": "Hi", "tools": [{"type": "function", "strict": False, **TOOL}]}
    ),
}


class Spoken(NamedTuple):
    """The answer, as an endpoint of one dialect sends it."""

    pieces: list[bytes]
    """Of the stream."""
    whole: bytes
    used: Usage
    kind: str = "text/event-stream"
    spare: int = 0
    """Pieces at its end without which it is whole already."""


def asking(dialect: Dialect, *, is_stream: bool, **fields: Any) -> Generate:
    tongue = TONGUES[dialect]
    body = {"model": "a/model", "stream": is_stream, **tongue.body, **fields}
    if not is_stream:
        body.pop("stream_options", None)
    raw = msgspec.json.encode(body)
    return tongue.codec.parse_request(raw, id="req_1", at_ms=0, actor=an_actor())


def rendered(dialect: Dialect, *, spare: int = 0) -> Spoken:
    """The answer in a dialect that callers speak as well."""
    codec = TONGUES[dialect].codec
    chunks = codec.Chunks(asking(dialect, is_stream=True))
    pieces = [chunks.event(event) for event in SAID]
    stream_ = b"".join([*pieces, *chunks.closing((FINISHED,))])
    events = [event + b"\n\n" for event in stream_.removesuffix(b"\n\n").split(b"\n\n")]
    whole = codec.render_answer((*SAID, FINISHED), asking(dialect, is_stream=False))
    return Spoken(events, whole, USED, spare=spare)


def gemini() -> Spoken:
    def said(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0, **fields}
        return {"candidates": [candidate], "modelVersion": "m", "responseId": "r"}

    call = {"functionCall": {"name": "weather", "args": {"place": "Here"}}}
    counts = {
        "promptTokenCount": 14,
        "cachedContentTokenCount": 3,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 2,
        "totalTokenCount": 21,
    }
    parts = [{"text": "hm", "thought": True}, {"text": "Hel"}, {"text": "lo"}, call]
    last = {**said({"text": ""}, finishReason="STOP"), "usageMetadata": counts}
    pieces = [b"data: %b\r\n\r\n" % JSON(each) for each in (*map(said, parts), last)]
    whole = {**said(*parts, finishReason="STOP"), "usageMetadata": counts}
    return Spoken(pieces, JSON(whole), USED)


def ollama() -> Spoken:
    def said(*, done: bool = False, **message: Any) -> dict[str, Any]:
        content = {"role": "assistant", "content": "", **message}
        return {
            "model": "m",
            "created_at": "2026-01-01T00:00:00Z",
            "message": content,
            "done": done,
        }

    calls = [{"function": {"name": "weather", "arguments": {"place": "Here"}}}]
    counts = {"done_reason": "stop", "prompt_eval_count": 14, "eval_count": 7}
    lines = [
        said(thinking="hm"),
        said(content="Hel"),
        said(content="lo"),
        said(tool_calls=calls),
        {**said(done=True), **counts},
    ]
    whole = {**said(done=True, thinking="hm", content="Hello", tool_calls=calls), **counts}
    used = Usage(input=14, output=7, counted_by="endpoint")
    return Spoken([JSON(each) + b"\n" for each in lines], JSON(whole), used, "application/x-ndjson")


SPOKEN: dict[Dialect, Spoken] = {
    "openai-chat": rendered("openai-chat", spare=2),  # usage and [DONE] may be missing
    "openai-responses": rendered("openai-responses"),
    "gemini": gemini(),
    "ollama": ollama(),
}
PAIRS = [(asked, spoken) for asked in TONGUES for spoken in SPOKEN]


def streamed(dialect: Dialect) -> Reply:
    spoken = SPOKEN[dialect]
    return respond(*spoken.pieces, kind=spoken.kind, framed="chunked")


class Line:
    """A provider that asks an endpoint."""

    def __init__(self, vendor: Vendor, spoken: Dialect, *, idle_timeout_s: float = 5.0) -> None:
        self.vendor = vendor
        self.spoken: Dialect = spoken
        self.idle_timeout_s = idle_timeout_s

    async def ask(self, request: Generate, caller: Listener | None = None) -> Outcome:
        provider = Remote(
            url=self.vendor.url,
            api_key="sk-very-secret",
            dialect=self.spoken,
            owner="openai",
            clock=Clock(),
            first_byte_timeout_s=self.idle_timeout_s,
            idle_timeout_s=self.idle_timeout_s,
        )
        try:
            async with asyncio.timeout(20):
                return await provider.serve(ATTEMPT, request, caller or Listener())
        finally:
            provider.close()


def understood(dialect: Dialect, heard: list[Event]) -> tuple[Event, ...]:
    """What the caller's side makes of what it heard."""
    frames = b"".join([event.body for event in heard if isinstance(event, Frame)])
    if not frames:
        return fold(heard)
    if frames.startswith(b"{"):
        return fold(TONGUES[dialect].codec.read_whole(frames, owner="openai").events)
    reader = TONGUES[dialect].codec.Reader(owner="openai")
    events = reader.feed(frames)
    assert reader.end() is None
    return fold([*events, *reader.closing])


def essence(events: tuple[Event, ...]) -> Iterator[Any]:
    """Text, thinking, calls and end; not what a dialect has no word for."""
    for event in events:
        match event:
            case TextDelta() | ReasoningDelta():
                yield type(event).__name__, event.text
            case ToolCallDelta():
                assert event.id, "whoever has no id for a call is given one"
                yield event.name, event.arguments
            case Finished():
                yield event.reason, event.usage
            case _:
                pass


EXPECTED = [
    ("ReasoningDelta", "hm"),
    ("TextDelta", "Hello"),
    ("weather", '{"place":"Here"}'),
]


@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_an_answer_says_the_same_whole_and_streamed(asked: Dialect, spoken: Dialect) -> None:
    used = SPOKEN[spoken].used
    async with Vendor(streamed(spoken), respond(SPOKEN[spoken].whole)) as vendor:
        line = Line(vendor, spoken)
        for is_stream in (True, False):
            caller = Listener()
            outcome = await line.ask(asking(asked, is_stream=is_stream), caller)
            assert outcome.error is None
            assert (outcome.finish, outcome.usage) == ("tool_calls", used)
            said = understood(asked, [*caller.heard, *outcome.closing])
            assert [*essence(said)] == [*EXPECTED, ("tool_calls", used)]


@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_a_stream_cut_after_any_event_is_never_a_success(
    asked: Dialect, spoken: Dialect
) -> None:
    whole = streamed(spoken)
    ended = len(SPOKEN[spoken].pieces) - SPOKEN[spoken].spare
    async with Vendor() as vendor:
        line = Line(vendor, spoken)
        for count in range(ended):
            vendor.then(whole.cut(at=whole.after(count)))
            outcome = await line.ask(asking(asked, is_stream=True))
            assert isinstance(outcome.error, ProviderError), count
            assert outcome.closing == ()


@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_a_stream_that_stalls_is_a_timeout(asked: Dialect, spoken: Dialect) -> None:
    whole = streamed(spoken)
    async with Vendor(whole.stall(at=0), whole.stall(at=whole.after(3))) as vendor:
        line = Line(vendor, spoken, idle_timeout_s=0.05)
        for _ in range(2):
            outcome = await line.ask(asking(asked, is_stream=True))
            assert isinstance(outcome.error, ProviderTimeout)


@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_a_caller_that_leaves_ends_the_exchange(asked: Dialect, spoken: Dialect) -> None:
    whole = streamed(spoken)
    async with Vendor(whole.stall(at=whole.after(3))) as vendor:
        line = Line(vendor, spoken)
        caller = Listener()
        asking_it = asyncio.ensure_future(line.ask(asking(asked, is_stream=True), caller))
        await asyncio.sleep(0.05)
        caller.leave()
        assert isinstance((await asking_it).error, CallerLeft)


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(("asked", "spoken"), PAIRS)
async def test_an_error_that_comes_as_a_success_is_an_error(
    asked: Dialect, spoken: Dialect, *, is_stream: bool
) -> None:
    envelope = respond(b'{"error":{"message":"no room","type":"server_error","code":null}}')
    async with Vendor(envelope) as vendor:
        line = Line(vendor, spoken)
        outcome = await line.ask(asking(asked, is_stream=is_stream))
        assert isinstance(outcome.error, ProviderError)
        assert "no room" in str(outcome.error)


async def test_what_an_endpoints_dialect_cannot_say_never_leaves() -> None:
    async with Vendor() as vendor:
        line = Line(vendor, "openai-responses")
        outcome = await line.ask(asking("openai-chat", is_stream=False, n=2))
        assert isinstance(outcome.error, Unsupported)
        assert not vendor.heard


async def test_a_known_vendor_is_sent_what_it_wants_and_each_change_is_told() -> None:
    """DeepSeek wants its thinking back in every message of a request with tools, or a filler."""
    deepseek = vendors()["deepseek"]
    model = "deepseek-flash"
    async with Vendor(respond(SPOKEN["openai-chat"].whole)) as vendor:
        provider = Remote(
            url=vendor.url,
            owner="deepseek",
            rules=deepseek.rules_of(model, "openai-chat"),
            product=deepseek.product(model),
            clock=Clock(),
        )
        asked = asking(
            "openai-chat",
            is_stream=False,
            max_completion_tokens=50,
            messages=[
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello"},
                {"role": "user", "content": "Again"},
            ],
        )
        outcome = await provider.serve(ATTEMPT, asked, Listener())
        provider.close()
    assert outcome.error is None
    sent = msgspec.json.decode(vendor.heard[0].body)
    assert sent["max_tokens"] == 50
    assert "max_completion_tokens" not in sent
    assert sent["messages"][1]["reasoning_content"] == " "
    assert {change.partition(":")[0] for change in outcome.changed} >= {
        "messages",
        "max_completion_tokens",
    }


async def test_thinking_goes_to_a_caller_with_whose_it_is() -> None:
    async with Vendor(respond(SPOKEN["openai-chat"].whole)) as vendor:
        provider = Remote(url=vendor.url, owner="deepseek", clock=Clock())
        outcome = await provider.serve(ATTEMPT, asking("openai-chat", is_stream=False), Listener())
        provider.close()
    (frame,) = outcome.closing
    assert isinstance(frame, Frame)
    assert b"reasoning_details" in frame.body
