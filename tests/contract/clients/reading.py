"""What the fake vendor's three dialects have in common: turns read, pieces written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from tests.contract.clients.obliging import ANY

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = (
    "CACHED",
    "CALL",
    "COUNTED",
    "CREATED_S",
    "JSON",
    "PONDERED",
    "SEALED",
    "WRITTEN",
    "called",
    "dump",
    "halves",
    "must",
    "named",
    "parts_of",
    "since",
    "within",
)

JSON = dict[str, Any]

CALL = "call_1"
"""Id of the vendor's call."""
COUNTED = 11
"""Tokens that it says a prompt has."""
WRITTEN = 7
"""Tokens that it says an answer has."""
SEALED = "c2VhbGVk"
"""What its thinking is signed with."""
CACHED = 4
"""Of those of a prompt, how many it had read before."""
PONDERED = 3
"""Of those of an answer, how many are thinking, if it thinks."""
CREATED_S = 1_767_225_600


def since(turns: list[JSON], *, results: set[str]) -> JSON:
    """Find the last question, and whether a tool's result came last."""
    spoken = [text for turn in turns if turn.get("role") == "user" and (text := _text(turn))]
    kinds = {
        turns[-1].get("role"),
        turns[-1].get("type"),
        *[it["type"] for it in parts_of(turns[-1])],
    }
    return {"question": spoken[-1] if spoken else "", "is_answered": bool(results & kinds)}


def parts_of(turn: JSON) -> list[JSON]:
    """List the parts of a turn that has some."""
    content = turn.get("content")
    return cast("list[JSON]", content) if isinstance(content, list) else []


def called(calls: Iterable[JSON]) -> tuple[str, ...]:
    """List the tools that were called."""
    return tuple([(call.get("function") or call)["name"] for call in calls])


def must(choice: Any) -> str | None:
    """Read what a dialect says of who chooses: a tool's name, any of them, or None."""
    if isinstance(choice, str) or choice is None:
        return ANY if choice in {"required", "any"} else None
    said: JSON = choice.get("function") or choice
    return said.get("name") or must(said["type"])


def within(body: JSON, *names: str) -> Any:
    """Find what a field of a field says; None says nothing."""
    found: Any = body
    for name in names:
        outer: JSON = found or {}
        found = outer.get(name)
    return found


def halves(text: str) -> list[str]:
    """Take a text apart, to be told in pieces."""
    middle = len(text) // 2
    return [half for half in (text[:middle], text[middle:]) if half]


def dump(value: Any) -> str:
    """Write JSON, with letters of every alphabet as they are."""
    return json.dumps(value, ensure_ascii=False)


def named(kind: str, **fields: Any) -> bytes:
    """Write one event that has a name."""
    return f"event: {kind}\ndata: {dump({'type': kind, **fields})}\n\n".encode()


def _text(turn: JSON) -> str:
    content = turn["content"]
    said = [part.get("text", "") for part in parts_of(turn)]
    return content if isinstance(content, str) else "".join(said)
