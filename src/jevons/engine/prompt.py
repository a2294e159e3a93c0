"""Requests as the engine takes them.

Rule 1: only fields that are known to be harmless reach the engine. It has others, meant for
    whoever runs it (slots, caches, files), that no caller may set.
Rule 2: what is left out or altered is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.engine import tools
from jevons.types.errors import Unsupported
from jevons.wire.openai_chat import render_request

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

_UNSAID = (msgspec.Raw(b"null"), msgspec.Raw(b"false"))
"""Values that ask for nothing."""

_NOT_WITH_TOOLS = ("logprobs", "response_format", "top_logprobs")
"""What the model writes then is a choice in JSON, not the text that the caller hears."""


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Prompt(NamedTuple):
    """A request for the engine."""

    body: dict[str, Any]
    calls_tools: bool
    """Whether what comes back is a choice of tools, to be turned into a call."""
    changed: tuple[str, ...]


def prompt_of(request: Generate) -> Prompt:
    """Turn a request into what the engine takes.

    Raises:
        Unsupported: It asks, in another dialect, for what the engine's cannot say, or for vectors.
    """
    if request.embed is not None:
        message = "the embedded engine makes no embeddings"
        raise Unsupported(message)
    fields, changed = request.source.fields, []
    if request.source.dialect != "openai-chat":
        rendered = render_request(request, model=request.model)
        fields, changed = _FIELDS.decode(rendered.body), [*rendered.changed]
    said = {name: raw for name, raw in fields.items() if raw not in _UNSAID}
    body = {name: msgspec.json.decode(said[name]) for name in said.keys() & _PASSED}
    changed += [
        f"{name}: dropped, the engine does not know it"
        for name in sorted(said.keys() - _PASSED - _OURS)
    ]
    calls_tools = bool(request.tools) and request.tool_choice != "none"
    if calls_tools:
        changed.extend(_offer(request, body))
    elif request.tools:
        changed.append("tools: not shown to the model, since tool_choice is none")
    body["stream"] = True
    body["stream_options"] = {"include_usage": True}
    body["return_progress"] = True
    return Prompt(body, calls_tools, tuple(changed))


def _offer(request: Generate, body: dict[str, Any]) -> list[str]:
    """Have the model choose among the tools; say what that changes."""
    dropped = [name for name in _NOT_WITH_TOOLS if body.pop(name, None) is not None]
    body["messages"] = tools.instruct(request, body["messages"])
    body["response_format"] = {
        "type": "json_schema",
        "json_schema": {"name": "tools", "schema": tools.schema(request), "strict": True},
    }
    return [
        "tools: compiled into a JSON schema, which the engine enforces",
        *(f"{name}: dropped, the schema of the tools takes its place" for name in dropped),
    ]
