"""What a request says that has no canonical name, when it goes to an endpoint of another dialect.

Rule 1: a field is refused without which the question would be another: it stands for something
    said elsewhere, or asks for what must be done or not be said.
Rule 2: any other is dropped and named, unless it says nothing, or what is usual.

Sources: the API references of OpenAI ("Create chat completion", "Create a response", "Create
embeddings") and Anthropic ("Create a Message"), read 2026-11.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import Unsupported
from jevons.types.message import ToolResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.request import Dialect, Generate

__all__ = ("asks_more", "check_one_answer", "left_out")

_CHAT = """
    model messages stream stream_options temperature top_p top_k max_tokens max_completion_tokens
    stop seed n logprobs top_logprobs tools tool_choice parallel_tool_calls functions function_call
    response_format reasoning_effort reasoning thinking enable_thinking thinking_budget
    chat_template_kwargs
"""
_MESSAGES = """
    model messages system max_tokens stop_sequences stream temperature top_p top_k tools tool_choice
    thinking output_config output_format
"""
_RESPONSES = """
    model input instructions max_output_tokens stream temperature top_p top_logprobs tools
    tool_choice parallel_tool_calls reasoning text
"""

_EMBEDDINGS = frozenset({"model", "input", "dimensions", "encoding_format"})

_NAMED: Mapping[Dialect, frozenset[str]] = MappingProxyType(
    {
        "openai-chat": frozenset(_CHAT.split()),
        "anthropic-messages": frozenset(_MESSAGES.split()),
        "openai-responses": frozenset(_RESPONSES.split()),
    }
)
"""Fields that are read into the canonical request."""

_ELSEWHERE = frozenset({"previous_response_id", "conversation", "prompt", "container"})
_ASKS_MORE = frozenset(
    {
        "enable_search", "logit_bias", "mcp_servers", "modalities", "plugins",
        "search_parameters", "service_tier", "web_search_options",
    }
)  # fmt: skip
"""Other words than text, other sources than the model, another price, words that it may not say."""
_MEANS_MORE = _ELSEWHERE | _ASKS_MORE
_SAYS_NOTHING = frozenset({b"null", b"false", b"[]", b"{}", b'""'})
_USUAL: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {
        "modalities": (["text"],),
        "service_tier": ("auto", "default", "standard", "standard_only"),
    }
)
"""Values that ask for nothing that is not done anyway."""


def check_one_answer(request: Generate, *, dialect: str, tells_logprobs: bool = False) -> None:
    """Refuse what would be answered as if it had not been asked.

    Args:
        request: What was asked, in another dialect.
        dialect: What it is to be said in, as a person calls it.
        tells_logprobs: Whether that dialect tells log probabilities as they are asked for.

    Raises:
        Unsupported: It asks for several answers, for log probabilities, about something that
            was said elsewhere, or for what that dialect has no word for.
    """
    if request.sampling.n > 1:
        message = f"n is {request.sampling.n}; across dialects only one answer can be read"
        raise Unsupported(message, param="n")
    if request.sampling.logprobs and not tells_logprobs:
        message = f"log probabilities were asked for, which {dialect} does not tell as asked"
        raise Unsupported(message, param="logprobs")
    name = asks_more(request)
    if name:
        lacks = f"asks for what {dialect} has no word for"
        if name in _ELSEWHERE:
            lacks = f"names what {dialect} cannot look up; send it in the messages"
        message = f"{name} {lacks}"
        raise Unsupported(message, param=name)


def asks_more(request: Generate) -> str:
    """Find a field without which the question would be another; empty if there is none."""
    fields = request.source.fields
    for name in sorted(_MEANS_MORE & fields.keys()):
        said = bytes(fields[name])
        if name == "web_search_options" and said == b"{}":
            return name  # to be there is to ask
        if said not in _SAYS_NOTHING and msgspec.json.decode(said) not in _USUAL.get(name, ()):
            return name
    return ""


def left_out(
    request: Generate, *, dialect: str, written: frozenset[str] = frozenset()
) -> list[str]:
    """Name what another dialect has no field for.

    Args:
        request: What was asked, in another dialect.
        dialect: What it is to be said in, as a person calls it.
        written: Fields without a canonical name that it can say all the same.
    """
    source = request.source
    named = _EMBEDDINGS if request.embed else _NAMED.get(source.dialect, frozenset())
    fields = [
        name
        for name in sorted(source.fields.keys() - named - _MEANS_MORE - written)
        if bytes(source.fields[name]) not in _SAYS_NOTHING
    ]
    return [
        *[f"{name}: dropped, {dialect} has no such header" for name, _ in source.headers],
        *[f"{name}: dropped, {dialect} has no such field" for name in [*fields, *_beside(request)]],
    ]


def _beside(request: Generate) -> list[str]:
    """Name what stands beside messages, parts, tools and thinking in another dialect."""
    parts = [part for message in request.messages for part in message.parts]
    inner = [each for part in parts if isinstance(part, ToolResult) for each in part.parts]
    holders = [request.thinking, *request.messages, *parts, *inner, *request.tools]
    return sorted({name for each in holders for name in getattr(each, "extra", None) or ()})
