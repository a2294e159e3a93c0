"""How many tokens a prompt has, told in Anthropic's Messages dialect.

Source: Anthropic API reference, "Count tokens in a Message", read 2026-11.
"""

from __future__ import annotations

__all__ = ("render_count",)


def render_count(tokens: int) -> bytes:
    """Render the answer to `POST /v1/messages/count_tokens`.

    Args:
        tokens: Of the prompt, tools and all.
    """
    return b'{"input_tokens":%d}' % tokens
