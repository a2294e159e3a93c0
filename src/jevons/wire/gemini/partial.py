"""Arguments of a call that come in pieces, put together again.

Each piece names a place by a JSONPath of names and numbers, and a value for it. A text may
come in several pieces, each of which says that the text goes on.

Rule: a place is only where a value can be put without inventing others: an array grows by one.

Source: Vertex AI docs, "Function calling", streaming of function call arguments
(`PartialArg`), read 2026-11; RFC 9535 for paths.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Literal, cast

import msgspec

from jevons.types.errors import ProviderGarbled

__all__ = ("Arguments", "PartialArg")

_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]]+)|\[(?P<index>\d{1,6})\]|\[(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\]"""
)
_LONGEST = 8 * 1024 * 1024  # characters of text in all, as an event's bytes
_DEEPEST = 64


class PartialArg(msgspec.Struct, rename="camel"):
    """One value, or some of one."""

    json_path: str = "$"
    string_value: str | None = None
    number_value: int | float | None = None
    bool_value: bool | None = None
    null_value: Literal["NULL_VALUE"] | None = None
    will_continue: bool | None = None


class Arguments:
    """The arguments of one call under way."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}
        self._open = ""
        self._length = 0

    def add(self, values: dict[str, Any]) -> None:
        """Take values that came whole."""
        self._root.update(values)

    def put(self, piece: PartialArg) -> None:
        """Put a value in its place.

        Raises:
            ProviderGarbled: Its place cannot be.
        """
        self._length += len(piece.string_value or "") + len(piece.json_path)
        if self._length > _LONGEST:
            message = f"the arguments of a call are longer than {_LONGEST} characters"
            raise ProviderGarbled(message)
        steps = _steps(piece.json_path)
        holder: Any = self._root
        for step, then in pairwise(steps):
            holder = _enter(holder, step, [] if isinstance(then, int) else {})
        value = _value(piece)
        if self._open == piece.json_path and isinstance(value, str):
            value = f"{_enter(holder, steps[-1], '')}{value}"
        _set(holder, steps[-1], value)
        self._open = piece.json_path if piece.will_continue else ""

    @property
    def is_cut(self) -> bool:
        """Whether the last of them is a text that goes on."""
        return bool(self._open)

    @property
    def text(self) -> str:
        """All of them, as JSON."""
        return msgspec.json.encode(self._root).decode()


def _steps(path: str) -> list[str | int]:
    """Take a path apart: `$.a[0]` is `a` and 0."""
    steps: list[str | int] = []
    at = 1
    while path.startswith("$") and at < len(path) and len(steps) < _DEEPEST:
        found = _STEP.match(path, at)
        if found is None:
            break
        steps.append(int(found["index"]) if found["index"] else found["name"] or found["quoted"])
        at = found.end()
    if not steps or at != len(path) or isinstance(steps[0], int):
        message = f"an argument of a call is at {path[:200]!r}, which is no place"
        raise ProviderGarbled(message)
    return steps


def _enter(holder: Any, step: str | int, empty: Any) -> Any:
    """Find what is at a place, or put something empty there."""
    if isinstance(holder, dict) and isinstance(step, str):
        return cast("dict[str, Any]", holder).setdefault(step, empty)
    if not isinstance(holder, list) or not isinstance(step, int):
        raise _misplaced(step)
    items = cast("list[Any]", holder)
    if step >= len(items):
        _set(items, step, empty)
    return items[step]


def _set(holder: Any, step: str | int, value: Any) -> None:
    if isinstance(holder, dict) and isinstance(step, str):
        holder[step] = value
    elif isinstance(holder, list) and isinstance(step, int):
        items = cast("list[Any]", holder)
        if step > len(items):
            raise _misplaced(step)
        items[step : step + 1] = [value]
    else:
        raise _misplaced(step)


def _misplaced(step: str | int) -> ProviderGarbled:
    return ProviderGarbled(f"an argument of a call has no place at {step!r}")


def _value(piece: PartialArg) -> str | int | float | bool | None:
    for value in (piece.string_value, piece.number_value, piece.bool_value):
        if value is not None:
            return value
    return None if piece.null_value else ""
