"""What is asked of somebody who knows how like two questions are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from jevons.cache.meaning import meaning
from jevons.types.message import Message, Text

if TYPE_CHECKING:
    from collections.abc import Collection

    from jevons.types.decision import Verdict
    from jevons.types.request import Generate, Need

__all__ = ("Like", "Near", "framed")

_BLANK = (Message(role="user", parts=(Text(text=""),)),)
_TEXT: frozenset[Need] = frozenset({"text"})


class Like(Protocol):
    """A question before this one."""

    @property
    def name(self) -> bytes:
        """The key of its answer."""
        ...

    @property
    def likeness(self) -> float:
        """From 0 to 1."""
        ...


class Near(Protocol):
    """Finds questions like one, and says how like they have to be."""

    def find(self, frame: bytes, text: str) -> Like | None:
        """Find the question that is most like one, of those that are alike in all but their text."""
        ...

    def add(self, frame: bytes, text: str, name: bytes) -> None:
        """Remember a question, by the key of its answer."""
        ...

    def keep_only(self, names: Collection[bytes]) -> None:
        """Forget every question but those of some keys."""
        ...

    def core(self, answer: str) -> str:
        """Say what an answer comes to, where that can be compared; empty where it cannot."""
        ...

    def gives(self, likeness: float, request: str) -> str:
        """Name the certificate under which an answer is given to a request, by its id; empty: it is not."""
        ...

    def compare(self, likeness: float, request: str, *, same: bool) -> None:
        """Learn from a request that was answered anew: whether its answer says the same."""
        ...


def framed(request: Generate, verdict: Verdict) -> tuple[bytes, str] | None:
    """Part a request into its last words and all else.

    Returns:
        A hash of all else, and the words; None where they are not plain text, tools could act on them,
        or an answer is not to be given again at all.
    """
    last = request.messages[-1] if request.messages else None
    if last is None or last.role != "user" or last.name or last.extra or len(last.parts) != 1:
        return None
    (part,) = last.parts
    if not isinstance(part, Text) or part.extra is not None:
        return None
    if request.tools or request.embed or request.sampling.logprobs:
        return None
    if request.needs - _TEXT - {"json", "json_schema"}:
        return None
    frame = meaning(request, verdict, messages=(*request.messages[:-1], *_BLANK))
    return None if frame is None else (frame, part.text)
