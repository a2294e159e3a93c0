"""Answers of OpenAI's Responses dialect, read for what the books need: finish, usage, faults.

Rule 1: usage comes out in buckets that do not overlap, whoever counted it.
Rule 2: a count that cannot be (more cached than read) is cut to what can.
Rule 3: usage that counts nothing is no usage: a zero that nobody measured stays unknown.
Rule 4: only `completed`, and `incomplete` for a reason that we know, are an end. An answer
    that failed, was cancelled or is still under way is not one.

Sources, read 2026-11: OpenAI API reference, "Responses" and "Streaming events"; xAI docs,
"Responses API"; DeepSeek API docs, "Responses API".
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import (
    ProviderGarbled,
    ProviderTruncated,
    ProviderUnavailable,
)
from jevons.wire.blame import told
from jevons.wire.refusal import heard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.errors import ProviderError
    from jevons.types.message import Extra

__all__ = (
    "NULL",
    "Body",
    "Ending",
    "ending_of",
    "error_of",
    "fault_of",
    "garbled_by",
    "left_over",
    "usage_of",
)

NULL = msgspec.Raw(b"null")

_INCOMPLETE: Mapping[str, str] = MappingProxyType(
    {"max_output_tokens": "length", "max_tokens": "length", "content_filter": "content_filter"}
)
_COMPLETE = frozenset({"completed", "complete"})  # xAI's tools say the second

# What an answer repeats of the request, or what has a name of ours.
_NAMED = frozenset(
    {
        "background",
        "completed_at",
        "created_at",
        "error",
        "frequency_penalty",
        "id",
        "incomplete_details",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "object",
        "output",
        "output_text",
        "parallel_tool_calls",
        "presence_penalty",
        "previous_response_id",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "status",
        "store",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "usage",
        "user",
    }
)


class _Read(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _Written(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Counts(msgspec.Struct):
    """Usage as endpoints count it: buckets overlap."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    input_tokens_details: _Read | None = None
    output_tokens_details: _Written | None = None


class _Incomplete(msgspec.Struct):
    reason: str | None = None


class Body(msgspec.Struct):
    """The object `response`, as far as the books need it."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    output: list[msgspec.Raw] | None = None
    usage: _Counts | None = None
    incomplete_details: _Incomplete | None = None
    error: msgspec.Raw = NULL


class Ending(NamedTuple):
    """How an answer ended."""

    finish: str
    """One of our reasons; `error` if something is wrong."""
    native: str
    """The reason in the endpoint's own words."""
    error: ProviderError | None


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def ending_of(body: Body, *, called: bool) -> Ending:
    """Say how an answer ended.

    Args:
        body: The whole answer.
        called: Whether it calls a tool.

    Raises:
        msgspec.MsgspecError: Its error is not JSON.
        UnicodeDecodeError: Its error is not UTF-8.
        RecursionError: Its error is nested too deeply.
    """
    status = body.status or ""
    error = fault_of(body.error)
    if error is not None:
        return Ending("error", status, error)
    if status in _COMPLETE:
        return Ending("tool_calls" if called else "stop", status, None)
    if status in {"in_progress", "queued"}:
        return Ending("error", status, ProviderTruncated(f"the answer is still {status!r}"))
    reason = (body.incomplete_details and body.incomplete_details.reason) or ""
    if status == "incomplete" and reason in _INCOMPLETE:
        return Ending(_INCOMPLETE[reason], reason, None)
    said = f"the answer ended with status {status!r}" + (f", because {reason!r}" if reason else "")
    return Ending("error", reason or status, ProviderUnavailable(said))


def fault_of(error: msgspec.Raw) -> ProviderError | None:
    """Read an error, whatever its shape; None if it is null.

    Raises:
        msgspec.MsgspecError: It is not JSON.
        UnicodeDecodeError: It is not UTF-8.
        RecursionError: It is nested too deeply.
    """
    said: Any = msgspec.json.decode(error)
    if said is None:
        return None
    return told(heard(said))


def error_of(kind: str, error: msgspec.Raw, data: bytes) -> ProviderError | None:
    """Read the error that an event is; None if it is none.

    Args:
        kind: Its type; empty if it has none.
        error: Its field `error`.
        data: All of it: some say the error there.

    Raises:
        msgspec.MsgspecError: It is not JSON.
        UnicodeDecodeError: It is not UTF-8.
        RecursionError: It is nested too deeply.
    """
    if kind == "error":
        return fault_of(error) or fault_of(msgspec.Raw(data))
    if kind:
        return None
    return fault_of(error) or ProviderGarbled("an event has no type: it is of another dialect")


def garbled_by(error: Exception) -> ProviderGarbled:
    """Say that something is not of this dialect."""
    return ProviderGarbled(f"not JSON of this dialect: {error}")


def usage_of(counts: _Counts | None) -> Usage | None:
    """Sort overlapping counts into disjoint buckets.

    `input_tokens` holds the cached ones and `output_tokens` the reasoning. Where the total
    says that reasoning was counted beside the output, it is believed.
    """
    if counts is None:
        return None
    read = max(counts.input_tokens or 0, 0)
    written = max(counts.output_tokens or 0, 0)
    if not read and not written:
        return None
    details = counts.input_tokens_details or _Read()
    cached = min(max(details.cached_tokens or 0, 0), read)
    stored = min(max(details.cache_write_tokens or 0, 0), read - cached)
    reasoning = max((counts.output_tokens_details or _Written()).reasoning_tokens or 0, 0)
    beside = reasoning > 0 and counts.total_tokens == read + written + reasoning
    if not beside:
        reasoning = min(reasoning, written)
    return Usage(
        input=read - cached - stored,
        cache_read=cached,
        cache_write=stored,
        output=written if beside else written - reasoning,
        reasoning=reasoning,
        counted_by="endpoint",
    )


def left_over(response: msgspec.Raw) -> Extra:
    """Find what an answer says that has no name of ours and is no echo of the request.

    Raises:
        msgspec.MsgspecError: It is not an object.
    """
    fields = _FIELDS.decode(response)
    extra = {name: raw for name, raw in fields.items() if name not in _NAMED and _says(raw)}
    counts = fields.get("usage", NULL)
    if _says(counts):
        beside = {
            name: raw
            for name, raw in _FIELDS.decode(counts).items()
            if name not in _Counts.__struct_fields__
        }
        if beside:
            extra["usage"] = msgspec.Raw(msgspec.json.encode(beside))
    return extra or None


def _says(raw: msgspec.Raw) -> bool:
    return bytes(raw) != b"null"
