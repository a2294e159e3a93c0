"""Requests as they go to an endpoint that speaks Ollama's dialect.

Rule 1: what came in this dialect goes as it came, but for the model's name.
Rule 2: what came in another is written anew: what this one cannot say is refused, and what
    is only a hint is dropped and named.
Rule 3: nothing asked of thinking, nothing sent: it is never switched silently.
Rule 4: whether to stream is always said, since the dialect streams unless told not to.

Source: Ollama docs, "API", "Generate a chat message", "Structured outputs" and "Thinking",
read 2026-11.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import Unsupported
from jevons.types.request import HostedTool
from jevons.wire.effort import effort_of
from jevons.wire.leftover import check_one_answer, left_out
from jevons.wire.ollama.turns import Turns
from jevons.wire.rendered import Rendered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.request import Effort, Generate, Output, Sampling, Thinking, Tool

__all__ = ("render_request",)

_Said = dict[str, Any]
_encode = msgspec.json.Encoder().encode

_DIALECT = "Ollama's dialect"
_THINK: Mapping[Effort, bool | str] = MappingProxyType(
    {
        "none": False,
        "minimal": "low",
        "low": "low",
        "medium": "medium",
        "high": "high",
        "xhigh": "high",
        "max": "high",
    }
)


def render_request(request: Generate, *, model: str, owner: str = "") -> Rendered:
    """Write a request for an endpoint that speaks this dialect.

    Args:
        request: What was asked.
        model: What the endpoint calls the model.
        owner: Vendor that serves it: thinking of its own is handed back to it.

    Raises:
        Unsupported: The request asks for what this dialect cannot say.
    """
    if request.source.dialect == "ollama":
        fields = {**request.source.fields, "model": msgspec.Raw(_encode(model))}
        return Rendered(_encode(fields), ())
    check_one_answer(request, dialect=_DIALECT)
    changed: list[str] = []
    turns = Turns(owner=owner, changed=changed)
    for index, message in enumerate(request.messages):
        turns.add(message, f"messages[{index}]")
    turns.show()
    options = _options(request.sampling)
    said: _Said = {
        "model": model,
        "messages": turns.written,
        "stream": request.stream,
        **_tools(request, changed),
        **_output(request.output),
        **_thinking(request.thinking, changed),
        **({"options": options} if options else {}),
    }
    changed += left_out(request, dialect=_DIALECT)
    return Rendered(_encode(said), tuple(changed))


def _options(asked: Sampling) -> _Said:
    said: _Said = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "top_k": asked.top_k,
        "num_predict": asked.max_tokens,
        "stop": list(asked.stop) or None,
        "seed": asked.seed,
    }
    return {name: value for name, value in said.items() if value is not None}


def _tools(request: Generate, changed: list[str]) -> _Said:
    """Write tools. The model may always choose: that it must is not said, so it is refused."""
    if not request.tools:
        return {}
    tools = [_tool(tool, f"tools[{index}]", changed) for index, tool in enumerate(request.tools)]
    if request.tool_choice in {"required", "named"}:
        message = f"tool_choice is {request.tool_choice!r}; Ollama's models choose for themselves"
        raise Unsupported(message, param="tool_choice")
    if request.tool_choice == "none":
        changed.append("tools: not sent, so that none is called")
        return {}
    if request.parallel_tools is False:
        changed.append("parallel tool calls: Ollama cannot be told to make one call at a time")
    return {"tools": tools}


def _tool(tool: Tool | HostedTool, where: str, changed: list[str]) -> _Said:
    if isinstance(tool, HostedTool):
        message = f"{where} is a tool of kind {tool.kind!r}, which its own dialect alone can run"
        raise Unsupported(message, param=where)
    if tool.strict:
        changed.append(f"{where}.strict: dropped, {_DIALECT} has no such field")
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}


def _output(asked: Output) -> _Said:
    if asked.kind == "text":
        return {}
    return {"format": "json" if asked.kind == "json" else asked.schema}


def _thinking(asked: Thinking, changed: list[str]) -> _Said:
    """Write how much to think: not at all, or one of three levels."""
    if asked.visible is not None:
        changed.append("reasoning.visible: dropped, what Ollama's models think always comes")
    effort = asked.effort
    if asked.budget_tokens is not None:
        effort = effort or effort_of(asked.budget_tokens)
        changed.append(f"reasoning.budget_tokens: {asked.budget_tokens} became effort {effort!r}")
    if effort is None:
        return {"think": True} if asked.on else {}
    think = _THINK[effort]
    if think not in {False, effort}:
        changed.append(f"reasoning.effort: {effort!r} became {think!r}, the nearest that there is")
    return {"think": think}
