"""Some requests become rows: every arm is asked them besides, and what they answer is graded.

Rule 1: whoever asks gets the arm that the study says; what is only learned from is asked beside it,
    after the fact, by a house account through the same corridor: under the same rules as its
    caller, under the house account's budget, with receipts.
Rule 2: what would act where it is answered is not asked again. A call to a function acts only where
    its caller makes it, and only the caller's own answer gets there.
Rule 3: each endpoint is asked once, whatever number of arms it is in. What a cascade would have come
    to is told by what its endpoints said.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Self

from jevons.grading.asking import Asking
from jevons.grading.grader import Grader, draw
from jevons.grading.reader import Reader
from jevons.grading.rows import Spent, name_of, row_of, row_of_word
from jevons.grading.standing import Standing
from jevons.pick import can_compare, drafted
from jevons.telemetry import log
from jevons.types.arm import Arm, Step
from jevons.types.errors import JevonsError
from jevons.types.message import Text, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.auto import Prompt, Studied, Traffic
    from jevons.flow import Rooms
    from jevons.grading.asking import Told
    from jevons.grading.checks import Check
    from jevons.grading.grader import Judge
    from jevons.grading.reviews import Reviews
    from jevons.grading.studies import Studies
    from jevons.ports import Ids
    from jevons.store import Books, Pairs
    from jevons.types.account import Feedback
    from jevons.types.message import Part
    from jevons.types.request import Generate

__all__ = ("Loop", "can_grade")

_WAITING = 100
"""Requests that wait to be asked again; more are not."""
_LOOK_S = 1.0


class Loop:
    """Has rows read as they come, and makes some; from `begin` on.

    Args:
        studies: What is known of the arms.
        pairs: The rows.
        share: Of requests, how many every arm is asked besides.
        judge: Grades what cannot be compared.
        checks: The operator's own tests, which grade before it.
        arms: What the study's arms are; none where each is the endpoint of that name.
        ignore: Names of fields of JSON that do not count where answers are compared.
    """

    def __init__(
        self,
        studies: Studies,
        pairs: Pairs,
        *,
        share: float,
        judge: Judge,
        checks: Sequence[Check] = (),
        arms: Sequence[Arm] = (),
        ignore: frozenset[str] = frozenset(),
    ) -> None:
        self._ignore = ignore
        self.reviews: Reviews | None = None
        """Where people look at some of it again; None where nobody does."""
        self._checks = checks
        self._arms = arms or [Arm(name, (Step(name),)) for name in studies.setup.arms]
        self._share = share
        self._judge = judge
        self._studies = studies
        self._pairs = pairs
        self._reader = Reader(pairs, studies)
        self._waiting: deque[_Drawn] = deque(maxlen=_WAITING)
        self._running: asyncio.Future[None] | None = None
        self._asked = asyncio.Event()

    def notice(self, request: Generate, prompt: Prompt, studied: Studied) -> None:
        """Have a request asked again, if it is drawn: one of which `can_grade`.

        Most are passed over by their luck alone: what models make of them is not asked twice.
        """
        traffic, study = studied
        luck = draw(request.id)
        if luck >= self._share * study.most_draws or len(self._waiting) >= _WAITING:
            return
        times = min(study.draws(prompt), 1.0 / self._share)
        if luck < self._share * times:
            self._waiting.append(_Drawn(request, prompt, times, traffic, study.times))
            self._asked.set()

    async def hear(self, word: Feedback) -> None:
        """Take what somebody says of an answer, if `auto` chose who gave it.

        Raises:
            StoreUnavailable: It is in the books, and not among the rows.
        """
        if word.chosen:
            await asyncio.to_thread(self._pairs.add, [row_of_word(word)])

    async def begin(self, rooms: Rooms, books: Books, ids: Ids) -> None:
        """Stand where the last process stood, as soon as that is known, and go on from there."""
        await self._reader.begin()
        standing = Standing(books, rooms.clock)
        await standing.begin()
        self._running = asyncio.ensure_future(
            self._run(Asking(rooms, ids, standing, self._ignore), books)
        )

    async def end(self) -> None:
        """Stop; what was being graded is not."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            try:
                await self._reader.count()
            except JevonsError as error:  # a house ends all the same
                log.warning("auto.not_counted", error=error.code)
        await asyncio.to_thread(self._pairs.close)

    async def __aenter__(self) -> Self:
        """For `async with`; `begin` begins."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        await self.end()

    async def _run(self, asking: Asking, books: Books) -> None:
        while True:
            try:
                await self._reader.look(books, asking.rooms.clock)
                while self._waiting:
                    await self._grade(asking, self._waiting.popleft())
                    await self._reader.look(books, asking.rooms.clock)
            except Exception as error:  # noqa: BLE001 the outermost layer of a task nobody waits for
                log.warning("auto.waits", error=f"{type(error).__name__}: {error}")
            self._asked.clear()
            try:
                await asyncio.wait_for(self._asked.wait(), _LOOK_S)
            except TimeoutError:
                continue

    async def _grade(self, asking: Asking, drawn: _Drawn) -> None:
        """Ask every endpoint what a caller asked, and grade the answers."""
        study = self._studies.study(drawn.traffic)
        if drawn.path != study.times:
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
            drawn.traffic,
            self._studies.setup,
            at_ms=asking.rooms.clock.now_ms(),
            graded=graded,
            spent={arm: spent for arm, (_, spent) in came.items()},
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
                drawn.traffic,
                arms=study.arms,
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
    traffic: Traffic
    path: int
    """Number of the path that it was drawn for."""


def can_grade(request: Generate) -> bool:
    """Whether answers to a request are ever graded: it is words, and asking again does nothing."""
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


def _came_to(arm: Arm, reference: Step, told: Mapping[Step, Told]) -> tuple[Step, Spent]:
    """Say whose answer an arm gives, and what it took: of a cascade, all that it would have asked."""
    if not arm.is_cascade:
        (step,) = arm.steps
        return step, _spent([told[step]])
    is_taken, count = drafted([told[step].form for step in arm.steps])
    asked = [*arm.steps[:count], *([] if is_taken else [reference])]
    return arm.steps[0] if is_taken else reference, _spent([told[step] for step in asked])


def _spent(answers: Sequence[Told]) -> Spent:
    return Spent(
        _sum([each.cost_nusd for each in answers]),
        _sum([each.energy_mj for each in answers]),
        _sum([each.carbon_mg for each in answers]),
    )


def _sum(figures: Sequence[float | None]) -> float | None:
    known = [each for each in figures if each is not None]
    return sum(known) if len(known) == len(figures) else None


_GRADED = frozenset({"text", "tools", "json", "json_schema"})
