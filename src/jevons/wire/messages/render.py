"""Answers of Anthropic's Messages dialect, rendered for a caller.

Rule 1: an answer begins once, with counts of nothing, and is told block by block.
Rule 2: its last words are why it ended and all that was counted, and that it has ended.
Rule 3: a reason in the words of this dialect goes on as it is; any other is translated.

Sources, read 2026-11: Anthropic API reference, "Create a Message", "Streaming Messages" and
"Errors".
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import JevonsError, PolicyError
from jevons.types.event import Finished, Frame
from jevons.wire.messages.content import Content
from jevons.wire.sse import split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.types.event import Event
    from jevons.types.request import Generate

__all__ = ("Chunks", "render_answer", "render_error", "render_error_event")

_encode = msgspec.json.Encoder().encode

_STOP_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "content_filter": "refusal",
    }
)
_BESIDE_REASON = ("stop_sequence", "stop_details")
_UNTOLD = ("server_tool_use", "service_tier", "inference_geo")
"""Counts that the dialect always has, and that no endpoint of another tells."""
_SAYS_MORE = frozenset({"stop_sequence", "pause_turn", "model_context_window_exceeded"})
"""Words of this dialect for reasons that have another name of ours."""
_ERRORS: Mapping[int, str] = MappingProxyType(
    {
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        413: "request_too_large",
        429: "rate_limit_error",
        503: "overloaded_error",
        504: "timeout_error",
        529: "overloaded_error",
    }
)
_FIRST_SERVER_ERROR = 500
_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


class Chunks:
    """Renders canonical events as server-sent events.

    Args:
        request: What was asked.
    """

    def __init__(self, request: Generate) -> None:
        self._request = request
        self._content = Content()
        self._begun = False

    def event(self, event: Event) -> bytes:
        """Render one event. A `Frame` passes as it is."""
        if isinstance(event, Frame):
            return event.body
        said = self._finished(event) if isinstance(event, Finished) else self._content.event(event)
        return said if self._begun else self._head() + said

    def closing(self, events: tuple[Event, ...]) -> tuple[bytes, bytes]:
        """Render what ends an answer, and its very last event apart."""
        *before, last = split(b"".join([self.event(event) for event in events]))
        return b"".join(before), last

    def _head(self) -> bytes:
        self._begun = True
        message = _encode(_message(self._request, Content(), None))
        return b'event: message_start\ndata: {"type":"message_start","message":%b}\n\n' % message

    def _finished(self, event: Finished) -> bytes:
        said = {"type": "message_delta", "delta": _stop(event), "usage": _usage(event.usage)}
        ending = b"event: message_delta\ndata: %b\n\n" % _encode(said)
        return self._content.end() + ending + _STOP


def render_answer(events: Sequence[Event], request: Generate) -> bytes:
    """Render a whole answer. A `Frame` among the events is the answer as it is."""
    content = Content()
    finished: Finished | None = None
    for event in events:
        if isinstance(event, Frame):
            return event.body
        if isinstance(event, Finished):
            finished = event
        content.event(event)
    return _encode(_message(request, content, finished))


def render_error(error: JevonsError) -> bytes:
    """Render an error as Anthropic does; our own code, and a refusal's rule, stand beside."""
    return _encode(_said(error))


def render_error_event(error: JevonsError) -> bytes:
    """Render an error in the middle of a stream. No end of an answer follows it, ever."""
    return b"event: error\ndata: %b\n\n" % _encode(_said(error))


def _message(request: Generate, content: Content, finished: Finished | None) -> dict[str, Any]:
    """Write the whole answer, or what is known of it when it begins."""
    return {
        "id": "msg_" + request.id.removeprefix("req_"),
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": content.blocks,
        **_stop(finished),
        "container": None,
        "usage": _usage(finished.usage if finished else Usage()),
    }


def _stop(finished: Finished | None) -> dict[str, Any]:
    """Write why an answer ended; nothing has that has not."""
    if finished is None:
        return dict.fromkeys(["stop_reason", *_BESIDE_REASON])
    native = finished.native
    reason = native if native in _SAYS_MORE else _STOP_REASONS.get(finished.reason, "end_turn")
    # What stands beside has a meaning here only if the reason is in words of this dialect.
    beside = (finished.extra or {}) if native == reason else {}
    return {"stop_reason": reason, **{name: beside.get(name) for name in _BESIDE_REASON}}


def _usage(usage: Usage) -> dict[str, Any]:
    """Write disjoint buckets, as this dialect has them; only thinking is in the output."""
    said: dict[str, Any] = {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": None,
        "output_tokens": usage.output + usage.reasoning,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        **dict.fromkeys(_UNTOLD),
    }
    if usage.cache_write_1h:  # else nobody may have said for how long
        said["cache_creation"] = {
            "ephemeral_5m_input_tokens": usage.cache_write - usage.cache_write_1h,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        }
    return said


def _said(error: JevonsError) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": _kind(error.status),
        "message": str(error),
        "code": error.code,
        "param": error.param,
    }
    if isinstance(error, PolicyError):
        said["rule"] = error.rule
    return {"type": "error", "error": said}


def _kind(status: int) -> str:
    """Name the family as Anthropic does."""
    usual = "api_error" if status >= _FIRST_SERVER_ERROR else "invalid_request_error"
    return _ERRORS.get(status, usual)
