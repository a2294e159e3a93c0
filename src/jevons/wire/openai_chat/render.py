"""Answers of OpenAI's chat dialect, rendered for a caller."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.account import Media, Usage
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
    Vector,
)
from jevons.wire.openai_chat.gathered import Gathered, write_call
from jevons.wire.openai_chat.reasoning import show
from jevons.wire.sse import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.types.event import Event
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

__all__ = (
    "AUTO",
    "Chunks",
    "auto_object",
    "model_object",
    "render_answer",
    "render_error",
    "render_error_event",
    "render_models",
)

AUTO = "auto"
"""The model that callers ask for where the house is to choose."""
DONE = b"data: [DONE]\n\n"

_ENCODER = msgspec.json.Encoder()
_encode = _ENCODER.encode
_TEXT = Media()
_GOES_ON: Mapping[str, str | None] = MappingProxyType({"finish_reason": None})


class Chunks:
    """Renders canonical events as server-sent events.

    Args:
        request: What was asked.
    """

    def __init__(self, request: Generate) -> None:
        self._head = (
            b'data: {"id":%b,"object":"chat.completion.chunk","created":%d,"model":%b,"choices":['
            % (_encode(_answer_id(request)), request.at_ms // 1000, _encode(request.model))
        )
        self._want_usage = request.want_usage
        self._tail = b'],"usage":null}\n\n' if self._want_usage else b"]}\n\n"
        self._begun = False

    def event(self, event: Event) -> bytes:
        """Render one event. A `Frame` passes as it is."""
        match event:
            case Frame():
                return event.body
            case TextDelta():
                return self._chunk({"content": event.text}, event.logprobs)
            case Finished():
                return self._finished(event)
            case _:
                delta = _delta(event)
                return self._chunk(delta, None) if delta else b""

    def closing(self, events: tuple[Event, ...]) -> tuple[bytes, bytes]:
        """Render what ends an answer, and `[DONE]` apart; a `Frame` brings its own."""
        body = b"".join([self.event(event) for event in events])
        return body.removesuffix(DONE), DONE

    def _finished(self, event: Finished) -> bytes:
        body = self._chunk({}, None, _finish(event))
        if self._want_usage:
            body += self._head + b'],"usage":' + _encode(_usage(event.usage)) + b"}\n\n"
        return body

    def _chunk(
        self,
        delta: dict[str, Any],
        logprobs: msgspec.Raw | None,
        finish: Mapping[str, str | None] = _GOES_ON,
    ) -> bytes:
        if not self._begun:
            self._begun = True
            delta = {"role": "assistant", "content": "", **delta}
        choice = {"index": 0, "delta": delta, "logprobs": logprobs, **finish}
        return self._head + one_line(_encode(choice)) + self._tail


def render_answer(events: Sequence[Event], request: Generate) -> bytes:
    """Render a whole answer. A `Frame` among the events is the answer as it is."""
    for event in events:
        if isinstance(event, Frame):
            return event.body
    said = Gathered(events)
    choice = {
        "index": 0,
        "message": said.message(),
        "logprobs": {"content": said.logprobs} if said.logprobs else None,
        **_finish(said.finished),
    }
    return _encode(
        {
            "id": _answer_id(request),
            "object": "chat.completion",
            "created": request.at_ms // 1000,
            "model": request.model,
            "choices": [choice],
            "usage": _usage(said.finished.usage),
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


def render_models(
    endpoints: Sequence[Endpoint], *, created_s: int, auto: Endpoint | None = None
) -> bytes:
    """Render the list of `GET /v1/models`, on the only page.

    Args:
        endpoints: Each is listed by its name.
        created_s: Since when they are there, Unix seconds.
        auto: What `auto` is held against, which is listed last; None if there is no `auto`.
    """
    data = [model_object(endpoint, created_s) for endpoint in endpoints]
    if auto is not None:
        data.append(auto_object(auto, created_s))
    first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    page = {"has_more": False, "first_id": first, "last_id": last}
    return _encode({"object": "list", "data": data, **page})


def model_object(endpoint: Endpoint, created_s: int) -> dict[str, Any]:
    """Describe one endpoint as OpenAI's model object and Anthropic's, with what jevons knows beside."""
    return {
        "id": endpoint.name,
        "object": "model",
        "created": created_s,
        "owned_by": endpoint.host,
        "type": "model",
        "display_name": endpoint.name,
        "created_at": datetime.fromtimestamp(created_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "model": endpoint.model,
        "place": endpoint.place,
        "context_tokens": endpoint.context_tokens,
        "can": sorted(endpoint.can),
    }


def auto_object(reference: Endpoint, created_s: int) -> dict[str, Any]:
    """Describe `auto` as a model: where its answers come from, each of them says."""
    return {
        **model_object(reference, created_s),
        "id": AUTO,
        "owned_by": "jevons",
        "display_name": AUTO,
        "model": AUTO,
        "place": None,
    }


def _answer_id(request: Generate) -> str:
    return "chatcmpl-" + request.id.removeprefix("req_")


def _finish(event: Finished) -> dict[str, str | None]:
    """Write why an answer ended, and what its endpoint calls that if it is another word."""
    if event.native in {"", event.reason}:
        return {"finish_reason": event.reason}
    return {"finish_reason": event.reason, "native_finish_reason": event.native}


def _delta(
    event: Started | RefusalDelta | ReasoningDelta | ToolCallDelta | OpaqueBlock | Vector,
) -> dict[str, Any]:
    """Write what a delta holds; nothing, if this dialect has no word for it."""
    match event:
        case RefusalDelta():
            return {"refusal": event.text}
        case ReasoningDelta():
            return show([event])
        case ToolCallDelta():
            return {"tool_calls": [{"index": event.index, **write_call(event)}]}
        case _:
            return {}


def _usage(usage: Usage) -> dict[str, Any] | None:
    """Put disjoint buckets back into OpenAI's overlapping ones; none if nobody counted."""
    if usage.counted_by == "nobody":
        return None
    media = usage.media or _TEXT
    read = {"cached_tokens": usage.cache_read}
    if usage.cache_write:
        read["cache_write_tokens"] = usage.cache_write
    heard = media.input_audio + media.cache_read_audio
    read |= _media(heard, media.input_image, media.input_video)
    written = {"reasoning_tokens": usage.reasoning}
    written |= _media(media.output_audio, media.output_image, media.output_video)
    prompt = usage.input + usage.cache_read + usage.cache_write
    completion = usage.output + usage.reasoning
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": read,
        "completion_tokens_details": written,
    }


def _media(audio: int, image: int, video: int) -> dict[str, int]:
    """Count what is no text, where there is any."""
    counts = {"audio_tokens": audio, "image_tokens": image, "video_tokens": video}
    return {name: count for name, count in counts.items() if count}


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
