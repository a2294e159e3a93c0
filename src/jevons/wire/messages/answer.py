"""Answers of Anthropic's Messages dialect, read for what the books need: finish and faults; `tally` has usage.

Rule 1: a stream tells of one message. Its beginning may be told twice, as some gateways do; one
    of another message in its midst means that a gateway lost the first and tried again.
Rule 2: an answer has a reason to end, or it is no answer; some reasons are really faults.

Sources, read 2026-11: Anthropic API reference, "Create a Message" and "Streaming Messages";
Anthropic docs, "Handling stop reasons"; Z.ai docs, "Errors", for `sensitive` and
`network_error`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.types.errors import (
    ProviderGarbled,
    ProviderTruncated,
    ProviderUnavailable,
)
from jevons.wire.blame import told
from jevons.wire.messages.tally import Counts
from jevons.wire.refusal import heard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.errors import ProviderError

__all__ = (
    "NULL",
    "Body",
    "Ending",
    "Identity",
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
    return told(heard({"error": said}))


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
