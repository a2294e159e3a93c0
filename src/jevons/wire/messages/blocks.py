"""Canonical parts as content blocks of Anthropic's Messages dialect.

Rule 1: a text that says nothing is not sent: the dialect refuses one.
Rule 2: thinking goes to its owner only, exactly as it was.
Rule 3: ids of calls that the dialect does not take are given another, the same one wherever
    they are named.
Rule 4: what this dialect cannot say is refused; what is only a hint is dropped, and named.

Sources, read 2026-11: Anthropic API reference, "Create a Message"; Anthropic docs, "Vision",
"PDF support" and "Extended thinking".
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from jevons.types.errors import Unsupported
from jevons.types.message import (
    File,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.wire.messages.arguments import WRAP, input_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.types.message import Part

__all__ = ("Block", "Blocks", "text_block")

Block = dict[str, Any]

_DATA = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*;base64,(?P<data>.*)", re.DOTALL
)
_ID = re.compile(r"[a-zA-Z0-9_-]+")
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")
_DIGEST_LENGTH = 8  # characters that keep two ids apart which differ in what is not taken
_PDF = "application/pdf"


def text_block(text: str) -> Block:
    """Write a text."""
    return {"type": "text", "text": text}


class Blocks:
    """Writes parts, and keeps what was dropped or altered.

    Args:
        owner: Vendor that they go to.
    """

    def __init__(self, *, owner: str) -> None:
        self._owner = owner
        self._changed: dict[str, None] = {}

    @property
    def changed(self) -> tuple[str, ...]:
        """What was dropped or altered; each of it once."""
        return tuple(self._changed)

    def note(self, change: str) -> None:
        """Name a change."""
        self._changed[change] = None

    def write(self, parts: Sequence[Part], where: str) -> list[Block]:
        """Write parts of one message.

        Args:
            parts: Of any dialect.
            where: The message's path.

        Raises:
            Unsupported: One cannot be said in this dialect.
        """
        blocks = [self._part(part, where) for part in parts]
        return [block for block in blocks if block is not None]

    def _part(self, part: Part, where: str) -> Block | None:
        match part:
            case Text() | Refusal():
                return self._text(part)
            case Image():
                return self._image(part, where)
            case File():
                return self._file(part, where)
            case ToolCall():
                return self._call(part)
            case ToolResult():
                return self._result(part, where)
            case Reasoning():
                return self._thinking(part)
            case _:
                kind = part.kind if isinstance(part, Opaque) else type(part).__name__.lower()
                message = f"{where} holds a part of kind {kind!r}, which this dialect cannot say"
                raise Unsupported(message, param=where)

    def _text(self, part: Text | Refusal) -> Block | None:
        if not part.text.strip():
            self.note("messages.content: texts that say nothing were dropped, they are refused")
            return None
        if isinstance(part, Refusal):
            self.note("messages.content: a refusal was sent as text, there is no other way")
        return text_block(part.text)

    def _image(self, image: Image, where: str) -> Block:
        if image.detail is not None:
            self.note("messages.content.detail: dropped, there is no field for it")
        return {"type": "image", "source": _source(image, where)}

    def _file(self, file: File, where: str) -> Block:
        block: Block = {"type": "document", "source": _source(file, where)}
        return {**block, "title": file.name} if file.name else block

    def _call(self, call: ToolCall) -> Block:
        if call.opaque is not None:
            whose = repr(call.owner) if call.owner else "nobody"
            self.note(f"messages: a mark of {whose} on a call to a tool was dropped")
        given = input_of(call.arguments)
        if given.is_wrapped:
            self.note(f"messages: arguments that are no JSON object were sent as {WRAP}")
        return {
            "type": "tool_use",
            "id": self._id(call.id),
            "name": call.name,
            "input": given.raw,
        }

    def _result(self, result: ToolResult, where: str) -> Block:
        block: Block = {"type": "tool_result", "tool_use_id": self._id(result.call)}
        for part in result.parts:
            if isinstance(part, ToolCall | ToolResult | Reasoning):
                message = f"{where} answers a call with a {type(part).__name__}"
                raise Unsupported(message, param=where)
        said = self.write(result.parts, where)
        if said:
            is_text = len(said) == 1 and said[0]["type"] == "text"
            block["content"] = said[0]["text"] if is_text else said
        return {**block, "is_error": True} if result.failed else block

    def _id(self, name: str) -> str:
        if _ID.fullmatch(name):
            return name
        digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
        self.note("messages: ids of calls were altered to letters, digits, '_' and '-'")
        return f"{_NOT_IN_IDS.sub('_', name)}_{digest}"

    def _thinking(self, part: Reasoning) -> Block | None:
        if not self._owner or part.owner != self._owner:
            whose = repr(part.owner) if part.owner else "nobody knows whom"
            self.note(f"messages: reasoning of {whose} was dropped, it is its owner's alone")
            return None
        if part.kind == "redacted":
            return {"type": "redacted_thinking", "data": part.opaque or ""}
        return {"type": "thinking", "thinking": part.text, "signature": part.opaque or ""}


def _source(part: Image | File, where: str) -> Block:
    """Write where a picture or a document is.

    Raises:
        Unsupported: The dialect takes none of its kind.
    """
    if part.id:
        return {"type": "file", "file_id": part.id}
    if part.url.startswith(("https:", "http:")):
        return {"type": "url", "url": part.url}
    found = _DATA.fullmatch(part.url)
    if found is None:
        message = f"{where} holds a file that is at no https: or base64 data: URL, nor has an id"
        raise Unsupported(message, param=where)
    kind = found["type"] or ("image/jpeg" if isinstance(part, Image) else _PDF)
    if isinstance(part, Image) or kind == _PDF:
        return {"type": "base64", "media_type": kind, "data": found["data"]}
    return {"type": "text", "media_type": "text/plain", "data": _words(kind, found["data"], where)}


def _words(kind: str, data: str, where: str) -> str:
    """Read a document that is plain text."""
    try:
        if kind.startswith("text/"):
            return b64decode(data, validate=True).decode()
    except ValueError:
        kind = f"{kind}, not UTF-8 in base64"
    message = f"{where} holds a document of type {kind!r}; {_PDF!r} and UTF-8 text can be sent"
    raise Unsupported(message, param=where)
