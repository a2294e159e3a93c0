"""Conversations that are kept here: what was said before, and the items of it, listed.

Rule 1: what was said before stands before what is said now, each item as it came. The
    instructions of an earlier answer are not among it (OpenAI docs, "Conversation state",
    read 2026-11).
Rule 2: an item that nobody gave a name is listed under one of ours, always the same.
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

    from jevons.types.request import Generate

__all__ = ("go_on", "input_items", "keepsake")

_Items = list[msgspec.Raw]
_Item = dict[str, Any]


class _Answer(msgspec.Struct):
    output: _Items | None = None


_INPUT = msgspec.json.Decoder(str | _Items | None)
_ITEMS = msgspec.json.Decoder(_Items)
_ITEM = msgspec.json.Decoder(_Item)
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
    items = [*_all(past), *now]
    before = request.messages[: len(request.messages) - len(read_input(now))]
    messages = (*before, *read_input(items))
    needs = request.needs.union(*[needed(message.parts) for message in messages])
    fields = {**request.source.fields, "input": msgspec.Raw(_encode(items))}
    source = msgspec.structs.replace(request.source, fields=fields)
    return msgspec.structs.replace(request, messages=messages, needs=needs, source=source)


def keepsake(request: Generate, answered: bytes, *, key: str) -> Kept:
    """Put together what is kept of an answer.

    Args:
        request: What was asked, before anything that was said earlier was put into it.
        answered: The answer, or the last event of its stream.
        key: Public id of the key that it belongs to.

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


def _all(past: Sequence[Kept]) -> Iterator[msgspec.Raw]:
    for kept in past:
        yield from _ITEMS.decode(kept.input)
        yield from _output(kept)


def _listed_turn(kept: Kept) -> Iterator[_Item]:
    yield from _listed_input(kept)
    yield from [_ITEM.decode(raw) for raw in _output(kept)]


def _output(kept: Kept) -> _Items:
    """The items of an answer; what an endpoint said and is no item is not among them."""
    items = _ANSWER.decode(kept.answer).output or []
    return [raw for raw in items if bytes(raw).startswith(b"{")]


def _listed_input(kept: Kept) -> Iterator[_Item]:
    stem = kept.id.removeprefix("resp_")
    for at, raw in enumerate(_ITEMS.decode(kept.input)):
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
