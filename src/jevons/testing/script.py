"""A provider that says what a test wrote down, and that a test can hold or fail at any word."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jevons.types.account import Measured, Usage
from jevons.types.decision import Outcome
from jevons.types.errors import CallerLeft, JevonsError
from jevons.types.event import Finished

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from jevons import ports
    from jevons.types.decision import Attempt
    from jevons.types.event import Event
    from jevons.types.request import Generate

__all__ = ("Script", "Stop")


class Stop:
    """Where a script waits until a test lets it go on, or its caller leaves."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._open = asyncio.Event()

    async def reached(self) -> None:
        """Wait until a script stands here."""
        await self._reached.wait()

    def open(self) -> None:
        """Let it go on, and whoever comes later."""
        self._open.set()

    async def passed(self) -> None:
        """Stand here until it opens."""
        self._reached.set()
        await self._open.wait()


class Script:
    """A provider that plays lines in order, for every attempt anew.

    Args:
        lines: An event is pushed; a `Stop` waits; an error ends the attempt with it.
        usage: What the answer used.
        measured: What could be observed of the work.
        finish: Why it ended, unless an error did.

    Example:
        ```python
        stop = Stop()
        script = Script(TextDelta(text="Hel"), stop, TextDelta(text="lo"))
        ```
    """

    def __init__(
        self,
        *lines: Event | Stop | JevonsError,
        usage: Usage | None = None,
        measured: Measured | None = None,
        finish: str = "stop",
    ) -> None:
        self.heard: list[Generate] = []
        """Requests that it was asked to serve, in order."""
        self.attempts: list[Attempt] = []
        """And the attempts."""
        self._lines = lines
        self._usage = usage or Usage(input=5, output=2, counted_by="endpoint")
        self._measured = measured or Measured()
        self._finish = finish

    async def serve(self, attempt: Attempt, request: Generate, caller: ports.Caller) -> Outcome:
        """Play the lines; a caller that leaves stops it at the next one, or while it waits."""
        self.heard.append(request)
        self.attempts.append(attempt)
        left = asyncio.Event()
        caller.on_leave(left.set)
        said = 0
        try:
            for line in self._lines:
                if isinstance(line, JevonsError):
                    raise line
                if isinstance(line, Stop):
                    await _first(line.passed(), left.wait())
                else:
                    await _say(line, caller)
                    said += 1
                _check(left)
        except JevonsError as error:
            return self._outcome(attempt, said, error)
        finally:
            caller.on_leave(None)
        return self._outcome(attempt, said, None)

    def _outcome(self, attempt: Attempt, said: int, error: JevonsError | None) -> Outcome:
        ending = Finished(reason=self._finish, usage=self._usage)
        return Outcome(
            attempt=attempt,
            error=error,
            committed=said > 0,
            first_byte_s=0.0 if said else None,
            usage=self._usage if error is None else Usage(output=said, counted_by="guess"),
            measured=self._measured,
            finish=self._finish if error is None else "error",
            closing=(ending,) if error is None else (),
        )


def _check(left: asyncio.Event) -> None:
    if left.is_set():
        message = "the caller left"
        raise CallerLeft(message)


async def _say(event: Event, caller: ports.Caller) -> None:
    if not caller.push(event):
        await caller.send(event)


async def _first(*awaited: Awaitable[object]) -> None:
    """Wait until one of several has come about."""
    waits = [asyncio.ensure_future(_until(each)) for each in awaited]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def _until(awaited: Awaitable[object]) -> None:
    await awaited


if TYPE_CHECKING:
    _provider: type[ports.Provider] = Script
