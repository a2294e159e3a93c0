"""llama.cpp, in this process, as a provider.

Rule 1: nothing of it runs on the event loop: a thread waits for each answer, and gives the
    loop what came, several pieces at a time if the loop is behind.
Rule 2: a caller that leaves stops its answer at the next token, or the next batch of the
    prompt, and frees its place in the line at once.
Rule 3: no answer outlives `serve`, however that ends.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from jevons.engine.answer import Answer
from jevons.engine.count import Counting
from jevons.engine.faults import RAISED, fault, raised
from jevons.engine.load import load
from jevons.engine.power import counter
from jevons.engine.prompt import prompt_of
from jevons.engine.shares import PROMPT_WEIGHT, Shares, Spent
from jevons.telemetry import log
from jevons.types.account import Measured
from jevons.types.decision import Outcome
from jevons.types.errors import CallerLeft, Unsupported
from jevons.wire.counted import NOTHING, whole_count

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.engine.load import Loaded
    from jevons.engine.power import Counter
    from jevons.engine.prompt import Prompt
    from jevons.ports import Caller, Provider
    from jevons.types.decision import Attempt
    from jevons.types.request import Generate, Need

__all__ = ("CAN", "Embedded")

CAN: frozenset[Need] = frozenset({"text", "tools", "json", "json_schema", "logprobs"})
"""What the engine can do. One answer a request, and no pictures."""


class Embedded:
    """A model, loaded.

    Args:
        loaded: The model.
        slots: Answers it writes at once; who comes later waits in line.
        power: The hardware's energy counter, if it has one.
        prompt_weight: What a prompt token takes against an answer token; None takes a usual one.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        slots: int,
        power: Counter | None,
        prompt_weight: float | None = None,
    ) -> None:
        self._server: Any = loaded.server
        self._threads = loaded.threads
        self._power = power
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="engine")
        self._shares = Shares(self._spent, prompt_weight=prompt_weight or PROMPT_WEIGHT)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        weights: Path,
        *,
        name: str,
        slots: int,
        context_tokens: int,
        threads: int | None,
        prompt_weight: float | None = None,
    ) -> AsyncGenerator[Embedded, None]:
        """Load a model; unload it at the end.

        Args:
            weights: A GGUF file, verified.
            name: What to call the model.
            slots: Answers written at once.
            context_tokens: Context of each.
            threads: Processor threads; None is half of those this process may use, at
                least two.
            prompt_weight: What a prompt token takes against an answer token, as
                `jevons energy calibrate` finds it; None takes a usual one.

        Raises:
            Misconfigured: The engine is not installed, or cannot load the file.
        """
        began_s = time.monotonic()
        loaded = await asyncio.to_thread(
            load, weights, name=name, slots=slots, context_tokens=context_tokens, threads=threads
        )
        power = counter(on_gpu=loaded.on_gpu)
        engine = cls(loaded, slots=slots, power=power, prompt_weight=prompt_weight)
        seconds = round(time.monotonic() - began_s, 2)
        log.info("model loaded", model=name, threads=loaded.threads, slots=slots, seconds=seconds)
        del loaded
        try:
            yield engine
        finally:
            await asyncio.to_thread(engine.close)

    def close(self) -> None:
        """Unload the model, once the answers under way have ended."""
        self._pool.shutdown(cancel_futures=True)
        self._server = None

    @property
    def idle(self) -> Measured:
        """What was measured while nobody asked, which is no request's."""
        return self._measured(self._shares.idle)

    async def serve(self, attempt: Attempt, request: Generate, caller: Caller) -> Outcome:
        """Serve one attempt."""
        try:
            prompt = prompt_of(request)
        except Unsupported as error:  # another endpoint may be able to
            return Outcome(attempt=attempt, error=error)
        if request.counts:
            return await self._count(attempt, prompt)
        share = self._shares.begin()
        answer = Answer(share, calls_tools=prompt.calls_tools)
        caller.on_leave(answer.stop)
        job = self._pool.submit(self._generate, prompt.body, answer)
        try:
            await _deliver(answer, caller)
        except CallerLeft:
            answer.stop()
        finally:
            caller.on_leave(None)
            try:
                await _ended(job, answer)
            finally:
                spent = self._shares.end(share)
        if caller.left:
            answer.left()
        closing = answer.closing()
        return Outcome(
            attempt=attempt,
            error=answer.error,
            committed=answer.first_byte_s is not None,
            first_byte_s=answer.first_byte_s,
            usage=answer.usage,
            measured=self._measured(spent),
            finish=answer.finish if closing else "error",
            closing=closing,
            changed=prompt.changed,
        )

    async def _count(self, attempt: Attempt, prompt: Prompt) -> Outcome:
        """Count the tokens of a prompt, which takes the engine a few milliseconds."""
        counting, share = Counting(), self._shares.begin()
        job = self._pool.submit(self._generate, prompt.body, counting)
        try:
            await asyncio.wrap_future(job)
        finally:
            try:
                await _ended(job, counting)
            finally:
                spent = self._shares.end(share)
        whole = whole_count(counting.tokens)
        return Outcome(
            attempt=attempt,
            error=counting.error,
            usage=NOTHING,
            measured=self._measured(spent),
            finish="error" if counting.error else "stop",
            closing=() if counting.error else whole.events,
            changed=prompt.changed,
        )

    def _generate(self, body: dict[str, Any], answer: Answer | Counting) -> None:
        """Wait for one answer, in a thread of the pool."""
        try:
            if not answer.stopped:
                returned = self._server.handle_chat_completions(body, answer.take)
                if returned and "error" in returned:
                    answer.fail(fault(returned["error"]))
        except RAISED as error:
            answer.fail(raised(error))
        finally:
            answer.end()

    def _spent(self) -> Spent:
        power = self._power
        return Spent(time.process_time(), power.read_mj() if power else 0.0)

    def _measured(self, spent: Spent) -> Measured:
        power = self._power
        return Measured(
            cpu_s=spent.cpu_s,
            threads=self._threads,
            counter_mj=spent.counter_mj if power else None,
            counter=power.method if power else None,
        )


async def _deliver(answer: Answer, caller: Caller) -> None:
    """Give the caller the answer as it comes.

    Raises:
        CallerLeft: They have gone.
    """
    async for event in answer.events():
        if not caller.push(event):
            await caller.send(event)


async def _ended(job: Future[None], answer: Answer | Counting) -> None:
    """Wait until the engine has let go of an answer, stopping it if it has not.

    Whatever was cancelled meanwhile stays cancelled: a job that still waits in line never
    begins, one under way ends at its next token.
    """
    answer.stop()
    if not job.cancel():
        await asyncio.shield(asyncio.wrap_future(job))


if TYPE_CHECKING:
    _provider: type[Provider] = Embedded
