"""Answers in memory: so many bytes of them, the ones not asked for longest go first.

Rule 1: an answer is counted with all that it takes to hold it, so that many small ones are as
    bounded as a large one.
Rule 2: nothing here is older than it may be, whether or not anybody asks for it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.types.decision import Remembered

__all__ = ("ENTRY_BYTES", "Memory")

ENTRY_BYTES = 2000
"""What an answer takes besides its words: its names, its key, its place in two tables."""


class _Held(NamedTuple):
    answer: Remembered
    size: int


class Memory:
    """A table of answers, bounded.

    Args:
        most_bytes: Of all answers.
        longest_s: Seconds after which one goes.
    """

    def __init__(self, *, most_bytes: int, longest_s: float) -> None:
        self.size = 0
        """Bytes."""
        self._most_bytes = most_bytes
        self._longest_s = longest_s
        self._held: OrderedDict[bytes, _Held] = OrderedDict()
        """The one that was asked for last is last."""
        self._ages: dict[bytes, float] = {}
        """When each ended; the oldest is first."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self._held)

    def answers(self) -> dict[bytes, Remembered]:
        """List all that there are, by their names."""
        return {name: held.answer for name, held in self._held.items()}

    def find(self, name: bytes, *, now_s: float) -> Remembered | None:
        """Find an answer that is not too old."""
        self.expire(now_s)
        held = self._held.get(name)
        if held is None:
            return None
        self._held.move_to_end(name)
        return held.answer

    def keep(self, name: bytes, answer: Remembered, size: int) -> None:
        """Keep an answer in the place of the one that had its name, if it has room at all."""
        self.drop(name)
        size += ENTRY_BYTES
        if size > self._most_bytes:
            return
        self._held[name] = _Held(answer, size)
        self._ages[name] = answer.at_s
        self.size += size
        while self.size > self._most_bytes:
            self.drop(next(iter(self._held)))

    def drop(self, name: bytes) -> None:
        """Forget an answer; nothing is done if it is not there."""
        held = self._held.pop(name, None)
        if held is not None:
            del self._ages[name]
            self.size -= held.size

    def drop_if(self, is_bad: Callable[[Remembered], bool]) -> None:
        """Forget all answers that are bad."""
        for name in [name for name, held in self._held.items() if is_bad(held.answer)]:
            self.drop(name)

    def expire(self, now_s: float) -> None:
        """Forget what is too old."""
        while self._ages:
            name, at_s = next(iter(self._ages.items()))
            if now_s - at_s < self._longest_s:
                return
            self.drop(name)
