"""One answer under way, between the engine's thread and the loop.

Rule 1: the thread only hands chunks over; the loop reads them. What waits is at most the
    chunks of one context, since an answer cannot be longer than that.
Rule 2: text that has come meanwhile goes to the caller as one piece, so that a slow caller
    gets fewer pieces, not a longer line.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.engine.choice import Choice
from jevons.engine.faults import fault
from jevons.types.account import Usage
from jevons.types.errors import CallerLeft, ProviderGarbled
from jevons.types.event import Finished, ReasoningDelta, TextDelta

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from jevons.engine.shares import Share
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event

__all__ = ("Answer",)


class Answer:
    """One answer under way.

    Args:
        share: Where its work is noted.
        calls_tools: Whether it is a choice of tools, to be turned into a call.
    """

    def __init__(self, share: Share, *, calls_tools: bool) -> None:
        self.stopped = False
        """Whether nobody waits for it any more; the engine sees it at the next token."""
        self.error: JevonsError | None = None
        """What went wrong; the first word stands."""
        self.first_byte_s: float | None = None
        """When the caller was first given something, by the monotonic clock."""
        self._loop = asyncio.get_running_loop()
        self._share = share
        self._choice = Choice() if calls_tools else None
        self._chunks: deque[dict[str, Any]] = deque()
        self._awake = asyncio.Event()
        self._ended = False
        self._finish = ""
        self._usage: Usage | None = None
        self._cached = self._prompt = self._written = 0

    # In the engine's thread.

    def take(self, chunk: dict[str, Any]) -> bool:
        """Called by the engine with each chunk; True stops it."""
        self._chunks.append(chunk)
        if len(self._chunks) == 1:
            self._loop.call_soon_threadsafe(self._awake.set)
        return self.stopped

    def end(self) -> None:
        """Say that nothing more will come."""
        self._ended = True
        self._loop.call_soon_threadsafe(self._awake.set)

    # On the loop.

    def stop(self) -> None:
        """Have the engine stop, and wait no longer."""
        self.stopped = True
        self._awake.set()

    def fail(self, error: JevonsError) -> None:
        """Say what went wrong."""
        self.error = self.error or error

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield what the caller is to hear, as it comes, until the end or until stopped."""
        while not self.stopped:
            await self._awake.wait()
            self._awake.clear()
            ended = self._ended
            for event in _joined(self._waiting()):
                self.first_byte_s = self.first_byte_s or time.monotonic()
                yield event
            if ended:
                return

    def left(self) -> None:
        """Take in what came after the caller left, for the books alone."""
        for _ in self._waiting():
            pass
        self.error = CallerLeft("the caller left")

    @property
    def finish(self) -> str:
        """Why it ended."""
        called = self._choice is not None and self._choice.called
        return "tool_calls" if called and self._finish == "stop" else self._finish

    @property
    def usage(self) -> Usage:
        """Tokens: the engine's count, or what was seen of an answer that broke off."""
        return self._usage or Usage(
            input=self._prompt,
            cache_read=self._cached,
            output=self._written,
            counted_by="guess",
        )

    def closing(self) -> tuple[Event, ...]:
        """Say what ends it; nothing does if it failed."""
        if self.error is None and not self._finish:
            self.fail(ProviderGarbled("the engine ended without a finish reason"))
        return () if self.error else (Finished(reason=self.finish, usage=self.usage),)

    def _waiting(self) -> Iterator[Event]:
        while self._chunks:
            yield from self._read(self._chunks.popleft())

    def _read(self, chunk: dict[str, Any]) -> Iterator[Event]:
        """Take one chunk in; yield what of it the caller hears."""
        if "error" in chunk:
            self.fail(fault(chunk["error"]))
        if "prompt_progress" in chunk:
            self._progressed(chunk["prompt_progress"])
        if chunk.get("usage"):
            self._usage = _usage(chunk["usage"])
        for choice in chunk.get("choices") or ():
            self._finish = choice.get("finish_reason") or self._finish
            yield from self._heard(choice)

    def _heard(self, choice: dict[str, Any]) -> Iterator[Event]:
        delta: dict[str, Any] = choice.get("delta") or {}
        text: str = delta.get("content") or ""
        thought: str = delta.get("reasoning_content") or ""
        if text or thought:
            self._written += 1
            self._share.wrote()
        if thought:
            yield ReasoningDelta(thought)
        if not text:
            return
        if self._choice is not None:
            yield from self._choice.feed(text)
        else:
            logprobs = choice.get("logprobs")
            yield TextDelta(text, msgspec.Raw(msgspec.json.encode(logprobs)) if logprobs else None)

    def _progressed(self, progress: dict[str, int]) -> None:
        """Note how much of the prompt was read since the last word of it."""
        self._cached = progress["cache"]
        read = max(progress["processed"] - self._cached, 0)
        self._share.read(read - self._prompt)
        self._prompt = read


def _joined(events: Iterator[Event]) -> Iterator[Event]:
    """Join texts that follow one another, unless they have log probabilities."""
    text = ""
    for event in events:
        if isinstance(event, TextDelta) and event.logprobs is None:
            text += event.text
            continue
        if text:
            yield TextDelta(text)
            text = ""
        yield event
    if text:
        yield TextDelta(text)


def _usage(usage: dict[str, Any]) -> Usage:
    details: dict[str, Any] = usage.get("prompt_tokens_details") or {}
    cached: int = details.get("cached_tokens") or 0
    return Usage(
        input=usage["prompt_tokens"] - cached,
        cache_read=cached,
        output=usage["completion_tokens"],
        counted_by="endpoint",
    )
