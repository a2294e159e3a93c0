"""Whether JSON has the shape that was asked for, as far as that can be told here.

Not the whole of JSON Schema: what endpoints take for structured answers and tools, and no more.

Rule 1: a word that is not known here, and that may forbid something, is not fitted: whoever asks
    goes on as if the answer were wrong.
Rule 2: no pattern of anybody else is run: it could take for ever.

Source: JSON Schema, draft 2020-12, "Validation"; `format` says nothing there unless that is asked for.
"""

from __future__ import annotations

import json
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from jevons.pick.agreement import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jevons.types.decision import Canonical

__all__ = ("fits",)

_LONGEST_BYTES = 65_536
_MOST_STEPS = 10_000
"""Parts of a schema that a value is held against: parts may name each other without end."""
_SAYS_NOTHING = frozenset(
    {"$comment", "$defs", "$id", "$schema", "default", "definitions", "deprecated", "description"}
    | {"examples", "format", "readOnly", "strict", "title", "writeOnly"}
)
_KINDS: Mapping[str, type] = MappingProxyType(
    {"array": list, "boolean": bool, "null": type(None), "object": dict, "string": str}
)


def fits(text: str, schema: bytes) -> bool:
    """Whether a JSON text has the shape of a schema; False also where that cannot be told."""
    if len(schema) > _LONGEST_BYTES or canonical_json(text) is None:
        return False
    try:
        root = json.loads(schema)
        return _Checking(root).fits(json.loads(text), root)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        return False


class _Checking:
    """One schema, whose parts may name each other."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._left = _MOST_STEPS

    def fits(self, value: Any, schema: Any) -> bool:
        """Hold a value against a part of the schema.

        Raises:
            ValueError: It takes too long to tell.
        """
        self._step()
        if isinstance(schema, bool):
            return schema
        rules = cast("dict[str, Any]", schema)
        return all(
            self._holds(word, said, value, rules)
            for word, said in rules.items()
            if word not in _SAYS_NOTHING
        )

    def _step(self, steps: int = 1) -> None:
        self._left -= steps
        if self._left < 0:
            raise ValueError(_MOST_STEPS)

    def _holds(self, word: str, said: Any, value: Any, rules: dict[str, Any]) -> bool:
        if word == "$ref":
            return self.fits(value, self._named(said))
        if word in {"allOf", "anyOf", "oneOf"}:
            fitting = sum([self.fits(value, each) for each in said])
            return {"allOf": fitting == len(said), "oneOf": fitting == 1}.get(word, fitting > 0)
        if word == "enum":
            self._step(len(said))
            own = _plainly(value)
            return any(own == _plainly(each) for each in said)
        if word == "items":
            items = cast("list[Any]", value) if isinstance(value, list) else []
            return all(self.fits(each, said) for each in items)
        if word in {"properties", "additionalProperties", "required"}:
            named = cast("dict[str, Any]", value) if isinstance(value, dict) else None
            return named is None or self._holds_names(word, said, named, rules)
        return _is_one_of(word, said, value)

    def _holds_names(
        self, word: str, said: Any, value: dict[str, Any], rules: dict[str, Any]
    ) -> bool:
        """Hold an object's names against what is said of them."""
        if word == "required":
            return all(name in value for name in said)
        if word == "properties":
            return all(self.fits(value[name], said[name]) for name in said if name in value)
        named = rules.get("properties", {})
        return all(self.fits(each, said) for name, each in value.items() if name not in named)

    def _named(self, said: str) -> Any:
        """Find a part of the schema that another names: `#`, `#/$defs/…`."""
        if not said.startswith("#"):
            raise KeyError(said)
        found = self._root
        for name in said.removeprefix("#").split("/")[1:]:
            found = found[name.replace("~1", "/").replace("~0", "~")]
        return found


def _is_one_of(word: str, said: Any, value: Any) -> bool:
    """Hold a value against a word that names no other part; False for one that is not known."""
    if word == "type":
        return any(_is(value, kind) for kind in ([said] if isinstance(said, str) else said))
    if word == "const":
        return _plainly(value) == _plainly(said)
    if word in _BOUNDS:
        kind, read, holds = _BOUNDS[word]
        return not _is(value, kind) or holds(read(value), said)
    return False


def _is(value: Any, kind: str) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "number":
        return is_number
    if kind == "integer":
        return is_number and value == int(value)
    return isinstance(value, _KINDS[kind])


def _plainly(value: Any) -> Canonical | None:
    """Write a value in the one way in which `true` is not 1, and 1.0 is."""
    return canonical_json(json.dumps(value))


def _itself(value: Any) -> Any:
    return value


_BOUNDS: Mapping[str, tuple[str, Callable[[Any], Any], Callable[[Any, Any], bool]]] = (
    MappingProxyType(
        {
            "minimum": ("number", _itself, ge),
            "maximum": ("number", _itself, le),
            "exclusiveMinimum": ("number", _itself, gt),
            "exclusiveMaximum": ("number", _itself, lt),
            "minLength": ("string", len, ge),
            "maxLength": ("string", len, le),
            "minItems": ("array", len, ge),
            "maxItems": ("array", len, le),
            "minProperties": ("object", len, ge),
            "maxProperties": ("object", len, le),
        }
    )
)
