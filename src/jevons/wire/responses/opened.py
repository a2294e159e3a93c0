"""A request of this dialect on its way to an endpoint that speaks it too.

Rule 1: it goes as it came, undecoded, unless something in it is another's or under our seal.
Rule 2: a mark under seal is opened for its owner. For others it is taken out: with the whole
    item, or alone if the item is a call.
Rule 3: a mark without a seal is OpenAI's, and goes to no other vendor. Where nobody knows
    whose the endpoint is it goes on as it came: so did the answer that it was in.
Rule 4: OpenAI looks thinking without a mark up in what it stored, and nothing is stored there:
    it is taken out. So are the names of the other items, by which it would be missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.wire.responses.turns import OWN_ID
from jevons.wire.seal import OPENAI, PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("opened",)

_Fields = dict[str, msgspec.Raw]


class _Sealed(msgspec.Struct):
    type: str | None = None
    id: str | None = None
    encrypted_content: str | None = None
    content: list[msgspec.Raw] | None = None


_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_SEALED = msgspec.json.Decoder(_Sealed)
_FIELDS = msgspec.json.Decoder(_Fields)


def opened(fields: Mapping[str, msgspec.Raw], owner: str) -> tuple[_Fields, tuple[str, ...]]:
    """Open what is under our seal in a request's fields; say what was taken out.

    Args:
        fields: The request's fields.
        owner: Vendor of the endpoint.
    """
    said = bytes(fields.get("input", b""))
    if not said.startswith(b"[") or not _needs_look(said, owner):
        return dict(fields), ()
    changed: dict[str, None] = {}
    items = [_item(raw, owner, changed) for raw in _ITEMS.decode(said)]
    kept = [item for item in items if item is not None]
    if owner == OPENAI.house and any(_is_bare(raw) for raw in kept):
        changed["input.reasoning: dropped, it has no mark, and nothing is stored there"] = None
        kept = [_unnamed(raw) for raw in kept if not _is_bare(raw)]
    return {**fields, "input": msgspec.Raw(msgspec.json.encode(kept))}, tuple(changed)


def _item(raw: msgspec.Raw, owner: str, changed: dict[str, None]) -> msgspec.Raw | None:
    """Open one item; None if it does not go on."""
    if not _may_be_sealed(bytes(raw)):
        return raw
    try:
        sealed = _SEALED.decode(raw)
    except msgspec.MsgspecError:
        return raw  # fields of these names that are no strings are none of ours
    item = _FIELDS.decode(raw)
    if OWN_ID in (sealed.id or ""):
        del item["id"]  # the endpoint has never seen it
    said = sealed.encrypted_content or ""
    mark = OPENAI.read(said)
    if not said or (mark.owner == (owner or OPENAI.house) and not said.startswith(PREFIX)):
        return _raw(item)
    del item["encrypted_content"]
    if mark.owner != owner or not owner:
        changed[f"input.{sealed.type}: dropped, its mark is {mark.owner or 'nobody'}'s"] = None
        return _raw(item) if sealed.type == "function_call" else None
    if mark.opaque is not None:
        item["encrypted_content"] = msgspec.Raw(msgspec.json.encode(mark.opaque))
    return _raw(item)


def _needs_look(said: bytes, owner: str) -> bool:
    return _may_be_sealed(said) or (owner == OPENAI.house and b'"reasoning"' in said)


def _is_bare(raw: msgspec.Raw) -> bool:
    """Whether an item is thinking of which only the name, and perhaps a summary, is here."""
    try:
        item = _SEALED.decode(raw)
    except msgspec.MsgspecError:
        return False
    return item.type == "reasoning" and not item.encrypted_content and not item.content


def _unnamed(raw: msgspec.Raw) -> msgspec.Raw:
    item = _FIELDS.decode(raw)
    is_spoken = bytes(item.get("type", b"")) in {b'"message"', b'"function_call"'}
    if "id" not in item or not is_spoken:
        return raw
    return _raw({name: value for name, value in item.items() if name != "id"})


def _may_be_sealed(said: bytes) -> bool:
    return b'"encrypted_content"' in said or OWN_ID.encode() in said


def _raw(item: _Fields) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(item))
