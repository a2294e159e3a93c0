"""Thinking that is passed on as it came, put under its owner's seal.

A caller hands items back without saying which endpoint wrote them. An answer of OpenAI's needs
no seal, and of an endpoint without a vendor nobody knows whose it is; neither is touched.

Rule 1: every item of thinking gets a seal, one without a mark too: its words are its owner's.
Rule 2: what is under a seal already keeps it: the endpoint is a gateway like this one.
Rule 3: nothing else of an answer is touched.
"""

from __future__ import annotations

import msgspec

from jevons.wire.seal import OPENAI, PREFIX, Mark

__all__ = ("own_answer", "own_event")

_Fields = dict[str, msgspec.Raw]


class _Marked(msgspec.Struct):
    type: str = ""
    encrypted_content: str | None = None


_FIELDS = msgspec.json.Decoder(_Fields)
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw] | None)
_MARKED = msgspec.json.Decoder(_Marked)


def own_event(data: bytes, owner: str) -> bytes:
    """Seal the thinking in the JSON of an event; the same bytes if there is nothing to seal.

    Args:
        data: The JSON.
        owner: Vendor that wrote it.

    Raises:
        msgspec.MsgspecError: It is not of this dialect.
    """
    if not _is_sealable(data, owner):
        return data
    fields = _FIELDS.decode(data)
    if "item" in fields:
        fields["item"] = _item(fields["item"], owner)
    if "response" in fields:
        fields["response"] = msgspec.Raw(own_answer(bytes(fields["response"]), owner))
    return msgspec.json.encode(fields)


def own_answer(body: bytes, owner: str) -> bytes:
    """Seal the thinking in a whole answer; the same bytes if there is nothing to seal.

    Args:
        body: The answer.
        owner: Vendor that wrote it.

    Raises:
        msgspec.MsgspecError: It is not of this dialect.
    """
    if not _is_sealable(body, owner):
        return body
    fields = _FIELDS.decode(body)
    items = _ITEMS.decode(fields.get("output", b"null"))
    if items:
        sealed = [_item(item, owner) for item in items]
        fields["output"] = msgspec.Raw(msgspec.json.encode(sealed))
    return msgspec.json.encode(fields)


def _is_sealable(body: bytes, owner: str) -> bool:
    return owner not in {"", OPENAI.house} and b'"reasoning"' in body


def _item(raw: msgspec.Raw, owner: str) -> msgspec.Raw:
    item = _MARKED.decode(raw)
    if item.type != "reasoning" or (item.encrypted_content or "").startswith(PREFIX):
        return raw
    mark = OPENAI.write(Mark(owner, item.encrypted_content or None))
    sealed = {**_FIELDS.decode(raw), "encrypted_content": mark}
    return msgspec.Raw(msgspec.json.encode(sealed))
