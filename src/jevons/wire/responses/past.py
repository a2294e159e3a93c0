"""Conversations that are kept here: what was said before, and the items of it, listed.

Rule 1: what was said before stands before what is said now, each item as it came. The
    instructions of an earlier answer are not among it (OpenAI docs, "Conversation state",
    read 2026-11).
Rule 2: what goes on from data of a class is of that class at least.
Rule 3: an item that nobody gave a name is listed under one of ours, always the same.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.types.kept import Kept
from jevons.wire.responses.named import answer_name, answer_of
from jevons.wire.responses.request import needed
from jevons.wire.responses.turns import OWN_ID, read_input

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jevons.types.custody import DataClass
    from jevons.types.request import Generate

__all__ = ("go_on", "input_items", "keepsake")

_Items = list[msgspec.Raw]
_Item = dict[str, Any]


class _Answer(msgspec.Struct):
    output: _Items | None = None


_INPUT = msgspec.json.Decoder(str | _Items | None)
_ITEMS = msgspec.json.Decoder(_Items)
_ITEM = msgspec.json.Decoder(_Item)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANSWER = msgspec.json.Decoder(_Answer)
_encode = msgspec.json.Encoder().encode

_STEMS: Mapping[str, str] = MappingProxyType(
    {
        "message": "msg",
        "function_call": "fc",
        "function_call_output": "fco",
        "reasoning": "rs",
    }
)


def go_on(request: Generate, past: Sequence[Kept]) -> Generate:
    """Put what was said before into a request.

    Args:
        request: What is said now.
        past: What it goes on from, oldest first.
    """
    now = _said(request)
    before = request.messages[: len(request.messages) - len(read_input(now))]
    heard = [raw for kept in past for raw in (*_input(kept), *map(_bare, _output(kept)))]
    messages = (*before, *read_input([*heard, *now]))
    needs = request.needs.union(*[needed(message.parts) for message in messages])
    items = [raw for kept in past for raw in (*_input(kept), *_output(kept))]
    fields = {**request.source.fields, "input": msgspec.Raw(_encode([*items, *now]))}
    source = msgspec.structs.replace(request.source, fields=fields)
    return msgspec.structs.replace(
        request,
        messages=messages,
        needs=needs,
        data_class=max([request.data_class, *[kept.data_class for kept in past]]),
        source=source,
    )


def keepsake(request: Generate, answered: bytes, *, key: str, data_class: DataClass) -> Kept:
    """Put together what is kept of an answer.

    Args:
        request: What was asked, before anything that was said earlier was put into it.
        answered: The answer, or the last event of its stream.
        key: Public id of the key that it belongs to.
        data_class: What the rules took the data in it to be.

    Raises:
        msgspec.MsgspecError: It is no answer.
    """
    return Kept(
        id=answer_name(request),
        key=key,
        at_ms=request.at_ms,
        previous=request.previous,
        input=_encode(_said(request)),
        answer=answer_of(answered) if request.stream else answered,
        data_class=data_class,
    )


def input_items(past: Sequence[Kept]) -> list[_Item]:
    """List what the last of these answers was made from, oldest first, each item with a name."""
    *before, last = past
    items = [item for kept in before for item in _listed_turn(kept)]
    return [*items, *_listed_input(last)]


def _said(request: Generate) -> _Items:
    """The items that the caller sent."""
    said = _INPUT.decode(request.source.fields.get("input", b"null"))
    if isinstance(said, str):
        part = {"type": "input_text", "text": said}
        return [msgspec.Raw(_encode({"type": "message", "role": "user", "content": [part]}))]
    return said or []


def _input(kept: Kept) -> _Items:
    return _ITEMS.decode(kept.input)


def _listed_turn(kept: Kept) -> Iterator[_Item]:
    yield from _listed_input(kept)
    yield from [_ITEM.decode(raw) for raw in _output(kept)]


def _output(kept: Kept) -> _Items:
    """The items of an answer; what an endpoint said and is no item is not among them."""
    items = _ANSWER.decode(kept.answer).output or []
    return [raw for raw in items if bytes(raw).startswith(b"{")]


def _bare(raw: msgspec.Raw) -> msgspec.Raw:
    """Take from an item of an answer what is of the answer and not of what it says."""
    item = _FIELDS.decode(raw)
    item.pop("status", None)
    if bytes(item.get("type", b"")) != b'"reasoning"':
        item.pop("id", None)
    if bytes(item.get("content", b"")).startswith(b"["):
        parts = [_without_empty(part) for part in _ITEMS.decode(item["content"])]
        item["content"] = msgspec.Raw(_encode(parts))
    return msgspec.Raw(_encode(item))


def _without_empty(raw: msgspec.Raw) -> msgspec.Raw:
    """Take from a part of an item the lists that hold nothing."""
    if not bytes(raw).startswith(b"{"):
        return raw
    part = {name: value for name, value in _FIELDS.decode(raw).items() if bytes(value) != b"[]"}
    return msgspec.Raw(_encode(part))


def _listed_input(kept: Kept) -> Iterator[_Item]:
    stem = kept.id.removeprefix("resp_")
    for at, raw in enumerate(_input(kept)):
        yield _listed(_ITEM.decode(raw), f"{stem}_in{at}")


def _listed(item: _Item, stem: str) -> _Item:
    """Write an item as the dialect lists it: typed, named, its content in parts."""
    kind = item.get("type") or ("message" if "role" in item else "item_reference")
    name = item.get("id") or f"{_STEMS.get(kind, 'item')}{OWN_ID}{stem}"
    listed = {"status": "completed", **item, "id": name, "type": kind}
    content = item.get("content")
    if isinstance(content, str):
        listed["content"] = [_spoken(content, item.get("role"))]
    return listed


def _spoken(text: str, role: object) -> _Item:
    if role == "assistant":
        return {"type": "output_text", "text": text, "annotations": []}
    return {"type": "input_text", "text": text}
