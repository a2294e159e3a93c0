"""Requests of any dialect, written for an endpoint that speaks Anthropic's Messages dialect.

Rule 1: a request of this dialect goes as the caller sent it but for the model's name, and for
    what is under a seal of ours: that is opened for its owner and taken out for others.
Rule 2: what would change the meaning if it were lost is refused; a hint that has no place here
    is dropped, and the drop is named.
Rule 3: nothing asked of thinking, nothing sent: it is never switched silently.

Sources, read 2026-11: Anthropic API reference, "Create a Message"; Anthropic docs, "Adaptive
thinking", "Extended thinking", "Structured outputs" and "Tool use".
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.errors import Unsupported
from jevons.types.request import HostedTool
from jevons.wire.leftover import check_one_answer, left_out
from jevons.wire.messages.blocks import Block, Blocks
from jevons.wire.messages.claude import is_claude, takes_sampling
from jevons.wire.messages.effort import write_thinking
from jevons.wire.messages.opened import opened
from jevons.wire.messages.turns import Turn, write_turns
from jevons.wire.rendered import Rendered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.request import Generate, Output, Sampling, Tool

__all__ = ("render_request", "think_as_told")

_Said = dict[str, Any]
_encode = msgspec.json.Encoder().encode
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])

_DIALECT = "Anthropic's dialect"
_USERS = ("safety_identifier", "user")
"""What others call the end user, best first."""
_DRAWS = ("temperature", "top_p", "top_k")
_CHOICES = MappingProxyType({"auto": "auto", "required": "any", "named": "tool", "none": "none"})


def render_request(request: Generate, *, model: str, owner: str = "") -> Rendered:
    """Write a request for an endpoint that speaks this dialect.

    Args:
        request: What was asked.
        model: What the endpoint calls the model.
        owner: Vendor of the endpoint; only its own thinking is handed back to it.

    Raises:
        Unsupported: It asks for something that this dialect cannot say.
    """
    if request.source.dialect == "anthropic-messages":
        fields, changed = opened(request.source.fields, owner)
        fields["model"] = msgspec.Raw(_encode(model))
        return Rendered(_encode(fields), changed)
    check_one_answer(request, dialect=_DIALECT)
    blocks = Blocks(owner=owner)
    user = _user(request)
    body = {
        "model": model,
        **_said(request, model, blocks),
        **_tools(request, blocks),
        "stream": request.stream,
    }
    if user:
        body["metadata"] = {"user_id": request.source.fields[user]}
        blocks.note(f"{user}: sent as metadata.user_id")
    left = left_out(request, dialect=_DIALECT, written=frozenset({user}))
    return Rendered(_encode(body), (*blocks.changed, *left))


def think_as_told(request: Generate, model: str, *, goes_on_bare: bool) -> dict[str, msgspec.Raw]:
    """Write how hard to think into the fields of a request of this dialect.

    Args:
        request: What was asked.
        model: What the endpoint calls the model.
        goes_on_bare: Whether the model goes on with a turn that it began without thinking.
    """
    fields, blocks = dict(request.source.fields), Blocks(owner="")
    said = write_thinking(request, model, blocks, goes_on_bare=goes_on_bare)
    if "output_config" in said and "output_config" in fields:
        said["output_config"] = {**_FIELDS.decode(fields["output_config"]), **said["output_config"]}
    drawn = {name: msgspec.json.decode(fields.pop(name)) for name in _DRAWS if name in fields}
    said |= _fit(drawn, said, model, blocks) if is_claude(model) else drawn
    return fields | {name: msgspec.Raw(_encode(value)) for name, value in said.items()}


def _said(request: Generate, model: str, blocks: Blocks) -> _Said:
    """Write what was said, and how to answer it."""
    system, turns = written = write_turns(request.messages, blocks)
    said: _Said = {"system": _short(system)} if system else {}
    said["messages"] = [_turn(turn) for turn in turns]
    said |= write_thinking(request, model, blocks, goes_on_bare=written.goes_on_bare)
    said |= _output(request.output, said, blocks)
    sampling = _sampling(request.sampling, blocks)
    return said | (_fit(sampling, said, model, blocks) if is_claude(model) else sampling)


def _short(blocks: list[Block]) -> str | list[Block]:
    """Write a text alone as a string, as callers do."""
    is_text = len(blocks) == 1 and blocks[0]["type"] == "text"
    return blocks[0]["text"] if is_text else blocks


def _turn(turn: Turn) -> _Said:
    return {"role": turn.role, "content": _short(turn.content)}


def _sampling(asked: Sampling, blocks: Blocks) -> _Said:
    """Write how to draw the answer."""
    if any(not stop.strip() for stop in asked.stop):
        message = "stop holds a text of blanks alone; this endpoint's dialect takes none"
        raise Unsupported(message, param="stop")
    if asked.seed is not None:
        blocks.note("seed: dropped, there is no field for it")
    said: _Said = {
        "stop_sequences": list(asked.stop) or None,
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "top_k": asked.top_k,
    }
    return {name: value for name, value in said.items() if value is not None}


def _fit(sampling: _Said, body: _Said, model: str, blocks: Blocks) -> _Said:
    """Leave out what Claude refuses to be told."""
    said = dict(sampling)
    thinks = body.get("thinking", {}).get("type") in {"adaptive", "enabled"}
    for name in [name for name in _DRAWS if name in said]:
        if not takes_sampling(model):
            why = f"{model} refuses it"
        elif thinks and (name == "top_k" or said[name] != 1):
            why = "it cannot be set while the model thinks"
        elif name == "top_p" and "temperature" in said:
            why = "one of it and temperature can be set"
        else:
            continue
        blocks.note(f"{name}: {said.pop(name)} dropped, {why}")
    if said.get("temperature", 0) > 1:
        blocks.note(f"temperature: {said['temperature']} sent as 1, the most that there is")
        said["temperature"] = 1
    return said


def _tools(request: Generate, blocks: Blocks) -> _Said:
    if not request.tools:
        if request.tool_choice in {"required", "named"}:
            message = f"tool_choice is {request.tool_choice!r}, and there are no tools"
            raise Unsupported(message, param="tool_choice")
        return {}
    said: _Said = {"tools": _declared(request.tools, blocks)}
    choice: _Said = {"type": _CHOICES[request.tool_choice]}
    if request.tool_choice == "named":
        choice["name"] = request.tool
    if request.parallel_tools is not None and request.tool_choice != "none":
        choice["disable_parallel_tool_use"] = not request.parallel_tools
    return said if choice == {"type": "auto"} else {**said, "tool_choice": choice}


def _declared(tools: Sequence[Tool | HostedTool], blocks: Blocks) -> list[_Said]:
    return [_tool(tool, f"tools[{at}]", blocks) for at, tool in enumerate(tools)]


def _tool(tool: Tool | HostedTool, where: str, blocks: Blocks) -> _Said:
    if isinstance(tool, HostedTool):
        message = f"{where} is a tool of kind {tool.kind!r}, which its own dialect alone can run"
        raise Unsupported(message, param=where)
    said: _Said = {"name": tool.name, "input_schema": _schema(tool.parameters, where, blocks)}
    if tool.description:
        said["description"] = tool.description
    return {**said, "strict": True} if tool.strict else said


def _schema(parameters: msgspec.Raw, where: str, blocks: Blocks) -> msgspec.Raw:
    """Take a tool's schema, which must say that it is an object."""
    try:
        fields = _FIELDS.decode(parameters)
    except (msgspec.MsgspecError, RecursionError) as error:
        message = f"the schema of {where} is not an object: {error}"
        raise Unsupported(message, param=where) from None
    if "type" in fields:
        return parameters
    blocks.note(f"{where}.parameters: type 'object' was added, which must be said")
    return msgspec.Raw(_encode({"type": "object", **fields}))


def _output(asked: Output, body: _Said, blocks: Blocks) -> _Said:
    """Write the shape of the answer, beside how hard to think, if that is said too."""
    if asked.kind == "text":
        return {}
    if asked.kind == "json":
        message = "JSON without a schema cannot be asked for in this endpoint's dialect"
        raise Unsupported(message, param="response_format")
    if asked.name:
        blocks.note("response_format.name: dropped, there is no field for it")
    wanted = {"type": "json_schema", "schema": asked.schema}
    return {"output_config": {**body.get("output_config", {}), "format": wanted}}


def _user(request: Generate) -> str:
    """Find the field that tells one end user from another; empty if there is none."""
    fields = request.source.fields
    return next((name for name in _USERS if bytes(fields.get(name, b"")).startswith(b'"')), "")
