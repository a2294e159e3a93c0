"""One delay for many waits, on one timer.

A timer of the loop costs as much as parsing a request, and almost every wait that a
request begins is over long before its time. Waits that all last equally long end in the
order in which they began, so a single timer, for the eldest, serves them all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Patience",)

_T = TypeVar("_T")


class Patience(Generic[_T]):
    """Waits of one length, all on one loop.

    Args:
        delay_s: How long each lasts.
        over: Called with whatever has waited so long.
    """

    __slots__ = ("_delay_s", "_due", "_loop", "_over", "_timer")

    def __init__(self, delay_s: float, over: Callable[[_T], None]) -> None:
        self._delay_s = delay_s
        self._over = over
        self._due: dict[_T, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self, waiting: _T) -> None:
        """Begin a wait; one that has begun already begins anew."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        self._due.pop(waiting, None)  # to the end of the line
        self._due[waiting] = loop.time() + self._delay_s
        if self._timer is None:
            self._timer = loop.call_later(self._delay_s, self._ring)

    def stop(self, waiting: _T) -> None:
        """End a wait before its time, if there is one."""
        self._due.pop(waiting, None)

    def _ring(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        over = [waiting for waiting, due_s in self._due.items() if due_s <= now_s]
        for waiting in over:
            if self._due.pop(waiting, None) is not None:  # unless one before it ended it
                self._over(waiting)
        eldest_s = next(iter(self._due.values()), None)
        wait_s = 0.0 if eldest_s is None else max(eldest_s - now_s, 0.0)
        self._timer = None if eldest_s is None else loop.call_later(wait_s, self._ring)
