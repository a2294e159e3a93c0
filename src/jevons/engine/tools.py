"""Tools for an engine that cannot be made to call one.

llama.cpp does not enforce `tool_choice`, and small models write calls in ways no parser
knows. It does enforce a JSON schema. So the tools become one schema, with a branch for
each and one for a plain reply, and what comes back is turned into a call again, by
`jevons.engine.choice`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.request import Tool

if TYPE_CHECKING:
    from jevons.types.request import Generate

__all__ = ("instruct", "schema")


def schema(request: Generate) -> dict[str, Any]:
    """Write the schema that admits every choice the request allows, and no other.

    `tool` comes first in every branch: that is how `choice` knows early what follows.
    """
    branches = [_branch(tool) for tool in _offered(request)]
    if request.tool_choice == "auto":
        branches.append(_object(tool={"const": "none"}, reply={"type": "string"}))
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def instruct(request: Generate, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tell the model what the schema will make it write.

    In the caller's own system message where there is one: templates of many models take
    only one, and that at the start.
    """
    first = messages[0] if messages else {}
    told = _instruction(request)
    if first.get("role") not in {"system", "developer"}:
        return [{"role": "system", "content": told}, *messages]
    return [{**first, "content": _joined(first.get("content"), told)}, *messages[1:]]


def _joined(content: Any, told: str) -> Any:
    if isinstance(content, list):
        return [*content, {"type": "text", "text": told}]
    return f"{content}\n\n{told}" if content else told


def _instruction(request: Generate) -> str:
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


def _offered(request: Generate) -> tuple[Tool, ...]:
    """List the tools that may be called: all, or the one that was named."""
    ours = tuple([tool for tool in request.tools if isinstance(tool, Tool)])
    if request.tool_choice != "named":
        return ours
    return tuple([tool for tool in ours if tool.name == request.tool])


def _branch(tool: Tool) -> dict[str, Any]:
    parameters: Any = msgspec.json.decode(tool.parameters)
    return _object(tool={"const": tool.name}, arguments={"type": "object", **parameters})


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
