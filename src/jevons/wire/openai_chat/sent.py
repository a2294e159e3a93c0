"""Requests as they go to an endpoint that speaks OpenAI's chat dialect.

Rule 1: what came in this dialect goes as it came, but for the model's name, for usage, which
    a stream must bring at its end, and for what belongs to another owner.
Rule 2: what came in another is written anew: what this one cannot say is refused, and what
    is only a hint is dropped and named.
Rule 3: nothing asked of thinking, nothing sent: it is never switched silently.

Sources, read 2026-11: OpenAI API reference, "Create chat completion"; OpenRouter docs,
"Reasoning Tokens"; vLLM docs, "OpenAI-Compatible Server", for `top_k`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import Unsupported
from jevons.types.message import Reasoning
from jevons.types.request import HostedTool
from jevons.wire.effort import USUAL, effort_of
from jevons.wire.leftover import check_one_answer, left_out
from jevons.wire.openai_chat.reasoning import FIELDS, only_names, takes_details, write
from jevons.wire.openai_chat.turns import write_messages
from jevons.wire.rendered import Rendered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.message import Message
    from jevons.types.request import Generate, Output, Thinking, Tool
    from jevons.wire.openai_chat.shapes import Fields

__all__ = ("render_request",)

_ENCODER = msgspec.json.Encoder()
_encode = _ENCODER.encode
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MESSAGES = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])

_NAME = "OpenAI chat"
_NEW_BUDGET = frozenset({"openai", "azure"})  # their newer models refuse `max_tokens`
_KNOWS_TOP_K = frozenset(
    {"alibaba", "fireworks", "llama-cpp", "openrouter", "sglang", "siliconflow", "together", "vllm"}
)

_ANYBODY = frozenset({"", "openrouter", "mistral"})
"""Whose thinking an endpoint of an unknown vendor may have written, as its shape tells."""


def render_request(request: Generate, *, model: str, owner: str = "") -> Rendered:
    """Write a request for an endpoint that speaks this dialect.

    Args:
        request: What was asked.
        model: What the endpoint calls the model.
        owner: Vendor that serves it: thinking of its own is handed back to it.

    Raises:
        Unsupported: The request asks for what this dialect cannot say.
    """
    if request.source.dialect != "openai-chat":
        return _anew(request, model, owner)
    changed: list[str] = []
    fields = request.source.fields.copy()
    fields["model"] = msgspec.Raw(_encode(model))
    if "reasoning" in fields:
        _put_knob(fields, request.thinking, owner, changed)
    if _holds_owned(request.messages):
        _hand_back(fields, request.messages, owner, changed)
    if request.stream and not request.want_usage:
        given = fields.get("stream_options")
        options = {} if given is None or bytes(given) == b"null" else _FIELDS.decode(given)
        options["include_usage"] = msgspec.Raw(b"true")
        fields["stream_options"] = msgspec.Raw(_encode(options))
    return Rendered(_encode(fields), tuple(changed))


def _holds_owned(messages: Sequence[Message]) -> bool:
    """Whether somebody's thinking is handed back, with whose it is."""
    for message in messages:
        if message.role == "assistant":
            for part in message.parts:
                if type(part) is Reasoning and part.owner:
                    return True
    return False


def _put_knob(fields: Fields, thinking: Thinking, owner: str, changed: list[str]) -> None:
    """Write our own knob in the endpoint's words; OpenRouter's, of the same name, stays there."""
    said = fields["reasoning"]
    is_ours = any(name in bytes(said) for name in (b'"budget_tokens"', b'"visible"'))
    if thinking.extra is not None or (owner in {"", "openrouter"} and not is_ours):
        return
    del fields["reasoning"]
    for name, value in _thinking(thinking, owner, changed).items():
        fields[name] = _raw(value)


def _hand_back(fields: Fields, messages: Sequence[Message], owner: str, changed: list[str]) -> None:
    """Take from messages the thinking that is not the endpoint's, and put its own in place."""
    written = _MESSAGES.decode(fields["messages"])
    own = {"", owner} if owner else _ANYBODY
    for said, message in zip(written, messages, strict=True):
        thoughts = [part for part in message.parts if isinstance(part, Reasoning)]
        others = sorted({part.owner for part in thoughts} - own)
        for other in others:
            what = f"messages: reasoning of {other!r} was dropped, it is its owner's alone"
            changed += [] if what in changed else [what]
        if "mistral" in others:
            said["content"] = _without_thinking(said["content"])
        if "reasoning_details" not in said or (not others and takes_details(owner)):
            continue
        if not others and only_names(said):
            del said["reasoning_details"]
            continue
        for name in FIELDS & said.keys():
            del said[name]
        kept = [part for part in thoughts if part.owner in own]
        said |= {name: _raw(value) for name, value in write(kept, owner).items()}
    fields["messages"] = _raw(written)


def _without_thinking(content: msgspec.Raw) -> msgspec.Raw:
    """Take the parts that are thinking, as Mistral has them, out of content."""
    parts = _MESSAGES.decode(content)
    return _raw([part for part in parts if _is_not_thinking(part)])


def _is_not_thinking(part: Fields) -> bool:
    return "type" not in part or msgspec.json.decode(part["type"]) != "thinking"


def _anew(request: Generate, model: str, owner: str) -> Rendered:
    changed: list[str] = []
    check_one_answer(request, dialect=_NAME, tells_logprobs=True)
    fields: dict[str, Any] = {
        "model": model,
        "messages": write_messages(request.messages, owner, changed),
        **_sampling(request, owner, changed),
        **_tools(request),
        **_output(request.output),
        **_thinking(request.thinking, owner, changed),
    }
    if request.stream:
        fields |= {"stream": True, "stream_options": {"include_usage": True}}
    changed += left_out(request, dialect=_NAME)
    return Rendered(_encode(fields), tuple(changed))


def _sampling(request: Generate, owner: str, changed: list[str]) -> dict[str, Any]:
    asked = request.sampling
    limit = "max_completion_tokens" if owner in _NEW_BUDGET else "max_tokens"
    said: dict[str, Any] = {
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "top_k": asked.top_k,
        limit: asked.max_tokens,
        "stop": list(asked.stop) or None,
        "seed": asked.seed,
        "logprobs": asked.logprobs or None,
        "top_logprobs": asked.top_logprobs,
    }
    if asked.top_k is not None and owner not in _KNOWS_TOP_K:
        changed.append("top_k: dropped, OpenAI chat has no such field")
        del said["top_k"]
    return {name: value for name, value in said.items() if value is not None}


def _tools(request: Generate) -> dict[str, Any]:
    if not request.tools:
        return {}
    said: dict[str, Any] = {
        "tools": [_tool(tool, f"tools[{index}]") for index, tool in enumerate(request.tools)]
    }
    if request.tool_choice == "named":
        said["tool_choice"] = {"type": "function", "function": {"name": request.tool}}
    elif request.tool_choice != "auto":
        said["tool_choice"] = request.tool_choice
    if request.parallel_tools is not None:
        said["parallel_tool_calls"] = request.parallel_tools
    return said


def _tool(tool: Tool | HostedTool, where: str) -> dict[str, Any]:
    if isinstance(tool, HostedTool):
        message = f"{where} is a tool of kind {tool.kind!r}, which its own dialect alone can run"
        raise Unsupported(message, param=where)
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.parameters}
    if tool.description:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _output(asked: Output) -> dict[str, Any]:
    if asked.kind == "text":
        return {}
    if asked.kind == "json":
        return {"response_format": {"type": "json_object"}}
    schema: dict[str, Any] = {"name": asked.name or "answer", "schema": asked.schema}
    if asked.strict is not None:
        schema["strict"] = asked.strict
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _thinking(asked: Thinking, owner: str, changed: list[str]) -> dict[str, Any]:
    """Write how much to think: OpenRouter takes both kinds, everybody else an effort."""
    if owner == "openrouter":
        return _both(asked)
    if asked.visible is not None:
        changed.append("reasoning.visible: dropped, OpenAI chat has no such field")
    effort = asked.effort
    if asked.budget_tokens is not None:
        effort = effort or effort_of(asked.budget_tokens)
        changed.append(f"reasoning.budget_tokens: {asked.budget_tokens} became effort {effort!r}")
    if effort is None and asked.on:
        effort = USUAL
        changed.append(f"reasoning.enabled: sent as effort {effort!r}")
    if effort == "max" and owner in _NEW_BUDGET:
        changed.append("reasoning.effort: 'max' became 'xhigh', the most that there is")
        effort = "xhigh"
    return {} if effort is None else {"reasoning_effort": effort}


def _both(asked: Thinking) -> dict[str, Any]:
    said: dict[str, Any] = {"effort": asked.effort, "max_tokens": asked.budget_tokens}
    said["enabled"] = asked.on
    said["exclude"] = None if asked.visible is None else not asked.visible
    said = {name: value for name, value in said.items() if value is not None}
    return {"reasoning": said} if said else {}


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encode(value))
