"""A request of this dialect on its way to an endpoint that speaks it too.

Rule 1: it goes as it came, undecoded, unless thinking in it is another's or under our seal.
Rule 2: thinking under seal is opened for its owner, and taken out for others.
Rule 3: a signature without a seal is Anthropic's, and no signature is nobody's: such thinking
    goes to no other vendor. Where nobody knows whose the endpoint is it goes on as it came: so
    did the answer that it was in.
Rule 4: a turn of which nothing is left is taken out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.wire.messages.signature import unsigned
from jevons.wire.seal import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("opened",)

_Fields = dict[str, msgspec.Raw]


class _Thought(msgspec.Struct):
    type: str = ""
    signature: str | None = None
    data: str | None = None


_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_THOUGHT = msgspec.json.Decoder(_Thought)
_FIELDS = msgspec.json.Decoder(_Fields)

_MARKS = {"thinking": "signature", "redacted_thinking": "data"}


def opened(fields: Mapping[str, msgspec.Raw], owner: str) -> tuple[_Fields, tuple[str, ...]]:
    """Open what is under our seal in a request's fields; say what was taken out.

    Args:
        fields: The request's fields.
        owner: Vendor of the endpoint; empty if nobody knows.
    """
    said = bytes(fields["messages"])
    if not _may_think(said):
        return dict(fields), ()
    changed: dict[str, None] = {}
    turns = [_turn(raw, owner, changed) for raw in _RAWS.decode(said)]
    kept = [turn for turn in turns if turn is not None]
    return {**fields, "messages": _raw(kept)}, tuple(changed)


def _turn(raw: msgspec.Raw, owner: str, changed: dict[str, None]) -> msgspec.Raw | None:
    """Open one turn; None if nothing is left of it."""
    if not _may_think(bytes(raw)):
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
    if not _may_think(bytes(raw)):
        return raw
    try:
        thought = _THOUGHT.decode(raw)
    except msgspec.ValidationError:
        return raw  # fields of these names that are no strings are none of ours
    field = _MARKS.get(thought.type)
    if field is None:
        return raw
    said = (thought.signature if field == "signature" else thought.data) or ""
    is_sealed = said.startswith(PREFIX)
    mark = unsigned(said)
    if not is_sealed and owner in {"", mark.owner}:
        return raw
    if not owner or mark.owner != owner:
        changed[f"messages.{thought.type}: dropped, it is {mark.owner or 'nobody'}'s"] = None
        return None
    return _raw({**_FIELDS.decode(raw), field: _raw(mark.opaque or "")})


def _may_think(said: bytes) -> bool:
    return b'thinking"' in said


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
