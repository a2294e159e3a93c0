"""Answers of OpenAI's chat dialect, read for what the books need: finish, usage, faults.

Text is not decoded: an answer that is relayed is never taken apart.

Rule 1: usage comes out in buckets that do not overlap, whoever counted it.
Rule 2: a count that cannot be (more cached than read) is cut to what can.
Rule 3: usage that counts nothing is no usage: a zero that nobody measured stays unknown.
Rule 4: why an answer ended has one of four names, whatever its endpoint calls it, or is an
    error: a server that gave up has not finished.

Sources, read 2026-11: OpenAI API reference, "Chat Completions"; DeepSeek API docs, "Create
Chat Completion"; Moonshot platform docs, "Chat"; Mistral API reference, "Chat"; xAI docs,
"Reasoning"; OpenRouter docs, "API Reference" and "Prompt Caching"; Groq API reference;
Alibaba Cloud Model Studio docs, "Context Cache"; MiniMax platform docs, "Error Codes".
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import (
    ProviderGarbled,
    ProviderUnavailable,
)
from jevons.wire.blame import told
from jevons.wire.medium import media
from jevons.wire.refusal import heard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.errors import ProviderError

__all__ = (
    "Counts",
    "Measures",
    "Read",
    "Said",
    "Status",
    "fault_of",
    "finish_of",
    "garbled_by",
    "gave_up",
    "is_blank",
    "read_answer",
    "read_chunk",
    "usage_of",
)

# With these a server says that it did not finish: DeepSeek, vLLM and SGLang, Z.ai, OpenRouter,
# and Gemini behind this dialect.
_GAVE_UP = frozenset(
    {
        "insufficient_system_resource",
        "abort",
        "aborted",
        "network_error",
        "error",
        "malformed_function_call",
    }
)

_FINISH: Mapping[str, str] = MappingProxyType(
    {
        "length": "length",
        "max_tokens": "length",
        "model_length": "length",  # Mistral
        "model_context_window_exceeded": "length",
        "tool_calls": "tool_calls",
        "tool_use": "tool_calls",
        "function_call": "tool_calls",
        "content_filter": "content_filter",
        "sensitive": "content_filter",  # Z.ai
        "refusal": "content_filter",
        "safety": "content_filter",
        "recitation": "content_filter",
        "prohibited_content": "content_filter",
        "blocklist": "content_filter",
        "spii": "content_filter",
    }
)


class _Details(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    """OpenRouter's count of prompt tokens that were written to a cache."""
    cache_creation_input_tokens: int | None = None
    """Alibaba's."""
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None
    video_tokens: int | None = None


class Counts(msgspec.Struct):
    """Usage as endpoints count it: buckets overlap."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for cached prompt tokens."""
    cached_tokens: int | None = None
    """Moonshot's."""
    num_cached_tokens: int | None = None
    """Mistral's."""


class Measures(msgspec.Struct):
    """What Groq says of itself."""

    usage: Counts | None = None


class Status(msgspec.Struct):
    """What MiniMax says of every answer."""

    status_code: int | None = None
    """0 if all is well."""
    status_msg: str | None = None


class _Choice(msgspec.Struct):
    index: int | None = None
    finish_reason: str | msgspec.UnsetType | None = msgspec.UNSET
    usage: Counts | None = None
    """Moonshot puts the usage of a stream here."""


class _Piece(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: Counts | None = None
    x_groq: Measures | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")
    base_resp: Status | None = None


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
    error: ProviderError | None
    """What an error envelope says, or why the server gave up, if it is one or did."""


class Read(NamedTuple):
    """What a whole answer says besides text."""

    finish: str | None
    usage: Usage | None
    error: ProviderError | None


def read_chunk(data: bytes) -> Said:
    """Read the JSON of one chunk.

    Raises:
        ProviderGarbled: It is not a chunk.
    """
    return _heard(data).said


class _Heard(NamedTuple):
    said: Said
    is_blank: bool
    """Whether a choice ends as only one of a whole answer may."""


def _heard(data: bytes) -> _Heard:
    try:
        piece = _PIECE.decode(data)
        error = fault_of(piece.error, piece.base_resp)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as garbled:
        raise garbled_by(garbled) from None
    choices = piece.choices or ()
    ended = [each for each in choices if each.finish_reason]
    reason = (ended[-1].finish_reason or None) if ended else None
    usage = usage_of(piece.usage, piece.x_groq, *[each.usage for each in choices])
    said = Said(
        len(choices),
        tuple([each.index or 0 for each in ended]),
        finish_of(reason) if reason else None,
        usage,
        error or gave_up(reason),
    )
    is_counted = usage is not None
    return _Heard(
        said, any(is_blank(each.finish_reason, is_counted=is_counted) for each in choices)
    )


def read_answer(body: bytes) -> Read:
    """Read a whole answer. One is whole, too, that ends for no reason; see `is_blank`.

    Raises:
        ProviderGarbled: It is not an answer.
    """
    said, ends_blank = _heard(body)
    finish = finish_of("") if ends_blank and said.finish is None else said.finish
    return Read(finish, said.usage, said.error)


def is_blank(reason: str | msgspec.UnsetType | None, *, is_counted: bool) -> bool:
    """Tell whether a choice that gives no reason has ended, if its answer is whole.

    Snowflake's reason is `""`, and some hosts behind OpenRouter have no such field in an answer
    that is counted. Null is another matter: that is said where an answer broke off.
    """
    return reason == "" or (reason is msgspec.UNSET and is_counted)


def finish_of(reason: str) -> str:
    """Find our name for why an answer ended; the ways to come to a good end have many."""
    return _FINISH.get(reason.lower(), "stop")


def gave_up(reason: str | None) -> ProviderError | None:
    """Say what is wrong with a reason that is really a failure."""
    if reason is None or reason.lower() not in _GAVE_UP:
        return None
    return ProviderUnavailable(f"it finished with {reason!r}")


def garbled_by(error: Exception) -> ProviderGarbled:
    """Say that something is not of this dialect."""
    return ProviderGarbled(f"not JSON of this dialect: {error}")


def usage_of(*found: Counts | Measures | None) -> Usage | None:
    """Take the first usage that counts anything, of those that one chunk may hold."""
    for each in found:
        usage = _usage(each.usage if isinstance(each, Measures) else each)
        if usage is not None:
            return usage
    return None


def fault_of(error: msgspec.Raw, status: Status | None) -> ProviderError | None:
    """Read an error envelope, whatever its shape.

    Args:
        error: What stands under `error`.
        status: What MiniMax says of every answer.

    Raises:
        msgspec.MsgspecError: It is not JSON.
        UnicodeDecodeError: It is not UTF-8.
        RecursionError: It is nested too deeply.
    """
    said: dict[str, Any] = {}
    if bytes(error) != b"null":  # a Raw never equals bytes
        said["error"] = msgspec.json.decode(error)
    if status is not None and status.status_code:
        said["base_resp"] = msgspec.to_builtins(status)
    if not said:
        return None
    return told(heard(said))


def _usage(counts: Counts | None) -> Usage | None:
    """Sort overlapping counts into disjoint buckets.

    OpenAI's `prompt_tokens` holds the cached ones, and `completion_tokens` the reasoning.
    xAI's `completion_tokens` does not hold it; its total tells.
    """
    if counts is None:
        return None
    prompt = max(counts.prompt_tokens or 0, 0)
    completion = max(counts.completion_tokens or 0, 0)
    if not prompt and not completion:
        return None
    cached = min(max(_cached(counts), 0), prompt)
    written = min(max(_written(counts), 0), prompt - cached)
    details = counts.completion_tokens_details
    reasoning = max((details and details.reasoning_tokens) or 0, 0)
    beside = reasoning > 0 and counts.total_tokens == prompt + completion + reasoning
    if not beside:
        reasoning = min(reasoning, completion)
    fresh, answer = prompt - cached - written, completion if beside else completion - reasoning
    return Usage(
        input=fresh,
        cache_read=cached,
        cache_write=written,
        output=answer,
        reasoning=reasoning,
        media=media(
            fresh=(fresh, _seen(counts.prompt_tokens_details)), written=(answer, _seen(details))
        ),
        counted_by="endpoint",
    )


def _seen(details: _Details | None) -> tuple[int, int, int]:
    """List tokens of audio, image and video."""
    if details is None:
        return 0, 0, 0
    return details.audio_tokens or 0, details.image_tokens or 0, details.video_tokens or 0


def _cached(counts: Counts) -> int:
    """Find the count of cached prompt tokens under any of its names."""
    read = counts.prompt_tokens_details
    named = (
        read and read.cached_tokens,
        counts.prompt_cache_hit_tokens,
        counts.cached_tokens,
        counts.num_cached_tokens,
    )
    return next((each for each in named if each), 0)


def _written(counts: Counts) -> int:
    """Find the count of prompt tokens written to a cache under any of its names."""
    details = counts.prompt_tokens_details
    if details is None:
        return 0
    return details.cache_write_tokens or details.cache_creation_input_tokens or 0
