"""What a request says that has no canonical name, when it goes to an endpoint of another dialect.

Rule 1: a field that stands for something said elsewhere is refused: without it the question is
    another.
Rule 2: any other is dropped and named, unless it says nothing.

Sources: the API references of OpenAI ("Create chat completion", "Create a response") and
Anthropic ("Create a Message"), read 2026-11.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.types.errors import Unsupported
from jevons.types.message import ToolResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.request import Dialect, Generate

__all__ = ("check_one_answer", "left_out")

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

_NAMED: Mapping[Dialect, frozenset[str]] = MappingProxyType(
    {
        "openai-chat": frozenset(_CHAT.split()),
        "anthropic-messages": frozenset(_MESSAGES.split()),
        "openai-responses": frozenset(_RESPONSES.split()),
    }
)
"""Fields that are read into the canonical request."""

_MEANS_MORE = frozenset({"previous_response_id", "conversation", "prompt", "container"})
_SAYS_NOTHING = frozenset({b"null", b"false", b"[]", b"{}", b'""'})


def check_one_answer(request: Generate, *, dialect: str, tells_logprobs: bool = False) -> None:
    """Refuse what would be answered as if it had not been asked.

    Args:
        request: What was asked, in another dialect.
        dialect: What it is to be said in, as a person calls it.
        tells_logprobs: Whether that dialect tells log probabilities as they are asked for.

    Raises:
        Unsupported: It asks for several answers, for log probabilities, or about something
            that was said elsewhere.
    """
    if request.sampling.n > 1:
        message = f"n is {request.sampling.n}; across dialects only one answer can be read"
        raise Unsupported(message, param="n")
    if request.sampling.logprobs and not tells_logprobs:
        message = f"log probabilities were asked for, which {dialect} does not tell as asked"
        raise Unsupported(message, param="logprobs")
    for name in sorted(_MEANS_MORE & request.source.fields.keys()):
        if bytes(request.source.fields[name]) not in _SAYS_NOTHING:
            message = f"{name} names what {dialect} cannot look up; send it in the messages"
            raise Unsupported(message, param=name)


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
    named = _NAMED.get(source.dialect, frozenset())
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
