"""Answers of OpenAI's chat dialect, rendered for a caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import JevonsError, PolicyError
from jevons.types.event import (
    Finished,
    Frame,
    OpaqueBlock,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.account import Usage
    from jevons.types.event import Event
    from jevons.types.model import Endpoint

__all__ = (
    "Chunks",
    "model_object",
    "render_answer",
    "render_error",
    "render_error_event",
    "render_models",
)

DONE = b"data: [DONE]\n\n"

_ENCODER = msgspec.json.Encoder()
_encode = _ENCODER.encode


class Chunks:
    """Renders canonical events as server-sent events.

    Args:
        id: The request's id.
        model: As the caller wrote it.
        created_s: Unix seconds.
        want_usage: Whether the caller asked for usage at the end.
    """

    def __init__(self, *, id: str, model: str, created_s: int, want_usage: bool) -> None:  # noqa: A002 the field's name
        self._head = (
            b'data: {"id":%b,"object":"chat.completion.chunk","created":%d,"model":%b,"choices":['
            % (_encode(_answer_id(id)), created_s, _encode(model))
        )
        self._tail = b'],"usage":null}\n\n' if want_usage else b"]}\n\n"
        self._want_usage = want_usage
        self._begun = False

    def event(self, event: Event) -> bytes:
        """Render one event. A `Frame` passes as it is."""
        match event:
            case Frame():
                return event.body
            case TextDelta():
                return self._chunk({"content": event.text}, None, event.logprobs)
            case Finished():
                return self._finished(event)
            case _:
                delta = _delta(event)
                return self._chunk(delta, None, None) if delta else b""

    def closing(self, events: tuple[Event, ...]) -> bytes:
        """Render what ends an answer, `[DONE]` included; a `Frame` brings its own."""
        body = b"".join([self.event(event) for event in events])
        return body if body.endswith(DONE) else body + DONE

    def _finished(self, event: Finished) -> bytes:
        body = self._chunk({}, event.reason, None)
        if self._want_usage:
            body += self._head + b'],"usage":' + _encode(_usage(event.usage)) + b"}\n\n"
        return body

    def _chunk(
        self, delta: dict[str, Any], finish: str | None, logprobs: msgspec.Raw | None
    ) -> bytes:
        if not self._begun:
            self._begun = True
            delta = {"role": "assistant", "content": "", **delta}
        choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return self._head + _encode(choice) + self._tail


def render_answer(events: Sequence[Event], *, id: str, model: str, created_s: int) -> bytes:  # noqa: A002 the field's name
    """Render a whole answer. A `Frame` among the events is the answer as it is."""
    for event in events:
        if isinstance(event, Frame):
            return event.body
    text, reasoning, calls, logprobs = _gather(events)
    message: dict[str, Any] = {"role": "assistant", "content": text or (None if calls else "")}
    message["refusal"] = None
    if reasoning:
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = calls
    finished = next(event for event in events if isinstance(event, Finished))
    choice = {
        "index": 0,
        "message": message,
        "logprobs": {"content": logprobs} if logprobs else None,
        "finish_reason": finished.reason,
    }
    return _encode(
        {
            "id": _answer_id(id),
            "object": "chat.completion",
            "created": created_s,
            "model": model,
            "choices": [choice],
            "usage": _usage(finished.usage),
        }
    )


def render_error(error: JevonsError) -> bytes:
    """Render an error as OpenAI's error object; a refusal names its rule too."""
    said: dict[str, Any] = {
        "message": str(error),
        "type": _kind(error),
        "param": error.param,
        "code": error.code,
    }
    if isinstance(error, PolicyError):
        said["rule"] = error.rule
    return _encode({"error": said})


def render_error_event(error: JevonsError) -> bytes:
    """Render an error in the middle of a stream. No `[DONE]` follows it, ever."""
    return b"data: " + render_error(error) + b"\n\n"


def render_models(endpoints: Sequence[Endpoint], *, created_s: int) -> bytes:
    """Render the list of `GET /v1/models`: every endpoint by its name."""
    return _encode({"object": "list", "data": [model_object(e, created_s) for e in endpoints]})


def model_object(endpoint: Endpoint, created_s: int) -> dict[str, Any]:
    """Describe one endpoint as OpenAI's model object, with what jevons knows beside it."""
    return {
        "id": endpoint.name,
        "object": "model",
        "created": created_s,
        "owned_by": endpoint.host,
        "model": endpoint.model,
        "place": endpoint.place,
        "context_tokens": endpoint.context_tokens,
        "can": sorted(endpoint.can),
    }


def _answer_id(request: str) -> str:
    return "chatcmpl-" + request.removeprefix("req_")


def _delta(
    event: Started | RefusalDelta | ReasoningDelta | ToolCallDelta | OpaqueBlock,
) -> dict[str, Any]:
    """Write what a delta holds; nothing, if this dialect has no word for it."""
    match event:
        case RefusalDelta():
            return {"refusal": event.text}
        case ReasoningDelta():
            return {"reasoning_content": event.text}
        case ToolCallDelta():
            return {"tool_calls": [_call_delta(event)]}
        case Started() | OpaqueBlock():
            return {}


def _call_delta(event: ToolCallDelta) -> dict[str, Any]:
    function: dict[str, str] = {"arguments": event.arguments}
    if not event.id:
        return {"index": event.index, "function": function}
    function = {"name": event.name, **function}
    return {"index": event.index, "id": event.id, "type": "function", "function": function}


def _gather(
    events: Sequence[Event],
) -> tuple[str, str, list[dict[str, Any]], list[Any]]:
    """Put deltas together: text, reasoning, tool calls, log probabilities."""
    text, reasoning = list[str](), list[str]()
    calls: dict[int, dict[str, Any]] = {}
    logprobs: list[Any] = []
    for event in events:
        match event:
            case TextDelta():
                text.append(event.text)
                if event.logprobs is not None:
                    logprobs.extend(msgspec.json.decode(event.logprobs)["content"] or ())
            case ReasoningDelta():
                reasoning.append(event.text)
            case ToolCallDelta():
                _add_call(calls, event)
            case _:
                pass
    return "".join(text), "".join(reasoning), [calls[index] for index in sorted(calls)], logprobs


def _add_call(calls: dict[int, dict[str, Any]], event: ToolCallDelta) -> None:
    call = calls.setdefault(
        event.index,
        {"id": event.id, "type": "function", "function": {"name": event.name, "arguments": ""}},
    )
    call["function"]["arguments"] += event.arguments


def _usage(usage: Usage) -> dict[str, Any]:
    """Put disjoint buckets back into OpenAI's overlapping ones."""
    prompt = usage.input + usage.cache_read + usage.cache_write
    completion = usage.output + usage.reasoning
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _kind(error: JevonsError) -> str:
    """Name the family as OpenAI does; its SDKs choose by status, people read this."""
    names = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    status = error.status
    return names.get(status) or ("invalid_request_error" if status < 500 else "server_error")  # noqa: PLR2004 HTTP
