"""Canonical messages as Anthropic's Messages dialect has them: instructions apart, turns in turn.

Rule 1: what one side says without a break is one turn, and what tools said comes first in it.
Rule 2: instructions that begin the conversation go apart; one amid it goes as the user's, in
    its place and marked as what it is.
Rule 3: the first turn is the user's, the last text of the model's own does not end in blanks,
    and a turn without content is none.
Rule 4: what one side cannot say, as the model a picture, is refused.

Source: Anthropic API reference, "Create a Message", read 2026-11.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jevons.types.errors import Unsupported
from jevons.wire.messages.blocks import Block, Blocks, text_block

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.types.message import Message, Role

__all__ = ("Turn", "Turns", "write_turns")

_SAYS_TO_MODEL = frozenset({"text", "image", "document", "tool_result"})
_SAYS: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        "system": frozenset({"text"}),
        "developer": frozenset({"text"}),
        "user": _SAYS_TO_MODEL,
        "tool": _SAYS_TO_MODEL,
        "assistant": frozenset({"text", "thinking", "redacted_thinking", "tool_use"}),
    }
)
"""Types of blocks that each role can say."""
_OPENING = "."
"""What the user says where the model is said to have spoken first."""


class Turn(NamedTuple):
    """What one side says without a break."""

    role: str
    content: list[Block]


class Turns(NamedTuple):
    """A conversation as it is sent."""

    system: list[Block]
    turns: list[Turn]

    @property
    def goes_on_bare(self) -> bool:
        """Whether the model is to go on with a turn of its own that it began without thinking."""
        last = self.turns[-1] if self.turns else None
        if last and last.role == "user" and last.content[0]["type"] == "tool_result":
            last = self.turns[-2] if self.turns[1:] else None
        return bool(last and last.role == "assistant" and not _is_thinking(last.content[0]))


def write_turns(messages: Sequence[Message], blocks: Blocks) -> Turns:
    """Write the messages of a request.

    Args:
        messages: Of any dialect.
        blocks: Writes their parts.

    Raises:
        Unsupported: One holds what this dialect cannot say.
    """
    system: list[Block] = []
    turns: list[Turn] = []
    for at, message in enumerate(messages):
        said = _said(message, f"messages[{at}]", blocks)
        if message.role not in {"system", "developer"}:
            _add(turns, "assistant" if message.role == "assistant" else "user", said)
        elif turns:
            blocks.note("messages: an instruction amid the others was sent as the user's, marked")
            _add(turns, "user", _marked(said))
        else:
            system += said
    return _settled(Turns(system, turns), blocks)


def _said(message: Message, where: str, blocks: Blocks) -> list[Block]:
    if message.name is not None:
        blocks.note("messages.name: dropped, there is no field for it")
    said = blocks.write(message.parts, where)
    for block in said:
        if block["type"] not in _SAYS[message.role]:
            what = f"{block['type']!r} in the words of {message.role!r}"
            text = f"{where} holds {what}, which this endpoint's dialect cannot say"
            raise Unsupported(text, param=where)
    return said


def _add(turns: list[Turn], role: str, said: list[Block]) -> None:
    if not said:
        return
    if turns and turns[-1].role == role:
        turns[-1].content.extend(said)
    else:
        turns.append(Turn(role, said))


def _marked(said: list[Block]) -> list[Block]:
    return [text_block("<system>"), *said, text_block("</system>")] if said else []


def _settled(written: Turns, blocks: Blocks) -> Turns:
    """Put a conversation into the order that the dialect wants."""
    system, turns = written
    for turn in turns:
        _put_results_first(turn, blocks)
    if turns and turns[-1].role == "assistant":
        _trim(turns, blocks)
    if not turns and system:
        blocks.note("messages: an instruction that was all was sent as the user's")
        return Turns([], [Turn("user", system)])
    if turns and turns[0].role == "assistant":
        blocks.note(f"messages: {_OPENING!r} of the user's put first, who must begin")
        turns.insert(0, Turn("user", [text_block(_OPENING)]))
    return written


def _put_results_first(turn: Turn, blocks: Blocks) -> None:
    places = [_place(block) for block in turn.content]
    if places != sorted(places):
        blocks.note("messages: what tools said was put before what was said with it")
        turn.content.sort(key=_place)


def _place(block: Block) -> bool:
    return block["type"] != "tool_result"


def _is_thinking(block: Block) -> bool:
    return block["type"] in {"thinking", "redacted_thinking"}


def _trim(turns: list[Turn], blocks: Blocks) -> None:
    """Take the blanks off the end of what the model is to go on from."""
    last = turns[-1].content[-1]
    text = last.get("text", "")
    if text != text.rstrip():
        blocks.note("messages: blanks at the end of the last were dropped, they are refused")
        turns[-1].content[-1] = text_block(text.rstrip())
