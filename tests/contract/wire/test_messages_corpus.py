"""Everything that real endpoints said in Anthropic's Messages dialect is read without loss."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import unquote

import msgspec
import pytest
from tests.contract.wire.corpus import OK, Exchange, compact, exchanges, folder

from jevons.providers.faults import fault_of
from jevons.types.errors import JevonsError, ProviderGarbled, ProviderTruncated, Unsupported
from jevons.types.event import (
    Event,
    Finished,
    OpaqueBlock,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from jevons.types.message import Opaque, Reasoning, Text
from jevons.types.request import HostedTool
from jevons.wire.fold import fold
from jevons.wire.messages import (
    Chunks,
    Reader,
    Relay,
    parse_count,
    parse_request,
    read_whole,
    render_answer,
    render_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jevons.types.message import Message
    from jevons.types.request import Generate

OWNER = "anthropic"
KNOWN = {"text", "thinking", "redacted_thinking", "tool_use"}
FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
HARMLESS = b'{"model":"any","max_tokens":1,"messages":[{"role":"user","content":"hello"}]}'


class Answer(NamedTuple):
    """One answer of a recording; a recording may hold several."""

    exchange: Exchange
    body: bytes
    final: dict[str, Any]
    """The message, as it was when the answer ended."""

    @property
    def name(self) -> str:
        """Where to look when it fails."""
        return self.exchange.path.name

    def blocks(self, *kinds: str) -> list[dict[str, Any]]:
        """Find the blocks of some kinds."""
        return [block for block in self.final["content"] if block["type"] in kinds]


class Heard(NamedTuple):
    """What was read of an answer."""

    events: tuple[Event, ...]
    error: JevonsError | None

    @property
    def finished(self) -> Finished:
        """How it ended."""
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last


def data_of(frame: str) -> dict[str, Any] | None:
    """Take the JSON out of an event, by other means than ours."""
    lines = [line[5:].strip() for line in frame.splitlines() if line.startswith("data:")]
    text = "\n".join(lines)
    return json.loads(text) if text.startswith("{") else None


def answers_of(exchange: Exchange) -> Iterator[Answer]:
    """Find the answers of this dialect in a recording."""
    if exchange.is_stream:
        yield from streams_of(exchange)
        return
    try:
        said = json.loads(exchange.response)
    except ValueError:
        return
    final = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    if final.get("type") == "message" and isinstance(final.get("content"), list):
        yield Answer(exchange, exchange.response, final)


def streams_of(exchange: Exchange) -> Iterator[Answer]:
    """Find the streams in a recording: each goes on to its `message_stop`."""
    frames = exchange.response.decode().replace("\r\n", "\n").split("\n\n")
    stream: list[tuple[str, dict[str, Any]]] = []
    for frame in frames:
        data = data_of(frame)
        if data is None or not (stream or data.get("type") == "message_start"):
            continue
        stream.append((frame, data))
        if data.get("type") == "message_stop":
            begun = {each["message"]["id"] for _, each in stream if each["type"] == "message_start"}
            if len(begun) > 1:  # two answers spliced together are none
                stream = []
                continue
            body = "".join([frame + "\n\n" for frame, _ in stream]).encode()
            yield Answer(exchange, body, put_together([data for _, data in stream]))
            stream = []


def put_together(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Make the message that a stream tells of, by other means than ours."""
    final: dict[str, Any] = {}
    for event in events:
        match event["type"]:
            case "message_start":
                final = final or {**event["message"], "content": [*event["message"]["content"]]}
            case "content_block_start":
                final["content"].append({**event["content_block"]})
            case "content_block_delta":
                put_in(final["content"][-1], event["delta"])
            case "message_delta":
                final |= event["delta"]
                final["usage"] = {**final.get("usage", {}), **(event.get("usage") or {})}
            case _:
                pass
    for block in final["content"]:
        if "written" in block:
            block["input"] = json.loads(block.pop("written") or "{}")
    return final


def put_in(block: dict[str, Any], delta: dict[str, Any]) -> None:
    """Put a delta into its block."""
    match delta["type"]:
        case "input_json_delta":
            begun = json.dumps(block["input"]) if block["input"] else ""
            block["written"] = (block.get("written") or begun) + delta["partial_json"]
        case "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
        case _:
            for name, more in delta.items():
                if name != "type":
                    block[name] = (block.get(name) or "") + more


def hear(answer: Answer, owner: str = OWNER) -> Heard:
    """Read an answer as a provider would."""
    if not answer.exchange.is_stream:
        whole = read_whole(answer.body, owner=owner)
        return Heard(whole.events, whole.error)
    reader = Reader(owner=owner)
    events = reader.feed(answer.body)
    error = reader.end()
    return Heard((*events, *reader.closing), error)


@pytest.fixture(scope="module")
def recorded() -> list[Exchange]:
    """All exchanges of the corpus."""
    return list(exchanges(folder()))


@pytest.fixture(scope="module")
def answers(recorded: list[Exchange]) -> list[Answer]:
    """All answers of this dialect."""
    return [answer for exchange in recorded for answer in answers_of(exchange)]


def joined(answer: Answer, kind: type[Event]) -> list[Any]:
    """Find the events of one kind, a block each."""
    return [each for each in fold(hear(answer).events) if isinstance(each, kind)]


def test_every_word_is_heard_once_and_in_its_block(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    for answer in answers:
        assert hear(answer).error is None, answer.name
        said = [block["text"] for block in answer.blocks("text") if block["text"]]
        assert [each.text for each in joined(answer, TextDelta)] == said, answer.name
    report(len(answers))


def test_every_thought_is_heard_once_with_its_mark(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    with_thoughts = 0
    for answer in answers:
        said = [
            ("redacted", "", block["data"])
            if block["type"] == "redacted_thinking"
            else ("thinking", block["thinking"], block.get("signature") or None)
            for block in answer.blocks("thinking", "redacted_thinking")
        ]
        thoughts = joined(answer, ReasoningDelta)
        assert [(each.kind, each.text, each.opaque) for each in thoughts] == said, answer.name
        assert {each.owner for each in thoughts} <= {OWNER}, answer.name
        with_thoughts += bool(said)
    report(with_thoughts)


def test_every_call_is_heard_whole(answers: list[Answer], report: Callable[[int], None]) -> None:
    with_calls = 0
    for answer in answers:
        said = answer.blocks("tool_use")
        calls = joined(answer, ToolCallDelta)
        heard = [(call.id, call.name, json.loads(call.arguments)) for call in calls]
        assert heard == [(item["id"], item["name"], item["input"]) for item in said], answer.name
        assert [call.index for call in calls] == list(range(len(said)))
        beside = [_bare(call.extra) for call in calls]
        assert beside == [_beside(item, {"id", "name", "input"}) for item in said], answer.name
        with_calls += bool(said)
    report(with_calls)


def _beside(block: dict[str, Any], named: set[str]) -> dict[str, Any] | None:
    return {name: block[name] for name in block if name not in {"type", *named}} or None


def _bare(value: object) -> Any:
    return json.loads(msgspec.json.encode(value))


def test_every_block_without_a_name_of_ours_is_kept_whole(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    with_others = 0
    for answer in answers:
        others = [block for block in answer.final["content"] if block["type"] not in KNOWN]
        kept = [_bare(block.fields) for block in joined(answer, OpaqueBlock)]
        assert kept == others, answer.name
        with_others += bool(others)
    report(with_others)


def test_every_citation_is_kept(answers: list[Answer], report: Callable[[int], None]) -> None:
    with_citations = 0
    for answer in answers:
        said = [block["citations"] for block in answer.blocks("text") if block.get("citations")]
        texts = joined(answer, TextDelta)
        kept = [_bare(each.extra)["citations"] for each in texts if each.extra]
        assert kept == said, answer.name
        with_citations += bool(said)
    report(with_citations)


def test_blocks_come_in_the_order_in_which_they_were_written(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    names: dict[type, str] = {
        TextDelta: "text",
        ReasoningDelta: "thinking",
        ToolCallDelta: "tool_use",
        OpaqueBlock: "other",
    }
    for answer in answers:
        events = fold(hear(answer).events)
        heard = [name for each in events if (name := names.get(type(each)))]
        said = [_family(block) for block in answer.final["content"] if block.get("text") != ""]
        assert heard == said, answer.name
    report(len(answers))


def _family(block: dict[str, Any]) -> str:
    kind: str = block["type"]
    return "thinking" if kind == "redacted_thinking" else kind if kind in KNOWN else "other"


def _count(counted: dict[str, Any], field: str) -> int:
    """Add to what was counted what was counted apart: a summary of what was said before."""
    turns: list[dict[str, Any]] = counted.get("iterations") or []
    summaries = [turn for turn in turns if turn["type"] == "compaction"]
    return sum([each.get(field) or 0 for each in (counted, *summaries)])


def test_usage_is_what_was_recorded(answers: list[Answer], report: Callable[[int], None]) -> None:
    with_usage = 0
    for answer in answers:
        counted: dict[str, Any] = answer.final.get("usage") or {}
        usage = hear(answer).finished.usage
        if not (counted.get("input_tokens") or counted.get("output_tokens")):
            assert usage.counted_by == "nobody", answer.name
            continue
        details: dict[str, int] = counted.get("output_tokens_details") or {}
        assert usage.counted_by == "endpoint", answer.name
        assert usage.input == _count(counted, "input_tokens"), answer.name
        assert usage.cache_read == _count(counted, "cache_read_input_tokens"), answer.name
        assert usage.cache_write == _count(counted, "cache_creation_input_tokens"), answer.name
        assert usage.reasoning == details.get("thinking_tokens", 0), answer.name
        assert usage.output + usage.reasoning == _count(counted, "output_tokens"), answer.name
        with_usage += 1
    report(with_usage)


def test_a_finish_is_what_the_stop_reason_says(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    for answer in answers:
        finished = hear(answer).finished
        reason = answer.final["stop_reason"]
        assert (finished.reason, finished.native) == (FINISH[reason], reason), answer.name
        extra: dict[str, Any] = _bare(finished.extra) or {}
        assert extra.get("stop_sequence") == answer.final.get("stop_sequence"), answer.name
        assert extra.get("stop_details") == answer.final.get("stop_details"), answer.name
    report(len(answers))


def test_a_relayed_stream_is_the_stream_that_came(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    streams = [answer for answer in answers if answer.exchange.is_stream]
    for answer in streams:
        relay, reader = Relay(owner=OWNER), Reader(owner=OWNER)
        passed = b"".join([relay.feed(answer.body[at : at + 997]) for at in _cuts(answer.body)])
        reader.feed(answer.body)
        assert relay.end() is None, answer.name
        assert passed + relay.closing == answer.body, answer.name
        assert (relay.finish, relay.usage, relay.pieces) == (
            reader.finish,
            reader.usage,
            reader.pieces,
        )
    report(len(streams))


def test_a_stream_relayed_under_seal_says_the_same(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    streams = [answer for answer in answers if answer.exchange.is_stream]
    for answer in streams:
        relay = Relay(owner="minimax")
        passed = relay.feed(answer.body) + relay.closing
        sealed = hear(answer._replace(body=passed), owner="minimax")
        assert plain(sealed.events) == plain(hear(answer, owner="minimax").events), answer.name
        thinks = bool(answer.blocks("thinking", "redacted_thinking"))
        assert (b'"jevons:minimax:' in passed) == thinks, answer.name
    report(len(streams))


def _cuts(body: bytes) -> range:
    return range(0, len(body), 997)


def test_a_stream_cut_anywhere_is_no_success(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    streams = [answer for answer in answers if answer.exchange.is_stream]
    for answer in streams:
        for size in (0, len(answer.body) // 3, len(answer.body) - 2):
            reader, relay = Reader(), Relay()
            reader.feed(answer.body[:size])
            relay.feed(answer.body[:size])
            assert isinstance(reader.end(), ProviderTruncated), answer.name
            assert isinstance(relay.end(), ProviderTruncated), answer.name
    report(len(streams))


def test_an_error_is_one_and_is_the_same_by_its_words_as_by_its_status(
    recorded: list[Exchange], report: Callable[[int], None]
) -> None:
    failed = [each for each in recorded if is_asked(each) and each.status != OK]
    for exchange in failed:
        try:
            error = read_whole(exchange.response).error
        except ProviderGarbled as garbled:
            error = garbled
        assert error is not None, exchange.path.name
        fault = fault_of(exchange.status, {}, exchange.response, now_ms=0)
        assert str(error) in str(fault), exchange.path.name
        assert error.retry == fault.retry or "not_found" in str(exchange.response)
    report(len(failed))


def test_what_is_rendered_again_says_the_same(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    request = parse_request(HARMLESS, id="req_1", at_ms=0, actor=None)
    count = 0
    for answer in answers:
        if any(block["type"] not in KNOWN for block in answer.final["content"]):
            continue  # what endpoints did themselves is told to no caller of another dialect
        events = hear(answer).events
        whole = read_whole(render_answer(events, request), owner=OWNER).events
        chunks, reader = Chunks(request), Reader(owner=OWNER)
        body = b"".join([chunks.event(event) for event in events[:-1]])
        streamed = reader.feed(body + b"".join(chunks.closing(events[-1:])))
        assert reader.end() is None, answer.name
        assert plain(whole) == plain(events), answer.name
        assert plain((*streamed, *reader.closing)) == plain(events), answer.name
        count += 1
    report(count)


def plain(events: Sequence[Event]) -> list[object]:
    """Take away from events what only an endpoint of this dialect says."""
    said: list[object] = []
    for event in fold(events):
        match event:
            case TextDelta():
                said.append(event.text)
            case ReasoningDelta():
                said.append((event.text, event.kind, event.opaque, event.id, event.owner))
            case ToolCallDelta():
                said.append((event.index, event.id, event.name, json.loads(event.arguments)))
            case OpaqueBlock():
                said.append(event.kind)
            case Finished():
                said.append((event.reason, event.usage))
            case _:
                pass
    return said


def is_asked(exchange: Exchange) -> bool:
    """Whether an exchange is one of this dialect by where it went and what it holds."""
    path = exchange.url.partition("?")[0]
    is_here = path.endswith(("/messages", "/messages/count_tokens")) and "/threads/" not in path
    return is_here or b'"anthropic_version"' in (exchange.request or b"")


def requests(recorded: list[Exchange]) -> list[tuple[Exchange, bytes, Generate]]:
    """Find the requests of this dialect, and read them."""
    found: list[tuple[Exchange, bytes, Generate]] = []
    for each in recorded:
        if is_asked(each) and each.request and each.request.startswith(b"{"):
            body = with_model(each)
            if not all(isinstance(turn, dict) for turn in json.loads(body)["messages"]):
                continue  # a recorder wrote turns down as texts
            read = parse_count if "count_tokens" in each.url else parse_request
            found.append((each, body, read(body, id="req_1", at_ms=0, actor=None)))
    return found


def with_model(exchange: Exchange) -> bytes:
    """Name the model in the body, for clouds that have it in their paths."""
    said = json.loads(exchange.request or b"")
    path = unquote(exchange.url)
    named = path.partition("/model/")[2].partition("/")[0] or "any"
    return compact(said if "model" in said else {"model": named, **said})


def test_a_request_is_read_without_loss(
    recorded: list[Exchange], report: Callable[[int], None]
) -> None:
    found = requests(recorded)
    for exchange, body, request in found:
        asked, name = json.loads(body), exchange.path.name
        contents: list[Any] = [
            asked["system"] if asked.get("system") is not None else [],
            *[turn["content"] for turn in asked["messages"]],
        ]
        said = [block for content in contents for block in _blocks(content)]
        read = [part for message in request.messages for part in message.parts]
        assert len(read) == len(said), name
        texts = [block["text"] for block in said if block["type"] == "text"]
        assert [
            getattr(part, "text", "") for part in read if type(part).__name__ == "Text"
        ] == texts
        assert len(request.tools) == len(asked.get("tools") or ()) + bool(asked.get("mcp_servers"))
        assert request.sampling.max_tokens == asked.get("max_tokens"), name
        assert request.stream == bool(asked.get("stream")), name
    report(len(found))


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def test_a_request_goes_on_field_for_field(
    recorded: list[Exchange], report: Callable[[int], None]
) -> None:
    found = requests(recorded)
    for exchange, body, request in found:
        rendered = render_request(request, model=request.model, owner=OWNER)
        assert json.loads(rendered.body) == json.loads(body), exchange.path.name
        assert rendered.changed == ()
    report(len(found))


def test_a_request_of_another_dialect_says_the_same(
    recorded: list[Exchange], report: Callable[[int], None]
) -> None:
    count = 0
    for exchange, _, request in requests(recorded):
        source = msgspec.structs.replace(request.source, dialect="openai-chat", fields={})
        foreign = msgspec.structs.replace(request, source=source)
        if not _can_be_said_elsewhere(request):
            with pytest.raises(Unsupported):
                render_request(foreign, model=request.model, owner=OWNER)
            continue
        rendered = render_request(foreign, model=request.model, owner=OWNER)
        again = parse_request(rendered.body, id="req_1", at_ms=0, actor=None)
        name = exchange.path.name
        if _has_usual_order(request):
            assert content(again.messages) == content(request.messages), name
        assert [_bare(tool)["name"] for tool in again.tools] == [
            _bare(tool)["name"] for tool in request.tools
        ], name
        assert (again.tool_choice, again.tool) == (request.tool_choice, request.tool), name
        said_so = any(each.startswith("thinking") for each in rendered.changed)
        assert said_so or again.thinking == request.thinking, name
        assert _bare(again.output) == _bare(request.output), name
        count += 1
    report(count)


def _can_be_said_elsewhere(request: Generate) -> bool:
    hosted = any(isinstance(tool, HostedTool) for tool in request.tools)
    parts = [part for message in request.messages for part in message.parts]
    inner = [each for part in parts for each in getattr(part, "parts", ())]
    return not hosted and not any(isinstance(part, Opaque) for part in [*parts, *inner])


def _has_usual_order(request: Generate) -> bool:
    """Whether instructions come first, and then a user: any other order is put in words."""
    roles = [message.role for message in request.messages if message.parts]
    said = [role for role in roles if role != "system"]
    return roles == [*["system"] * (len(roles) - len(said)), *said] and said[:1] != ["assistant"]


def content(messages: Sequence[Message]) -> list[object]:
    """Take away from messages what has no canonical name, and whose thinking is another's.

    Turns of one side that follow each other are one to this dialect, and it takes no text that
    says nothing.
    """
    turns = [
        (role, [_named(part) for each in run for part in each.parts if _goes_to_owner(part)])
        for role, run in groupby(messages, key=lambda message: message.role)
    ]
    return [(role, said) for role, parts in turns if (said := [*filter(_says_something, parts)])]


def _says_something(part: object) -> bool:
    return not isinstance(part, Text) or bool(part.text.strip())


def _goes_to_owner(part: object) -> bool:
    return not isinstance(part, Reasoning) or part.owner == OWNER


def _named(part: Any) -> object:
    named = msgspec.structs.replace(part, extra=None)
    inner = getattr(named, "parts", ())
    return msgspec.structs.replace(named, parts=tuple(map(_named, inner))) if inner else named
