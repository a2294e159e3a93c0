"""Whose processor time was it?

The engine computes several answers at once with the same threads, so what the process
used is shared out: at every start and end, what was used since the last one goes to the
requests under way, by the work they went through in between.

Rule 1: what the requests are given adds up to what was used while any was under way.
Rule 2: what was used while none was is nobody's, and is kept apart: with it, what was given is
    all that was used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("PROMPT_WEIGHT", "Share", "Shares", "Spent")

PROMPT_WEIGHT = 0.3
"""Processor time of a prompt token against an answer token: 10.3 s against 33.8 s a thousand,
Qwen2.5-Coder-0.5B Q4_K_M on two threads (2026-11). `jevons energy calibrate` finds a machine's."""


class Spent(NamedTuple):
    """What work took; both only grow."""

    cpu_s: float
    """Processor seconds."""
    counter_mj: float = 0.0
    """Millijoules that a hardware counter read; 0 where there is none."""


class Share:
    """One request's part."""

    __slots__ = ("_prompt_weight", "spent", "work")

    def __init__(self, prompt_weight: float = PROMPT_WEIGHT) -> None:
        self._prompt_weight = prompt_weight
        self.spent = Spent(0.0)
        """What it took so far."""
        self.work = 0.0
        """Work since the last look, in answer tokens."""

    def read(self, tokens: int) -> None:
        """Note prompt tokens that the engine went through; cached ones are none."""
        self.work += tokens * self._prompt_weight

    def wrote(self) -> None:
        """Note one answer token."""
        self.work += 1


class Shares:
    """Shares growing counters out among the requests under way.

    Args:
        spent: Reads the counters of the process.
        prompt_weight: What a prompt token takes against an answer token.
    """

    def __init__(self, spent: Callable[[], Spent], *, prompt_weight: float = PROMPT_WEIGHT) -> None:
        self.idle = Spent(0.0)
        """What was used while no request was under way, as of the last look."""
        self._prompt_weight = prompt_weight
        self._spent = spent
        self._last = spent()
        self._under_way: list[Share] = []

    def begin(self) -> Share:
        """Start a request."""
        self._look()
        share = Share(self._prompt_weight)
        self._under_way.append(share)
        return share

    def end(self, share: Share) -> Spent:
        """End a request; return all it took."""
        self._look()
        self._under_way.remove(share)
        return share.spent

    def _look(self) -> None:
        now, last = self._spent(), self._last
        self._last = now
        sharing = self._under_way
        if not sharing:
            self.idle = _more(self.idle, last, now, 1.0)
        total = sum([share.work for share in sharing])
        for share in sharing:
            part = share.work / total if total else 1 / len(sharing)
            share.work = 0.0
            share.spent = _more(share.spent, last, now, part)


def _more(spent: Spent, last: Spent, now: Spent, part: float) -> Spent:
    """Add a part of what was used since the last look."""
    return Spent(
        spent.cpu_s + (now.cpu_s - last.cpu_s) * part,
        spent.counter_mj + (now.counter_mj - last.counter_mj) * part,
    )
