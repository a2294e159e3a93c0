"""Answers of OpenAI's Responses dialect, rendered for a caller.

Rule 1: every field that the dialect says must be there is there: what the caller asked, as
    they asked it, and what they did not ask as the dialect's own default.
Rule 2: events are numbered from 0, and the last holds the whole answer.
Rule 3: `store` says whether the answer is kept here. It is only if that was asked for; what an
    endpoint says of itself is not passed on in such an answer, nor is its name for it.

Sources, read 2026-11: OpenAI API reference, "Responses" and "Streaming events";
openresponses.org, specification.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import JevonsError, PolicyError
from jevons.types.event import Finished, Frame
from jevons.wire.responses.named import answer_name, named_answer, named_events
from jevons.wire.responses.output import Output
from jevons.wire.sse import one_line, read_event, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jevons.types.account import Usage
    from jevons.types.event import Event
    from jevons.types.request import Generate
    from jevons.wire.responses.blocks import Said

__all__ = ("Chunks", "render_answer", "render_error", "render_error_after", "render_error_event")

_ENCODER = msgspec.json.Encoder()
_encode = _ENCODER.encode

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TOOLS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


class _Numbered(msgspec.Struct):
    sequence_number: int | None = None


_NUMBERED = msgspec.json.Decoder(_Numbered | None)

_INCOMPLETE = MappingProxyType({"length": "max_output_tokens", "content_filter": "content_filter"})

# What the dialect says of a request that does not ask otherwise.
_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "background": False,
        "frequency_penalty": 0.0,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
    }
)


class Chunks:
    """Renders canonical events as server-sent events.

    Args:
        request: What was asked.
    """

    def __init__(self, request: Generate) -> None:
        self._request = request
        self._output = Output(request.id.removeprefix("req_"))
        self._sequence = 0
        self._begun = False

    @property
    def sequence(self) -> int:
        """The number of the next event."""
        return self._sequence

    def event(self, event: Event) -> bytes:
        """Render one event. A `Frame` passes, under our name for the answer if it needs one."""
        if isinstance(event, Frame):
            return named_events(event.body, self._request)
        if isinstance(event, Finished):
            return b"".join(self._finished(event))
        return self._written([*self._head(), *self._output.event(event)])

    def closing(self, events: tuple[Event, ...]) -> tuple[bytes, bytes]:
        """Render what ends an answer, and its very last event apart."""
        *before, last = split(b"".join([self.event(event) for event in events]))
        return b"".join(before), last

    def _finished(self, event: Finished) -> tuple[bytes, bytes]:
        before = self._written([*self._head(), *self._output.end()])
        response = _response(self._request, self._output, event)
        name = "response.completed" if response["status"] == "completed" else "response.incomplete"
        return before, self._written([(name, {"response": response})])

    def _head(self) -> list[Said]:
        if self._begun:
            return []
        self._begun = True
        response = _response(self._request, self._output, None)
        return [
            ("response.created", {"response": response}),
            ("response.in_progress", {"response": response}),
        ]

    def _written(self, said: Iterable[Said]) -> bytes:
        return b"".join([self._event(name, fields) for name, fields in said])

    def _event(self, name: str, fields: dict[str, Any]) -> bytes:
        sequence = self._sequence
        self._sequence += 1
        body = one_line(_encode({"type": name, "sequence_number": sequence, **fields}))
        return b"event: %b\ndata: %b\n\n" % (name.encode(), body)


def render_answer(events: Sequence[Event], request: Generate) -> bytes:
    """Render a whole answer. A `Frame` among the events is the answer, but for its name."""
    output = Output(request.id.removeprefix("req_"))
    finished: Finished | None = None
    for event in events:
        if isinstance(event, Frame):
            return named_answer(event.body, request)
        if isinstance(event, Finished):
            finished = event
        for _ in output.event(event):
            pass
    for _ in output.end():
        pass
    return _encode(_response(request, output, finished))


def render_error(error: JevonsError) -> bytes:
    """Render an error as OpenAI's error object; a refusal names its rule too."""
    return _encode({"error": _said(error)})


def render_error_event(error: JevonsError, *, sequence: int = 0) -> bytes:
    """Render an error in the middle of a stream. No end of an answer follows it, ever.

    OpenAI's own says it beside the type, openresponses.org's in an object; SDKs read either.

    Args:
        error: What went wrong.
        sequence: The event's number, where the caller's stream has been counted.
    """
    said = _said(error)
    event = {"type": "error", "sequence_number": sequence, "error": said}
    event |= {name: said[name] for name in ("code", "message", "param")}
    return b"event: error\ndata: %b\n\n" % _encode(event)


def render_error_after(error: JevonsError, last: bytes) -> bytes:
    """Render an error in the middle of a stream, numbered as what follows its last events.

    Args:
        error: What went wrong.
        last: What went out last, whole events: ours, or an endpoint's that are passed on.
    """
    return render_error_event(error, sequence=_number_after(last))


def _number_after(last: bytes) -> int:
    """Find the number of the event that would follow; 0 if none of them has one."""
    for event in reversed([*split(last)]):
        data = read_event(event).data
        try:
            number = _NUMBERED.decode(data or b"null")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if number is not None and number.sequence_number is not None:
            return number.sequence_number + 1
    return 0


def _response(request: Generate, output: Output, finished: Finished | None) -> dict[str, Any]:
    """Write the whole answer, or what is known of it while it is under way."""
    incomplete = finished and _INCOMPLETE.get(finished.reason)
    status = "in_progress" if finished is None else "incomplete" if incomplete else "completed"
    return {
        "id": answer_name(request),
        "object": "response",
        "created_at": request.at_ms // 1000,
        "completed_at": None,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": incomplete} if incomplete else None,
        "model": request.model,
        "output": list(output.items),
        **_echo(request),
        "previous_response_id": request.previous or None,
        "store": request.keep,
        "usage": _usage(finished.usage) if finished else None,
    }


def _echo(request: Generate) -> dict[str, Any]:
    """Write what was asked."""
    asked = request.source.fields if request.source.dialect == "openai-responses" else {}
    echo = {**_DEFAULTS, **{name: asked[name] for name in _DEFAULTS if _says(asked.get(name))}}
    for name in ("reasoning", "text"):
        if name in asked and _says(asked[name]):
            echo[name] = {**_DEFAULTS[name], **_FIELDS.decode(asked[name])}
    if _says(asked.get("tools")):
        echo["tools"] = [_tool(tool) for tool in _TOOLS.decode(asked["tools"])]
    return echo


def _tool(tool: dict[str, msgspec.Raw]) -> dict[str, Any]:
    """Write a tool; one that is a function has all its fields, as the dialect wants it."""
    if bytes(tool.get("type", b"")) != b'"function"':
        return tool
    return {"description": None, "parameters": None, "strict": None, **tool}


def _says(raw: msgspec.Raw | None) -> bool:
    return raw is not None and bytes(raw) != b"null"


def _usage(usage: Usage) -> dict[str, Any] | None:
    """Put disjoint buckets back into overlapping ones; none if nobody counted."""
    if usage.counted_by == "nobody":
        return None
    read = usage.input + usage.cache_read + usage.cache_write
    written = usage.output + usage.reasoning
    return {
        "input_tokens": read,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": read + written,
    }


def _said(error: JevonsError) -> dict[str, Any]:
    said: dict[str, Any] = {
        "message": str(error),
        "type": _kind(error),
        "param": error.param,
        "code": error.code,
    }
    if isinstance(error, PolicyError):
        said["rule"] = error.rule
    return said


def _kind(error: JevonsError) -> str:
    """Name the family as OpenAI does; its SDKs choose by status, people read this."""
    names = {
        401: "authentication_error",
        402: "insufficient_quota",
        403: "permission_error",
        429: "rate_limit_error",
    }
    status = error.status
    return names.get(status) or ("invalid_request_error" if status < 500 else "server_error")  # noqa: PLR2004 HTTP
