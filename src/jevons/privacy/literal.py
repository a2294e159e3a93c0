"""The strings and numbers of a JSON text: read one by one, and rewritten where they stand.

Rule 1: what is not rewritten stays as it came: order, spacing, a name that stands twice, a number
    of any length. Whoever reads the text next sees all that was looked at, and nothing else.
Rule 2: a string that is JSON itself, as the arguments of a tool are, is read literal by literal.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ("Literal", "literals", "rewritten")

# RFC 8259, sections 6 and 7; what follows a string tells whether it is a name. The first
# character is a plain set, to which `re` skips quickly.
_LITERAL = re.compile(
    r'["0-9-](?:(?<=")([^"\\]*+(?:\\.[^"\\]*+)*+)"([ \t\n\r]*+:)?|(?<=[0-9-])[0-9.eE+-]*+)'
)
_JSON = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[msgspec.Raw])
_BRACKETS = frozenset("[{")
_OPENING = _BRACKETS | frozenset(" \t\n\r")
_DEEPEST = 8
"""JSON within JSON within JSON: what is deeper is read as text."""


class Literal(NamedTuple):
    """One string or number."""

    said: str
    """As it reads: a string without its escapes, a number as it is written."""
    name: str = ""
    """Of the member whose value it is, or stands in."""
    is_name: bool = False
    """Whether it is the name of a member itself."""


def literals(text: str, *, name: str = "", depth: int = 0) -> Iterator[Literal]:
    """Read every string and number of a JSON text, in order.

    Args:
        text: Valid JSON.
        name: Of the member whose value it is.
        depth: How many strings it stands in.

    Raises:
        ValueError: A string of it is none.
    """
    for found in _LITERAL.finditer(text):
        string, colon = found.groups()
        if string is None:
            yield Literal(found[0], name)
        elif colon is not None:
            name = _read(string)
            yield Literal(name, "", True)  # noqa: FBT003 by name it takes twice the time
        elif _is_json(said := _read(string), depth):
            yield from literals(said, name=name, depth=depth + 1)
        else:
            yield Literal(said, name)


def rewritten(text: str, write: Callable[[Literal], str], *, name: str = "", depth: int = 0) -> str:
    """Write every string and number of a JSON text anew.

    Args:
        text: Valid JSON.
        write: Says how a literal is to read; a number that is to read otherwise becomes a string.
        name: Of the member whose value it is.
        depth: How many strings it stands in.

    Raises:
        ValueError: A string of it is none.
    """
    pieces: list[str] = []
    done = 0
    for found in _LITERAL.finditer(text):
        string, colon = found.groups()
        is_name = colon is not None
        said = found[0] if string is None else _read(string)
        if string is not None and not is_name and _is_json(said, depth):
            anew = rewritten(said, write, name=name, depth=depth + 1)
        else:
            anew = write(Literal(said, "" if is_name else name, is_name))
        if is_name:
            name = said
        if anew != said:
            pieces += (text[done : found.start()], json.dumps(anew), colon or "")
            done = found.end()
    pieces.append(text[done:])
    return "".join(pieces)


def _read(string: str) -> str:
    """Read what stands between quotation marks; a half of a surrogate pair is let be."""
    if "\\" not in string:
        return string
    said: str = json.loads(f'"{string}"', strict=False)
    return said


def _is_json(said: str, depth: int) -> bool:
    """Whether a string holds an object or a list, whole."""
    if said[:1] not in _OPENING or depth >= _DEEPEST or said.lstrip()[:1] not in _BRACKETS:
        return False
    try:
        _JSON.decode(said)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return False
    return True
