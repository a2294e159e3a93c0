"""Whatever real servers sent in Ollama's own dialect is read without loss, and said again."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

import msgspec
from tests.contract.wire.corpus import Exchange, exchanges, folder

from jevons.testing.make import a_request
from jevons.types.event import Finished, ReasoningDelta, TextDelta, ToolCallDelta
from jevons.types.message import Image, Message, Part, Text, ToolCall
from jevons.types.request import Output, Sampling, Source, Tool
from jevons.wire.fold import fold
from jevons.wire.ollama import Reader, read_whole, render_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event
    from jevons.types.request import Generate

NOTHING: tuple[Any, ...] = (None, "", [], {})


@cache
def recorded() -> list[Exchange]:
    """Find what was said in this dialect."""
    return [each for each in exchanges(folder()) if objects(each)]


def objects(exchange: Exchange) -> list[dict[str, Any]]:
    """Decode the answer or the lines of an exchange; nothing if it is of another dialect."""
    try:
        said = [json.loads(line) for line in exchange.response.splitlines() if line.strip()]
    except ValueError:
        return []
    return said if said and all(is_line(each) for each in said) else []


def is_line(said: Any) -> bool:
    """Whether an object is an answer or a line of this dialect."""
    if not isinstance(said, dict):
        return False
    fields = cast("dict[str, Any]", said)
    return "done" in fields and isinstance(fields.get("message"), dict)


def read(exchange: Exchange) -> tuple[list[Event], Usage | None, JevonsError | None]:
    """Read an answer, whole or streamed."""
    if len(objects(exchange)) == 1:
        whole = read_whole(exchange.response)
        return list(whole.events), whole.usage, whole.error
    reader = Reader()
    events = reader.feed(exchange.response)
    error = reader.end()
    return [*events, *(() if error else reader.closing)], reader.usage, error


def test_every_word_thought_and_call_is_in_the_events(report: Callable[[int], None]) -> None:
    for exchange in recorded():
        events, _, _ = read(exchange)
        said = [each["message"] for each in objects(exchange)]
        where = str(exchange.path)
        assert joined(events, TextDelta) == "".join([each.get("content") or "" for each in said])
        thought = "".join([each.get("thinking") or "" for each in said])
        assert joined(events, ReasoningDelta) == thought, where
        calls = [call["function"] for each in said for call in each.get("tool_calls") or ()]
        assert [
            (event.name, json.loads(event.arguments))
            for event in events
            if isinstance(event, ToolCallDelta)
        ] == [(call["name"], call["arguments"]) for call in calls], where
    report(len(recorded()))


def joined(events: list[Event], kind: type[TextDelta | ReasoningDelta]) -> str:
    return "".join([event.text for event in events if isinstance(event, kind)])


def test_usage_and_end_are_what_was_recorded(report: Callable[[int], None]) -> None:
    for exchange in recorded():
        events, usage, error = read(exchange)
        last = objects(exchange)[-1]
        finished = events[-1]
        where = str(exchange.path)
        assert error is None, where
        assert isinstance(finished, Finished), where
        assert finished.native == last.get("done_reason", ""), where
        assert usage is not None, where
        assert usage.input == last.get("prompt_eval_count", 0), where
        assert usage.output == last["eval_count"], where
    report(len(recorded()))


def test_a_stream_cut_into_single_bytes_is_the_same(report: Callable[[int], None]) -> None:
    streams = [each for each in recorded() if len(objects(each)) > 1]
    for exchange in streams:
        reader = Reader()
        events = [
            event
            for begin in range(len(exchange.response))
            for event in reader.feed(exchange.response[begin : begin + 1])
        ]
        assert reader.end() is None
        whole, usage, _ = read(exchange)
        assert fold([*events, *reader.closing]) == fold(whole), str(exchange.path)
        assert reader.usage == usage
    report(len(streams))


def requests() -> list[tuple[Exchange, dict[str, Any]]]:
    """Find what was asked in this dialect."""
    return [
        (each, json.loads(each.request))
        for each in recorded()
        if each.request is not None and each.request.startswith(b"{")
    ]


def test_a_request_of_this_dialect_goes_as_it_came(report: Callable[[int], None]) -> None:
    for exchange, said in requests():
        body = exchange.request or b""
        source = Source(
            dialect="ollama",
            fields=msgspec.json.decode(body, type=dict[str, msgspec.Raw]),
            digest=sha256(body).digest(),
            size_bytes=len(body),
        )
        rendered = render_request(a_request(source=source), model=said["model"])
        assert (json.loads(rendered.body), rendered.changed) == (said, ()), str(exchange.path)
    report(len(requests()))


def test_a_request_written_anew_says_what_was_sent(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange, said in requests():
        request = canonical(said)
        if request is None:
            continue
        sent = json.loads(render_request(request, model=said["model"]).body)
        assert alike(sent) == alike(said), str(exchange.path)
        checked += 1
    report(checked)


def canonical(said: dict[str, Any]) -> Generate | None:
    """Read a request; None where a tool's words name no tool, as older servers took it."""
    if any(each["role"] == "tool" for each in said["messages"]):
        return None
    options: dict[str, Any] = said.get("options") or {}
    shape = said.get("format")
    output = Output(kind="json_schema", schema=raw(shape)) if isinstance(shape, dict) else Output()
    return a_request(
        messages=tuple([message(each) for each in said["messages"]]),
        tools=tuple([tool(each["function"]) for each in said.get("tools") or ()]),
        output=Output(kind="json") if shape == "json" else output,
        stream=said.get("stream", True),
        sampling=Sampling(
            temperature=options.get("temperature"),
            top_p=options.get("top_p"),
            top_k=options.get("top_k"),
            max_tokens=options.get("num_predict"),
            stop=tuple(options.get("stop") or ()),
            seed=options.get("seed"),
        ),
    )


def message(said: dict[str, Any]) -> Message:
    images = cast("list[str]", said.get("images") or [])
    calls = cast("list[dict[str, Any]]", said.get("tool_calls") or [])
    parts: list[Part] = [Text(text=said.get("content") or "")]
    parts += [Image(url=f"data:image/png;base64,{data}") for data in images]
    parts += [
        ToolCall(
            id=str(index),
            name=call["function"]["name"],
            arguments=json.dumps(call["function"]["arguments"]),
        )
        for index, call in enumerate(calls)
    ]
    return Message(role=said["role"], parts=tuple(parts))


def tool(said: dict[str, Any]) -> Tool:
    return Tool(
        name=said["name"],
        description=said.get("description") or "",
        parameters=raw(said["parameters"]),
    )


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def alike(said: dict[str, Any]) -> dict[str, Any]:
    """Take out what means nothing, and how long the server keeps the model."""
    return {
        name: value for name, value in said.items() if value not in NOTHING and name != "keep_alive"
    }
