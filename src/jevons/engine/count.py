"""Counting the tokens of a prompt: the engine says before it reads one how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jevons.engine.faults import fault

if TYPE_CHECKING:
    from jevons.types.errors import JevonsError

__all__ = ("Counting",)


class Counting:
    """One count under way, in the engine's thread."""

    def __init__(self) -> None:
        self.tokens = 0
        """How many there are, once the engine has said."""
        self.stopped = False
        """Whether nobody waits for it any more."""
        self.error: JevonsError | None = None
        """What went wrong; the first word stands."""

    def take(self, chunk: dict[str, Any]) -> bool:
        """Called by the engine with each chunk; True stops it."""
        if "prompt_progress" in chunk:
            self.tokens = chunk["prompt_progress"]["total"]
        if "error" in chunk:
            self.fail(fault(chunk["error"]))
        return True

    def stop(self) -> None:
        """Have the engine not begin, if it has not."""
        self.stopped = True

    def fail(self, error: JevonsError) -> None:
        """Say what went wrong."""
        self.error = self.error or error

    def end(self) -> None:
        """Say that nothing more will come; whoever waits, waits for the thread."""
