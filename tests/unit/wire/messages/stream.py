"""Answers of Anthropic's Messages dialect, authored for tests: no endpoint ever sent them."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ("block", "delta", "ended", "event", "message", "started", "stopped")


def event(kind: str, **fields: Any) -> bytes:
    """Write one event."""
    body = msgspec.json.encode({"type": kind, **fields})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), body)


def message(*content: Any, stop_reason: str | None = "end_turn", **fields: Any) -> dict[str, Any]:
    """Write the object of an answer."""
    return {
        "id": "msg_far",
        "type": "message",
        "role": "assistant",
        "model": "model-1",
        "content": list(content),
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "output_tokens": 2},
        **fields,
    }


def started(**fields: Any) -> bytes:
    """Write the event that begins a stream."""
    usage = {"input_tokens": 5, "output_tokens": 1}
    return event("message_start", message=message(stop_reason=None, usage=usage) | fields)


def block(at: int, *deltas: bytes, **begins: Any) -> bytes:
    """Write a block: its beginning, its deltas, its end."""
    begin = event("content_block_start", index=at, content_block=begins)
    return b"".join([begin, *deltas, stopped(at)])


def stopped(at: int) -> bytes:
    """Write the event that ends a block."""
    return event("content_block_stop", index=at)


def delta(text: str, *, at: int = 0, kind: str = "text_delta", **fields: Any) -> bytes:
    """Write some more of a block."""
    field = {
        "thinking_delta": "thinking",
        "signature_delta": "signature",
        "input_json_delta": "partial_json",
    }.get(kind, "text")
    return event("content_block_delta", index=at, delta={"type": kind, field: text, **fields})


def ended(reason: str | None = "end_turn", **fields: Any) -> bytes:
    """Write the events that end a stream."""
    end = {"stop_reason": reason, "stop_sequence": None, **fields}
    return event("message_delta", delta=end, usage={"output_tokens": 2}) + event("message_stop")
