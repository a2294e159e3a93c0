"""The messages of a request, turn by turn, into canonical messages.

Rule 1: what tools said comes first, a message each, as other dialects have it: a turn of the
    user's may hold several results and words besides. The words follow as one message.
Rule 2: `system`, a field of its own here, is the first message.
Rule 3: what a turn has beside its role and content goes with its first message.

Source: Anthropic API reference, "Create a Message", read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from jevons.types.errors import Malformed
from jevons.types.message import Message, ToolResult
from jevons.wire.fields import Fields, read
from jevons.wire.messages.blocks_in import CONTENT, read_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jevons.types.message import Part

__all__ = ("read_messages", "read_system")

_ROLE = msgspec.json.Decoder(Literal["user", "assistant", "system"])


def read_system(system: msgspec.Raw) -> list[Message]:
    """Read the field `system`: none, a string or blocks.

    Raises:
        Malformed: It is something else.
    """
    parts = read_content(read(CONTENT, system, "system"), "system")
    return [Message(role="system", parts=tuple(parts))] if parts else []


def read_messages(turns: Sequence[msgspec.Raw]) -> list[Message]:
    """Read the field `messages`.

    Raises:
        Malformed: It holds what is not a message, or nothing.
    """
    if not turns:
        message = "messages is empty; at least one message is needed"
        raise Malformed(message, param="messages")
    return [
        message for at, raw in enumerate(turns) for message in _turn(Fields(raw, f"messages[{at}]"))
    ]


def _turn(turn: Fields) -> list[Message]:
    role = turn.take("role", _ROLE)
    if role is None:
        message = f"{turn.where}.role is missing; 'user' or 'assistant' is needed"
        raise Malformed(message, param=f"{turn.where}.role")
    content = turn.take("content", CONTENT)
    if content is None:
        message = f"{turn.where}.content is missing; a string or a list of blocks is needed"
        raise Malformed(message, param=f"{turn.where}.content")
    said = list(_messages(role, read_content(content, f"{turn.where}.content")))
    said[0] = msgspec.structs.replace(said[0], extra=turn.extra)
    return said


def _messages(
    role: Literal["user", "assistant", "system"], parts: Sequence[Part]
) -> Iterator[Message]:
    """Put a turn's results before its words."""
    results = [part for part in parts if isinstance(part, ToolResult)]
    words = [part for part in parts if not isinstance(part, ToolResult)]
    for result in results:
        yield Message(role="tool", parts=(result,))
    if words or not results:
        yield Message(role=role, parts=tuple(words))
