"""Whatever real endpoints sent in OpenAI's chat dialect is read without loss, and said again."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import structs
from tests.contract.wire.corpus import Exchange, exchanges, folder

from jevons.testing.make import a_request
from jevons.types.errors import Malformed, ProviderGarbled, Unsupported
from jevons.types.event import (
    Finished,
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from jevons.types.request import HostedTool
from jevons.wire.effort import USUAL, effort_of
from jevons.wire.fold import fold
from jevons.wire.openai_chat import (
    Chunks,
    Reader,
    Relay,
    parse_request,
    read_answer,
    read_whole,
    render_answer,
    render_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event
    from jevons.types.request import Generate

OK = 200
THOUGHT = re.compile(r"\s*<think>(.*?)(?:</think>(.*))?", re.DOTALL)


ODD_PART = re.compile(rb'"type": ?"(?:video|document|file)_url"|"file_data": ?"http')


@cache
def recorded() -> list[Exchange]:
    """Find what was said in this dialect."""
    return [each for each in exchanges(folder()) if each.status != OK or objects(each)]


def objects(exchange: Exchange) -> list[dict[str, Any]]:
    """Decode the answer or the chunks of an exchange; nothing if it is of another dialect."""
    bodies = [exchange.response]
    if exchange.is_stream:
        lines = exchange.response.splitlines()
        bodies = [line[5:] for line in lines if line.startswith(b"data:") and b"[DONE]" not in line]
    try:
        said = [json.loads(body) for body in bodies if body.strip()]
    except ValueError:
        return []
    return said if any(is_chat(each) for each in said) else []


def is_chat(said: Any) -> bool:
    """Whether an object is an answer or a chunk of this dialect."""
    choices: Any = cast("dict[str, Any]", said).get("choices") if isinstance(said, dict) else None
    first: Any = cast("list[Any]", choices)[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and ("message" in first or "delta" in first)


def answers() -> list[Exchange]:
    """Find the answers to those who asked for one: no other is read across dialects."""
    return [each for each in recorded() if each.status == OK and not has_several(each)]


def has_several(exchange: Exchange) -> bool:
    said = objects(exchange)
    return any(choice.get("index") for each in said for choice in each.get("choices") or ())


def deltas(exchange: Exchange) -> list[dict[str, Any]]:
    """Every delta, or the message."""
    kinds = ("delta", "message") if exchange.is_stream else ("message", "delta")
    return [
        choice.get(kinds[0]) or choice.get(kinds[1]) or {}
        for each in objects(exchange)
        for choice in each.get("choices") or ()
    ]


def read(exchange: Exchange) -> tuple[list[Event], Usage | None, JevonsError | None]:
    """Read an answer, whole or streamed."""
    if not exchange.is_stream:
        whole = read_whole(exchange.response)
        return list(whole.events), whole.usage, whole.error
    reader = Reader()
    events = reader.feed(exchange.response)
    error = reader.end()
    return [*events, *(() if error else reader.closing)], reader.usage, error


def is_failed(exchange: Exchange) -> bool:
    """Whether an answer says that it failed; a stream that never says why it ends broke off."""
    said = objects(exchange)
    ends = [choice.get("finish_reason") for each in said for choice in each.get("choices") or ()]
    return any(each.get("error") for each in said) or (exchange.is_stream and not any(ends))


def words(content: Any, kind: str) -> str:
    """Find the text, or the thinking, in content of either shape."""
    if not isinstance(content, list):
        return (content or "") if kind == "text" else ""
    said = ""
    for part in cast("list[dict[str, Any]]", content):
        if part.get("type") == kind:
            inner = part[kind]
            said += inner if isinstance(inner, str) else "".join([each["text"] for each in inner])
    return said


def thinking(delta: dict[str, Any]) -> str:
    """Find the thinking of a delta, once."""
    details = cast("list[dict[str, Any]]", delta.get("reasoning_details") or [])
    detailed = "".join([each.get("text") or each.get("summary") or "" for each in details])
    plain = delta.get("reasoning_content") or delta.get("reasoning") or ""
    return (detailed or plain) + words(delta.get("content"), "thinking")


def calls_in(exchange: Exchange) -> list[tuple[str, str]]:
    """Find the calls to tools: their names and arguments."""
    calls: list[list[str]] = []
    for delta in deltas(exchange):
        old: dict[str, Any] = delta.get("function_call") or {}
        pieces: list[dict[str, Any]] = [{"function": old}] if any(old.values()) else []
        for piece in cast("list[dict[str, Any]]", delta.get("tool_calls") or pieces):
            function: dict[str, Any] = piece.get("function") or {}
            if function.get("name"):
                calls.append([function["name"], ""])
            if function:  # else a call of a tool that takes any text, which has no such name here
                calls[-1][1] += function.get("arguments") or ""
    return [(name, arguments) for name, arguments in calls]


def test_every_word_thought_and_call_is_in_the_events(report: Callable[[int], None]) -> None:
    for exchange in answers():
        events, _, _ = read(exchange)
        said = deltas(exchange)
        text = "".join([words(each.get("content"), "text") for each in said])
        thought = "".join([thinking(each) for each in said])
        inline = None if thought else THOUGHT.fullmatch(text)
        if inline is not None:
            thought, text = inline.groups("")
        where = str(exchange.path)
        assert joined(events, TextDelta) == text, where
        assert joined(events, ReasoningDelta) == thought, where
        refused = "".join([each.get("refusal") or "" for each in said])
        assert joined(events, RefusalDelta) == refused, where
        assert calls_of(events) == calls_in(exchange), where
    report(len(answers()))


def joined(events: list[Event], kind: type[TextDelta | ReasoningDelta | RefusalDelta]) -> str:
    return "".join([event.text for event in events if isinstance(event, kind)])


def calls_of(events: list[Event]) -> list[tuple[str, str]]:
    calls: dict[int, list[str]] = {}
    for event in events:
        if isinstance(event, ToolCallDelta):
            call = calls.setdefault(event.index, [event.name, ""])
            call[1] += event.arguments
    return [(name, arguments) for name, arguments in calls.values()]


def test_marks_that_must_be_handed_back_are_in_the_events(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange in answers():
        said = [
            detail for each in deltas(exchange) for detail in each.get("reasoning_details") or ()
        ]
        marks = [detail.get("data") or detail.get("signature") for detail in said]
        marks = [mark for mark in marks if mark]
        events, _, _ = read(exchange)
        found = [event.opaque for event in events if isinstance(event, ReasoningDelta)]
        assert [mark for mark in found if mark] == marks, str(exchange.path)
        checked += bool(marks)
    report(checked)


def test_nothing_that_a_delta_holds_is_lost(report: Callable[[int], None]) -> None:
    named = {"role", "content", "refusal", "tool_calls", "function_call", "index", "reasoning"}
    named |= {"reasoning_content", "reasoning_details", "encrypted_content"}
    checked = 0
    for exchange in answers():
        beside = [
            (name, value)
            for each in deltas(exchange)
            for name, value in each.items()
            if name not in named and value not in (None, "", [], {})
        ]
        events, _, _ = read(exchange)
        kept = [
            (name, json.loads(bytes(value)))
            for event in events
            for name, value in beside_of(event).items()
        ]
        assert sorted(kept, key=repr) == sorted(beside, key=repr), str(exchange.path)
        checked += bool(beside)
    report(checked)


def beside_of(event: Event) -> dict[str, msgspec.Raw]:
    if isinstance(event, OpaqueBlock):
        return {} if event.kind == "custom" else event.fields  # a call, and no field beside one
    is_delta = isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta)
    extra = (event.extra if is_delta else None) or {}
    return {name: value for name, value in extra.items() if name not in {"format", "logprobs"}}


def test_usage_is_what_was_recorded(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange in answers():
        counts = [each for said in objects(exchange) for each in counts_in(said)]
        _, usage, error = read(exchange)
        if not counts or (error is not None and usage is None):  # nothing is read after a fault
            assert usage is None, str(exchange.path)
            continue
        assert usage is not None, str(exchange.path)
        assert_counted(usage, counts[-1], str(exchange.path))
        checked += 1
    report(checked)


def counts_in(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Find usage in any of its places, if it counts anything."""
    choices: list[dict[str, Any]] = said.get("choices") or []
    groq: dict[str, Any] = said.get("x_groq") or {}
    found = [*[choice.get("usage") for choice in choices], groq.get("usage"), said.get("usage")]
    return [
        each
        for each in cast("list[dict[str, Any]]", found)
        if each and (each.get("prompt_tokens") or each.get("completion_tokens"))
    ]


def assert_counted(usage: Usage, counts: dict[str, Any], where: str) -> None:
    read: dict[str, Any] = counts.get("prompt_tokens_details") or {}
    written: dict[str, Any] = counts.get("completion_tokens_details") or {}
    cached: int = (
        read.get("cached_tokens")
        or counts.get("prompt_cache_hit_tokens")
        or counts.get("cached_tokens")
        or counts.get("num_cached_tokens")
        or 0
    )
    thought: int = written.get("reasoning_tokens") or 0
    completion: int = counts.get("completion_tokens") or 0
    beside = counts.get("total_tokens") == counts["prompt_tokens"] + completion + thought
    assert usage.input + usage.cache_read + usage.cache_write == counts["prompt_tokens"], where
    assert usage.cache_read == min(cached, counts["prompt_tokens"]), where
    assert usage.reasoning == thought, where
    assert usage.output + usage.reasoning == completion + (thought if beside else 0), where


def test_answers_end_well_unless_they_say_that_they_failed(report: Callable[[int], None]) -> None:
    for exchange in answers():
        events, _, error = read(exchange)
        assert (error is None) != is_failed(exchange), f"{exchange.path}: {error}"
        assert isinstance(events[-1], Finished) == (error is None), str(exchange.path)
    report(len(answers()))


def test_what_is_no_answer_is_an_error(report: Callable[[int], None]) -> None:
    refused = [each for each in recorded() if each.status != OK]
    for exchange in refused:
        try:
            told = read_whole(exchange.response).error
        except ProviderGarbled as garbled:
            told = garbled
        assert told is not None, str(exchange.path)
    report(len(refused))


def test_a_relay_and_the_books_read_the_same(report: Callable[[int], None]) -> None:
    for exchange in answers():
        _, usage, error = read(exchange)
        if exchange.is_stream:
            relay = Relay(choices=1, want_usage=True)
            relay.feed(exchange.response)
            assert (relay.end() is None) == (error is None), str(exchange.path)
            assert relay.usage == usage, str(exchange.path)
        else:
            assert read_answer(exchange.response).usage == usage, str(exchange.path)
    report(len(answers()))


def test_a_stream_cut_into_single_bytes_is_the_same(report: Callable[[int], None]) -> None:
    streams = [each for each in answers() if each.is_stream and len(each.response) < 20_000]
    for exchange in streams:
        reader = Reader()
        events = [
            event
            for begin in range(len(exchange.response))
            for event in reader.feed(exchange.response[begin : begin + 1])
        ]
        error = reader.end()
        whole, usage, _ = read(exchange)
        closing = () if error else reader.closing
        assert fold([*events, *closing]) == fold(whole), str(exchange.path)
        assert reader.usage == usage
    report(len(streams))


def test_what_was_read_and_rendered_reads_the_same(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange in answers():
        events, _, error = read(exchange)
        if error is None:
            again = restreamed(events) if exchange.is_stream else rerendered(events)
            assert named(again) == named(events), str(exchange.path)
            end, first = again[-1], events[-1]
            assert isinstance(end, Finished)
            assert isinstance(first, Finished)
            assert (end.reason, end.usage) == (first.reason, first.usage), str(exchange.path)
            checked += 1
    report(checked)


def restreamed(events: list[Event]) -> list[Event]:
    chunks, reader = Chunks(a_request(want_usage=True)), Reader()
    sent = [chunks.event(event) for event in events[:-1]]
    again = reader.feed(b"".join([*sent, *chunks.closing((events[-1],))]))
    assert reader.end() is None
    return [*again, *reader.closing]


def rerendered(events: list[Event]) -> list[Event]:
    return list(read_whole(render_answer(events, a_request())).events)


def named(events: list[Event]) -> list[Event]:
    """Leave out what the dialect has no canonical name for."""
    kinds = TextDelta | ReasoningDelta | RefusalDelta | ToolCallDelta
    return list(
        fold(
            [
                msgspec.structs.replace(each, extra=None)
                for each in events
                if isinstance(each, kinds)
            ]
        )
    )


def asked() -> list[tuple[Exchange, dict[str, Any]]]:
    """Find the requests of this dialect that were answered."""
    found: list[tuple[Exchange, dict[str, Any]]] = []
    for exchange in answers():
        said = json_of(exchange.request)
        if (
            "messages" in said and "model" in said
        ):  # Azure says it in the path; callers of ours may not
            found.append((exchange, said))
    return found


def json_of(body: bytes | None) -> dict[str, Any]:
    """Decode a body; some were recorded that are not JSON, and answered."""
    with suppress(ValueError):
        said = json.loads(body or b"null")
        if isinstance(said, dict):
            return cast("dict[str, Any]", said)
    return {}


def parse(exchange: Exchange) -> Generate:
    assert exchange.request is not None
    return parse_request(exchange.request, id="req_1", at_ms=1, actor=None)


def owner_of(exchange: Exchange) -> str:
    return "openrouter" if "openrouter.ai" in exchange.url else ""


def test_a_request_goes_as_it_came(report: Callable[[int], None]) -> None:
    for exchange, said in asked():
        request = parse(exchange)
        for owner in {"", owner_of(exchange)}:
            rendered = render_request(request, model=said["model"], owner=owner)
            sent = json.loads(rendered.body)
            if request.stream:
                assert sent.pop("stream_options") == {
                    **(said.get("stream_options") or {}),
                    "include_usage": True,
                }
            said.pop("stream_options", None)
            assert sent == said, str(exchange.path)
            assert rendered.changed == (), str(exchange.path)
    report(len(asked()))


def test_a_request_written_anew_says_the_same(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange, said in asked():
        request = parse(exchange)
        if any(isinstance(tool, HostedTool) for tool in request.tools):
            continue
        again = anew(request)
        try:
            sent = render_request(again, model=said["model"], owner="vllm").body
        except Unsupported:  # parts that one vendor alone has: films, documents by their address
            assert ODD_PART.search(exchange.request or b""), str(exchange.path)
            continue
        back = parse_request(sent, id="req_1", at_ms=1, actor=None)
        where = str(exchange.path)
        assert back.tools == bare(again.tools), where
        assert (back.tool_choice, back.tool) == (again.tool_choice, again.tool), where
        named = again.output if again.output.kind != "json_schema" or again.output.name else None
        assert back.output == (named or structs.replace(again.output, name="answer")), where
        assert back.sampling == again.sampling, where
        budget = again.thinking.budget_tokens
        usual = USUAL if again.thinking.on else None if budget is None else effort_of(budget)
        assert back.thinking.effort == (again.thinking.effort or usual), where
        assert plainly(sent) == plainly(exchange.request or b""), where
        checked += 1
    report(checked)


def anew(request: Generate) -> Generate:
    """Make a request of another dialect of one that came in this."""
    source = msgspec.structs.replace(request.source, dialect="anthropic-messages", fields={})
    return msgspec.structs.replace(request, source=source)


def bare(tools: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(msgspec.structs.replace(tool, extra=None) for tool in tools)


def plainly(body: bytes) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Say of each message who speaks, in which words, and which tools are called.

    A picture that a tool returned goes in a message of its own, without words: that is left out.
    """
    said = [
        (
            "system" if each["role"] == "developer" else each["role"],
            words(each.get("content"), "text"),
            [
                (call["function"]["name"], call["function"].get("arguments") or "{}")
                for call in each.get("tool_calls") or ()
            ],
        )
        for each in json.loads(body)["messages"]
    ]
    return [each for each in said if each != ("user", "", [])]


def test_a_request_that_was_refused_is_read_or_malformed(report: Callable[[int], None]) -> None:
    refused = [
        each
        for each in recorded()
        if each.status != OK and each.request and "chat/completions" in each.url
    ]
    for exchange in refused:
        with suppress(Malformed):
            assert parse(exchange).messages, str(exchange.path)
    report(len(refused))
