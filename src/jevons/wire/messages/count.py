"""How many tokens a prompt has, in Anthropic's Messages dialect.

Source: Anthropic API reference, "Count tokens in a Message", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.event import Finished, Frame
from jevons.wire import counted
from jevons.wire.messages.write import render_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.event import Event
    from jevons.types.request import Generate
    from jevons.wire.rendered import Rendered
    from jevons.wire.whole import Whole

__all__ = ("read_count", "render_count", "render_counted")

_FIELDS = frozenset(
    {
        "cache_control", "context_management", "mcp_servers", "messages", "model",
        "output_config", "output_format", "speed", "system", "thinking", "tool_choice", "tools",
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


def render_counted(events: Sequence[Event], request: Generate) -> bytes:
    """Render a count for a caller; a `Frame` is rendered already."""
    last = events[-1]
    if isinstance(last, Frame):
        return last.body
    tokens = last.usage.input if isinstance(last, Finished) else 0
    return b'{"input_tokens":%d}' % tokens
