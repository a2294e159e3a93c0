"""Everything that real endpoints said in OpenAI's Responses dialect is read without loss."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
import pytest
from tests.contract.wire.corpus import OK, Exchange, exchanges, folder

from jevons.types.errors import JevonsError, ProviderGarbled, ProviderTruncated
from jevons.types.event import (
    Event,
    Finished,
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from jevons.types.message import Opaque, Reasoning
from jevons.types.request import HostedTool
from jevons.wire.fold import fold
from jevons.wire.responses import (
    Chunks,
    Reader,
    Relay,
    parse_request,
    read_whole,
    render_answer,
    render_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jevons.types.message import Message
    from jevons.types.request import Generate

CREATED = '"type":"response.created"'
STREAM_ENDS = ("response.completed", "response.incomplete", "response.failed")
KNOWN = {"message", "reasoning", "function_call"}
HARMLESS = b'{"model":"any","input":"hello"}'


class Answer(NamedTuple):
    """One answer of a recording; a recording may hold several."""

    exchange: Exchange
    body: bytes
    final: dict[str, Any]
    """The object `response`, as it was when the answer ended."""

    @property
    def name(self) -> str:
        """Where to look when it fails."""
        return self.exchange.path.name


NO_END = {"queued", "in_progress", "failed", "cancelled"}


class Heard(NamedTuple):
    """What was read of an answer."""

    events: tuple[Event, ...]
    error: JevonsError | None


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
    if not isinstance(said, dict):
        return
    final = cast("dict[str, Any]", said)
    if final.get("object") == "response":
        yield Answer(exchange, exchange.response, final)


def streams_of(exchange: Exchange) -> Iterator[Answer]:
    """Find the streams in a recording: each begins with its `response.created`."""
    frames = exchange.response.decode().replace("\r\n", "\n").split("\n\n")
    streams: list[list[tuple[str, dict[str, Any]]]] = []
    for frame in frames:
        data = data_of(frame)
        if data is not None and data.get("type") == "response.created":
            streams.append([])
        if data is not None and streams:
            streams[-1].append((frame, data))
    for stream in streams:
        ends = [data["response"] for _, data in stream if data.get("type") in STREAM_ENDS]
        if ends:
            body = "".join([frame + "\n\n" for frame, _ in stream]).encode()
            yield Answer(exchange, body, ends[-1])


def hear(answer: Answer) -> Heard:
    """Read an answer as a provider would."""
    if not answer.exchange.is_stream:
        whole = read_whole(answer.body)
        return Heard(whole.events, whole.error)
    reader = Reader()
    events = reader.feed(answer.body)
    error = reader.end()
    return Heard((*events, *reader.closing), error)


@pytest.fixture(scope="module")
def recorded() -> list[Exchange]:
    """All exchanges of the corpus."""
    return list(exchanges(folder()))


@pytest.fixture(scope="module")
def answers(recorded: list[Exchange]) -> list[Answer]:
    """All answers of this dialect that came to an end."""
    found = [answer for exchange in recorded for answer in answers_of(exchange)]
    return [each for each in found if each.final["status"] not in NO_END]


def parts_of(final: dict[str, Any], kind: str, *fields: str) -> list[dict[str, Any]]:
    """Find the parts of one kind of item."""
    items = [item for item in final["output"] if item["type"] == kind]
    return [part for item in items for field in fields for part in item.get(field) or ()]


def joined(events: Sequence[Event], kind: type[Event]) -> str:
    """Join the words of one kind of event."""
    return "".join([each.text for each in events if isinstance(each, kind)])  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType] kinds with words


def streamed_text(answer: Answer) -> str:
    """Join the deltas of a stream: a few say something else than its last event."""
    frames = answer.body.decode().replace("\r\n", "\n").split("\n\n")
    said = [data_of(frame) or {} for frame in frames]
    kind = "response.output_text.delta"
    return "".join([each["delta"] for each in said if each.get("type") == kind])


def test_every_word_is_heard_once(answers: list[Answer], report: Callable[[int], None]) -> None:
    for answer in answers:
        events, error = hear(answer)
        said = parts_of(answer.final, "message", "content")
        assert error is None, answer.name
        text = "".join([part.get("text", "") for part in said])
        assert joined(events, TextDelta) in {text, streamed_text(answer)}, answer.name
        refused = "".join([part.get("refusal", "") for part in said])
        assert joined(events, RefusalDelta) == refused, answer.name
    report(len(answers))


def test_every_thought_is_heard_once_with_its_mark(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    with_thoughts = 0
    for answer in answers:
        thoughts = [each for each in hear(answer).events if isinstance(each, ReasoningDelta)]
        said = parts_of(answer.final, "reasoning", "content", "summary")
        assert joined(thoughts, ReasoningDelta) == "".join([part["text"] for part in said])
        items = [item for item in answer.final["output"] if item["type"] == "reasoning"]
        marks = [item["encrypted_content"] for item in items if item.get("encrypted_content")]
        heard = [each.opaque for each in fold(thoughts) if isinstance(each, ReasoningDelta)]
        assert len([mark for mark in heard if mark]) == len(marks), answer.name
        if not answer.exchange.is_stream or all(mark in heard for mark in marks):
            assert [mark for mark in heard if mark] == marks, answer.name
        with_thoughts += bool(items)
    report(with_thoughts)


def test_every_call_is_heard_whole(answers: list[Answer], report: Callable[[int], None]) -> None:
    with_calls = 0
    for answer in answers:
        said = [item for item in answer.final["output"] if item["type"] == "function_call"]
        calls = [each for each in fold(hear(answer).events) if isinstance(each, ToolCallDelta)]
        heard = [(call.id, call.name, call.arguments) for call in calls]
        expected = [(item["call_id"], item["name"], item["arguments"]) for item in said]
        assert heard == expected, answer.name
        assert [call.index for call in calls] == list(range(len(said)))
        with_calls += bool(said)
    report(with_calls)


def test_every_item_without_a_name_of_ours_is_kept_whole(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    with_others = 0
    for answer in answers:
        others = [item for item in answer.final["output"] if item["type"] not in KNOWN]
        blocks = [each for each in hear(answer).events if isinstance(each, OpaqueBlock)]
        kept = [json.loads(msgspec.json.encode(block.fields)) for block in blocks]
        # Of a stream in the order in which they ended.
        kinds = sorted([item["type"] for item in others])
        assert sorted([item["type"] for item in kept]) == kinds, answer.name
        if not answer.exchange.is_stream:
            assert kept == others, answer.name
        with_others += bool(others)
    report(with_others)


def test_every_annotation_and_probability_is_kept(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    with_annotations = 0
    for answer in answers:
        events = [each for each in hear(answer).events if isinstance(each, TextDelta)]
        kept = [json.loads(bytes(raw)) for each in events if (raw := _annotations(each))]
        said = parts_of(answer.final, "message", "content")
        assert kept == [part["annotations"] for part in said if part.get("annotations")]
        tokens = sum(
            len(json.loads(bytes(each.logprobs))["content"]) for each in events if each.logprobs
        )
        assert tokens == sum(len(part.get("logprobs") or ()) for part in said), answer.name
        with_annotations += bool(kept)
    report(with_annotations)


def _annotations(event: TextDelta) -> msgspec.Raw | None:
    return (event.extra or {}).get("annotations")


def test_usage_is_what_was_recorded(answers: list[Answer], report: Callable[[int], None]) -> None:
    with_usage = 0
    for answer in answers:
        counted: dict[str, Any] = answer.final.get("usage") or {}
        finished = hear(answer).events[-1]
        assert isinstance(finished, Finished)
        usage = finished.usage
        if not counted.get("total_tokens"):
            assert usage.counted_by == "nobody", answer.name
            continue
        details: dict[str, int | None] = counted.get("input_tokens_details") or {}
        written: dict[str, int | None] = counted.get("output_tokens_details") or {}
        read = usage.input + usage.cache_read + usage.cache_write
        assert read == counted["input_tokens"], answer.name
        assert usage.cache_read == (details.get("cached_tokens") or 0), answer.name
        assert usage.cache_write == (details.get("cache_write_tokens") or 0), answer.name
        assert usage.reasoning == (written.get("reasoning_tokens") or 0), answer.name
        assert read + usage.output + usage.reasoning == counted["total_tokens"], answer.name
        with_usage += 1
    report(with_usage)


def test_a_finish_is_what_the_status_says(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    for answer in answers:
        finished = hear(answer).events[-1]
        assert isinstance(finished, Finished)
        called = any(item["type"] == "function_call" for item in answer.final["output"])
        if answer.final["status"] == "incomplete":
            why = answer.final["incomplete_details"]["reason"]
            known = {"max_output_tokens": "length", "content_filter": "content_filter"}
            assert finished.reason == known[why], answer.name
            continue
        assert answer.final["status"] in {"completed", "complete"}, answer.name
        assert finished.reason == ("tool_calls" if called else "stop"), answer.name
    report(len(answers))


def test_a_relayed_stream_is_the_stream_that_came(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    streams = [answer for answer in answers if answer.exchange.is_stream]
    for answer in streams:
        relay, reader = Relay(), Reader()
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


def _cuts(body: bytes) -> range:
    return range(0, len(body), 997)


def test_a_stream_cut_anywhere_is_no_success(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    streams = [answer for answer in answers if answer.exchange.is_stream]
    for answer in streams:
        for size in (0, len(answer.body) // 3, len(answer.body) - 2):
            reader = Reader()
            reader.feed(answer.body[:size])
            assert isinstance(reader.end(), ProviderTruncated), answer.name
    report(len(streams))


def test_an_answer_that_is_still_under_way_is_no_success(
    recorded: list[Exchange], report: Callable[[int], None]
) -> None:
    found = [answer for exchange in recorded for answer in answers_of(exchange)]
    waiting = [each for each in found if each.final["status"] in {"queued", "in_progress"}]
    for answer in waiting:
        assert isinstance(hear(answer).error, ProviderTruncated), answer.name
    report(len(waiting))


def test_an_error_is_one(recorded: list[Exchange], report: Callable[[int], None]) -> None:
    for answer in [answer for exchange in recorded for answer in answers_of(exchange)]:
        if answer.final["status"] == "failed":
            assert hear(answer).error is not None, answer.name
    failed = [each for each in recorded if _path(each) == "/responses" and each.status != OK]
    for exchange in failed:
        try:
            error = read_whole(exchange.response).error
        except ProviderGarbled as garbled:
            error = garbled
        assert error is not None, exchange.path.name
    report(len(failed))


def test_what_is_rendered_again_says_the_same(
    answers: list[Answer], report: Callable[[int], None]
) -> None:
    request = parse_request(HARMLESS, id="req_1", at_ms=0, actor=None)
    for answer in answers:
        events = hear(answer).events
        whole = read_whole(render_answer(events, request)).events
        chunks, reader = Chunks(request), Reader()
        body = b"".join([chunks.event(event) for event in events[:-1]])
        streamed = reader.feed(body + b"".join(chunks.closing(events[-1:])))
        assert reader.end() is None, answer.name
        assert plain(whole) == plain(events), answer.name
        assert plain((*streamed, *reader.closing)) == plain(events), answer.name
    report(len(answers))


def plain(events: Sequence[Event]) -> list[object]:
    """Take away from events what only an endpoint of this dialect says."""
    said: list[object] = []
    for event in fold(events):
        match event:
            case TextDelta() | RefusalDelta():
                said.append((type(event), event.text))
            case ReasoningDelta():
                said.append((event.text, event.kind, event.opaque, event.id, event.owner))
            case ToolCallDelta():
                said.append((event.index, event.id, event.name, event.arguments))
            case OpaqueBlock():
                said.append(event.kind)
            case Finished():
                said.append((event.reason, event.usage))
            case _:
                pass
    return said


def requests(recorded: list[Exchange]) -> list[tuple[Exchange, bytes, Generate]]:
    """Find the requests of this dialect that an endpoint took."""
    found: list[tuple[Exchange, bytes, Generate]] = []
    for each in recorded:
        is_asked = each.request is not None and b'"model"' in each.request
        if _path(each) == "/responses" and each.request and is_asked and each.status == OK:
            parsed = parse_request(each.request, id="req_1", at_ms=0, actor=None)
            found.append((each, each.request, parsed))
    return found


def _path(exchange: Exchange) -> str:
    path = exchange.url.partition("?")[0]
    return "/responses" if path.endswith("/responses") else path


def test_a_request_goes_on_field_for_field(
    recorded: list[Exchange], report: Callable[[int], None]
) -> None:
    found = [each for each in requests(recorded) if not json.loads(each[1]).get("background")]
    for exchange, body, request in found:
        rendered = render_request(request, model=request.model, owner="openai")
        went = json.loads(rendered.body)
        assert went == _unstored(json.loads(body)), exchange.path.name
        is_as_it_came = went == json.loads(body)
        assert bool(rendered.changed) is not is_as_it_came
    report(len(found))


def _unstored(sent: dict[str, Any]) -> dict[str, Any]:
    """Say of a request what it has to be where nothing may be stored."""
    went = {name: value for name, value in sent.items() if name != "previous_response_id"}
    marks = "reasoning.encrypted_content"
    if sent.get("store") is not False and sent.get("reasoning"):
        include: list[str] = sent.get("include") or []
        went["include"] = include if marks in include else [*include, marks]
    items: Any = sent["input"]
    if not isinstance(items, str) and any(_is_stored_thought(item) for item in items):
        spoken = {"message", "function_call"}
        went["input"] = [
            {name: value for name, value in item.items() if name != "id"}
            if item.get("type") in spoken
            else item
            for item in items
            if not _is_stored_thought(item)
        ]
    return {**went, "store": False}


def _is_stored_thought(item: dict[str, Any]) -> bool:
    marked = item.get("encrypted_content") or item.get("content")
    return item.get("type") == "reasoning" and not marked


def test_a_request_of_another_dialect_says_the_same(
    recorded: list[Exchange], report: Callable[[int], None]
) -> None:
    count = 0
    for exchange, _, request in requests(recorded):
        if not _can_be_said_elsewhere(request):
            continue
        source = msgspec.structs.replace(request.source, dialect="openai-chat", fields={})
        foreign = msgspec.structs.replace(request, source=source)
        rendered = render_request(foreign, model=request.model, owner="openai")
        again = parse_request(rendered.body, id="req_1", at_ms=0, actor=None)
        name = exchange.path.name
        assert content(again.messages) == content(request.messages), name
        assert [t.name for t in again.tools if not isinstance(t, HostedTool)] == [
            t.name for t in request.tools if not isinstance(t, HostedTool)
        ], name
        assert again.sampling == request.sampling, name
        assert again.thinking.effort == request.thinking.effort, name
        assert (again.tool_choice, again.tool) == (request.tool_choice, request.tool), name
        assert again.output == request.output, name
        count += 1
    report(count)


def _can_be_said_elsewhere(request: Generate) -> bool:
    hosted = any(isinstance(tool, HostedTool) for tool in request.tools)
    return not hosted and not any(
        isinstance(part, Opaque) for message in request.messages for part in message.parts
    )


def content(messages: Sequence[Message]) -> list[object]:
    """Take away from messages what has no canonical name, and whose thinking is not OpenAI's."""
    return [
        (message.role, [_bare(part) for part in message.parts if _goes_to_openai(part)])
        for message in messages
    ]


def _goes_to_openai(part: object) -> bool:
    return not isinstance(part, Reasoning) or part.owner == "openai"


def _bare(part: Any) -> object:
    bare = msgspec.structs.replace(part, extra=None)
    inner = getattr(bare, "parts", ())
    return msgspec.structs.replace(bare, parts=tuple(map(_bare, inner))) if inner else bare
