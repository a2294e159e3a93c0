"""What a request says, as text to look at.

Rule 1: whatever can go out is in it: every field but the model's name, known or not, names of
    members and numbers included, what was said before, and the caller's header lines.
Rule 2: a value stands behind the name of its member, since that may say what it is; beside nothing
    else, and once.
Rule 3: what is no text, as a picture in Base64, is not in it, and is named as not read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.privacy.literal import literals
from jevons.privacy.near import PARTED
from jevons.types.message import Audio, File, Image, Opaque, Reasoning, ToolResult

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from jevons.privacy.literal import Literal
    from jevons.types.message import Part
    from jevons.types.request import Generate, Source

__all__ = ("Place", "View", "apart", "is_text", "lead", "spoken", "unread", "view")

_encode = msgspec.json.Encoder().encode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_LISTS = frozenset({"contents", "input", "messages", "tools"})
"""Fields of dialects whose elements are read as turns or tools, and have their own lists bounded."""
_BRACKET = ord("[")
_SHORT_BYTES = 128
"""A field that is no longer is laid with its like: to cut it off would cost more than to read it."""

_LONG = 200
"""Characters. A row of letters and digits that is longer is no word of any language."""
# RFC 4648: Base64, that of URLs included.
_CODE = r"[A-Za-z0-9+/_=-]"
_BLOB = re.compile(rf"(?<!{_CODE}){_CODE}{{{_LONG}}}")
_DATA_URL = re.compile(r"data:(?P<kind>[a-z]*)/?[^,\s]{0,200},")
_KINDS: Mapping[str, str] = MappingProxyType({"image": "image", "audio": "audio"})
"""Of a data URL, by the first half of its media type; every other is a file."""

_OF_DIALECT = frozenset({"call", "call_id", "id", "item_id", "tool_call_id", "tool_use_id"})
"""Names in dialects, beside which a number is none that is to be called by telephone."""
_MARKS = frozenset(
    {
        "encrypted_content",
        "encrypted_index",
        "opaque",
        "signature",
        "thoughtSignature",
        "thought_signature",
    }
)
_MARK = re.compile(rf"(?:jevons:[a-z0-9-]*:)?{_CODE}*+")
"""What an endpoint wrote for itself alone, and gets back: see `jevons.wire.seal`."""

# Parts with a meaning in one dialect only whose content is all in their own words. Source:
# Anthropic API reference, "Create a Message"; OpenAI API reference, "Responses"; read 2026-11-29.
_WORDS = frozenset(
    [
        "apply_patch_call",
        "apply_patch_call_output",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "custom_tool_call",
        "custom_tool_call_output",
        "local_shell_call",
        "local_shell_call_output",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_call",
        "mcp_list_tools",
        "mcp_tool_result",
        "mcp_tool_use",
        "search_result",
        "server_tool_use",
        "shell_call",
        "shell_call_output",
        "text_editor_code_execution_tool_result",
        "tool_reference",
        "tool_search_tool_result",
        "web_fetch_tool_result",
        "web_search_call",
        "web_search_tool_result",
    ]
)
_OTHER = "other"


class View(NamedTuple):
    """What a request says, one value a line."""

    text: str
    values: tuple[int, ...]
    """Where each value begins, behind its name; ascending."""

    def value(self, start: int, end: int) -> Place:
        """Take from what was found the name that a value stands behind, and blanks around it."""
        at = bisect_right(self.values, end - 1) - 1
        start = max(start, self.values[at]) if at >= 0 else start
        said = self.text[start:end]
        blank = len(said) - len(said.lstrip())
        said = said.strip()
        return Place(start + blank, said)


class Place(NamedTuple):
    """Something that was found in a view."""

    start: int
    said: str

    @property
    def end(self) -> int:
        """Past its last character."""
        return self.start + len(self.said)


def spoken(source: Source) -> str:
    """Write all of a request that can go out, but for its model's name, as JSON."""
    fields = {name: raw for name, raw in source.fields.items() if name != "model"}
    return _encode((fields, source.headers)).decode()


def apart(source: Source) -> list[bytes]:
    """Write all of a request that can go out, as JSON in pieces that may come again by themselves.

    What stands in two pieces has nothing to say of each other: each message and each tool is one,
    and so is each long field.
    """
    pieces: list[bytes] = []
    short: dict[str, msgspec.Raw] = {}
    for name, raw in source.fields.items():
        if name in _LISTS and memoryview(raw)[0] == _BRACKET:
            begun = b'{"%b":' % name.encode()
            pieces += [b"%b%b}" % (begun, each) for each in _elements(raw)]
        elif name != "model":
            if len(memoryview(raw)) > _SHORT_BYTES:
                pieces.append(_encode({name: raw}))
            else:
                short[name] = raw
    pieces.append(_encode((short, source.headers)))
    return pieces


def view(text: str, *, named: bool = True) -> View:
    """Lay out what a JSON text says.

    Args:
        text: As `spoken` writes it.
        named: Whether the names of members are their caller's, and say what a value is.

    Raises:
        ValueError: A string of it is none.
    """
    lines: list[str] = []
    values: list[int] = []
    seen: set[Literal] = set()
    size = 0
    for literal in literals(text):
        if literal in seen or not is_text(literal):
            continue
        seen.add(literal)
        before = lead(literal) if named else ""
        values.append(size + len(before))
        lines.append(before + literal.said)
        size += len(before) + len(literal.said) + len(PARTED)
    return View(PARTED.join(lines), tuple(values))


def lead(literal: Literal) -> str:
    """Write the name that a value stands behind, if it may say what the value is."""
    name = literal.name
    return f"{name}: " if name and name not in _OF_DIALECT else ""


def is_text(literal: Literal) -> bool:
    """Whether a string is one to look at: no data in Base64, and no mark of an endpoint's own."""
    said = literal.said
    if literal.name in _MARKS and _MARK.fullmatch(said):
        return False
    return len(said) < _LONG or not (_DATA_URL.match(said) or _BLOB.match(said))


def unread(request: Generate, text: str) -> tuple[str, ...]:
    """Name what cannot be looked through: `image`, `audio`, `file`, `other`; each once.

    Args:
        request: What was asked.
        text: The same as `spoken` writes it.
    """
    parts = [part for message in request.messages for part in message.parts]
    named = dict.fromkeys(_media(parts))
    if _is_unbroken(text) and _BLOB.search(text):
        marks = {part.opaque for part in parts if isinstance(part, Reasoning)}
        named |= dict.fromkeys(_blobs(text, marks, is_named=bool(named)))
    return tuple(named)


def _is_unbroken(text: str) -> bool:
    """Whether a text has a row of so many characters without a space; quicker than to search it."""
    for middle in range(_LONG - 1, len(text), _LONG):  # each such row has one of these in it
        before = text.rfind(" ", max(0, middle - _LONG + 1), middle + 1)
        after = text.find(" ", middle, middle + _LONG)
        start = max(0, middle - _LONG + 1) if before < 0 else before + 1
        end = min(len(text), middle + _LONG) if after < 0 else after
        if end - start >= _LONG:
            return True
    return False


def _blobs(text: str, marks: Container[str | None], *, is_named: bool) -> Iterator[str]:
    for literal in literals(text):
        said = literal.said
        if len(said) < _LONG or said in marks or not _BLOB.search(said):
            continue
        if literal.name in _MARKS and _MARK.fullmatch(said):
            continue
        url = _DATA_URL.search(said)
        if url is not None:
            yield _KINDS.get(url["kind"], "file")
        elif not is_named:  # else it is of what has a name already
            yield "file"


def _media(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        match part:
            case Image():
                yield "image"
            case Audio():
                yield "audio"
            case File():
                yield "file"
            case Opaque() if part.kind not in _WORDS:
                yield _OTHER
            case ToolResult():
                yield from _media(part.parts)
            case _:
                pass
