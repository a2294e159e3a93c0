"""A model that does what it is asked: what a test of a client expects, without weights.

Rule 1: it calls a tool when it has one that it has not called yet, and is asked by a user or
    made to; given the result, it answers.
Rule 2: arguments and JSON are filled from their schema, with what the question names: words in
    quotation marks for strings, the number in brackets for numbers.
Rule 3: it thinks aloud where it is asked to think.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("ANY", "THOUGHT", "WORDS", "Asked", "Call", "Said", "oblige")

ANY = "any"
"""In place of a tool's name: whichever."""
WORDS = "Nobody knows better than you."
THOUGHT = "They asked, so I answer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, whatever its dialect."""

    question: str
    """The last thing that a user said."""
    is_answered: bool = False
    """Whether the last thing in the conversation is a tool's result."""
    called: tuple[str, ...] = ()
    """Tools called since that question."""
    tools: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Schema of each tool's arguments, by its name."""
    must_call: str | None = None
    """A tool's name, or `ANY`; None leaves it to the model."""
    shape: Any = None
    """Schema of the answer; an empty one is any JSON."""
    thinks: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A call to a tool."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is answered."""

    text: str = ""
    thought: str = ""
    call: Call | None = None


def oblige(asked: Asked) -> Said:
    """Answer."""
    thought = THOUGHT if asked.thinks else ""
    name = _tool(asked)
    if name is not None:
        arguments = json.dumps(_fill(asked.tools[name], asked), ensure_ascii=False)
        return Said(thought=thought, call=Call(name, arguments))
    if asked.shape is not None:
        return Said(thought=thought, text=json.dumps(_document(asked), ensure_ascii=False))
    return Said(thought=thought, text=WORDS)


def _tool(asked: Asked) -> str | None:
    """Choose the tool to call, if any."""
    if asked.must_call in asked.tools:
        return asked.must_call
    fresh = [name for name in asked.tools if name not in asked.called]
    if asked.must_call:
        return (fresh or [*asked.tools])[0]
    return fresh[0] if fresh and not asked.is_answered else None


def _document(asked: Asked) -> Any:
    """Make JSON of the shape, or else with the keys that the question names."""
    return _fill(asked.shape, asked) if asked.shape else dict.fromkeys(_quoted(asked), WORDS)


def _fill(schema: Any, asked: Asked, root: Any = None) -> Any:
    """Make the plainest value that a schema allows."""
    root = schema if root is None else root
    if "$ref" in schema:
        return _fill(_resolved(schema["$ref"], root), asked, root)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _fill(schema[several][0], asked, root)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    kind: Any = schema.get("type", "object")
    kind = kind if isinstance(kind, str) else kind[0]
    if kind == "object":
        inner: Mapping[str, Any] = schema.get("properties", {})
        return {name: _fill(each, asked, root) for name, each in inner.items()}
    if kind == "array":
        return [_fill(schema.get("items", {"type": "string"}), asked, root)]
    return {
        "string": [*_quoted(asked), WORDS][0],
        "integer": _number(asked),
        "number": _number(asked),
        "boolean": True,
        "null": None,
    }[kind]


def _resolved(reference: str, root: Any) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        root = root[step]
    return root


def _quoted(asked: Asked) -> list[str]:
    return re.findall(r"'([^']+)'", asked.question)


def _number(asked: Asked) -> int:
    named = re.search(r"\((\d+)\)", asked.question)
    return int(named[1]) if named else 1
