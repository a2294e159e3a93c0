"""Answers of Gemini's dialect: how they end, what they used, what went wrong.

Rule 1: usage comes out in buckets that do not overlap. Here the answer's tokens are counted
    without those of thinking, and the prompt's with those that a cache had; what hosted tools
    put into the prompt is counted beside it.
Rule 2: usage that counts nothing is no usage, nor is one that counts neither a prompt nor all.
Rule 3: an answer that ended for a reason that is not known to be a good one has failed.

Source: Gemini API reference, "GenerateContentResponse" (`FinishReason`, `BlockReason`,
`UsageMetadata`), read 2026-11; Vertex AI API reference, the same, for `MODEL_ARMOR`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.types.account import Media, Usage
from jevons.types.errors import (
    ProviderFiltered,
    ProviderGarbled,
    ProviderUnavailable,
)
from jevons.wire.blame import told
from jevons.wire.medium import media
from jevons.wire.refusal import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.errors import ProviderError

__all__ = (
    "Counts",
    "Feedback",
    "blocked",
    "fault_of",
    "finish_of",
    "garbled_by",
    "reason_of",
    "usage_of",
)

_FINISH: Mapping[str, str] = MappingProxyType(
    {
        "STOP": "stop",
        "MAX_TOKENS": "length",
        "SAFETY": "content_filter",
        "RECITATION": "content_filter",
        "BLOCKLIST": "content_filter",
        "PROHIBITED_CONTENT": "content_filter",
        "SPII": "content_filter",
        "MODEL_ARMOR": "content_filter",
        "IMAGE_SAFETY": "content_filter",
        "IMAGE_PROHIBITED_CONTENT": "content_filter",
        "IMAGE_RECITATION": "content_filter",
    }
)
_NUMBERED: Mapping[int, str] = MappingProxyType(
    {1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION"}
)
"""Reasons by the numbers that Google's two APIs have in common; they differ in the others."""
_REASON = msgspec.json.Decoder(str | int | None)


class _Detail(msgspec.Struct, rename="camel"):
    """How many of some tokens are of one medium."""

    modality: str = ""
    token_count: int | None = None


class Counts(msgspec.Struct, rename="camel"):
    """Usage as the endpoint counts it."""

    prompt_token_count: int | None = None
    """With what was read from a cache."""
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    """Without thinking."""
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    """What hosted tools found, as the model was given it; not in the prompt's count."""
    total_token_count: int | None = None
    prompt_tokens_details: list[_Detail] | None = None
    cache_tokens_details: list[_Detail] | None = None
    candidates_tokens_details: list[_Detail] | None = None


class Feedback(msgspec.Struct, rename="camel"):
    """Why a prompt was not answered."""

    block_reason: str | None = None
    block_reason_message: str | None = None


def usage_of(counts: Counts | None) -> Usage | None:
    """Say what was used; None if nothing was counted."""
    if counts is None:
        return None
    prompt, found, output, thought, cached = (
        max(each or 0, 0)
        for each in (
            counts.prompt_token_count,
            counts.tool_use_prompt_token_count,
            counts.candidates_token_count,
            counts.thoughts_token_count,
            counts.cached_content_token_count,
        )
    )
    is_counted = counts.prompt_token_count is not None or counts.total_token_count is not None
    if not (is_counted and prompt + found + output + thought):
        return None
    cached = min(cached, prompt)
    return Usage(
        input=prompt - cached + found,
        cache_read=cached,
        output=output,
        reasoning=thought,
        media=_media(counts, fresh=prompt - cached + found, cached=cached, output=output),
        counted_by="endpoint",
    )


def _media(counts: Counts, *, fresh: int, cached: int, output: int) -> Media | None:
    """Say which tokens are no text; those read from a cache are in the prompt's details too."""
    read, kept = _seen(counts.prompt_tokens_details), _seen(counts.cache_tokens_details)
    new = read[0] - kept[0], read[1] - kept[1], read[2] - kept[2]
    written = _seen(counts.candidates_tokens_details)
    return media(fresh=(fresh, new), cached=(cached, kept), written=(output, written))


def _seen(details: list[_Detail] | None) -> tuple[int, int, int]:
    """List tokens of audio, image and video."""
    counted = {each.modality: each.token_count or 0 for each in details or ()}
    return counted.get("AUDIO", 0), counted.get("IMAGE", 0), counted.get("VIDEO", 0)


def reason_of(raw: msgspec.Raw) -> str:
    """Read a reason to end; empty if it is none. Some gateways pass on numbers in place of words.

    Raises:
        msgspec.MsgspecError: It is neither.
    """
    said = _REASON.decode(raw)
    if isinstance(said, int):
        return _NUMBERED.get(said, str(said)) if said else ""
    return "" if said in {None, "FINISH_REASON_UNSPECIFIED"} else str(said)


def finish_of(native: str, message: str | None) -> str | ProviderError:
    """Name why an answer ended.

    Args:
        native: The reason in the endpoint's words.
        message: What it says beside, if anything.
    """
    found = _FINISH.get(native)
    if found is not None:
        return found
    return ProviderUnavailable(f"the model gave up: {native}{f': {message}' if message else ''}")


def blocked(feedback: Feedback | None) -> ProviderFiltered | None:
    """Say that the prompt was not let through, if it was not."""
    if feedback is None or not feedback.block_reason:
        return None
    more = f": {feedback.block_reason_message}" if feedback.block_reason_message else ""
    return ProviderFiltered(f"the prompt was blocked: {feedback.block_reason}{more}")


def fault_of(body: bytes) -> ProviderError:
    """Turn an error's envelope into the error that it tells of."""
    return told(read(body), before="upstream answered 200: ")


def garbled_by(error: Exception) -> ProviderGarbled:
    """Say that something is not of the dialect."""
    return ProviderGarbled(f"it is not an answer of Gemini's dialect: {error}")
