"""Rows become a study as they come, and some requests become rows.

Rule 1: whoever asks gets the arm that the study says; what is only learned from is asked beside it,
    after the fact, by a house account through the same corridor: under the same rules as its
    caller, under the house account's budget, with receipts.
Rule 2: only plain text is asked again. What has tools could act twice.
Rule 3: what `auto` promises from now on, or no longer, goes into the books once, also if rows came
    while no server ran.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Self

from jevons.grading.asking import Asking
from jevons.grading.grader import Grader, draw
from jevons.grading.hearing import Hearing
from jevons.grading.rows import (
    certificate_of,
    name_of,
    pair_of,
    record_of,
    row_of,
    row_of_word,
)
from jevons.grading.standing import Standing
from jevons.store import PairRow
from jevons.telemetry import log
from jevons.types.message import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.auto import Prompt, Study, Turn
    from jevons.flow import Rooms
    from jevons.grading.checks import Check
    from jevons.grading.grader import Judge
    from jevons.grading.reviews import Reviews
    from jevons.ports import Ids
    from jevons.store import Books, Pairs
    from jevons.types.account import Feedback
    from jevons.types.request import Generate

__all__ = ("Loop",)

_WAITING = 100
"""Requests that wait to be asked again; more are not."""
_LOOK_S = 1.0


class Loop:
    """Reads rows as they come, and makes some; from `run` on.

    Args:
        study: What is known of the arms.
        pairs: The rows.
        share: Of requests, how many every arm is asked besides.
        judge: Grades what cannot be compared.
        checks: The operator's own tests, which grade before it.
    """

    def __init__(
        self,
        study: Study,
        pairs: Pairs,
        *,
        share: float,
        judge: Judge,
        checks: Sequence[Check] = (),
    ) -> None:
        self.reviews: Reviews | None = None
        """Where people look at some of it again; None where nobody does."""
        self._checks = checks
        self._share = share
        self._judge = judge
        self._study = study
        self._pairs = pairs
        self._hearing = Hearing()
        self._waiting: deque[_Drawn] = deque(maxlen=_WAITING)
        self._read = 0  # number of the last row that was taken
        self._noted = 0  # and of the last whose turns are in the books
        self._running: asyncio.Future[None] | None = None
        self._asked = asyncio.Event()

    def notice(self, request: Generate, prompt: Prompt) -> None:
        """Have a request asked again, if it is drawn and may be."""
        if self._share and _is_plain(request) and len(self._waiting) < _WAITING:
            times = min(self._study.draws(prompt), 1.0 / self._share)
            if draw(request.id) < self._share * times:
                self._waiting.append(_Drawn(request, prompt, times, self._study.times))
                self._asked.set()

    async def hear(self, word: Feedback) -> None:
        """Take what somebody says of an answer, if `auto` chose who gave it.

        Raises:
            StoreUnavailable: It is in the books, and not among the rows.
        """
        if word.chosen:
            await asyncio.to_thread(self._pairs.add, [row_of_word(word)])

    async def begin(self, rooms: Rooms, books: Books, ids: Ids) -> None:
        """Stand where the last process stood, and go on from there."""
        self._noted = await asyncio.to_thread(self._pairs.noted)
        await self._catch_up(books)
        standing = Standing(books, rooms.clock)
        await standing.begin()
        self._running = asyncio.ensure_future(self._run(Asking(rooms, ids, standing), books))

    async def end(self) -> None:
        """Stop; what was being graded is not."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def __aenter__(self) -> Self:
        """For `async with`; `begin` begins."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        await self.end()

    async def _run(self, asking: Asking, books: Books) -> None:
        while True:
            try:
                await self._look(books, asking.rooms.clock.now_ms())
                while self._waiting:
                    await self._grade(asking, self._waiting.popleft())
                    await self._look(books, asking.rooms.clock.now_ms())
            except Exception as error:  # noqa: BLE001 the outermost layer of a task nobody waits for
                log.warning("auto.waits", error=f"{type(error).__name__}: {error}")
            self._asked.clear()
            try:
                await asyncio.wait_for(self._asked.wait(), _LOOK_S)
            except TimeoutError:
                continue

    async def _look(self, books: Books, now_ms: int) -> None:
        """Take rows that have come, and have what is over end."""
        why = self._study.due(now_ms)
        if why:
            row = PairRow(at_ms=now_ms, ended=why)
            await asyncio.to_thread(self._pairs.add, [row])
        await self._catch_up(books)

    async def _catch_up(self, books: Books) -> None:
        """Take the rows that were not, and have the books know of what turned."""
        while rows := await asyncio.to_thread(self._pairs.after, self._read):
            for number, turn in await asyncio.to_thread(self._take, rows):
                if number > self._noted:
                    await books.record(record_of(turn, self._study.arms))
                    await asyncio.to_thread(self._pairs.note, number)
                    log.info("auto.turned", ended=turn.ended, labels=turn.certificate.labels)

    def _take(self, rows: Sequence[tuple[int, PairRow]]) -> list[tuple[int, Turn]]:
        turns: list[tuple[int, Turn]] = []
        for number, row in rows:
            self._read = number
            found: list[Turn] = []
            if row.ended:
                found = self._study.end(row.ended, row.at_ms)
            elif row.by == "feedback":
                found = self._heard(row)
            elif row.by == "human":
                found = self._study.amend(row.name, row.grades, row.at_ms)
            elif all(arm in row.grades for arm in self._study.arms):
                found = self._study.take(pair_of(row, self._study.arms))
            turns += [(number, turn) for turn in found]
        return turns

    def _heard(self, row: PairRow) -> list[Turn]:
        certificate = self._study.certificate
        held = "" if certificate is None else certificate_of(certificate)
        for score in row.grades.values():
            if self._hearing.hear(row.name, score, chosen=row.chosen, under=row.under, held=held):
                return self._study.end("feedback", row.at_ms)
        return []

    async def _grade(self, asking: Asking, drawn: _Drawn) -> None:
        """Ask every arm what a caller asked, and grade the answers."""
        if drawn.path != self._study.times:
            return  # drawn for a path that is over: another draws otherwise
        request, said = drawn.request, _messages(drawn.request)
        told = [await asking.answer(request, arm, said) for arm in self._study.arms]
        if any(each is None for each in told):
            return
        answers = [each for each in told if each is not None]
        graded = await Grader(asking, self._judge, self._checks).grade(
            request, said, [each.text for each in answers]
        )
        if graded is None:
            return
        costs = [each.cost_nusd for each in answers]
        row = row_of(
            drawn.prompt,
            at_ms=asking.rooms.clock.now_ms(),
            graded=graded,
            arms=self._study.arms,
            costs={
                arm: cost
                for arm, cost in zip(self._study.arms, costs, strict=True)
                if cost is not None
            },
            times=drawn.times,
            name=name_of(request.id),
        )
        await asyncio.to_thread(self._pairs.add, [row])
        caller = request.actor
        if self.reviews is not None and caller is not None and graded.grades:
            await self.reviews.offer(
                row.name,
                caller,
                said,
                arms=self._study.arms,
                answers=[each.text for each in answers],
                graded=graded,
                data_class=max(each.data_class for each in answers),
            )


class _Drawn(NamedTuple):
    """A request that is to be graded."""

    request: Generate
    prompt: Prompt
    times: float
    """How much likelier it was drawn than by lot."""
    path: int
    """Number of the path that it was drawn for."""


def _is_plain(request: Generate) -> bool:
    plain = request.output.kind == "text" and not request.tools and request.needs <= {"text"}
    return plain and all(isinstance(part, Text) for each in request.messages for part in each.parts)


def _messages(request: Generate) -> list[tuple[str, str]]:
    return [
        (each.role, "\n".join([part.text for part in each.parts if isinstance(part, Text)]))
        for each in request.messages
    ]
