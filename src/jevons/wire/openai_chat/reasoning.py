"""Thinking in OpenAI's chat dialect, which has no one place for it.

Who writes it where: `reasoning_content` DeepSeek, Moonshot, Alibaba, Volcengine (with
`encrypted_content` beside it), Z.ai, SGLang, llama.cpp; `reasoning` vLLM, Ollama, Groq,
Cerebras; `reasoning_details` OpenRouter and MiniMax (with the text in `reasoning` too); a part
of the content Mistral.

Rule 1: it is read from each of these places, and once where it is in two.
Rule 2: it is written back where its owner wrote it, for its owner only. For a caller it is
    written in `reasoning_content`, and in `reasoning_details` with its owner as `format`, so
    that a caller who keeps nothing else can hand it back.

Sources, read 2026-11: the API references of the named; OpenRouter docs, "Reasoning Tokens".
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from jevons.types.event import ReasoningDelta
from jevons.types.message import Reasoning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = (
    "FIELDS",
    "Detail",
    "only_names",
    "parts_of",
    "read_deltas",
    "read_thinking",
    "show",
    "takes_details",
    "write",
)

FIELDS = frozenset({"reasoning_content", "reasoning", "reasoning_details", "encrypted_content"})
"""Where thinking may be in a message or a delta, besides its content."""

_FORMAT = re.compile(r".+-v\d+|unknown")  # OpenRouter's names of formats; ours are vendors
_IN_REASONING = frozenset({"cerebras", "groq", "ollama"})
_IN_DETAILS = frozenset({"minimax", "openrouter"})

Kind = Literal["thinking", "summary", "redacted"]


class Detail(msgspec.Struct, omit_defaults=True):
    """One of `reasoning_details`."""

    type: str = ""
    text: str | None = None
    summary: str | None = None
    data: str | None = None
    signature: str | None = None
    id: str | None = None
    format: str | None = None
    index: int | None = None

    @property
    def kind(self) -> Kind:
        """What we call its type."""
        if self.type == "reasoning.summary":
            return "summary"
        return "redacted" if self.type == "reasoning.encrypted" else "thinking"

    @property
    def said(self) -> str:
        """Its words."""
        return self.text or self.summary or ""

    @property
    def opaque(self) -> str | None:
        """What only its owner can read."""
        return self.data or self.signature

    @property
    def owner(self) -> str:
        """The vendor that wrote it; OpenRouter, where the format is one of its own."""
        if self.format is None:
            return ""
        return "openrouter" if _FORMAT.fullmatch(self.format) else self.format

    @property
    def extra(self) -> dict[str, msgspec.Raw] | None:
        """The name of its format, which OpenRouter wants back."""
        if self.format is None or self.format == self.owner:
            return None
        return {"format": msgspec.Raw(msgspec.json.encode(self.format))}


class _Text(msgspec.Struct):
    text: str = ""


_DETAILS = msgspec.json.Decoder(list[Detail] | None)
_STRING = msgspec.json.Decoder(str | None)
_THINKING = msgspec.json.Decoder(str | list[_Text] | None)


def read_deltas(fields: Mapping[str, msgspec.Raw], owner: str) -> list[ReasoningDelta]:
    """Read the thinking of a message or a delta, wherever it is.

    Args:
        fields: All of the message.
        owner: Who wrote it.

    Raises:
        msgspec.MsgspecError: A field of thinking is not what it should be.
        UnicodeDecodeError: It is not UTF-8.
    """
    details = _details(fields)
    deltas = list[ReasoningDelta]()
    if not any(detail.said for detail in details):
        text = _string(fields, "reasoning_content") or _string(fields, "reasoning") or ""
        opaque = _string(fields, "encrypted_content")
        if text or opaque:
            deltas.append(ReasoningDelta(text, opaque=opaque or None, owner=owner))
    for detail in details:
        if detail.said or detail.opaque or detail.id:
            deltas.append(_delta(detail, owner))
    return deltas


def read_thinking(part: Mapping[str, msgspec.Raw]) -> str:
    """Read a part of the content that is thinking, as Mistral writes it."""
    thinking = _THINKING.decode(part.get("thinking", b"null")) or ""
    return thinking if isinstance(thinking, str) else "".join([each.text for each in thinking])


def parts_of(text: str | None, details: Sequence[Detail] | None) -> list[Reasoning]:
    """Make parts of the thinking that a caller hands back."""
    if not details:
        return [Reasoning(text=text)] if text else []
    parts = [
        Reasoning(
            text=detail.said,
            kind=detail.kind,
            opaque=detail.opaque,
            id=detail.id or "",
            owner=detail.owner,
            extra=detail.extra,
        )
        for detail in _joined(details)
        if detail.said or detail.opaque or detail.id
    ]
    if not text or any(part.text for part in parts):
        return parts
    return [Reasoning(text=text, owner=details[0].owner), *parts]


def only_names(message: Mapping[str, msgspec.Raw]) -> bool:
    """Whether `reasoning_details` say no more than whose the thinking beside them is."""
    return not any(detail.said or detail.opaque for detail in _details(message))


def takes_details(owner: str) -> bool:
    """Whether `reasoning_details` is where an owner wants its thinking, or may."""
    return not owner or owner in _IN_DETAILS


def write(parts: Sequence[Reasoning], owner: str) -> dict[str, Any]:
    """Write thinking as the fields of a message for its owner, where its owner wants it."""
    if not parts:
        return {}
    text = _text(parts)
    if owner in _IN_DETAILS:
        return {"reasoning": text, "reasoning_details": _written(parts)}
    fields: dict[str, Any] = {"reasoning" if owner in _IN_REASONING else "reasoning_content": text}
    if owner == "volcengine":
        marks = [part.opaque for part in parts if part.opaque]
        fields |= {"encrypted_content": marks[-1]} if marks else {}
    return fields


def show(parts: Sequence[Reasoning | ReasoningDelta]) -> dict[str, Any]:
    """Write thinking as the fields of a message for a caller, with whose it is."""
    text = _text(parts)
    fields: dict[str, Any] = {"reasoning_content": text} if text else {}
    if any(_needs_detail(part) for part in parts):
        fields["reasoning_details"] = _written(parts)
    return fields


def _detail(part: Reasoning | ReasoningDelta, index: int) -> Detail:
    """Write one of `reasoning_details`."""
    redacted = part.kind == "redacted"
    extra = part.extra or {}
    return Detail(
        type="reasoning." + _TYPES[part.kind],
        text=part.text if part.kind == "thinking" else None,
        summary=part.text if part.kind == "summary" else None,
        data=part.opaque if redacted else None,
        signature=None if redacted else part.opaque,
        id=part.id or None,
        format=_STRING.decode(extra["format"]) if "format" in extra else part.owner or None,
        index=index,
    )


_TYPES: Mapping[Kind, str] = MappingProxyType(
    {"thinking": "text", "summary": "summary", "redacted": "encrypted"}
)


def _text(parts: Sequence[Reasoning | ReasoningDelta]) -> str:
    return "".join([part.text for part in parts if part.kind != "redacted"])


def _written(parts: Sequence[Reasoning | ReasoningDelta]) -> list[Detail]:
    """Number parts as their answer did; those of a request in their order."""
    return [
        _detail(part, part.block if isinstance(part, ReasoningDelta) else index)
        for index, part in enumerate(parts)
    ]


def _needs_detail(part: Reasoning | ReasoningDelta) -> bool:
    """Whether its text alone would not be all of it."""
    return bool(part.opaque or part.id or part.owner or part.kind != "thinking")


def _details(fields: Mapping[str, msgspec.Raw]) -> list[Detail]:
    found = fields.get("reasoning_details")
    return [] if found is None else _DETAILS.decode(found) or []


def _string(fields: Mapping[str, msgspec.Raw], name: str) -> str | None:
    found = fields.get(name)
    return None if found is None else _STRING.decode(found)


def _delta(detail: Detail, owner: str) -> ReasoningDelta:
    return ReasoningDelta(
        detail.said,
        kind=detail.kind,
        opaque=detail.opaque,
        id=detail.id or "",
        owner=owner or detail.owner,
        block=detail.index or 0,
        extra=detail.extra,
    )


def _joined(details: Sequence[Detail]) -> list[Detail]:
    """Join the pieces that a caller collected from a stream and did not join."""
    joined: list[Detail] = []
    for detail in details:
        if joined and _continues(joined[-1], detail):
            last = joined[-1]
            last.text = (last.text or "") + (detail.text or "")
            last.summary = (last.summary or "") + (detail.summary or "")
            last.data = (last.data or "") + (detail.data or "")
            last.signature = detail.signature
            last.id = last.id or detail.id
        else:
            joined.append(msgspec.structs.replace(detail))
    return joined


def _continues(last: Detail, detail: Detail) -> bool:
    """Whether a detail is the next piece of the one before it."""
    return (
        detail.index is not None
        and (last.type, last.index) == (detail.type, detail.index)
        and detail.id in {None, last.id or detail.id}
        and last.signature is None
    )
