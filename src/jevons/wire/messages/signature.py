"""Signatures of thinking, and what the dialect has no field for: whose it is, its kind, its id.

A signature of Anthropic's stands as it is. Any other goes out under seal, in the name of its
owner, and of its kind and id where there is more to say: `openai/summary/rs_1`. So thinking of
another dialect comes back from a caller of this one as it was.

A call to a tool has no signature in this dialect. One that is under seal is its owner's mark;
any other is not ours to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote, unquote

from jevons.wire.seal import ANTHROPIC, PREFIX, Mark

if TYPE_CHECKING:
    from jevons.types.event import ReasoningDelta
    from jevons.types.message import Reasoning

__all__ = ("Signed", "mark_of_call", "signed", "unsigned")


class Signed(NamedTuple):
    """What a signature says."""

    owner: str
    """Vendor that wrote the thinking; empty if nobody said."""
    opaque: str | None
    kind: Literal["thinking", "summary"] = "thinking"
    """What its text is."""
    id: str = ""


def signed(thought: Reasoning | ReasoningDelta, opaque: str | None) -> str | None:
    """Write a signature for a caller; None if there is nothing to say.

    Args:
        thought: Any piece of the thinking.
        opaque: The mark of all of it.
    """
    name = thought.owner
    if thought.id or thought.kind == "summary":
        kind = "summary" if thought.kind == "summary" else "thinking"
        name = f"{name}/{kind}/{quote(thought.id, safe='')}"
    return ANTHROPIC.write(Mark(name, opaque))


def unsigned(signature: str | None) -> Signed:
    """Read what a caller handed back, or what an endpoint wrote."""
    name, opaque = ANTHROPIC.read(signature)
    owner, _, rest = name.partition("/")
    kind, _, own_id = rest.partition("/")
    return Signed(owner, opaque, "summary" if kind == "summary" else "thinking", unquote(own_id))


def mark_of_call(signature: str | None) -> Mark | None:
    """Read the mark of a call to a tool; None if it has none of ours."""
    if not (signature or "").startswith(PREFIX):
        return None
    mark = ANTHROPIC.read(signature)
    return None if mark.opaque == signature else mark
