"""A call's arguments, which are an object in this dialect and a text in others.

Rule 1: a text that is an object goes as it is, undecoded: the order of its keys and the size of
    its numbers stay.
Rule 2: no text is an empty object, and so is an empty list: PHP and R write no arguments so.
Rule 3: a text that is none, which a model may have written, goes inside an object, under the
    name that Anthropic gives it.

Source: Anthropic docs, "Fine-grained tool streaming", on invalid JSON, read 2026-11.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

__all__ = ("WRAP", "Input", "input_of")

WRAP = "INVALID_JSON"
_NONE = frozenset({"", "[]"})

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Input(NamedTuple):
    """Arguments as an object."""

    raw: msgspec.Raw
    is_wrapped: bool
    """Whether they were none, and are inside one now."""


def input_of(arguments: str) -> Input:
    """Write arguments as an object."""
    if arguments.strip() in _NONE:
        return Input(msgspec.Raw(b"{}"), is_wrapped=False)
    try:
        _OBJECT.decode(arguments)
    except (msgspec.MsgspecError, RecursionError):
        wrapped = msgspec.json.encode({WRAP: arguments})
        return Input(msgspec.Raw(wrapped), is_wrapped=True)
    return Input(msgspec.Raw(arguments.encode()), is_wrapped=False)
