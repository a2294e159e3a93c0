"""Answers of OpenAI's chat dialect, read for what the books need: finish, usage, faults.

Text is not decoded: an answer that is relayed is never taken apart.

Rule 1: usage comes out in buckets that do not overlap, whoever counted it.
Rule 2: a count that cannot be (more cached than read) is cut to what can.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from jevons.types.account import Usage

__all__ = ("Read", "Said", "read_answer", "read_chunk", "read_usage")


class _Details(msgspec.Struct):
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for cached prompt tokens."""
    cached_tokens: int | None = None
    """Moonshot's."""


class _Choice(msgspec.Struct):
    finish_reason: str | None = None
    usage: _Usage | None = None
    """Moonshot puts the usage of a stream here."""


class _Piece(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: msgspec.Raw | None = None


_PIECE = msgspec.json.Decoder(_Piece)


class Said(NamedTuple):
    """What one chunk of a stream says besides text."""

    choices: int
    """Choices it speaks of; 0 in a chunk of usage alone."""
    finishes: tuple[str, ...]
    """Finish reasons of the choices that end with it."""
    usage: Usage | None
    error: str | None
    """What an error envelope says, if it is one."""


class Read(NamedTuple):
    """What a whole answer says besides text."""

    finish: str | None
    usage: Usage | None
    error: str | None


def read_chunk(data: bytes) -> Said:
    """Read the JSON of one chunk.

    Raises:
        msgspec.MsgspecError: It is not a chunk.
    """
    piece = _PIECE.decode(data)
    finishes = tuple([each.finish_reason for each in piece.choices if each.finish_reason])
    usage = piece.usage
    if usage is None:
        usage = next((each.usage for each in piece.choices if each.usage), None)
    return Said(
        len(piece.choices),
        finishes,
        None if usage is None else read_usage(usage),
        _fault(piece.error),
    )


def read_answer(body: bytes) -> Read:
    """Read a whole answer.

    Raises:
        msgspec.MsgspecError: It is not an answer.
    """
    said = read_chunk(body)
    return Read(said.finishes[-1] if said.finishes else None, said.usage, said.error)


def read_usage(usage: _Usage) -> Usage:
    """Sort overlapping counts into disjoint buckets.

    OpenAI's `prompt_tokens` holds the cached ones, and `completion_tokens` the reasoning.
    """
    details, written = usage.prompt_tokens_details, usage.completion_tokens_details
    prompt = max(usage.prompt_tokens or 0, 0)
    completion = max(usage.completion_tokens or 0, 0)
    cached = (
        (details.cached_tokens if details else None)
        or usage.prompt_cache_hit_tokens
        or usage.cached_tokens
        or 0
    )
    reasoning = (written.reasoning_tokens if written else None) or 0
    cached = min(max(cached, 0), prompt)
    reasoning = min(max(reasoning, 0), completion)
    return Usage(
        input=prompt - cached,
        cache_read=cached,
        output=completion - reasoning,
        reasoning=reasoning,
        counted_by="endpoint",
    )


def _fault(error: msgspec.Raw | None) -> str | None:
    """Find the sentence in an error envelope, whatever its shape."""
    if error is None or error == b"null":
        return None
    said = msgspec.json.decode(error)
    if isinstance(said, dict):
        found = said.get("message") or said.get("code")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] foreign JSON
        return str(found or "an error without a message")  # pyright: ignore[reportUnknownArgumentType]
    return str(said)
