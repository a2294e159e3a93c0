"""Creations that are asked for again, since their answer was lost: done once.

Rule 1: an answer is remembered for an hour, in the memory of one process. It may hold a secret that
    is shown once, which is why it is not remembered for longer, nor anywhere else.
Rule 2: a name for a request is one person's, for one operation. The same name with another body is
    a mistake, and is refused.
Rule 3: what failed is not remembered: it may be tried again.
"""

from __future__ import annotations

import asyncio
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from jevons.types.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from jevons.ports import Clock

__all__ = ("Once",)

T = TypeVar("T")

_KEPT_S = 3600.0
_MOST = 1000
_LONGEST = 255


class _Kept(NamedTuple):
    body: bytes
    until_s: float
    answer: asyncio.Future[Any]


class Once:
    """Remembers answers.

    Args:
        clock: Forgets them.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, ...], _Kept] = {}

    async def do(
        self,
        name: str,
        *,
        person: str,
        operation: str,
        body: bytes,
        make: Callable[[], Coroutine[Any, Any, T]],
    ) -> T:
        """Do something, or give what came of it when it was done.

        Args:
            name: What `idempotency-key` says.
            person: Who asks.
            operation: For what.
            body: What is asked.
            make: Does it.

        Raises:
            Malformed: The name is none, or stands for another body.
        """
        if not 0 < len(name) <= _LONGEST or not name.isprintable():
            message = f"idempotency-key is {name!r}; it is 1 to {_LONGEST} printable characters"
            raise Malformed(message)
        self._forget()
        at, digest = (person, operation, name), sha256(body).digest()
        kept = self._kept.get(at)
        if kept is None:
            kept = self._begin(at, digest, make)
        elif kept.body != digest:
            message = f"idempotency-key {name!r} stands for another request; use a new one"
            raise Malformed(message)
        return await asyncio.shield(kept.answer)

    def _begin(
        self, at: tuple[str, ...], digest: bytes, make: Callable[[], Coroutine[Any, Any, Any]]
    ) -> _Kept:
        """Begin something that goes on though whoever asked has left: they will ask again."""
        answer = asyncio.ensure_future(make())
        answer.add_done_callback(partial(self._ended, at))
        self._kept[at] = kept = _Kept(digest, self._clock.monotonic_s() + _KEPT_S, answer)
        return kept

    def _ended(self, at: tuple[str, ...], answer: asyncio.Future[Any]) -> None:
        if answer.cancelled() or answer.exception() is not None:
            self._kept.pop(at, None)

    def _forget(self) -> None:
        now_s = self._clock.monotonic_s()
        for at in [at for at, kept in self._kept.items() if kept.until_s <= now_s]:
            del self._kept[at]
        while len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
