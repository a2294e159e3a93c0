"""Requests of any dialect, written for an endpoint that speaks OpenAI's Responses dialect.

Rule 1: a request of this dialect goes as the caller sent it but for the model's name, and
    for what is under a seal of ours: that is opened for its owner and taken out for others.
Rule 2: what would change the meaning if it were lost is refused; a hint that has no place
    here is dropped, and the drop is named.
Rule 3: nothing is stored at the endpoint: `store` is false, whatever is kept here. Thinking
    is asked for with its mark then, so that it can be handed back.

Sources, read 2026-11: OpenAI API reference, "Responses"; OpenAI docs, "Reasoning models";
DeepSeek API docs, "Responses API".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import Unsupported
from jevons.types.message import Text
from jevons.types.request import HostedTool
from jevons.wire.effort import USUAL, effort_of
from jevons.wire.leftover import asks_more
from jevons.wire.rendered import Rendered
from jevons.wire.responses.carry import Carried, write_items
from jevons.wire.responses.opened import opened
from jevons.wire.responses.request import LOGPROBS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.types.message import Message
    from jevons.types.request import Effort, Generate, Output, Sampling, Thinking, Tool

__all__ = ("render_request",)

_ENCODER = msgspec.json.Encoder(order="deterministic")

# Top-level fields, in any dialect, that have a canonical name: they are written above.
_CANONICAL = frozenset(
    {
        "chat_template_kwargs",
        "enable_thinking",
        "input",
        "instructions",
        "max_completion_tokens",
        "max_output_tokens",
        "max_tokens",
        "messages",
        "modalities",
        "model",
        "n",
        "output_config",
        "parallel_tool_calls",
        "reasoning",
        "reasoning_effort",
        "response_format",
        "seed",
        "service_tier",
        "stop",
        "stop_sequences",
        "stream",
        "stream_options",
        "system",
        "temperature",
        "thinking",
        "thinking_budget",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "logprobs",
    }
)
_NOTHING = frozenset({b"null", b"false"})

_MARKS = "reasoning.encrypted_content"
_KEPT = "the answer is kept here"
_NOT_KEPT = "the endpoint would store by itself"


class _Effort(msgspec.Struct):
    effort: str | None = None


_EFFORT = msgspec.json.Decoder(_Effort)
_NAMES = msgspec.json.Decoder(list[str] | None)


def render_request(request: Generate, *, model: str, owner: str = "") -> Rendered:
    """Write a request for an endpoint that speaks this dialect.

    Args:
        request: What was asked.
        model: What the endpoint calls the model.
        owner: Vendor of the endpoint; only its own thinking is handed back to it.

    Raises:
        Unsupported: It asks for something that this dialect cannot say.
    """
    name = msgspec.Raw(msgspec.json.encode(model))
    if request.source.dialect == "openai-responses":
        return _as_it_came(request, name, owner)
    more = asks_more(request)
    if more:
        message = f"{more} asks for what this endpoint's dialect has no word for"
        raise Unsupported(message, param=more)
    carried = Carried(owner)
    body = {"model": name, **_said(request, carried), **_asked(request, carried)}
    body |= _thinking(request, carried)
    for field, raw in request.source.fields.items():
        if field not in _CANONICAL and bytes(raw) not in _NOTHING:
            carried.drop(field, "has no counterpart in this dialect")
    return Rendered(_ENCODER.encode(body), carried.changed)


def _as_it_came(request: Generate, name: msgspec.Raw, owner: str) -> Rendered:
    """Write a request of this dialect: what was kept here in full, and nothing to be stored.

    Raises:
        Unsupported: It is to be answered in the background.
    """
    asked = request.source.fields
    if _says(asked.get("background")):
        message = "background answers are stored where they are made; ask without background"
        raise Unsupported(message, param="background")
    fields, changed = opened(asked, owner)
    fields["model"] = name
    if not _is_false(asked.get("store")):
        changed = (*changed, f"store: sent as false, {_KEPT if request.keep else _NOT_KEPT}")
        fields["store"] = msgspec.Raw(b"false")
        if owner == "openai" and _thinks(asked) and not _is_marked(asked):
            changed = (*changed, f"include: {_MARKS!r} added, for thinking to be handed back")
            fields["include"] = msgspec.Raw(msgspec.json.encode([*_included(asked), _MARKS]))
    if request.previous:
        changed = (*changed, "previous_response_id: sent as the items that it stands for")
    return Rendered(msgspec.json.encode(fields), changed)


def _thinks(asked: Mapping[str, msgspec.Raw]) -> bool:
    """Whether a model is asked that has marks: others refuse to be asked for them."""
    reasoning = asked.get("reasoning")
    return _says(reasoning) and _EFFORT.decode(reasoning or b"{}").effort != "none"


def _included(asked: Mapping[str, msgspec.Raw]) -> list[str]:
    return _NAMES.decode(asked.get("include", b"null")) or []


def _is_marked(asked: Mapping[str, msgspec.Raw]) -> bool:
    return _MARKS in _included(asked)


def _says(raw: msgspec.Raw | None) -> bool:
    return raw is not None and bytes(raw) not in _NOTHING


def _is_false(raw: msgspec.Raw | None) -> bool:
    return raw is not None and bytes(raw) == b"false"


def _said(request: Generate, carried: Carried) -> dict[str, Any]:
    """Write what was said: the first instruction apart, the rest as items."""
    messages = request.messages
    instructions = _instructions(messages)
    items = write_items(messages[1:] if instructions is not None else messages, carried)
    said: dict[str, Any] = {"input": items, "store": False, "stream": request.stream}
    return said if instructions is None else {"instructions": instructions, **said}


def _instructions(messages: Sequence[Message]) -> str | None:
    """Find the text that the field `instructions` can hold as it is; None if there is none."""
    first = messages[0]
    match first.parts:
        case (Text(text=text, extra=None),) if first.role == "system" and not first.name:
            return text if len(messages) > 1 else None
        case _:
            return None


def _asked(request: Generate, carried: Carried) -> dict[str, Any]:
    """Write how the answer shall be."""
    body = _sampling(request.sampling, carried)
    if request.tools:
        body["tools"] = [_tool(tool, carried) for tool in request.tools]
    if request.tool_choice == "named":
        body["tool_choice"] = {"type": "function", "name": request.tool}
    elif request.tool_choice != "auto":
        body["tool_choice"] = request.tool_choice
    if request.parallel_tools is not None:
        body["parallel_tool_calls"] = request.parallel_tools
    if request.output.kind != "text":
        body["text"] = {"format": _format(request.output)}
    return body


def _sampling(sampling: Sampling, carried: Carried) -> dict[str, Any]:
    if sampling.n > 1:
        message = f"n is {sampling.n}; this endpoint's dialect gives one answer"
        raise Unsupported(message, param="n")
    if sampling.stop:
        message = "stop sequences cannot be said in this endpoint's dialect"
        raise Unsupported(message, param="stop")
    for field in ("seed", "top_k"):
        if getattr(sampling, field) is not None:
            carried.drop(field, "has no counterpart in this dialect")
    body: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_output_tokens": sampling.max_tokens,
        "top_logprobs": sampling.top_logprobs,
        "include": [LOGPROBS] if sampling.logprobs else None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _tool(tool: Tool | HostedTool, carried: Carried) -> dict[str, Any]:
    """Write a tool. Without `strict` this dialect would make the schema strict by itself."""
    if isinstance(tool, HostedTool):
        message = f"tool {tool.kind!r} is one that only the caller's own dialect has"
        raise Unsupported(message, param="tools")
    carried.drop_all("tools", tool.extra)
    written: dict[str, Any] = {
        "type": "function",
        "name": tool.name,
        "parameters": tool.parameters,
        "strict": bool(tool.strict),
    }
    return {**written, "description": tool.description} if tool.description else written


def _format(output: Output) -> dict[str, Any]:
    if output.kind == "json":
        return {"type": "json_object"}
    written: dict[str, Any] = {
        "type": "json_schema",
        "name": output.name or "answer",
        "schema": output.schema,
    }
    return written if output.strict is None else {**written, "strict": output.strict}


def _thinking(request: Generate, carried: Carried) -> dict[str, Any]:
    """Write how much to think. Its mark is asked for of who thinks, and has marks."""
    asked = request.thinking
    carried.drop_all("thinking", asked.extra)
    reasoning: dict[str, Any] = {}
    effort = asked.effort or _effort(asked, carried)
    if effort is not None:
        reasoning["effort"] = effort
    if asked.visible:
        reasoning["summary"] = "auto"
    body: dict[str, Any] = {"reasoning": reasoning} if reasoning else {}
    thinks = carried.replayed or (effort is not None and effort != "none")
    if thinks and carried.owner == "openai":
        marks = [_MARKS]
        body["include"] = [LOGPROBS, *marks] if request.sampling.logprobs else marks
    return body


def _effort(asked: Thinking, carried: Carried) -> Effort | None:
    """Find the effort that a budget, or being told to think, stands for."""
    budget = asked.budget_tokens
    if budget is not None:
        effort = effort_of(budget)
        carried.note(f"thinking.budget_tokens: {budget} sent as effort {effort!r}")
    elif asked.on:
        effort = USUAL
        carried.note(f"thinking.enabled: sent as effort {effort!r}")
    else:
        return None
    return effort
