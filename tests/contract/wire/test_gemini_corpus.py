"""Whatever real endpoints sent in Gemini's dialect is read without loss, and said again."""

from __future__ import annotations

import json
import re
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

import msgspec
from tests.contract.wire.corpus import Exchange, exchanges, folder

from jevons.testing.make import a_request
from jevons.types.errors import (
    ProviderDenied,
    ProviderFiltered,
    ProviderGarbled,
    ProviderThrottled,
    ProviderUnavailable,
    ProviderUnpaid,
)
from jevons.types.event import (
    Finished,
    OpaqueBlock,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.types.message import File, Message, Part, Reasoning, Text, ToolCall, ToolResult
from jevons.types.request import Output, Sampling, Source, Thinking, Tool
from jevons.wire.fold import fold
from jevons.wire.gemini import Reader, read_whole, render_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event
    from jevons.types.request import Effort, Generate

OK = 200
ASKED = re.compile(r":(?:stream)?generatecontent\b", re.IGNORECASE)
NOTHING: tuple[Any, ...] = (None, "", [], {})
PLAIN = "text/plain"
"""What an answer is unless it is asked to be another."""


@cache
def recorded() -> list[Exchange]:
    """Find what was said in this dialect."""
    return [
        each
        for each in exchanges(folder())
        if objects(each) or (each.status != OK and ASKED.search(each.url))
    ]


def answers() -> list[Exchange]:
    return [each for each in recorded() if each.status == OK]


def objects(exchange: Exchange) -> list[dict[str, Any]]:
    """Decode the answer or the chunks of an exchange; nothing if it is of another dialect."""
    bodies = [exchange.response]
    if exchange.is_stream:
        lines = exchange.response.splitlines()
        bodies = [line[5:] for line in lines if line.startswith(b"data:")]
    try:
        said = [json.loads(body) for body in bodies if body.strip()]
    except ValueError:
        return []
    flat: list[dict[str, Any]] = []
    for each in said:
        flat += cast("list[Any]", each) if isinstance(each, list) else [each]
    return flat if any(is_answer(each) for each in flat) else []


def is_answer(said: Any) -> bool:
    """Whether an object is an answer or a chunk of this dialect."""
    if not isinstance(said, dict):
        return False
    fields = cast("dict[str, Any]", said)
    candidates = fields.get("candidates")
    is_said = isinstance(candidates, list) and "usageMetadata" in fields
    return is_said or "promptFeedback" in fields


def read(exchange: Exchange) -> tuple[list[Event], Usage | None, JevonsError | None]:
    """Read an answer, whole or streamed."""
    if not exchange.is_stream:
        whole = read_whole(exchange.response, owner="google")
        return list(whole.events), whole.usage, whole.error
    reader = Reader(owner="google")
    events = reader.feed(exchange.response)
    error = reader.end()
    return [*events, *(() if error else reader.closing)], reader.usage, error


def parts(exchange: Exchange) -> list[dict[str, Any]]:
    return [
        part
        for each in objects(exchange)
        for candidate in several(each, "candidates")
        for part in several(inner(candidate, "content"), "parts")
    ]


def is_thought(part: dict[str, Any]) -> bool:
    return bool(part.get("thought"))


def test_every_word_and_thought_is_in_the_events(report: Callable[[int], None]) -> None:
    for exchange in answers():
        events, _, _ = read(exchange)
        said = parts(exchange)
        where = str(exchange.path)
        text = "".join([each.get("text") or "" for each in said if not is_thought(each)])
        thought = "".join([each.get("text") or "" for each in said if is_thought(each)])
        assert joined(events, TextDelta) == text, where
        assert joined(events, ReasoningDelta) == thought, where
    report(len(answers()))


def joined(events: list[Event], kind: type[TextDelta | ReasoningDelta]) -> str:
    return "".join([event.text for event in events if isinstance(event, kind)])


def test_every_call_is_in_the_events(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange in answers():
        events, _, _ = read(exchange)
        calls = [event for event in fold(events) if isinstance(event, ToolCallDelta)]
        said = [inner(part, "functionCall") for part in parts(exchange) if "functionCall" in part]
        begun = [call for call in said if call.get("name")]
        where = str(exchange.path)
        assert [call.name for call in calls] == [call["name"] for call in begun], where
        assert len({call.id for call in calls}) == len(calls), where
        for call, told in zip(calls, begun, strict=True):
            arguments = json.loads(call.arguments)
            assert call.id == told.get("id", call.id), where
            if "args" in told:
                assert arguments == told["args"], where
        assert spread(calls) == pieces(said), where
        checked += bool(calls)
    report(checked)


def spread(calls: list[ToolCallDelta]) -> str:
    """Say all words that calls have as arguments."""
    return "".join([word for call in calls for word in words(json.loads(call.arguments))])


def pieces(said: list[dict[str, Any]]) -> str:
    """Say all words of arguments that came, whole or by places."""
    found: list[str] = []
    for call in said:
        found += words(call.get("args"))
        found += [each.get("stringValue") or "" for each in several(call, "partialArgs")]
    return "".join(found)


def words(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for each in cast("dict[str, Any]", value).values() for word in words(each)]
    if isinstance(value, list):
        return [word for each in cast("list[Any]", value) for word in words(each)]
    return [value] if isinstance(value, str) else []


def test_every_mark_is_in_the_events_in_its_order(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange in answers():
        events, _, _ = read(exchange)
        kinds = (ReasoningDelta, ToolCallDelta)
        found = [
            json.loads(bytes(event.fields["thoughtSignature"]))
            if isinstance(event, OpaqueBlock)
            else event.opaque
            for event in fold(events)
            if isinstance(event, kinds)
            or (isinstance(event, OpaqueBlock) and "thoughtSignature" in event.fields)
        ]
        marks = [part["thoughtSignature"] for part in parts(exchange) if "thoughtSignature" in part]
        assert [mark for mark in found if mark] == marks, str(exchange.path)
        checked += bool(marks)
    report(checked)


def test_no_other_part_is_lost(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange in answers():
        events, _, _ = read(exchange)
        others = [
            part for part in parts(exchange) if not {"text", "functionCall"} & part.keys() and part
        ]
        kept = [plain(event.fields) for event in events if isinstance(event, OpaqueBlock)]
        assert all(part in kept for part in others), str(exchange.path)
        checked += bool(others)
    report(checked)


def test_nothing_beside_the_parts_is_lost(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange in answers():
        events, _, error = read(exchange)
        said = objects(exchange)
        beside = [candidate for each in said for candidate in several(each, "candidates")] + said
        named = {"content", "finishReason", "index", "candidates", "usageMetadata"}
        kept = [*[plain(fields) for fields in kept_by(events)]]
        for name, value in {
            (name, json.dumps(value))
            for each in beside
            for name, value in each.items()
            if name not in named and value not in NOTHING
        }:
            assert error or any(fields.get(name) == json.loads(value) for fields in kept), (
                f"{exchange.path} {name}"
            )
            checked += 1
    report(checked)


def kept_by(events: list[Event]) -> list[dict[str, msgspec.Raw]]:
    """Find all that events have beside their names."""
    kept: list[dict[str, msgspec.Raw]] = []
    for event in events:
        match event:
            case OpaqueBlock():
                kept.append(event.fields)
            case Started():
                named = {"responseId": event.id, "modelVersion": event.model}
                kept.append({name: raw(value) for name, value in named.items()})
                kept.append(event.extra or {})
            case Finished():
                kept.append(event.extra or {})
            case _:
                pass
    return kept


def plain(fields: dict[str, msgspec.Raw]) -> dict[str, Any]:
    return {name: json.loads(bytes(value)) for name, value in fields.items()}


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value, separators=(",", ":")).encode())


def test_usage_is_what_was_recorded(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange in answers():
        counts = [inner(each, "usageMetadata") for each in objects(exchange)]
        counted = [each for each in counts if each.get("promptTokenCount")]
        _, usage, _ = read(exchange)
        where = str(exchange.path)
        if not counted:
            assert usage is None, where
            continue
        assert usage is not None, where
        last = counted[-1]
        prompt = last["promptTokenCount"] + last.get("toolUsePromptTokenCount", 0)
        assert usage.input + usage.cache_read == prompt, where
        assert usage.cache_read == last.get("cachedContentTokenCount", 0), where
        assert usage.output == last.get("candidatesTokenCount", 0), where
        assert usage.reasoning == last.get("thoughtsTokenCount", 0), where
        total = usage.input + usage.cache_read + usage.output + usage.reasoning
        assert total == last["totalTokenCount"], where
        checked += 1
    report(checked)


def test_answers_end_as_they_say(report: Callable[[int], None]) -> None:
    for exchange in answers():
        events, _, error = read(exchange)
        reasons = [
            candidate["finishReason"]
            for each in objects(exchange)
            for candidate in several(each, "candidates")
            if "finishReason" in candidate
        ]
        where = str(exchange.path)
        if not reasons:
            assert isinstance(error, ProviderFiltered), where
            continue
        if reasons[-1] in GAVE_UP:
            assert isinstance(error, ProviderUnavailable), where
            continue
        last = events[-1]
        assert isinstance(last, Finished), f"{where}: {error}"
        reason: str = NUMBERED.get(reasons[-1]) or str(reasons[-1])
        assert last.native == reason, where
        is_called = any("functionCall" in part for part in parts(exchange))
        known = {"STOP": "tool_calls" if is_called else "stop", "MAX_TOKENS": "length"}
        assert last.reason == known.get(reason, "content_filter"), where
    report(len(answers()))


def test_what_is_no_answer_is_an_error_of_its_kind(report: Callable[[int], None]) -> None:
    refused = [each for each in recorded() if each.status != OK]
    for exchange in refused:
        told: JevonsError | None
        try:
            told = read_whole(exchange.response).error
        except ProviderGarbled as garbled:
            told = garbled
        assert told is not None, str(exchange.path)
        if b"API_KEY_INVALID" in exchange.response or exchange.status in {401, 403}:
            assert isinstance(told, ProviderDenied), str(exchange.path)
        if b"RESOURCE_EXHAUSTED" in exchange.response:
            assert isinstance(told, ProviderThrottled | ProviderUnpaid), str(exchange.path)
    report(len(refused))


def test_a_stream_cut_into_single_bytes_is_the_same(report: Callable[[int], None]) -> None:
    streams = [each for each in answers() if each.is_stream and len(each.response) < 40_000]
    for exchange in streams:
        reader = Reader(owner="google")
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


def requests() -> list[tuple[Exchange, dict[str, Any]]]:
    """Find what was asked in this dialect."""
    found: list[tuple[Exchange, dict[str, Any]]] = []
    for exchange in recorded():
        if exchange.request is not None and exchange.request.startswith(b"{"):
            if exchange.status != OK:
                continue  # whoever refused it may have been right to
            said = json.loads(exchange.request)
            if "contents" in said and all(
                any(without_nothing(part) for part in several(each, "parts"))
                for each in said["contents"]
            ):
                found.append((exchange, said))
    return found


def test_a_request_of_this_dialect_goes_as_it_came(report: Callable[[int], None]) -> None:
    for exchange, said in requests():
        body = exchange.request or b""
        source = Source(
            dialect="gemini",
            fields=msgspec.json.decode(body, type=dict[str, msgspec.Raw]),
            digest=sha256(body).digest(),
            size_bytes=len(body),
        )
        rendered = render_request(a_request(source=source), model="m")
        assert (json.loads(rendered.body), rendered.changed) == (said, ()), str(exchange.path)
    report(len(requests()))


def test_a_request_written_anew_says_what_was_sent(report: Callable[[int], None]) -> None:
    checked = 0
    for exchange, said in requests():
        request = canonical(said)
        if request is None:
            continue
        model = "gemini-2.5-flash" if request.thinking.effort is None else "gemini-3-pro"
        sent = json.loads(render_request(request, model=model, owner="google").body)
        assert alike(sent) == alike(said), str(exchange.path)
        checked += 1
    report(checked)


NUMBERED: dict[object, str] = {1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION"}
"""Reasons as some clients ask Google to write them."""
GAVE_UP = {"UNEXPECTED_TOOL_CALL", "MALFORMED_FUNCTION_CALL", "TOO_MANY_TOOL_CALLS"}
UNSAID = {
    "cachedContent", "candidateCount", "frequencyPenalty", "labels", "logprobs", "model",
    "modelArmorConfig", "presencePenalty", "responseLogprobs", "responseModalities",
    "safetySettings", "speechConfig", "videoMetadata",
}  # fmt: skip
"""What has no canonical name: it can come in this dialect only."""


def canonical(said: dict[str, Any]) -> Generate | None:
    """Read a request, as far as it has canonical words; None where it has hosted tools."""
    said = camel(said)
    messages = [message(content) for content in said["contents"]]
    known = [each for each in messages if each is not None]
    declared = [tool for each in several(said, "tools") for tool in declarations(each)]
    if len(known) < len(messages) or None in declared:
        return None
    system = several(inner(said, "systemInstruction"), "parts")
    if system:
        told = tuple([Text(text=part["text"]) for part in system])
        known.insert(0, Message(role="system", parts=told))
    config = inner(said, "generationConfig")
    choice = inner(inner(said, "toolConfig"), "functionCallingConfig")
    allowed: list[str] = choice.get("allowedFunctionNames") or []
    mode = str(choice.get("mode") or "").upper()
    if len(allowed) > 1 or mode == "VALIDATED":
        return None
    modes: dict[str, Any] = {"NONE": "none", "ANY": "named" if allowed else "required"}
    thinking = inner(config, "thinkingConfig")
    return a_request(
        messages=tuple(known),
        tools=tuple(declared),
        tool_choice=modes.get(mode, "auto"),
        tool=allowed[0] if allowed else "",
        output=output(config),
        sampling=Sampling(
            temperature=config.get("temperature"),
            top_p=config.get("topP"),
            top_k=config.get("topK"),
            max_tokens=config.get("maxOutputTokens"),
            stop=tuple(config.get("stopSequences") or ()),
            seed=config.get("seed"),
        ),
        thinking=Thinking(
            effort=cast("Effort | None", (thinking.get("thinkingLevel") or "").lower() or None),
            visible=thinking.get("includeThoughts"),
            budget_tokens=thinking.get("thinkingBudget"),
        ),
    )


def output(config: dict[str, Any]) -> Output:
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    if schema is not None:
        return Output(kind="json_schema", schema=raw(schema))
    is_text = config.get("responseMimeType") in {None, PLAIN}
    return Output(kind="text" if is_text else "json")


def declarations(tool: dict[str, Any]) -> list[Tool | None]:
    if tool.keys() != {"functionDeclarations"}:
        return [None]
    return [
        Tool(
            name=each["name"],
            description=each.get("description") or "",
            parameters=raw(each.get("parametersJsonSchema") or each.get("parameters") or {}),
        )
        for each in several(tool, "functionDeclarations")
    ]


def message(content: dict[str, Any]) -> Message | None:
    read = [part for said in content["parts"] for part in spoken(said)]
    known = [part for part in read if part is not None]
    role = "assistant" if content.get("role") == "model" else "user"
    return Message(role=role, parts=tuple(known)) if len(known) == len(read) else None


def spoken(part: dict[str, Any]) -> list[Part | None]:  # noqa: PLR0911 a part is of one of seven kinds
    mark = part.get("thoughtSignature")
    if "text" in part and part.get("thought"):
        return [Reasoning(text=part["text"], opaque=mark, owner="google")]
    if "text" in part:
        marks = [Reasoning(kind="redacted", opaque=mark, owner="google")] if mark else []
        return [*marks, Text(text=part["text"])]
    if "inlineData" in part:
        data = part["inlineData"]
        return [File(url=f"data:{data['mimeType']};base64,{data['data']}")]
    if "functionResponse" in part:
        said = part["functionResponse"]
        if "id" not in said or "parts" in said:
            return [None]
        return [ToolResult(call=said["id"], parts=(Text(text=json.dumps(said["response"])),))]
    if "functionCall" in part and "id" in part["functionCall"]:
        said = part["functionCall"]
        arguments = json.dumps(said.get("args") or {})
        owner = "google" if mark else ""
        call = ToolCall(
            id=said["id"], name=said["name"], arguments=arguments, opaque=mark, owner=owner
        )
        return [call]
    return [None]


def inner(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """Find an object that may be missing."""
    return cast("dict[str, Any]", holder.get(name) or {})


def several(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Find objects that may be missing; one alone may be in no list."""
    found: Any = holder.get(name) or []
    if isinstance(found, dict):
        return [cast("dict[str, Any]", found)]
    return cast("list[dict[str, Any]]", found)


def camel(value: Any, *, is_ours: bool = True) -> Any:
    """Write names as the reference has them; SDKs send others, which mean the same."""
    if isinstance(value, list):
        return [camel(each, is_ours=is_ours) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    said: dict[str, Any] = {}
    for name, each in cast("dict[str, Any]", value).items():
        key = re.sub(r"_([a-z])", lambda found: found[1].upper(), name) if is_ours else name
        inside = is_ours and key not in {"args", "response", "parameters"}
        said[key] = camel(each, is_ours=inside and not key.endswith("Schema"))
    return said


def instructed(said: dict[str, Any]) -> dict[str, Any]:
    """Write an instruction as one list of parts, and none that says nothing."""
    parts = [it for it in several(inner(said, "systemInstruction"), "parts") if it.get("text")]
    bare = {name: value for name, value in said.items() if name != "systemInstruction"}
    return {**bare, "systemInstruction": {"parts": parts}} if parts else bare


def alike(said: dict[str, Any]) -> Any:
    """Take out what means nothing: the role of an instruction, old and new names of a schema.

    What one side said without a break is one message, and words of the dialect have one case.
    """
    said = camel(said)
    said = instructed(said)
    contents: list[dict[str, Any]] = []
    for content in several(said, "contents"):
        if contents and contents[-1].get("role") == content.get("role"):
            contents[-1]["parts"] += content["parts"]
        else:
            contents.append(content)
    said["contents"] = contents
    calling = inner(inner(said, "toolConfig"), "functionCallingConfig")
    if calling:
        calling["mode"] = calling["mode"].upper()
        if calling["mode"] == "AUTO":  # as if nothing were said
            del said["toolConfig"]
    thinking = inner(inner(said, "generationConfig"), "thinkingConfig")
    if "thinkingLevel" in thinking:
        thinking["thinkingLevel"] = thinking["thinkingLevel"].upper()
    if "tools" in said:
        said["tools"] = several(said, "tools")
    for tool in several(said, "tools"):
        for each in several(tool, "functionDeclarations"):
            old = each.pop("parameters", None)
            each["parametersJsonSchema"] = old or each.get("parametersJsonSchema")
    config = inner(said, "generationConfig")
    schema = config.pop("responseJsonSchema", None) or config.pop("responseSchema", None)
    config |= {"responseJsonSchema": schema} if schema else {}
    return without_nothing(said)


def without_nothing(value: Any) -> Any:
    if isinstance(value, list):
        return [without_nothing(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    said = {name: without_nothing(each) for name, each in cast("dict[str, Any]", value).items()}
    return {
        name: each
        for name, each in said.items()
        if name not in UNSAID | {"$schema"} and each not in (*NOTHING, PLAIN)
    }
