"""The fake vendor in OpenAI's chat dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.clients.obliging import Asked, oblige
from tests.contract.clients.reading import (
    CACHED,
    CALL,
    COUNTED,
    CREATED_S,
    JSON,
    PONDERED,
    WRITTEN,
    called,
    dump,
    halves,
    must,
    since,
    within,
)

from jevons.testing.reply import chunk, event, respond, stream, usage

if TYPE_CHECKING:
    from tests.contract.clients.obliging import Said

    from jevons.testing import Reply

__all__ = ("answer_chat",)


def answer_chat(body: JSON) -> Reply:
    """Answer whole, or as a stream."""
    said = oblige(_asked(body))
    finish = "tool_calls" if said.call else "stop"
    if body.get("stream"):
        return stream(*_chunks(said, finish), *_counts(said, body))
    choice = {"index": 0, "message": _message(said), "finish_reason": finish, "logprobs": None}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": CREATED_S}
    counts = _usage(said)
    whole = {**head, "model": body["model"], "choices": [choice], "usage": counts}
    return respond(dump(whole).encode())


def _asked(body: JSON) -> Asked:
    turns: list[JSON] = body["messages"]
    wanted: JSON = body.get("response_format") or {"type": "text"}
    tools: list[JSON] = [each["function"] for each in body.get("tools") or ()]
    return Asked(
        **since(turns, results={"tool"}),
        called=called(call for turn in turns for call in turn.get("tool_calls") or ()),
        tools={each["name"]: each.get("parameters", {}) for each in tools},
        must_call=must(body.get("tool_choice")),
        shape=None if wanted["type"] == "text" else wanted.get("json_schema", {}).get("schema", {}),
        thinks="reasoning_effort" in body,
    )


def _message(said: Said) -> JSON:
    message: JSON = {"role": "assistant", "content": said.text or None, "refusal": None}
    if said.thought:
        message["reasoning_content"] = said.thought
    if said.call:
        function = {"name": said.call.name, "arguments": said.call.arguments}
        message["tool_calls"] = [{"id": CALL, "type": "function", "function": function}]
    return message


def _chunks(said: Said, finish: str) -> list[bytes]:
    told = [chunk("", role="assistant")]
    told += [chunk(reasoning_content=piece) for piece in halves(said.thought)]
    told += [chunk(piece) for piece in halves(said.text)]
    if said.call:
        begun: JSON = {"id": CALL, "type": "function", "function": {"name": said.call.name}}
        more: list[JSON] = [{"function": {"arguments": it}} for it in halves(said.call.arguments)]
        told += [chunk(tool_calls=[{"index": 0, **piece}]) for piece in (begun, *more)]
    return [*told, chunk(finish=finish)]


def _usage(said: Said) -> JSON:
    pondered = PONDERED if said.thought else 0
    return usage(
        COUNTED,
        WRITTEN,
        prompt_tokens_details={"cached_tokens": CACHED},
        completion_tokens_details={"reasoning_tokens": pondered},
    )


def _counts(said: Said, body: JSON) -> list[bytes]:
    """Count, if that was asked for."""
    if not within(body, "stream_options", "include_usage"):
        return []
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED_S}
    return [event({**head, "model": body["model"], "choices": [], "usage": _usage(said)})]
