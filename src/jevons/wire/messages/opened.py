"""A request of this dialect on its way to an endpoint that speaks it too.

Rule 1: it goes as it came, undecoded, unless thinking in it is another's or under our seal.
Rule 2: thinking under seal is opened for its owner, and taken out for others.
Rule 3: a signature without a seal is Anthropic's, and no signature is nobody's: such thinking
    goes to no other vendor. Where nobody knows whose the endpoint is it goes on as it came: so
    did the answer that it was in.
Rule 4: a mark on a call, which the dialect has no field for, is under our seal or none of ours.
Rule 5: a turn of which nothing is left is taken out.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.wire.messages.signature import unsigned
from jevons.wire.seal import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("opened",)

_Fields = dict[str, msgspec.Raw]


class _Marked(msgspec.Struct):
    type: str = ""
    signature: str | None = None
    data: str | None = None


_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_MARKED = msgspec.json.Decoder(_Marked)
_FIELDS = msgspec.json.Decoder(_Fields)

_MARKS = MappingProxyType(
    {"thinking": "signature", "redacted_thinking": "data", "tool_use": "signature"}
)


def opened(fields: Mapping[str, msgspec.Raw], owner: str) -> tuple[_Fields, tuple[str, ...]]:
    """Open what is under our seal in a request's fields; say what was taken out.

    Args:
        fields: The request's fields.
        owner: Vendor of the endpoint; empty if nobody knows.
    """
    said = bytes(fields["messages"])
    if not _may_be_marked(said):
        return dict(fields), ()
    changed: dict[str, None] = {}
    turns = [_turn(raw, owner, changed) for raw in _RAWS.decode(said)]
    kept = [turn for turn in turns if turn is not None]
    return {**fields, "messages": _raw(kept)}, tuple(changed)


def _turn(raw: msgspec.Raw, owner: str, changed: dict[str, None]) -> msgspec.Raw | None:
    """Open one turn; None if nothing is left of it."""
    if not _may_be_marked(bytes(raw)):
        return raw
    turn = _FIELDS.decode(raw)
    if not bytes(turn["content"]).startswith(b"["):
        return raw
    said = _RAWS.decode(turn["content"])
    blocks = [_block(each, owner, changed) for each in said]
    kept = [block for block in blocks if block is not None]
    return _raw({**turn, "content": kept}) if kept or not said else None


def _block(raw: msgspec.Raw, owner: str, changed: dict[str, None]) -> msgspec.Raw | None:
    """Open one block; None if it does not go on."""
    if not _may_be_marked(bytes(raw)):
        return raw
    try:
        marked = _MARKED.decode(raw)
    except msgspec.ValidationError:
        return raw  # fields of these names that are no strings are none of ours
    field = _MARKS.get(marked.type)
    if field is None:
        return raw
    said = (marked.data if field == "data" else marked.signature) or ""
    mark = unsigned(said)
    if not said.startswith(PREFIX) and (marked.type == "tool_use" or owner in {"", mark.owner}):
        return raw
    block = _FIELDS.decode(raw)
    if owner and mark.owner == owner:
        return _raw({**block, field: mark.opaque or ""})
    what = "a mark" if marked.type == "tool_use" else marked.type
    changed[f"messages: {what} of {mark.owner or 'nobody'}'s was dropped"] = None
    block.pop(field, None)
    return _raw(block) if marked.type == "tool_use" else None


def _may_be_marked(said: bytes) -> bool:
    return b'thinking"' in said or PREFIX.encode() in said


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
