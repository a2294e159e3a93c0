"""Whose processor time was it?

The engine computes several answers at once with the same threads, so what the process
used is shared out: at every start, end and look, what was used since the last one goes to
the requests under way, by the tokens they went through in between.

Rule 1: what the requests are given adds up to what was used while any was under way.
Rule 2: what was used while none was is nobody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("PROMPT_WEIGHT", "Share", "Shares")

PROMPT_WEIGHT = 0.3
"""Processor time of a prompt token against an answer token: 10.3 s against 33.8 s a thousand,
Qwen2.5-Coder-0.5B Q4_K_M on two threads (2026-11)."""


class Share:
    """One request's part."""

    __slots__ = ("cpu_s", "weight")

    def __init__(self, weight: float) -> None:
        self.cpu_s = 0.0
        """Processor seconds so far."""
        self.weight = weight
        """Work since the last look, in answer tokens."""


class Shares:
    """Shares a growing counter out among those under way.

    Args:
        used_s: Reads the counter: processor seconds of the process.
    """

    def __init__(self, used_s: Callable[[], float]) -> None:
        self._used_s = used_s
        self._last_s = 0.0
        self._under_way: list[Share] = []

    def begin(self, prompt_tokens: float) -> Share:
        """Start a request; `prompt_tokens` may be a guess."""
        self._look()
        share = Share(prompt_tokens * PROMPT_WEIGHT)
        self._under_way.append(share)
        return share

    def end(self, share: Share) -> float:
        """End a request; return its processor seconds."""
        self._look()
        self._under_way.remove(share)
        return share.cpu_s

    def _look(self) -> None:
        now_s = self._used_s()
        used_s, self._last_s = now_s - self._last_s, now_s
        sharing = self._under_way
        if not sharing:
            return
        total = sum([share.weight for share in sharing])
        for share in sharing:
            part = share.weight / total if total else 1 / len(sharing)
            share.cpu_s += used_s * part
            share.weight = 0.0
