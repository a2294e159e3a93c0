"""The input of a request, item by item, into messages.

Rule 1: what one side said without a break is one message: thinking, text and calls of a
    turn belong together, whatever items they came as.
Rule 2: an item that has no name here is kept whole. It can go to an endpoint of this dialect
    and to no other.
Rule 3: thinking that is one item may be several parts; they have its id in common, and the
    last has its mark.
"""

from __future__ import annotations

from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from jevons.types.errors import Malformed, Unsupported
from jevons.types.message import (
    Audio,
    File,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from jevons.wire.fields import STRING, Fields, read
from jevons.wire.seal import OPENAI

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ("OWN_ID", "read_input", "read_parts")

OWN_ID = "_jevons_"
"""What the ids have in common that we gave to items whose owner gave them none."""

_ROLE = msgspec.json.Decoder(Role)
_CONTENT = msgspec.json.Decoder(str | list[msgspec.Raw] | None)
_AUDIO = msgspec.json.Decoder(dict[str, str])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


class _Item(NamedTuple):
    """One item, read."""

    role: Role
    parts: tuple[Part, ...]


def read_input(items: str | Sequence[msgspec.Raw]) -> list[Message]:
    """Read the field `input`.

    Raises:
        Malformed: It holds what is not an item.
        Unsupported: It refers to an item of ours, which are not found by their names.
    """
    if isinstance(items, str):
        return [Message(role="user", parts=(Text(text=items),))]
    return _joined([_item(Fields(raw, f"input[{at}]")) for at, raw in enumerate(items)])


def read_parts(content: str | Sequence[msgspec.Raw] | None, where: str) -> tuple[Part, ...]:
    """Read a content: a string, or parts.

    Raises:
        Malformed: It holds what is not a part.
    """
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(text=content),)
    return tuple([_part(Fields(raw, f"{where}[{at}]")) for at, raw in enumerate(content)])


def _joined(items: Iterable[_Item]) -> list[Message]:
    """Make one message of what the model said without a break."""
    messages: list[Message] = []
    for is_model, run in groupby(items, key=_is_of_model):
        if is_model:
            parts = tuple([part for item in run for part in item.parts])
            messages.append(Message(role="assistant", parts=parts))
        else:
            messages += [Message(role=item.role, parts=item.parts) for item in run]
    return messages


def _is_of_model(item: _Item) -> bool:
    return item.role == "assistant"


def _item(item: Fields) -> _Item:
    match item.text("type") or _kind_of(item):
        case "message":
            return _message(item)
        case "function_call":
            return _Item("assistant", (_call(item),))
        case "function_call_output":
            return _Item("tool", (_result(item),))
        case "reasoning":
            return _Item("assistant", tuple(_thoughts(item)))
        case "item_reference" if OWN_ID.encode() in bytes(item.left.get("id", b"")):
            name = item.text("id")
            message = (
                f"{item.where} refers to {name!r}, and items are not found by their names here; "
                'send it whole, as clients do where they say "store": false'
            )
            raise Unsupported(message, param=item.where)
        case kind:
            fields = {"type": msgspec.Raw(msgspec.json.encode(kind)), **item.left}
            role: Role = "tool" if kind.endswith(("_output", "_response")) else "assistant"
            return _Item(role, (Opaque(kind=kind, fields=fields),))


def _kind_of(item: Fields) -> Literal["message", "item_reference"]:
    """Find what an item is that does not say it."""
    if "role" in item.left:
        return "message"
    if item.left.keys() == {"id"}:
        return "item_reference"
    message = f"{item.where}.type is missing; an item has a type, or a role and a content"
    raise Malformed(message, param=f"{item.where}.type")


def _message(item: Fields) -> _Item:
    role = item.take("role", _ROLE)
    if role is None or role == "tool":
        message = f"{item.where}.role must be 'user', 'assistant', 'system' or 'developer'"
        raise Malformed(message, param=f"{item.where}.role")
    parts = read_parts(item.take("content", _CONTENT), f"{item.where}.content")
    extra = item.extra
    if extra is None or not parts or isinstance(parts[0], Opaque):
        return _Item(role, parts)
    first = msgspec.structs.replace(parts[0], extra={**extra, **(parts[0].extra or {})})
    return _Item(role, (first, *parts[1:]))


def _part(part: Fields) -> Part:
    kind = part.text("type")
    known = _PARTS.get(kind)
    if known is not None:
        return known(part)
    fields = {"type": msgspec.Raw(msgspec.json.encode(kind)), **part.left}
    return Opaque(kind=kind, fields=fields)


def _text(part: Fields) -> Part:
    return Text(text=part.need("text"), extra=part.extra)


def _refusal(part: Fields) -> Part:
    return Refusal(text=part.need("refusal"), extra=part.extra)


def _image(part: Fields) -> Part:
    url, name = part.text("image_url"), part.text("file_id")
    _need_one(part, url or name, "'image_url' or 'file_id'")
    return Image(url=url, id=name, detail=part.take("detail", STRING), extra=part.extra)


def _file(part: Fields) -> Part:
    url, name = part.text("file_url") or part.text("file_data"), part.text("file_id")
    _need_one(part, url or name, "'file_url', 'file_data' or 'file_id'")
    return File(url=url, id=name, name=part.text("filename"), extra=part.extra)


def _need_one(part: Fields, found: str, names: str) -> None:
    if not found:
        message = f"{part.where} needs one of {names}"
        raise Malformed(message, param=part.where)


def _audio(part: Fields) -> Part:
    sound = part.take("input_audio", _AUDIO) or {}
    if "data" not in sound or "format" not in sound:
        message = f"{part.where}.input_audio needs 'data' and 'format'"
        raise Malformed(message, param=f"{part.where}.input_audio")
    return Audio(data=sound["data"], format=sound["format"], extra=part.extra)


_PARTS = MappingProxyType(
    {
        "input_text": _text,
        "output_text": _text,
        "text": _text,
        "refusal": _refusal,
        "input_image": _image,
        "input_file": _file,
        "input_audio": _audio,
    }
)


def _call(item: Fields) -> ToolCall:
    owner, opaque = OPENAI.read(item.text("encrypted_content"))
    return ToolCall(
        id=item.need("call_id"),
        name=item.need("name"),
        arguments=item.text("arguments"),
        opaque=opaque,
        owner=owner,
        extra=item.extra,
    )


def _result(item: Fields) -> ToolResult:
    call = item.need("call_id")
    parts = read_parts(item.take("output", _CONTENT), f"{item.where}.output")
    return ToolResult(call=call, parts=parts, extra=item.extra)


def _thoughts(item: Fields) -> list[Reasoning]:
    """Read an item of thinking: its text, its summary, and its mark with the last of them."""
    name = item.text("id")
    name = "" if OWN_ID in name else name
    owner, opaque = OPENAI.read(item.text("encrypted_content"))
    parts = [
        Reasoning(text=said, kind=kind, id=name, owner=owner)
        for kind, field in _THOUGHT
        for said in _said(item, field)
    ]
    if not parts:
        parts.append(Reasoning(kind="redacted", id=name, owner=owner))
    parts[-1] = msgspec.structs.replace(parts[-1], opaque=opaque)
    parts[0] = msgspec.structs.replace(parts[0], extra=item.extra)
    return parts


_THOUGHT: tuple[tuple[Literal["thinking", "summary"], str], ...] = (
    ("thinking", "content"),
    ("summary", "summary"),
)


def _said(item: Fields, field: str) -> list[str]:
    raw = item.raw(field)
    if raw is None:
        return []
    where = f"{item.where}.{field}"
    said = read(_LIST, raw, where)
    return [Fields(part, f"{where}[{at}]").need("text") for at, part in enumerate(said)]
