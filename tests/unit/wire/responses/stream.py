"""Answers of OpenAI's Responses dialect, authored for tests: no endpoint ever sent them."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ("added", "created", "delta", "done", "ended", "event", "message", "response")


def event(kind: str, **fields: Any) -> bytes:
    """Write one event."""
    body = msgspec.json.encode({"type": kind, "sequence_number": 0, **fields})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), body)


def response(*output: Any, status: str = "completed", **fields: Any) -> dict[str, Any]:
    """Write the object of an answer."""
    return {
        "id": "resp_far",
        "object": "response",
        "model": "model-1",
        "status": status,
        "error": None,
        "output": list(output),
        "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
        **fields,
    }


def message(*texts: str, **fields: Any) -> dict[str, Any]:
    """Write an item of text."""
    content: list[Any] = [
        {"type": "output_text", "text": text, "annotations": []} for text in texts
    ]
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": content, **fields}


def created() -> bytes:
    """Write the event that begins a stream."""
    return event("response.created", response=response(status="in_progress", usage=None))


def ended(*output: Any, kind: str = "completed", **fields: Any) -> bytes:
    """Write the event that ends a stream."""
    return event(f"response.{kind}", response=response(*output, status=kind, **fields))


def added(at: int, **item: Any) -> bytes:
    """Write the event that begins an item."""
    return event("response.output_item.added", output_index=at, item=item)


def done(at: int, **item: Any) -> bytes:
    """Write the event that ends an item."""
    return event("response.output_item.done", output_index=at, item=item)


def delta(text: str, *, at: int = 0, kind: str = "output_text", **fields: Any) -> bytes:
    """Write some more of an item."""
    return event(f"response.{kind}.delta", output_index=at, delta=text, **fields)
