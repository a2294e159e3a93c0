"""The content blocks of a request, into parts.

Rule 1: a block that has no name here is kept whole. It can go to an endpoint of this dialect
    and to no other.
Rule 2: thinking belongs to whom its signature says. One without a signature belongs to
    nobody, so that it is handed to nobody.
Rule 3: bytes lie in `data:` URLs. A document that is plain text is one too, in base64; one
    that is made of blocks has no name here.

Source: Anthropic API reference, "Create a Message", read 2026-11.
"""

from __future__ import annotations

from base64 import b64encode
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.types.message import (
    File,
    Image,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.wire.fields import Fields
from jevons.wire.messages.signature import mark_of_call, unsigned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jevons.types.message import Extra
    from jevons.wire.seal import Mark

__all__ = ("CONTENT", "arguments_of", "read_content")

CONTENT = msgspec.json.Decoder(str | list[msgspec.Raw] | None)
_BOOL = msgspec.json.Decoder(bool | None)
_STRING = msgspec.json.Decoder(str)


def read_content(content: str | Sequence[msgspec.Raw] | None, where: str) -> list[Part]:
    """Read a content: a string, or blocks.

    Raises:
        Malformed: It holds what is not a block.
    """
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(text=content)]
    return [_block(Fields(raw, f"{where}[{at}]")) for at, raw in enumerate(content)]


def arguments_of(given: msgspec.Raw) -> str:
    """Find a call's arguments: JSON text as it came, an empty object if there are none.

    Raises:
        UnicodeDecodeError: They are not UTF-8.
    """
    said = bytes(given)
    if said.startswith(b'"'):  # some servers write the text of an object
        return _STRING.decode(said) or "{}"
    return "{}" if said == b"null" else said.decode()


def _block(block: Fields) -> Part:
    kind = block.need("type")
    known = _BLOCKS.get(kind)
    part = None if known is None else known(block)
    if part is not None:
        return part
    return Opaque(kind=kind, fields={"type": _raw(kind), **block.left})


def _text(block: Fields) -> Part:
    return Text(text=block.need("text"), extra=block.extra)


def _image(block: Fields) -> Part | None:
    found = _source(block)
    return found and Image(url=found.url, id=found.id, extra=_beside(block, found))


def _document(block: Fields) -> Part | None:
    found = _source(block)
    if found is None:
        return None
    name = block.text("title")
    return File(url=found.url, id=found.id, name=name, extra=_beside(block, found))


class _Source(msgspec.Struct):
    """Where a picture or a document is."""

    url: str = ""
    id: str = ""
    left: dict[str, msgspec.Raw] = {}
    """What has no name."""


def _source(block: Fields) -> _Source | None:
    """Take the source out of a block; None, and nothing taken, if it has no name here."""
    raw = block.left.get("source", msgspec.Raw(b"null"))
    source = Fields(raw, f"{block.where}.source")
    match source.need("type"):
        case "base64":
            kind, data = source.need("media_type"), source.need("data")
            found = _Source(f"data:{kind};base64,{data}")
        case "text":
            source.text("media_type")
            said = b64encode(source.need("data").encode()).decode()
            found = _Source(f"data:text/plain;base64,{said}")
        case "url":
            found = _Source(source.need("url"))
        case "file":
            found = _Source(id=source.need("file_id"))
        case _:
            return None
    del block.left["source"]
    found.left = source.left
    return found


def _beside(block: Fields, source: _Source) -> Extra:
    """Find what has no name, of a block and of its source."""
    return {**block.left, **({"source": _raw(source.left)} if source.left else {})} or None


def _call(block: Fields) -> Part:
    owner, opaque = _mark(block) or ("", None)
    return ToolCall(
        id=block.need("id"),
        name=block.need("name"),
        arguments=arguments_of(block.raw("input") or msgspec.Raw(b"null")),
        opaque=opaque,
        owner=owner,
        extra=block.extra,
    )


def _mark(block: Fields) -> Mark | None:
    """Take a call's mark out, if it is one of ours."""
    said = bytes(block.left.get("signature", b""))
    mark = mark_of_call(_STRING.decode(said)) if said.startswith(b'"') else None
    if mark is not None:
        del block.left["signature"]
    return mark


def _result(block: Fields) -> Part:
    return ToolResult(
        call=block.need("tool_use_id"),
        parts=tuple(read_content(block.take("content", CONTENT), f"{block.where}.content")),
        failed=block.take("is_error", _BOOL) or False,
        extra=block.extra,
    )


def _thinking(block: Fields) -> Part:
    owner, opaque, kind, own_id = unsigned(block.text("signature"))
    return Reasoning(
        text=block.need("thinking"),
        kind=kind,
        opaque=opaque,
        id=own_id,
        owner=owner,
        extra=block.extra,
    )


def _redacted(block: Fields) -> Part:
    owner, opaque, _, own_id = unsigned(block.need("data"))
    return Reasoning(kind="redacted", opaque=opaque, id=own_id, owner=owner, extra=block.extra)


_BLOCKS: Mapping[str, Callable[[Fields], Part | None]] = MappingProxyType(
    {
        "text": _text,
        "image": _image,
        "document": _document,
        "tool_use": _call,
        "tool_result": _result,
        "thinking": _thinking,
        "redacted_thinking": _redacted,
    }
)


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
