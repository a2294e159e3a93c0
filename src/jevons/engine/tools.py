"""Tools for an engine that cannot be made to call one.

llama.cpp does not enforce `tool_choice`, and small models write calls in ways no parser
knows. It does enforce a JSON schema. So the tools become one schema, with a branch for
each and one for a plain reply, and what comes back is turned into a call again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from jevons.types.request import Generate, Tool

__all__ = ("Decided", "decide", "instruction", "schema")


class Decided(msgspec.Struct, frozen=True):
    """What the model chose."""

    name: str
    """Empty for a plain reply."""
    arguments: str
    """JSON text; of a plain reply the reply itself."""


def schema(request: Generate) -> dict[str, Any]:
    """Write the schema that admits every choice the request allows, and no other."""
    branches = [_branch(tool) for tool in _offered(request)]
    if request.tool_choice == "auto":
        branches.append(
            {
                "type": "object",
                "properties": {"tool": {"const": "none"}, "reply": {"type": "string"}},
                "required": ["tool", "reply"],
                "additionalProperties": False,
            }
        )
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def instruction(request: Generate) -> str:
    """Tell the model, in a system message, what the schema will make it write."""
    offered = [
        {
            "name": tool.name,
            "description": tool.description,
            "parameters": msgspec.json.decode(tool.parameters),
        }
        for tool in _offered(request)
    ]
    reply = ""
    if request.tool_choice == "auto":
        reply = ' If no tool fits, reply directly with {"tool": "none", "reply": "…"}.'
    return (
        "You can call tools. Choose the one that serves the user's request and answer with JSON: "
        '{"tool": name, "arguments": {…}}.'
        f"{reply}\nTools: {msgspec.json.encode(offered).decode()}"
    )


def decide(text: str) -> Decided:
    """Read what the model wrote.

    Raises:
        msgspec.MsgspecError: It was cut off before it was JSON.
    """
    said: dict[str, msgspec.Raw] = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    name = msgspec.json.decode(said.get("tool", b'"none"'), type=str)
    if name == "none":
        return Decided("", msgspec.json.decode(said.get("reply", b'""'), type=str))
    return Decided(name, bytes(said.get("arguments", b"{}")).decode())


def _offered(request: Generate) -> tuple[Tool, ...]:
    """List the tools that may be called: all, or the one that was named."""
    if request.tool_choice in {"auto", "required"}:
        return request.tools
    return tuple([tool for tool in request.tools if tool.name == request.tool_choice])


def _branch(tool: Tool) -> dict[str, Any]:
    parameters: Any = msgspec.json.decode(tool.parameters)
    return {
        "type": "object",
        "properties": {
            "tool": {"const": tool.name},
            "arguments": {"type": "object", **parameters} if parameters else {"type": "object"},
        },
        "required": ["tool", "arguments"],
        "additionalProperties": False,
    }
