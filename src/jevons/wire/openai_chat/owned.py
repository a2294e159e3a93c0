"""Thinking that is passed on as it came, with whose it is beside it.

A caller hands messages back without saying which endpoint wrote them. So an answer with
thinking in it gets one more of `reasoning_details`, which says nothing but its owner.

Rule 1: what has `reasoning_details` keeps them: they name their format.
Rule 2: of an endpoint without a vendor nobody knows whose it is; its answers are not touched.
Rule 3: nothing else of an answer is touched, and one without thinking not at all.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from jevons.wire.openai_chat.reasoning import takes_details

__all__ = ("has_thinking", "mark_event", "own_answer")

_Fields = dict[str, msgspec.Raw]

_FIELDS = msgspec.json.Decoder(_Fields)
_CHOICES = msgspec.json.Decoder(list[_Fields] | None)
_THINKING = re.compile(rb'"reasoning(?:_content)?": ?"[^"]')
_DETAILS = re.compile(rb'"reasoning_details": ?\[')


def has_thinking(block: bytes, owner: str) -> bool:
    """Whether a block of JSON holds thinking whose owner is to be named."""
    return (
        not takes_details(owner)
        and _THINKING.search(block) is not None
        and _DETAILS.search(block) is None
    )


def mark_event(data: bytes, owner: str, *, choices: int) -> bytes:
    """Write the event of a stream that says whose its thinking was.

    Args:
        data: JSON of another chunk of the answer.
        owner: Vendor that wrote it.
        choices: How many there are.
    """
    delta = {"reasoning_details": _details(owner)}
    marks = [{"index": index, "delta": delta, "finish_reason": None} for index in range(choices)]
    chunk = _FIELDS.decode(data) | {"choices": _raw(marks)}
    chunk.pop("usage", None)
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def own_answer(body: bytes, owner: str) -> bytes:
    """Say in a whole answer whose its thinking is; the same bytes if there is none.

    Args:
        body: The answer.
        owner: Vendor that wrote it.

    Raises:
        msgspec.MsgspecError: It is not of this dialect.
    """
    if not has_thinking(body, owner):
        return body
    fields = _FIELDS.decode(body)
    choices: list[_Fields] = _CHOICES.decode(fields.get("choices", b"null")) or []
    for choice in choices:
        message = bytes(choice.get("message", b""))
        if has_thinking(message, owner):
            marked = {**_FIELDS.decode(message), "reasoning_details": _raw(_details(owner))}
            choice["message"] = _raw(marked)
    return msgspec.json.encode({**fields, "choices": choices})


def _details(owner: str) -> list[dict[str, Any]]:
    return [{"type": "reasoning.text", "text": "", "format": owner, "index": 0}]


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
