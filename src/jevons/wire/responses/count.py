"""How many tokens a prompt has, in OpenAI's Responses dialect.

Source: OpenAI API reference, "Get input token counts", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.wire import counted
from jevons.wire.responses.write import render_request

if TYPE_CHECKING:
    from jevons.types.request import Generate
    from jevons.wire.rendered import Rendered
    from jevons.wire.whole import Whole

__all__ = ("read_count", "render_count")

_FIELDS = frozenset(
    {
        "input", "instructions", "model", "parallel_tool_calls", "personality", "reasoning",
        "text", "tool_choice", "tools", "truncation",
    }
)  # fmt: skip


def render_count(request: Generate, *, model: str, owner: str = "") -> Rendered:
    """Write a count for an endpoint that speaks this dialect.

    Raises:
        Unsupported: See `render_request`.
    """
    return counted.keeping(render_request(request, model=model, owner=owner), _FIELDS)


def read_count(body: bytes, *, owner: str = "") -> Whole:
    """Read a count.

    Raises:
        ProviderGarbled: It is none.
    """
    return counted.read_count(body, "input_tokens")
