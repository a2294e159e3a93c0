"""Answers of OpenAI's chat dialect, read for what the books need: finish, usage, faults.

Text is not decoded: an answer that is relayed is never taken apart.

Rule 1: usage comes out in buckets that do not overlap, whoever counted it.
Rule 2: a count that cannot be (more cached than read) is cut to what can.
Rule 3: usage that counts nothing is no usage: a zero that nobody measured stays unknown.

Sources, read 2026-11: OpenAI API reference, "Chat Completions"; DeepSeek API docs, "Create
Chat Completion"; Moonshot platform docs, "Chat"; xAI docs, "Reasoning".
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled

__all__ = ("Read", "Said", "read_answer", "read_chunk")

# With these a server says that it did not finish: DeepSeek, vLLM and SGLang, Z.ai, OpenRouter.
_GAVE_UP = frozenset({"insufficient_system_resource", "abort", "aborted", "network_error", "error"})


class _Details(msgspec.Struct):
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for cached prompt tokens."""
    cached_tokens: int | None = None
    """Moonshot's."""


class _Choice(msgspec.Struct):
    index: int | None = None
    finish_reason: str | None = None
    usage: _Usage | None = None
    """Moonshot puts the usage of a stream here."""


class _Piece(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


_PIECE = msgspec.json.Decoder(_Piece)


class Said(NamedTuple):
    """What one chunk of a stream says besides text."""

    choices: int
    """Choices it speaks of; 0 in a chunk of usage alone."""
    finished: tuple[int, ...]
    """Indices of the choices that end with it."""
    finish: str | None
    """Why the last of them ended."""
    usage: Usage | None
    error: str | None
    """What an error envelope says, or why the server gave up, if it is one or did."""


class Read(NamedTuple):
    """What a whole answer says besides text."""

    finish: str | None
    usage: Usage | None
    error: str | None


def read_chunk(data: bytes) -> Said:
    """Read the JSON of one chunk.

    Raises:
        ProviderGarbled: It is not a chunk.
    """
    try:
        piece = _PIECE.decode(data)
        error = _fault(piece.error)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as garbled:
        message = f"not JSON of this dialect: {garbled}"
        raise ProviderGarbled(message) from None
    choices = piece.choices or ()
    ended = [each for each in choices if each.finish_reason]
    finish = ended[-1].finish_reason if ended else None
    if error is None and finish in _GAVE_UP:
        error = f"it finished with {finish!r}"
    usage = _usage(piece.usage)
    for each in choices:
        usage = usage or _usage(each.usage)
    return Said(len(choices), tuple([each.index or 0 for each in ended]), finish, usage, error)


def read_answer(body: bytes) -> Read:
    """Read a whole answer.

    Raises:
        ProviderGarbled: It is not an answer.
    """
    said = read_chunk(body)
    return Read(said.finish, said.usage, said.error)


def _usage(counts: _Usage | None) -> Usage | None:
    """Sort overlapping counts into disjoint buckets.

    OpenAI's `prompt_tokens` holds the cached ones, and `completion_tokens` the reasoning.
    xAI's `completion_tokens` does not hold it; its total tells.
    """
    if counts is None or (counts.prompt_tokens is None and counts.completion_tokens is None):
        return None
    prompt = max(counts.prompt_tokens or 0, 0)
    completion = max(counts.completion_tokens or 0, 0)
    cached = min(max(_cached(counts), 0), prompt)
    written = counts.completion_tokens_details
    reasoning = max((written and written.reasoning_tokens) or 0, 0)
    beside = reasoning > 0 and counts.total_tokens == prompt + completion + reasoning
    if not beside:
        reasoning = min(reasoning, completion)
    return Usage(
        input=prompt - cached,
        cache_read=cached,
        output=completion if beside else completion - reasoning,
        reasoning=reasoning,
        counted_by="endpoint",
    )


def _cached(counts: _Usage) -> int:
    """Find the count of cached prompt tokens under any of its names."""
    read = counts.prompt_tokens_details
    named = (read and read.cached_tokens, counts.prompt_cache_hit_tokens, counts.cached_tokens)
    return next((each for each in named if each), 0)


def _fault(error: msgspec.Raw) -> str | None:
    """Find the sentence in an error envelope, whatever its shape."""
    if bytes(error) == b"null":  # a Raw never equals bytes
        return None
    said = msgspec.json.decode(error)
    if isinstance(said, dict):
        said = said.get("message") or said.get("code")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] foreign JSON
    return str(said or "an error without a message")  # pyright: ignore[reportUnknownArgumentType] as above
