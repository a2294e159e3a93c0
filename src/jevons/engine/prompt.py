"""Requests as the engine takes them.

Rule 1: only fields that are known to be harmless reach the engine. It has others, meant for
    whoever runs it (slots, caches, files), that no caller may set.
Rule 2: what is left out or altered is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.engine import tools

if TYPE_CHECKING:
    from jevons.types.request import Generate

__all__ = ("Prompt", "prompt_of")

_PASSED = frozenset(
    {
        "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens",
        "messages", "min_p", "presence_penalty", "repeat_penalty", "response_format", "seed",
        "stop", "temperature", "top_k", "top_logprobs", "top_p",
    }
)  # fmt: skip

_OURS = frozenset({"model", "stream", "stream_options", "tools", "tool_choice", "n"})
"""What the corridor has dealt with already."""


class Prompt(NamedTuple):
    """A request for the engine."""

    body: dict[str, Any]
    calls_tools: bool
    """Whether what comes back is a choice of tools, to be turned into a call."""
    changed: tuple[str, ...]


def prompt_of(request: Generate) -> Prompt:
    """Turn a request into what the engine takes."""
    fields = request.source.fields
    body: dict[str, Any] = {
        name: msgspec.json.decode(fields[name]) for name in fields.keys() & _PASSED
    }
    changed = [f"{name}: dropped, the engine does not know it" for name in _strangers(request)]
    body["stream"] = True
    body["stream_options"] = {"include_usage": True}
    calls_tools = "tools" in request.needs
    if calls_tools:
        _offer(request, body)
        changed.append("tools: compiled into a JSON schema, which the engine enforces")
    return Prompt(body, calls_tools, tuple(changed))


def _strangers(request: Generate) -> list[str]:
    fields = request.source.fields
    return sorted(
        name
        for name in fields.keys() - _PASSED - _OURS
        if fields[name] not in {msgspec.Raw(b"null"), msgspec.Raw(b"false")}
    )


def _offer(request: Generate, body: dict[str, Any]) -> None:
    """Have the model choose among the tools."""
    told = {"role": "system", "content": tools.instruction(request)}
    body["messages"] = [told, *body["messages"]]
    body["response_format"] = {
        "type": "json_schema",
        "json_schema": {"name": "tools", "schema": tools.schema(request), "strict": True},
    }
