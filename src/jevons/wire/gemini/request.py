"""Requests as they go to an endpoint that speaks Gemini's dialect.

The model and whether to stream are in the address, not in the body.

Rule 1: what came in this dialect goes as it came.
Rule 2: what came in another is written anew: what this one cannot say is refused, and what
    is only a hint is dropped and named.
Rule 3: nothing asked of thinking, nothing sent: it is never switched silently.

Sources, read 2026-11: Gemini API reference, "models.generateContent" and "GenerationConfig";
Gemini API docs, "Thinking", "Structured outputs" and "Function calling".
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import Unsupported
from jevons.types.request import HostedTool
from jevons.wire.effort import BUDGETS
from jevons.wire.gemini.turns import write_contents
from jevons.wire.leftover import check_one_answer, left_out
from jevons.wire.rendered import Rendered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.request import Effort, Generate, Output, Thinking, Tool

__all__ = ("render_request",)

_Said = dict[str, Any]
_encode = msgspec.json.Encoder().encode
_SCHEMA = msgspec.json.Decoder(dict[str, msgspec.Raw])

_DIALECT = "Gemini's dialect"
_MOST_STOPS = 5  # "GenerationConfig"
_COUNTS_THOUGHTS = re.compile(r"gemini-(?:1|2)\b")
"""Models that are told how much to think as a number; later ones are told a level."""
_DEMANDS_MARKS = re.compile(r"gemini-(?:[3-9]|\d\d|[a-z-]+-latest)")  # "Thought signatures"

_LEVELS: Mapping[Effort, str] = MappingProxyType(
    {
        "none": "MINIMAL",
        "minimal": "MINIMAL",
        "low": "LOW",
        "medium": "MEDIUM",
        "high": "HIGH",
        "xhigh": "XHIGH",
        "max": "XHIGH",
    }
)
_AS_IT_SEES_FIT = -1  # "Thinking": any number; later models always think, and are told nothing
_LEAST_OF_PRO = 128  # "Thinking", Gemini 2.5 Pro: it always thinks
_MOST_OF_FLASH = 24576  # "Thinking", Gemini 2.5 Flash and Flash-Lite


def render_request(request: Generate, *, model: str, owner: str = "") -> Rendered:
    """Write a request for an endpoint that speaks this dialect.

    Args:
        request: What was asked.
        model: What the endpoint calls the model. It is not in the body, but decides what is.
        owner: Vendor that serves it: thinking of its own is handed back to it.

    Raises:
        Unsupported: The request asks for what this dialect cannot say.
    """
    if request.source.dialect == "gemini":
        return Rendered(_encode(request.source.fields), ())
    check_one_answer(request, dialect=_DIALECT)
    changed: list[str] = []
    contents = write_contents(
        request.messages,
        owner=owner,
        marks_calls=_DEMANDS_MARKS.search(model) is not None,
        changed=changed,
    )
    fields: _Said = {"contents": contents.written}
    if contents.system:
        fields["systemInstruction"] = {"parts": contents.system}
    fields |= _tools(request, changed)
    config = {
        **_sampling(request),
        **_output(request.output),
        **_thinking(request.thinking, model, changed),
    }
    if config:
        fields["generationConfig"] = config
    changed += left_out(request, dialect=_DIALECT)
    return Rendered(_encode(fields), tuple(changed))


def _sampling(request: Generate) -> _Said:
    asked = request.sampling
    if len(asked.stop) > _MOST_STOPS:
        message = f"stop has {len(asked.stop)} texts; Gemini takes {_MOST_STOPS}"
        raise Unsupported(message, param="stop")
    said: _Said = {
        "temperature": asked.temperature,
        "topP": asked.top_p,
        "topK": asked.top_k,
        "maxOutputTokens": asked.max_tokens,
        "stopSequences": list(asked.stop) or None,
        "seed": asked.seed,
    }
    return {name: value for name, value in said.items() if value is not None}


def _tools(request: Generate, changed: list[str]) -> _Said:
    if not request.tools:
        return {}
    declared = [_tool(tool, f"tools[{index}]", changed) for index, tool in enumerate(request.tools)]
    said: _Said = {"tools": [{"functionDeclarations": declared}]}
    choice = _choice(request)
    if choice:
        said["toolConfig"] = {"functionCallingConfig": choice}
    if request.parallel_tools is False:
        changed.append("parallel tool calls: Gemini cannot be told to make one call at a time")
    return said


def _choice(request: Generate) -> _Said:
    """Say which tools may or must be called."""
    match request.tool_choice:
        case "none":
            return {"mode": "NONE"}
        case "required":
            return {"mode": "ANY"}
        case "named":
            return {"mode": "ANY", "allowedFunctionNames": [request.tool]}
        case _:
            return {}


def _tool(tool: Tool | HostedTool, where: str, changed: list[str]) -> _Said:
    if isinstance(tool, HostedTool):
        message = f"{where} is a tool of kind {tool.kind!r}, which its own dialect alone can run"
        raise Unsupported(message, param=where)
    said: _Said = {"name": tool.name, "description": tool.description}
    schema = _schema(tool.parameters, where)
    if schema:
        said["parametersJsonSchema"] = schema
    if tool.strict:
        changed.append(f"{where}.strict: dropped, {_DIALECT} has no such field")
    return said


def _output(asked: Output) -> _Said:
    if asked.kind == "text":
        return {}
    said: _Said = {"responseMimeType": "application/json"}
    if asked.kind == "json_schema":
        said["responseJsonSchema"] = _schema(asked.schema, "response_format")
    return said


def _schema(schema: msgspec.Raw, where: str) -> dict[str, msgspec.Raw]:
    """Take a JSON Schema but for the name of its draft, which the endpoint refuses."""
    try:
        said = _SCHEMA.decode(schema)
    except msgspec.ValidationError as error:
        message = f"the schema of {where} is not an object: {error}"
        raise Unsupported(message, param=where) from error
    said.pop("$schema", None)
    return said


def _thinking(asked: Thinking, model: str, changed: list[str]) -> _Said:
    """Write how much to think: as a number or as a level, by the age of the model."""
    said: _Said = {}
    if asked.visible is not None:
        said["includeThoughts"] = asked.visible
    if _COUNTS_THOUGHTS.search(model):
        said |= _budget(asked, model, changed)
    elif asked.effort is not None:
        said |= _level(asked.effort, changed)
        if asked.budget_tokens is not None:
            changed.append("reasoning.budget_tokens: dropped, a level of thinking was sent")
    elif asked.budget_tokens is not None:
        said["thinkingBudget"] = asked.budget_tokens
    return {"thinkingConfig": said} if said else {}


def _level(effort: Effort, changed: list[str]) -> _Said:
    level = _LEVELS[effort]
    if level.lower() != effort:
        changed.append(f"reasoning.effort: {effort!r} became {level!r}, the nearest that there is")
    return {"thinkingLevel": level}


def _budget(asked: Thinking, model: str, changed: list[str]) -> _Said:
    budget = asked.budget_tokens
    if budget is None and asked.effort is not None:
        usual = BUDGETS[asked.effort]
        budget = max(usual, _LEAST_OF_PRO) if "pro" in model else min(usual, _MOST_OF_FLASH)
        changed.append(f"reasoning.effort: {asked.effort!r} became {budget} tokens of thinking")
    if budget is None and asked.on:
        budget = _AS_IT_SEES_FIT
    return {} if budget is None else {"thinkingBudget": budget}
