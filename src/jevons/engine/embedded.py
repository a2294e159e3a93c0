"""llama.cpp, in this process.

Rule 1: nothing of it runs on the event loop: a thread waits for each answer, and gives the
    loop what came, several pieces at a time if the loop is behind.
Rule 2: a caller that leaves stops its answer at the next token.
Rule 3: the library opens an HTTP port of its own on loopback and cannot be told not to; it is
    closed to everybody by a random key.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.engine import tools
from jevons.engine.prompt import prompt_of
from jevons.engine.shares import Shares
from jevons.types.account import Measured, Usage
from jevons.types.decision import Outcome
from jevons.types.errors import (
    CallerLeft,
    JevonsError,
    Misconfigured,
    ProviderGarbled,
    ProviderRejected,
    ProviderUnavailable,
)
from jevons.types.event import Finished, ReasoningDelta, TextDelta, ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.engine.prompt import Prompt
    from jevons.ports import Caller, Provider
    from jevons.types.decision import Attempt
    from jevons.types.event import Event
    from jevons.types.request import Generate, Need

__all__ = ("CAN", "Embedded")

CAN: frozenset[Need] = frozenset({"text", "tools", "json", "json_schema", "logprobs"})
"""What the engine can do. One answer a request, and no pictures."""

_CACHE_MIB = 256
"""Of prompts already read; llama.cpp would take 8 GiB."""

_BYTES_PER_TOKEN = 4

_CLIENT_ERRORS = range(400, 500)


class _Said(msgspec.Struct):
    """An error object of the engine."""

    message: str
    code: int = 500


class Embedded:
    """A model, loaded.

    Args:
        server: xllamacpp's `Server`.
        slots: Answers it writes at once; who comes later waits in line.
        threads: Processor threads it may use.
    """

    def __init__(self, server: Any, *, slots: int, threads: int) -> None:
        self._server: Any = server
        self._threads = threads
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="engine")
        self._shares = Shares(time.process_time)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, weights: Path, *, name: str, slots: int, context_tokens: int, threads: int | None
    ) -> AsyncGenerator[Embedded, None]:
        """Load a model; unload it at the end.

        Args:
            weights: A GGUF file, verified.
            name: What to call the model.
            slots: Answers written at once.
            context_tokens: Context of each.
            threads: Processor threads; None is half of those this process may use.

        Raises:
            Misconfigured: The engine is not installed, or cannot load the file.
        """
        count = threads or max(1, len(os.sched_getaffinity(0)) // 2)
        server = await asyncio.to_thread(_load, weights, name, slots, context_tokens, count)
        engine = cls(server, slots=slots, threads=count)
        try:
            yield engine
        finally:
            await asyncio.to_thread(engine.close)

    def close(self) -> None:
        """Unload the model, once the answers under way have ended."""
        self._pool.shutdown(cancel_futures=True)
        self._server = None

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        """Serve one attempt."""
        prompt = prompt_of(request)
        loop = asyncio.get_running_loop()
        answer = _Answer(loop, calls_tools=prompt.calls_tools)
        caller.on_leave(answer.stop)
        share = self._shares.begin(request.source.size_bytes / _BYTES_PER_TOKEN)
        running = loop.run_in_executor(self._pool, self._generate, prompt, answer)
        try:
            async for event in answer.events():
                share.weight += 1
                if not caller.push(event):
                    await caller.send(event)
        except CallerLeft:
            answer.stop()
        except BaseException:
            answer.stop()
            await asyncio.shield(running)
            raise
        finally:
            caller.on_leave(None)
        await running
        cpu_s = self._shares.end(share)
        return answer.outcome(
            attempt, Measured(cpu_s=cpu_s, threads=self._threads), prompt.changed, caller
        )

    def _generate(self, prompt: Prompt, answer: _Answer) -> None:
        """Wait for one answer, in a thread of the pool."""
        try:
            if not answer.stopped:
                returned = self._server.handle_chat_completions(prompt.body, answer.take)
                answer.returned(returned)
        except (ValueError, RuntimeError) as error:  # the library's two; it also returns errors
            answer.fail(ProviderRejected(f"the engine refused the request: {error}"))
        finally:
            answer.end()


class _Answer:
    """One answer under way, between the engine's thread and the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, calls_tools: bool) -> None:
        self.stopped = False
        """Whether the caller has left; the engine sees it at the next token."""
        self._loop = loop
        self._calls_tools = calls_tools
        self._chunks: deque[dict[str, Any]] = deque()
        self._ended = False
        self._awake = asyncio.Event()
        self._error: JevonsError | None = None
        self._finish = ""
        self._usage: Usage | None = None
        self._pieces = 0
        self._written: list[str] = []
        self._called = False
        self._first_byte_s: float | None = None

    def stop(self) -> None:
        """Have the engine stop."""
        self.stopped = True

    def take(self, chunk: dict[str, Any]) -> bool:
        """Called by the engine, in its thread; True stops it."""
        self._chunks.append(chunk)
        if len(self._chunks) == 1:
            self._loop.call_soon_threadsafe(self._awake.set)
        return self.stopped

    def returned(self, value: Any) -> None:
        """See what the engine's call returned: nothing, or an error."""
        if isinstance(value, dict) and "error" in value:
            self.fail(_fault(value["error"]))

    def fail(self, error: JevonsError) -> None:
        """Say what went wrong; the first word stands."""
        self._error = self._error or error

    def end(self) -> None:
        """Say that nothing more will come."""
        self._ended = True
        self._loop.call_soon_threadsafe(self._awake.set)

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield what the caller is to hear, as it comes."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            ended = self._ended
            while self._chunks:
                event = self._read(self._chunks.popleft())
                if event is not None:
                    yield event
            if ended:
                break
        if self._calls_tools:
            for event in self._decision():
                yield event

    def outcome(
        self, attempt: Attempt, measured: Measured, changed: tuple[str, ...], caller: Caller
    ) -> Outcome:
        """Say what became of it."""
        usage = self._usage or Usage(output=self._pieces, counted_by="guess")
        error = self._error
        if caller.left:
            error = CallerLeft("the caller left")
        elif error is None and not self._finish:
            error = ProviderGarbled("the engine ended without a finish reason")
        return Outcome(
            attempt=attempt,
            error=error,
            committed=self._first_byte_s is not None,
            first_byte_s=self._first_byte_s,
            usage=usage,
            measured=measured,
            finish="error" if error else self._reason,
            closing=() if error else (Finished(reason=self._reason, usage=usage),),
            changed=changed,
        )

    @property
    def _reason(self) -> str:
        return "tool_calls" if self._called and self._finish == "stop" else self._finish

    def _read(self, chunk: dict[str, Any]) -> Event | None:
        """Take one chunk in; return what of it the caller hears now."""
        if "error" in chunk:
            self.fail(_fault(chunk["error"]))
            return None
        if chunk.get("usage"):
            self._usage = _usage(chunk["usage"])
        if not chunk.get("choices"):
            return None
        choice = chunk["choices"][0]
        self._finish = choice.get("finish_reason") or self._finish
        delta: dict[str, Any] = choice.get("delta") or {}
        text: str = delta.get("content") or ""
        thought: str = delta.get("reasoning_content") or ""
        if not text and not thought:
            return None
        self._pieces += 1
        self._first_byte_s = self._first_byte_s or time.monotonic()
        if thought:
            return ReasoningDelta(thought)
        if self._calls_tools:
            self._written.append(text)
            return None
        logprobs = choice.get("logprobs")
        return TextDelta(text, msgspec.Raw(msgspec.json.encode(logprobs)) if logprobs else None)

    def _decision(self) -> tuple[Event, ...]:
        """Turn what the schema made the model write back into a call, or a reply."""
        if self._error is not None or self.stopped:
            return ()
        text = "".join(self._written)
        try:
            decided = tools.decide(text)
        except msgspec.MsgspecError:  # cut off by max_tokens: the finish reason says so
            return (TextDelta(text),) if text else ()
        if not decided.name:
            return (TextDelta(decided.arguments),)
        self._called = True
        call = f"call_{secrets.token_hex(12)}"
        return (ToolCallDelta(index=0, id=call, name=decided.name, arguments=decided.arguments),)


def _load(weights: Path, name: str, slots: int, context_tokens: int, threads: int) -> Any:
    try:
        import xllamacpp  # noqa: PLC0415 the engine is an extra
    except ImportError:
        message = "the embedded engine is not installed; pip install 'jevons[engine]'"
        raise Misconfigured(message) from None
    library: Any = xllamacpp  # it ships no types
    params = library.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {name}
    params.n_parallel = slots
    params.n_ctx = context_tokens * slots  # shared by the slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.verbosity = 0
    params.ui = False
    params.endpoint_slots = False
    params.cache_ram_mib = _CACHE_MIB
    params.api_keys = [secrets.token_hex(32)]
    try:
        return library.Server(params)
    except (ValueError, RuntimeError) as error:
        message = f"the engine cannot load {weights.name!r}: {error}"
        raise Misconfigured(message) from None


def _usage(usage: dict[str, Any]) -> Usage:
    details: dict[str, Any] = usage.get("prompt_tokens_details") or {}
    cached: int = details.get("cached_tokens") or 0
    return Usage(
        input=usage["prompt_tokens"] - cached,
        cache_read=cached,
        output=usage["completion_tokens"],
        counted_by="endpoint",
    )


def _fault(error: Any) -> JevonsError:
    """Read an error object of the engine."""
    try:
        said = msgspec.convert(error, _Said)
    except msgspec.ValidationError:
        said = _Said(message=str(error))
    message = f"the engine said: {said.message}"
    if said.code in _CLIENT_ERRORS:
        return ProviderRejected(message)
    return ProviderUnavailable(message)


if TYPE_CHECKING:
    _provider: type[Provider] = Embedded
