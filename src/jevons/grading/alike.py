"""Questions that are like one before them: which may be given its answer, and what shows that.

Rule 1: nothing here is waited for by whoever asks: a label is put in a short queue, and is a row on disk
    before it counts.
Rule 2: what is promised from now on, or no longer, goes into the books before anything is given on it.
Rule 3: a share of what could be given is asked anew, drawn by the request's id. Only those are labels
    while a certificate holds; all are while none does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self

from jevons.auto import Label, Terms
from jevons.grading.grader import draw
from jevons.pick.agreement import canonical
from jevons.store import LikeRow
from jevons.telemetry import log
from jevons.types.account import Certified

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from jevons.auto import Found, Likeness, Nearest, Shift
    from jevons.ports import Clock
    from jevons.store import Books, Likes

__all__ = ("Alike",)

_WAITING = 1000
"""Labels that wait to become rows; more are lost."""
_LOOK_S = 1.0


class Alike:
    """Finds questions like one, and learns how like they have to be; from `begin` on.

    Args:
        likeness: What is known.
        nearest: The questions.
        rows: The labels.
        clock: Certificates have an end.
        holdout: Share of what could be given that is asked anew.
        terms: What is to be shown; what was shown under others is over.
    """

    def __init__(
        self,
        likeness: Likeness,
        nearest: Nearest,
        rows: Likes,
        clock: Clock,
        *,
        holdout: float,
        terms: Terms,
    ) -> None:
        self._likeness = likeness
        self._nearest = nearest
        self._rows = rows
        self._clock = clock
        self._holdout = holdout
        self._terms = terms
        self._settled: Terms | None = None
        self._waiting: deque[LikeRow] = deque(maxlen=_WAITING)
        self._in_force = False
        self._read = 0
        self._noted = 0
        self._running: asyncio.Future[None] | None = None
        self._asked = asyncio.Event()

    def find(self, frame: bytes, text: str) -> Found | None:
        """Find the question before it that is most like one."""
        return self._nearest.find(frame, text)

    def add(self, frame: bytes, text: str, name: bytes) -> None:
        """Remember a question."""
        self._nearest.add(frame, text, name)

    def keep_only(self, names: Collection[bytes]) -> None:
        """Forget every question but those of some names."""
        self._nearest.keep_only(names)

    def core(self, answer: str) -> str:
        """Say what an answer comes to, where it can be compared; empty where it cannot."""
        found = canonical(answer)
        return "" if found is None else f"{found.kind} {found.value}"

    def gives(self, likeness: float, request: str) -> str:
        """Name the certificate under which an answer is given; empty if none is."""
        held = self._likeness.certificate
        if held is None or not self._in_force or self._is_drawn(request):
            return ""
        if not self._likeness.gives(likeness, now_ms=self._clock.now_ms()):
            return ""
        self._likeness.given += 1
        return _named_by(held.policy)

    def compare(self, likeness: float, request: str, *, same: bool) -> None:
        """Learn from a question that was answered anew."""
        if self._likeness.certificate is None or self._is_drawn(request):
            row = LikeRow(at_ms=self._clock.now_ms(), likeness=likeness, grade=float(same))
            self._waiting.append(row)
            self._asked.set()

    async def begin(self, books: Books) -> None:
        """Stand where the last process stood, and go on from there."""
        self._noted = await asyncio.to_thread(self._rows.noted)
        await self._catch_up(books)
        if self._settled != self._terms:
            loss, delta, days, requests = self._terms
            row = LikeRow(at_ms=self._clock.now_ms(), terms=(loss, delta, days, requests))
            await asyncio.to_thread(self._rows.add, [row])
            await self._catch_up(books)
        self._running = asyncio.ensure_future(self._run(books))

    async def end(self) -> None:
        """Stop; labels that wait are lost."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def __aenter__(self) -> Self:
        """For `async with`; `begin` begins."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        await self.end()

    async def _run(self, books: Books) -> None:
        while True:
            try:
                await self._look(books)
            except Exception as error:  # noqa: BLE001 the outermost layer of a task nobody waits for
                log.warning("cache.waits", error=f"{type(error).__name__}: {error}")
            self._asked.clear()
            try:
                await asyncio.wait_for(self._asked.wait(), _LOOK_S)
            except TimeoutError:
                continue

    async def _look(self, books: Books) -> None:
        """Have labels that wait become rows, and what is over end."""
        now_ms = self._clock.now_ms()
        why = self._likeness.due(now_ms)
        rows = [*self._waiting, *([LikeRow(at_ms=now_ms, ended=why)] if why else [])]
        self._waiting.clear()
        if rows:
            await asyncio.to_thread(self._rows.add, rows)
            await self._catch_up(books)

    async def _catch_up(self, books: Books) -> None:
        """Take the rows that were not, and have the books know of what turned."""
        while rows := await asyncio.to_thread(self._rows.after, self._read):
            self._in_force = False  # until the books know
            for number, shift in self._take(rows):
                if number > self._noted:
                    await books.record(_record(shift))
                    await asyncio.to_thread(self._rows.note, number)
                    log.info("cache.turned", ended=shift.ended, labels=shift.certificate.labels)
        self._in_force = True

    def _take(self, rows: Sequence[tuple[int, LikeRow]]) -> list[tuple[int, Shift]]:
        shifts: list[tuple[int, Shift]] = []
        for number, row in rows:
            self._read = number
            if row.terms is not None:
                self._settled = Terms(*row.terms)
                found = self._likeness.settle(self._settled, row.at_ms)
            elif row.ended:
                found = self._likeness.end(row.ended, row.at_ms)
            else:
                found = self._likeness.take(Label(row.at_ms, row.likeness, row.grade))
            shifts += [(number, shift) for shift in found]
        return shifts

    def _is_drawn(self, request: str) -> bool:
        return draw(f"again {request}") < self._holdout


def _record(shift: Shift) -> Certified:
    held = shift.certificate
    return Certified(
        at_ms=shift.at_ms,
        id=_named_by(held.policy),
        policy=held.policy,
        reference="",
        arms=(),
        loss=held.terms.loss,
        confidence=1.0 - held.terms.delta,
        labels=held.labels,
        estimate=held.estimate,
        bound=held.bound,
        until_ms=held.until_ms,
        ended=shift.ended,
        of="cache",
        likeness=shift.threshold,
    )


def _named_by(policy: str) -> str:
    return f"cert_{policy[:26]}"
