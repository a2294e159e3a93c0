"""What a server says when it refuses, taken out of any of the envelopes in use.

Rule 1: any bytes give a refusal: a body that says nothing that we can read still says that.
Rule 2: codes are compared in lower case; numbers count as their digits.
Rule 3: what is read is bounded, in depth and in length.

Sources, read 2026-11: the error pages of the API references of OpenAI, Anthropic, Google (also
AIP-193), Mistral, xAI, Cohere, OpenRouter, DeepSeek, Moonshot, Alibaba Cloud Model Studio,
Volcengine Ark, Z.ai and MiniMax; vLLM, llama.cpp and Ollama documentation; FastAPI docs,
"Handling Errors".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from jevons.wire.wait import asked_s, span_s

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Refusal", "heard", "read")

_DEEPEST = 6  # levels of envelopes; the deepest in use has four
_MOST = 8  # entries of a list that are read: a field each, of what is wrong with a request
_LONGEST_CHARS = 4096  # of a sentence

_CODES = ("code", "type", "status", "reason", "error_type", "error_code", "status_code")
_WITHIN = ("error", "errors", "details", "innererror", "response", "metadata", "output", "message")
_SAYS = ("message", "error", "errors", "detail", "msg", "status_msg", "base_resp", "response")
_TITLE = re.compile(r"<title[^>]{0,100}>\s*([^<]{1,200}?)\s*</title", re.IGNORECASE)


class Refusal(NamedTuple):
    """What a server said."""

    codes: frozenset[str] = frozenset()
    """Every code, type and reason in it, lower case. A vendor's own numbers come with where they
    stood too: `base_resp.1008`, `error.1113`."""
    sentence: str = ""
    """What it says to a person."""
    wait_s: float | None = None
    """Seconds that it asks to wait, if it says so in the body."""


def read(body: bytes) -> Refusal:
    """Read the body of a refusal, whatever its content type says."""
    said = _decoded(body)
    if said is None:
        text = body.decode("utf-8", "replace").strip()
        title = _TITLE.search(text[:_LONGEST_CHARS])
        sentence = (title[1] if title else text)[:_LONGEST_CHARS]
        return Refusal(frozenset(), sentence, asked_s(sentence))
    refusal = heard(said)
    if refusal.sentence:
        return refusal
    return refusal._replace(sentence=body.decode("utf-8", "replace").strip()[:_LONGEST_CHARS])


def heard(said: Any) -> Refusal:
    """Read an envelope that is decoded already, or what is in one.

    Args:
        said: Any JSON.
    """
    sentence = _sentence(said, _DEEPEST)[:_LONGEST_CHARS]
    codes = frozenset(_codes(said, _DEEPEST))
    asked = next(_delays(said, _DEEPEST), None)
    return Refusal(codes, sentence, asked_s(sentence) if asked is None else asked)


def _decoded(body: bytes) -> Any:
    """Decode a body that is JSON, or a stream whose event is; None if neither."""
    said = _json(body)
    if said is not None:
        return said
    for line in body.splitlines():
        said = _json(line[5:]) if line.startswith(b"data:") else None
        if isinstance(said, dict):
            return cast("dict[str, Any]", said)
    return None


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _object(said: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}


def _entries(said: Any) -> list[Any]:
    return cast("list[Any]", said)[:_MOST] if isinstance(said, list) else []


def _sentence(said: Any, depth: int) -> str:
    """Find what is meant for a person: the first that says anything."""
    if isinstance(said, str):
        return said.strip()
    if not said or depth == 0:
        return ""
    if isinstance(said, list):
        return "; ".join(filter(None, [_sentence(each, depth - 1) for each in _entries(said)]))
    fields = _object(said)
    found = next(filter(None, (_sentence(fields.get(key), depth - 1) for key in _SAYS)), "")
    return found and _where(fields) + found + _raw(fields)


def _where(fields: dict[str, Any]) -> str:
    """Name the field that FastAPI complains about."""
    place = [str(each) for each in _entries(fields.get("loc")) if isinstance(each, str | int)]
    return ".".join(place) + ": " if place else ""


def _raw(fields: dict[str, Any]) -> str:
    """Add what the server behind OpenRouter said: its own sentence says nothing."""
    raw = _object(fields.get("metadata")).get("raw")
    return f": {raw}" if isinstance(raw, str) else ""


def _codes(said: Any, depth: int) -> Iterator[str]:
    """Find everything that is meant for a program."""
    if not said or depth == 0:
        return
    for each in _entries(said):
        yield from _codes(each, depth - 1)
    fields = _object(said)
    for key in _CODES:
        code = fields.get(key)
        if isinstance(code, str | int) and not isinstance(code, bool):
            yield str(code).strip().lower()
    for key in _WITHIN:
        yield from _codes(fields.get(key), depth - 1)
    yield from _own_numbers(fields)


def _own_numbers(fields: dict[str, Any]) -> Iterator[str]:
    """Find codes that are a vendor's own numbers, told apart by where they stand."""
    for envelope, key in (("base_resp", "status_code"), ("error", "code")):
        code = str(_object(fields.get(envelope)).get(key))
        if code.isdecimal() and len(code) == 4:  # noqa: PLR2004 both count from 1000
            yield f"{envelope}.{code}"


def _delays(said: Any, depth: int) -> Iterator[float]:
    """Find Google's `RetryInfo`."""
    if not said or depth == 0:
        return
    for each in _entries(said):
        yield from _delays(each, depth - 1)
    fields = _object(said)
    delay = fields.get("retryDelay")
    span = span_s(delay) if isinstance(delay, str) else None
    if span is not None:
        yield span
    for key in ("error", "details"):
        yield from _delays(fields.get(key), depth - 1)
