"""What one request means in each of three dialects, and what an answer in each of them says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.contract.clients.reading import JSON, within

from jevons.wire.sse import read_event, split

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("PATHS", "Meaning", "Wanted", "ask_in", "meaning_of", "meaning_of_stream")

PATHS = {
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
    "anthropic-messages": "/v1/messages",
}
_LONG = {"length", "max_tokens", "max_output_tokens"}
_CALLED = {"tool_calls", "tool_use"}


class Wanted(NamedTuple):
    """A request, whatever its dialect."""

    said: tuple[tuple[str, str], ...]
    """Turns: who, and what. `call` and `result` are of the tool, and stand in pairs."""
    most: int
    system: str = ""
    tool: JSON | None = None
    """Schema of the arguments of the one tool, `visit`."""
    shape: JSON | None = None


class Meaning(NamedTuple):
    """What an answer says."""

    text: str
    finish: str
    """`stop`, `length` or `tool_calls`."""
    read: int
    """Tokens of the prompt, those of a cache included."""
    written: int
    calls: tuple[tuple[str, str], ...] = ()
    """Tools that it calls, with their arguments as JSON without blanks."""


def ask_in(dialect: str, wanted: Wanted, *, model: str, stream: bool) -> JSON:
    """Write a request."""
    write = {
        "openai-chat": _chat,
        "openai-responses": _responses,
        "anthropic-messages": _messages,
    }[dialect]
    return {"model": model, "temperature": 0, "stream": stream, **write(wanted, stream)}


def meaning_of(dialect: str, body: JSON) -> Meaning:
    """Read a whole answer."""
    match dialect:
        case "openai-chat":
            (choice,) = body["choices"]
            calls = [each["function"] for each in choice["message"].get("tool_calls") or ()]
            said = choice["message"].get("content") or ""
            return _meaning([said], choice["finish_reason"], body["usage"], calls)
        case "openai-responses":
            items: list[JSON] = body["output"]
            texts = [
                part["text"] for it in items if it["type"] == "message" for part in it["content"]
            ]
            calls = [item for item in items if item["type"] == "function_call"]
            why: str = within(body, "incomplete_details", "reason") or (
                "tool_calls" if calls else "stop"
            )
            return _meaning(texts, why, body["usage"], calls)
        case _:
            blocks: list[JSON] = body["content"]
            texts = [block["text"] for block in blocks if block["type"] == "text"]
            calls = [
                {"name": block["name"], "arguments": json.dumps(block["input"])}
                for block in blocks
                if block["type"] == "tool_use"
            ]
            return _meaning(texts, body["stop_reason"], body["usage"], calls)


def meaning_of_stream(dialect: str, body: bytes) -> Meaning:
    """Read a stream by its pieces; what its end repeats is held to them."""
    data = [read_event(event).data or b"" for event in split(body)]
    events: list[JSON] = [json.loads(each) for each in data if each not in {b"", b"[DONE]"}]
    return {
        "openai-chat": _chat_stream,
        "openai-responses": _responses_stream,
        "anthropic-messages": _messages_stream,
    }[dialect](events)


def _chat(wanted: Wanted, stream: bool) -> JSON:  # noqa: FBT001 called through a table
    turns: list[JSON] = [{"role": "system", "content": wanted.system}] if wanted.system else []
    for at, (who, what) in enumerate(wanted.said):
        if who == "call":
            function = {"name": "visit", "arguments": what}
            call = {"id": f"call_{at}", "type": "function", "function": function}
            turns.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif who == "result":
            turns.append({"role": "tool", "tool_call_id": f"call_{at - 1}", "content": what})
        else:
            turns.append({"role": who, "content": what})
    body: JSON = {"messages": turns, "max_tokens": wanted.most, "seed": 7}
    if wanted.tool:
        function = {"name": "visit", "description": "Visit", "parameters": wanted.tool}
        body["tools"] = [{"type": "function", "function": function}]
    if wanted.shape:
        named = {"name": "shape", "schema": wanted.shape}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return {**body, "stream_options": {"include_usage": True}} if stream else body


def _responses(wanted: Wanted, _: bool) -> JSON:  # noqa: FBT001 called through a table
    turns: list[JSON] = []
    for at, (who, what) in enumerate(wanted.said):
        if who == "call":
            call: JSON = {"type": "function_call", "call_id": f"call_{at}", "name": "visit"}
            turns.append({**call, "arguments": what})
        elif who == "result":
            answered: JSON = {"type": "function_call_output", "call_id": f"call_{at - 1}"}
            turns.append({**answered, "output": what})
        elif who == "assistant":
            content: list[JSON] = [{"type": "output_text", "text": what, "annotations": []}]
            turns.append({"type": "message", "role": who, "content": content})
        else:
            turns.append({"role": who, "content": what})
    body: JSON = {"input": turns, "max_output_tokens": wanted.most}
    if wanted.system:
        body["instructions"] = wanted.system
    if wanted.tool:
        tool: JSON = {"type": "function", "name": "visit", "description": "Visit"}
        body["tools"] = [{**tool, "parameters": wanted.tool, "strict": False}]
    if wanted.shape:
        shape = {"type": "json_schema", "name": "shape", "schema": wanted.shape}
        body["text"] = {"format": shape}
    return body


def _messages(wanted: Wanted, _: bool) -> JSON:  # noqa: FBT001 called through a table
    turns: list[JSON] = []
    for at, (who, what) in enumerate(wanted.said):
        if who == "call":
            call: JSON = {"type": "tool_use", "id": f"call_{at}", "name": "visit"}
            turns.append({"role": "assistant", "content": [{**call, "input": json.loads(what)}]})
        elif who == "result":
            answered: JSON = {"type": "tool_result", "tool_use_id": f"call_{at - 1}"}
            turns.append({"role": "user", "content": [{**answered, "content": what}]})
        else:
            turns.append({"role": who, "content": what})
    body: JSON = {"messages": turns, "max_tokens": wanted.most}
    if wanted.system:
        body["system"] = wanted.system
    if wanted.tool:
        body["tools"] = [{"name": "visit", "description": "Visit", "input_schema": wanted.tool}]
    if wanted.shape:
        body["output_config"] = {"format": {"type": "json_schema", "schema": wanted.shape}}
    return body


def _chat_stream(events: list[JSON]) -> Meaning:
    choices = [choice for event in events for choice in event["choices"]]
    deltas: list[JSON] = [choice["delta"] for choice in choices]
    pieces: list[JSON] = [piece for delta in deltas for piece in delta.get("tool_calls") or ()]
    calls: dict[int, JSON] = {}
    for piece in pieces:
        call = calls.setdefault(piece["index"], {"name": "", "arguments": ""})
        for field in call:
            call[field] += piece["function"].get(field) or ""
    (why,) = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
    (usage,) = [event["usage"] for event in events if event.get("usage")]
    texts = [delta.get("content") or "" for delta in deltas]
    return _meaning(texts, why, usage, list(calls.values()))


def _responses_stream(events: list[JSON]) -> Meaning:
    (whole,) = [
        event["response"]
        for event in events
        if event["type"] in {"response.completed", "response.incomplete"}
    ]
    said = meaning_of("openai-responses", whole)
    kinds = ("response.output_text.delta", "response.function_call_arguments.delta")
    texts, arguments = (
        "".join([event["delta"] for event in events if event["type"] == kind]) for kind in kinds
    )
    assert texts == said.text
    assert _bare(arguments) == "".join([given for _, given in said.calls])
    return said


def _messages_stream(events: list[JSON]) -> Meaning:
    begun = [event["message"] for event in events if event["type"] == "message_start"]
    deltas: list[JSON] = [
        event["delta"] for event in events if event["type"] == "content_block_delta"
    ]
    (end,) = [event for event in events if event["type"] == "message_delta"]
    calls: dict[int, JSON] = {}
    for event in events:
        if within(event, "content_block", "type") == "tool_use":
            calls[event["index"]] = {"name": event["content_block"]["name"], "arguments": ""}
        if within(event, "delta", "type") == "input_json_delta":
            calls[event["index"]]["arguments"] += event["delta"]["partial_json"]
    texts = [delta.get("text") or "" for delta in deltas]
    usage = {**begun[0]["usage"], **end["usage"]}
    return _meaning(texts, end["delta"]["stop_reason"], usage, list(calls.values()))


def _meaning(texts: Iterable[str], why: str, usage: JSON, calls: list[JSON]) -> Meaning:
    finish = "length" if why in _LONG else "tool_calls" if why in _CALLED else "stop"
    read: int = usage.get("prompt_tokens") or usage["input_tokens"]
    # Only Anthropic's counts do not overlap.
    read += usage.get("cache_read_input_tokens") or 0
    written: int = usage.get("completion_tokens") or usage["output_tokens"]
    given = tuple([(call["name"], _bare(call["arguments"])) for call in calls])
    return Meaning("".join(texts), finish, read, written, given)


def _bare(arguments: str) -> str:
    """Write arguments without blanks."""
    said: Any = json.loads(arguments) if arguments else None
    return "" if said is None else json.dumps(said, separators=(",", ":"))
