"""Rows become a study as they come, and some requests become rows.

Rule 1: whoever asks gets the arm that the study says; what is only learned from is asked beside it,
    after the fact, by a house account through the same corridor: under the same rules as its
    caller, under the house account's budget, with receipts.
Rule 2: what would act where it is answered is not asked again. A call to a function acts only where
    its caller makes it, and only the caller's own answer gets there.
Rule 3: each endpoint is asked once, whatever number of arms it is in. What a cascade would have come
    to is told by what its endpoints said.
Rule 4: what `auto` promises from now on, or no longer, goes into the books once, also if rows came
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
from jevons.pick import can_compare, drafted
from jevons.store import PairRow
from jevons.telemetry import log
from jevons.types.arm import Arm, Step
from jevons.types.message import Text, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.auto import Prompt, Study, Turn
    from jevons.flow import Rooms
    from jevons.grading.asking import Told
    from jevons.grading.checks import Check
    from jevons.grading.grader import Judge
    from jevons.grading.reviews import Reviews
    from jevons.ports import Ids
    from jevons.store import Books, Pairs
    from jevons.types.account import Feedback
    from jevons.types.message import Part
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
        arms: What the study's arms are; none where each is the endpoint of that name.
    """

    def __init__(
        self,
        study: Study,
        pairs: Pairs,
        *,
        share: float,
        judge: Judge,
        checks: Sequence[Check] = (),
        arms: Sequence[Arm] = (),
    ) -> None:
        self.reviews: Reviews | None = None
        """Where people look at some of it again; None where nobody does."""
        self._checks = checks
        self._arms = arms or [Arm(name, (Step(name),)) for name in study.arms]
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
        if self._share and _may_grade(request) and len(self._waiting) < _WAITING:
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
        """Ask every endpoint what a caller asked, and grade the answers."""
        if drawn.path != self._study.times:
            return  # drawn for a path that is over: another draws otherwise
        request, said = drawn.request, _messages(drawn.request)
        told: dict[Step, Told] = {}
        for step in dict.fromkeys(step for arm in self._arms for step in arm.steps):
            answer = await asking.again(request, step)
            if answer is None:
                return
            told[step] = answer
        grader = Grader(asking, self._judge, self._checks)
        graded = await grader.grade(request, said, [*told.values()])
        if graded is None:
            return
        came = {arm.name: _came_to(arm, self._arms[0].steps[0], told) for arm in self._arms}
        if graded.grades:
            of = dict(zip(told, graded.grades, strict=True))
            graded = graded._replace(grades=tuple([of[step] for step, _ in came.values()]))
        row = row_of(
            drawn.prompt,
            at_ms=asking.rooms.clock.now_ms(),
            graded=graded,
            arms=self._study.arms,
            costs={arm: cost for arm, (_, cost) in came.items() if cost is not None},
            times=drawn.times,
            name=name_of(request.id),
        )
        await asyncio.to_thread(self._pairs.add, [row])
        caller = request.actor
        has_words = not request.tools
        if self.reviews is not None and caller is not None and graded.grades and has_words:
            await self.reviews.offer(
                row.name,
                caller,
                said,
                arms=self._study.arms,
                answers=[told[step].text for step, _ in came.values()],
                graded=graded,
                data_class=max(each.data_class for each in told.values()),
            )


class _Drawn(NamedTuple):
    """A request that is to be graded."""

    request: Generate
    prompt: Prompt
    times: float
    """How much likelier it was drawn than by lot."""
    path: int
    """Number of the path that it was drawn for."""


def _may_grade(request: Generate) -> bool:
    parts = [part for each in request.messages for part in each.parts]
    return can_compare(request) and request.needs <= _GRADED and all(map(_is_words, parts))


def _messages(request: Generate) -> list[tuple[str, str]]:
    return [
        (each.role, "\n".join([part.text for part in each.parts if isinstance(part, Text)]))
        for each in request.messages
    ]


def _is_words(part: Part) -> bool:
    if isinstance(part, ToolResult):
        return all(map(_is_words, part.parts))
    return isinstance(part, Text | ToolCall)


def _came_to(arm: Arm, reference: Step, told: Mapping[Step, Told]) -> tuple[Step, float | None]:
    """Say whose answer an arm gives, and what it cost: of a cascade, all that it would have asked."""
    if not arm.is_cascade:
        (step,) = arm.steps
        return step, told[step].cost_nusd
    is_taken, count = drafted([told[step].form for step in arm.steps])
    asked = [*arm.steps[:count], *([] if is_taken else [reference])]
    costs = [told[step].cost_nusd for step in asked]
    known = [cost for cost in costs if cost is not None]
    return arm.steps[0] if is_taken else reference, sum(known) if len(known) == len(costs) else None


_GRADED = frozenset({"text", "tools", "json", "json_schema"})
