"""Thinking that is passed on as it came, put under its owner's seal.

A caller hands blocks back without saying which endpoint wrote them. An answer of Anthropic's
needs no seal, and of an endpoint without a vendor nobody knows whose it is; neither is touched.

Rule 1: every block of thinking gets a seal, one without a signature too: its words are its
    owner's. In a stream the seal of such a block comes before its end.
Rule 2: what is under a seal already keeps it: the endpoint is a gateway like this one.
Rule 3: nothing else of an answer is touched.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.wire.seal import ANTHROPIC, PREFIX, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ("is_sealable", "own_answer", "own_event", "seal_event")

_Fields = dict[str, msgspec.Raw]


class _Kind(msgspec.Struct):
    type: str = ""


_FIELDS = msgspec.json.Decoder(_Fields)
_BLOCKS = msgspec.json.Decoder(list[msgspec.Raw] | None)
_KIND = msgspec.json.Decoder(_Kind)
_MARK = msgspec.json.Decoder(str | None)


def is_sealable(owner: str) -> bool:
    """Whether thinking of this owner goes out under seal."""
    return owner not in {"", ANTHROPIC.house}


def own_answer(body: bytes, owner: str) -> bytes:
    """Seal the thinking in a whole answer; the same bytes if there is nothing to seal.

    Args:
        body: The answer.
        owner: Vendor that wrote it.

    Raises:
        msgspec.MsgspecError: It is not of this dialect.
    """
    if not is_sealable(owner) or b'thinking"' not in body:
        return body
    raw = msgspec.Raw(body)
    owned = _message(raw, owner)
    return body if owned is raw else bytes(owned)


def own_event(data: bytes, owner: str) -> bytes:
    """Seal the thinking in the JSON of an event; the same bytes if there is nothing to seal.

    Args:
        data: The JSON.
        owner: Vendor that wrote it.

    Raises:
        msgspec.MsgspecError: It is not of this dialect.
    """
    if not is_sealable(owner) or not (b'thinking"' in data or b'"signature_delta"' in data):
        return data
    fields = _FIELDS.decode(data)
    owned = {name: own(fields[name], owner) for name, own in _OWN if name in fields}
    if all(raw is fields[name] for name, raw in owned.items()):
        return data
    return msgspec.json.encode({**fields, **owned})


def seal_event(index: int, owner: str) -> bytes:
    """Write the event that seals a block of thinking without a signature.

    Args:
        index: Place of the block.
        owner: Vendor that wrote it.
    """
    delta = {"type": "signature_delta", "signature": ANTHROPIC.write(Mark(owner, None))}
    data = msgspec.json.encode({"type": "content_block_delta", "index": index, "delta": delta})
    return b"event: content_block_delta\ndata: " + data + b"\n\n"


def _message(raw: msgspec.Raw, owner: str) -> msgspec.Raw:
    fields = _FIELDS.decode(raw)
    blocks: list[msgspec.Raw] = _BLOCKS.decode(fields.get("content", b"null")) or []
    owned = [_block(block, owner) for block in blocks]
    if all(block is before for block, before in zip(owned, blocks, strict=True)):
        return raw
    return _raw({**fields, "content": owned})


def _block(raw: msgspec.Raw, owner: str) -> msgspec.Raw:
    """Seal a block that is whole."""
    name = _MARKS.get(_KIND.decode(raw).type)
    return raw if name is None else _sealed(raw, name, owner)


def _begun(raw: msgspec.Raw, owner: str) -> msgspec.Raw:
    """Seal a block that begins, or a delta, if its mark is in it: it may come yet."""
    name = _MARKS.get(_KIND.decode(raw).type)
    is_there = name is not None and _MARK.decode(_FIELDS.decode(raw).get(name, b"null"))
    return _sealed(raw, name, owner) if name is not None and is_there else raw


def _sealed(raw: msgspec.Raw, name: str, owner: str) -> msgspec.Raw:
    fields = _FIELDS.decode(raw)
    mark = _MARK.decode(fields.get(name, b"null"))
    if mark and mark.startswith(PREFIX):
        return raw
    return _raw({**fields, name: ANTHROPIC.write(Mark(owner, mark or None))})


_MARKS: Mapping[str, str] = MappingProxyType(
    {"thinking": "signature", "signature_delta": "signature", "redacted_thinking": "data"}
)
"""Where blocks and deltas have their marks."""

_OWN: Sequence[tuple[str, Callable[[msgspec.Raw, str], msgspec.Raw]]] = (
    ("content_block", _begun),
    ("delta", _begun),
    ("message", _message),
)


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
