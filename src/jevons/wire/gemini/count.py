"""How many tokens a prompt has, in Gemini's dialect.

Source: Gemini API reference, "models.countTokens", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.wire import counted
from jevons.wire.gemini.request import render_request
from jevons.wire.rendered import Rendered

if TYPE_CHECKING:
    from jevons.types.request import Generate
    from jevons.wire.whole import Whole

__all__ = ("read_count", "render_count")

_FIELDS = frozenset({"contents", "systemInstruction", "toolConfig", "tools"})
_encode = msgspec.json.Encoder().encode


def render_count(request: Generate, *, model: str, owner: str = "") -> Rendered:
    """Write a count for an endpoint that speaks this dialect.

    Raises:
        Unsupported: See `render_request`.
    """
    asked = counted.keeping(render_request(request, model=model, owner=owner), _FIELDS)
    name = _encode(f"models/{model}")
    body = b'{"generateContentRequest":{"model":%b,%b}' % (name, asked.body[1:])
    return Rendered(body, asked.changed)


def read_count(body: bytes, *, owner: str = "") -> Whole:
    """Read a count.

    Raises:
        ProviderGarbled: It is none.
    """
    return counted.read_count(body, "totalTokens")
