"""Answers of OpenAI's embeddings dialect, rendered for a caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.account import Usage
from jevons.types.event import Finished, Frame, Vector
from jevons.wire.vector import in_base64, in_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.event import Event
    from jevons.types.request import Generate

__all__ = ("render_answer",)

_encode = msgspec.json.Encoder().encode


def render_answer(events: Sequence[Event], request: Generate) -> bytes:
    """Render vectors, in the encoding that was asked for. A `Frame` is the answer as it is."""
    last = events[-1]
    if isinstance(last, Frame):
        return last.body
    write = in_base64 if request.embed and request.embed.encoding == "base64" else in_numbers
    vectors = [write(event) for event in events if isinstance(event, Vector)]
    return _encode(
        {
            "object": "list",
            "data": [
                {"object": "embedding", "index": index, "embedding": vector}
                for index, vector in enumerate(vectors)
            ],
            "model": request.model,
            "usage": _usage(last.usage if isinstance(last, Finished) else Usage()),
        }
    )


def _usage(usage: Usage) -> dict[str, Any] | None:
    """Write what was read; nothing if nobody counted."""
    if usage.counted_by == "nobody":
        return None
    read = usage.input + usage.cache_read + usage.cache_write
    return {"prompt_tokens": read, "total_tokens": read}
