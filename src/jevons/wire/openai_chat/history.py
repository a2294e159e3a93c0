"""Earlier thinking in a request, as the model wants it: handed back, stood in for, or taken out.

Models disagree: some refuse a request that hands thinking back, some refuse one that calls
tools and does not. Which rule holds for a model is known to its vendor's row.

Rule 1: nothing is decoded that the rule does not ask about.
Rule 2: thinking is never made up: what stands in for it is a blank.

Sources, read 2026-11: DeepSeek API docs, "Reasoning Model" and "Thinking Mode"; Moonshot
platform docs, "Use Thinking Models"; the blank is what Vercel's AI SDK and LiteLLM send.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from jevons.wire.openai_chat.reasoning import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.wire.openai_chat.shapes import Fields

__all__ = ("Replayed", "replay")

_MESSAGES = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_BLANK = msgspec.Raw(b'" "')
_SAYS_NOTHING = frozenset({b"null", b'""', b"[]"})


class Replayed(NamedTuple):
    """A body whose messages are as the model wants them."""

    fields: dict[str, msgspec.Raw]
    changed: tuple[str, ...]
    """Each change: `field: what was done, why`."""


def replay(
    fields: Mapping[str, msgspec.Raw],
    rule: Literal["forbidden", "tool-loop", "always-with-tools", "optional", "unknown"],
) -> Replayed:
    """Put a model's rule into effect on the messages of a body.

    Args:
        fields: Top-level fields of the body, undecoded. They are not changed.
        rule: `forbidden` takes all thinking out; `tool-loop` wants it with every call to a
            tool, `always-with-tools` in every message of a request that has tools; the
            others want nothing.
    """
    said = bytes(fields.get("messages", b"[]"))
    if rule == "forbidden" and b'"reasoning' in said:
        return _without(fields, said)
    has_tools = _says(fields, "tools")
    if (rule == "tool-loop" or (rule == "always-with-tools" and has_tools)) and (
        b'"assistant"' in said
    ):
        return _with_blanks(fields, said, calls_only=rule == "tool-loop")
    return Replayed(dict(fields), ())


def _without(fields: Mapping[str, msgspec.Raw], said: bytes) -> Replayed:
    messages = _MESSAGES.decode(said)
    kept = [{name: message[name] for name in message if name not in FIELDS} for message in messages]
    if kept == messages:
        return Replayed(dict(fields), ())
    what = "messages: reasoning was dropped, this model refuses a request that hands it back"
    return _changed(fields, kept, what)


def _with_blanks(fields: Mapping[str, msgspec.Raw], said: bytes, *, calls_only: bool) -> Replayed:
    messages = _MESSAGES.decode(said)
    lacking = [each for each in messages if _lacks(each, calls_only=calls_only)]
    if not lacking:
        return Replayed(dict(fields), ())
    for message in lacking:
        message["reasoning_content"] = _BLANK
    what = "messages: a blank stands in for reasoning, this model refuses calls to tools without"
    return _changed(fields, messages, what)


def _lacks(message: Fields, *, calls_only: bool) -> bool:
    """Whether a message of the model has no thinking and must have."""
    is_models = bytes(message.get("role", b"")) == b'"assistant"'
    is_meant = _says(message, "tool_calls") or not calls_only
    return is_models and is_meant and not any(_says(message, name) for name in FIELDS)


def _says(fields: Mapping[str, msgspec.Raw], name: str) -> bool:
    return name in fields and bytes(fields[name]) not in _SAYS_NOTHING


def _changed(fields: Mapping[str, msgspec.Raw], messages: list[Fields], what: str) -> Replayed:
    written = msgspec.Raw(msgspec.json.encode(messages))
    return Replayed({**fields, "messages": written}, (what,))
