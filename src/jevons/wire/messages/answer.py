"""Answers of Anthropic's Messages dialect, read for what the books need: finish, usage, faults.

Rule 1: buckets do not overlap here: `input_tokens` holds nothing that a cache was read for or
    written with. Only the thinking lies in the output.
Rule 2: usage is cumulative. The last count of each kind stands and none is ever added; a
    prompt of no tokens is no count.
Rule 3: what a stream counts at its beginning is the prompt. If its end never comes, the
    answer is guessed by its pieces.
Rule 4: usage that counts nothing is no usage: a zero that nobody measured stays unknown.
Rule 5: a stream tells of one message. Its beginning may be told twice, as some gateways do; one
    of another message in its midst means that a gateway lost the first and tried again.

Sources, read 2026-11: Anthropic API reference, "Create a Message" and "Streaming Messages";
Anthropic docs, "Handling stop reasons"; Z.ai docs, "Errors", for `sensitive` and
`network_error`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.types.account import Usage
from jevons.types.errors import (
    ProviderGarbled,
    ProviderThrottled,
    ProviderTruncated,
    ProviderUnavailable,
)
from jevons.wire.blame import blame
from jevons.wire.refusal import heard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.errors import ProviderError

__all__ = (
    "NULL",
    "Body",
    "Counts",
    "Ending",
    "Identity",
    "Tally",
    "ending_of",
    "error_of",
    "fault_of",
    "garbled_by",
)

NULL = msgspec.Raw(b"null")

_GAVE_UP = frozenset({"error", "network_error", "aborted", "insufficient_system_resource"})
_FINISH: Mapping[str, str] = MappingProxyType(
    {
        "end_turn": "stop",  # tools that the endpoint ran may have been called on the way
        "stop_sequence": "stop",
        "pause_turn": "stop",
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "length": "length",  # the words of other dialects are some servers' here too
        "tool_use": "tool_calls",
        "tool_calls": "tool_calls",
        "refusal": "content_filter",
        "sensitive": "content_filter",
        "content_filter": "content_filter",
    }
)


class _Stored(msgspec.Struct):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class _Written(msgspec.Struct):
    thinking_tokens: int | None = None


class Counts(msgspec.Struct):
    """Usage as endpoints count it."""

    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _Stored | None = None
    prompt_tokens: int | None = None
    """What other dialects call the whole prompt; Moonshot counts it beside the rest."""
    output_tokens: int | None = None
    output_tokens_details: _Written | None = None


class Body(msgspec.Struct):
    """A message, as far as the books need it."""

    type: str | None = None
    id: str | None = None
    model: str | None = None
    content: list[msgspec.Raw] | None = None
    stop_reason: str | None = None
    usage: Counts | None = None
    error: msgspec.Raw = NULL


class Ending(NamedTuple):
    """How an answer ended."""

    finish: str
    """One of our reasons; `error` if something is wrong."""
    native: str
    """The reason in the endpoint's own words."""
    error: ProviderError | None


class Identity:
    """Which message a stream tells of."""

    def __init__(self) -> None:
        self._id = ""

    def take(self, message: Body, *, has_spoken: bool) -> ProviderTruncated | None:
        """Take the beginning of a message; say what is wrong with it, if anything.

        Args:
            message: As it begins.
            has_spoken: Whether a block of an earlier one has begun.
        """
        is_other = bool(self._id and message.id) and message.id != self._id
        if is_other and has_spoken:
            return ProviderTruncated("another message began before this one had ended")
        self._id = message.id or self._id
        return None


class Tally:
    """The usage of one answer, count by count."""

    def __init__(self) -> None:
        self._input = 0
        self._read = 0
        self._stored = 0
        self._output = 0
        self._thought = 0
        self._is_final = False

    def take(self, counts: Counts | None, *, is_final: bool) -> None:
        """Take a count.

        Args:
            counts: What was counted, if it was.
            is_final: Whether all of the answer was.
        """
        if counts is None:
            return
        stored = _stored(counts)
        if counts.input_tokens or counts.cache_read_input_tokens or stored:
            self._input = _latest(_fresh(counts, stored), self._input)
            self._read = _latest(counts.cache_read_input_tokens, self._read)
            self._stored = _latest(stored, self._stored)
        self._output = _latest(counts.output_tokens, self._output)
        thought = counts.output_tokens_details and counts.output_tokens_details.thinking_tokens
        self._thought = _latest(thought, self._thought)
        self._is_final = self._is_final or (is_final and counts.output_tokens is not None)

    def usage(self, pieces: int) -> Usage | None:
        """Say what was used; None if nobody counted.

        Args:
            pieces: Deltas so far, the guess where the end of the answer was not counted.
        """
        if not (self._input or self._read or self._stored or self._output):
            return None
        output = self._output if self._is_final else max(self._output, pieces)
        reasoning = min(self._thought, output)
        return Usage(
            input=self._input,
            cache_read=self._read,
            cache_write=self._stored,
            output=output - reasoning,
            reasoning=reasoning,
            counted_by="endpoint" if self._is_final else "guess",
        )


def ending_of(reason: str | None, *, called: bool) -> Ending:
    """Say how an answer ended.

    Args:
        reason: Its stop reason.
        called: Whether it calls a tool.
    """
    if not reason:
        return Ending("error", "", ProviderTruncated("the answer has no stop reason"))
    if reason in _GAVE_UP:
        gave_up = ProviderUnavailable(f"the answer ended with stop reason {reason!r}")
        return Ending("error", reason, gave_up)
    finish = _FINISH.get(reason) or ("tool_calls" if called else "stop")
    return Ending(finish, reason, None)


def fault_of(error: msgspec.Raw | bytes) -> ProviderError | None:
    """Read an error, whatever its shape; None if it is null.

    Raises:
        msgspec.MsgspecError: It is not JSON.
        UnicodeDecodeError: It is not UTF-8.
        RecursionError: It is nested too deeply.
    """
    said: Any = msgspec.json.decode(error)
    if said is None:
        return None
    refusal = heard({"error": said})
    sentence = refusal.sentence or ", ".join(sorted(refusal.codes)) or "an error without a message"
    kind = blame(refusal)
    if kind is ProviderThrottled:
        return ProviderThrottled(sentence, retry_after_s=refusal.wait_s)
    return kind(sentence)


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
    fault = fault_of(error)
    if fault is not None or (kind and kind != "error"):
        return fault
    if kind:
        return fault_of(data)
    return ProviderGarbled("an event has no type: it is of another dialect")


def garbled_by(error: Exception) -> ProviderGarbled:
    """Say that something is not of this dialect."""
    return ProviderGarbled(f"not JSON of this dialect: {error}")


def _stored(counts: Counts) -> int | None:
    """Find what was written to a cache; some servers say only for how long each was."""
    if counts.cache_creation_input_tokens is not None or counts.cache_creation is None:
        return counts.cache_creation_input_tokens
    stored = counts.cache_creation
    return (stored.ephemeral_5m_input_tokens or 0) + (stored.ephemeral_1h_input_tokens or 0)


def _fresh(counts: Counts, stored: int | None) -> int | None:
    """Find what no cache had part in; a count that is the whole prompt's holds the cached too."""
    count = counts.input_tokens
    if count is None or count != counts.prompt_tokens:
        return count
    return count - (counts.cache_read_input_tokens or 0) - (stored or 0)


def _latest(count: int | None, before: int) -> int:
    return before if count is None else max(count, 0)
