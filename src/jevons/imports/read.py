"""A configuration's text as plain values. Whatever is wrong with it, the message names the line.

Rule 1: text is data: nothing in it makes an object or runs.
Rule 2: what a short text unfolds into is bounded before it is unfolded.
Rule 3: a key that stands twice is refused, since nobody can tell which was meant.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import yaml

from jevons.types.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ("read_json", "read_yaml")

LONGEST_CHARS = 1024 * 1024
DEEPEST = 40
MOST_VALUES = 50_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C's where the wheel has it
_compose = cast(
    "Callable[[str], yaml.Node | None]", partial(cast("Any", yaml).compose, Loader=_LOADER)
)
_parse = cast(
    "Callable[[str], Iterator[yaml.Event]]", partial(cast("Any", yaml).parse, Loader=_LOADER)
)
_MERGE = "tag:yaml.org,2002:merge"
_MAPPING = "tag:yaml.org,2002:map"
_SEQUENCE = "tag:yaml.org,2002:seq"
_TIME = "tag:yaml.org,2002:timestamp"  # stays text: nobody means a moment by an API version
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]|\n', re.DOTALL)


def read_yaml(text: str) -> dict[str, object]:
    """Read one YAML document.

    Args:
        text: All of it.

    Returns:
        Its mapping. Keys are text as it is written; anchors are written out, merges are done.

    Raises:
        Malformed: It is not YAML, not a mapping, too large, or has a key twice.
    """
    _refuse_long(text)
    try:
        _refuse_deep(_depths(text))
        root = _compose(text)
        tree = _Unfolding().value(root, 0) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.count("\n")) if mark else 0  # the end is on the last line
        raise _wrong(line + 1, error.problem or "it is not YAML") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _wrong(line, "a character that YAML does not allow") from None
    return _mapping(tree)


def read_json(text: str) -> dict[str, object]:
    """Read one JSON object.

    Args:
        text: All of it.

    Raises:
        Malformed: It is not JSON, not an object, too large, or has a key twice.
    """
    _refuse_long(text)
    _refuse_deep(_brackets(text))

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        read = dict(pairs)
        if len(read) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise _twice(text, twice)
        return read

    try:
        return _mapping(_sound(json.loads(text, object_pairs_hook=once)))
    except json.JSONDecodeError as error:
        raise _wrong(error.lineno, error.msg[:1].lower() + error.msg[1:]) from None
    except ValueError:
        raise _wrong(1, "a number is too long") from None


class _Unfolding:
    """Makes values out of nodes, and counts them: an alias costs what it stands for."""

    def __init__(self) -> None:
        self._count = 0
        scalars: Any = yaml.constructor.SafeConstructor()
        self._scalar_of = cast("Callable[[yaml.Node], object]", scalars.construct_object)

    def value(self, node: yaml.Node, depth: int) -> object:
        self._count += 1
        if self._count > MOST_VALUES:
            raise _wrong(_line(node), f"more than {MOST_VALUES} values, aliases written out")
        if depth > DEEPEST:
            raise _wrong(_line(node), f"more than {DEEPEST} levels deep, aliases written out")
        if isinstance(node, yaml.MappingNode) and node.tag == _MAPPING:
            return self._pairs(node, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == _SEQUENCE:
            return [self.value(each, depth + 1) for each in node.value]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        raise _wrong(_line(node), f"the tag {node.tag!r} is not taken")

    def _scalar(self, node: yaml.ScalarNode) -> object:
        if node.tag == _TIME:
            return node.value
        try:
            value = self._scalar_of(node)
        except ValueError:
            raise _wrong(_line(node), "a number that cannot be one") from None
        if value is not None and not isinstance(value, str | int | float):
            raise _wrong(_line(node), f"the tag {node.tag!r} is not taken")
        return value

    def _pairs(self, node: yaml.MappingNode, depth: int) -> dict[str, object]:
        """Read a mapping; what is merged in stands behind what it says itself."""
        own: dict[str, object] = {}
        merged: dict[str, object] = {}
        pairs = cast("list[tuple[yaml.Node, yaml.Node]]", node.value)
        for key, value in pairs:
            if key.tag == _MERGE:
                self._merge(merged, value, depth)
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise _wrong(_line(key), "a key must be text")
            if key.value in own:
                raise _wrong(_line(key), f"the key {key.value!r} is there twice")
            own[key.value] = self.value(value, depth + 1)
        return merged | own

    def _merge(self, merged: dict[str, object], node: yaml.Node, depth: int) -> None:
        many = isinstance(node, yaml.SequenceNode)
        each: list[yaml.Node] = node.value if many else [node]
        for source in each:
            if not isinstance(source, yaml.MappingNode):
                raise _wrong(_line(source), "`<<` takes mappings")
            found = cast("dict[str, object]", self.value(source, depth + 1))
            for name, value in found.items():
                merged.setdefault(name, value)


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """Yield each level that opens, and its line, without building anything."""
    depth = 0
    for event in _parse(text):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            yield depth, event.start_mark.line + 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """Yield each level that opens, and its line; text in quotes opens none."""
    depth, line = 0, 1
    for found in _BRACKETS.finditer(text):
        mark = found.group()
        line += mark.count("\n")
        if mark in "[{":
            depth += 1
            yield depth, line
        elif mark in "]}":
            depth -= 1


def _refuse_deep(depths: Iterator[tuple[int, int]]) -> None:
    for depth, line in depths:
        if depth > DEEPEST:
            raise _wrong(line, f"more than {DEEPEST} levels deep")


def _refuse_long(text: str) -> None:
    if len(text) > LONGEST_CHARS:
        message = f"the configuration has {len(text)} characters; {LONGEST_CHARS} are taken"
        raise Malformed(message)


def _sound(value: object) -> object:
    """Refuse halves of characters, which JSON can spell and no file can hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _wrong(1, "an escape that is half a character") from None
    return value


def _mapping(tree: object) -> dict[str, object]:
    if not isinstance(tree, dict) or not tree:
        kind = f"a {type(cast('object', tree)).__name__}" if tree else "empty"
        raise _wrong(1, f"it must be a mapping with something in it; it is {kind}")
    return cast("dict[str, object]", tree)


def _twice(text: str, name: str) -> Malformed:
    spelled = re.compile(re.escape(json.dumps(name, ensure_ascii=False)) + r"\s*:")
    lines = [text.count("\n", 0, found.start()) + 1 for found in spelled.finditer(text)]
    where = " and ".join([str(line) for line in lines]) or "1"
    message = f"line {where}: the key {name!r} is there twice in one object"
    return Malformed(message)


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


def _wrong(line: int, what: str) -> Malformed:
    return Malformed(f"line {line}: {what}")
