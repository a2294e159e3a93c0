"""A block of an answer that has begun and not ended."""

from __future__ import annotations

from typing import Literal

import msgspec

from jevons.wire.fields import WRONG
from jevons.wire.messages.answer import NULL
from jevons.wire.messages.signature import unsigned

__all__ = ("Family", "OpenBlock")

Family = Literal["text", "thinking"]
_Fields = dict[str, msgspec.Raw]

_STRING = msgspec.json.Decoder(str)


class OpenBlock:
    """One block under way.

    Args:
        kind: Its type; empty if its beginning never came.
        fields: All of it, if it has no name here.
    """

    __slots__ = (
        "call",
        "citations",
        "fields",
        "input",
        "is_opaque",
        "kind",
        "places",
        "signed",
        "size_bytes",
        "written",
    )

    def __init__(self, kind: str = "", fields: _Fields | None = None) -> None:
        self.kind = kind
        self.fields = fields or {}
        self.is_opaque = fields is not None
        self.places: dict[Family, int] = {}
        """Numbers of what it says."""
        self.call: int | None = None
        """Number of the call that it is."""
        self.input = NULL
        """Arguments that it began with."""
        self.written: list[str] = []
        """Arguments as they came; of a call only whether they did."""
        self.citations: list[msgspec.Raw] = []
        self.signed = unsigned(None)
        """What the signature says that it began with."""
        self.size_bytes = 0
        """Of what of it is kept."""

    def grow(self, more: _Fields) -> None:
        """Put a delta behind what the block says: texts are joined, anything else replaced."""
        for name, raw in more.items():
            if name != "type":
                self.fields[name] = _grown(self.fields.get(name, NULL), raw)

    def whole(self) -> _Fields:
        """Write the block with its arguments and citations in it."""
        more: _Fields = {}
        if self.written:
            more["input"] = _json("".join(self.written))
        if self.citations:
            more["citations"] = msgspec.Raw(msgspec.json.encode(self.citations))
        return {**self.fields, **more}


def _json(text: str) -> msgspec.Raw:
    """Take a text for the JSON that it is; one that was cut short stays a text."""
    try:
        msgspec.json.decode(text)
    except WRONG:
        return msgspec.Raw(msgspec.json.encode(text))
    return msgspec.Raw(text.encode())


def _grown(before: msgspec.Raw, more: msgspec.Raw) -> msgspec.Raw:
    if not (bytes(before).startswith(b'"') and bytes(more).startswith(b'"')):
        return more
    return msgspec.Raw(msgspec.json.encode(_STRING.decode(before) + _STRING.decode(more)))
