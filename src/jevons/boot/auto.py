"""`auto` in a running house: its rows become a study, and some requests become rows.

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
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, NamedTuple, Self

import msgspec

from jevons.edge.surface import CHAT
from jevons.flow import walk
from jevons.store import PairRow, Pairs
from jevons.telemetry import log
from jevons.types.account import Certified
from jevons.types.errors import JevonsError, Malformed, Misconfigured
from jevons.types.message import Text
from jevons.types.units import Priced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from jevons.auto import Chooser, Pair, Prompt, Study, Turn
    from jevons.flow import Rooms
    from jevons.ports import Caller, Clock, Ids, Pick
    from jevons.settings import AutoSettings, Settings
    from jevons.store import Books
    from jevons.types.account import Receipt
    from jevons.types.actor import Actor
    from jevons.types.custody import DataClass
    from jevons.types.event import Event
    from jevons.types.request import Generate

__all__ = ("HOUSE_KEY", "Loop", "arms_of", "open_auto", "pairs_path", "row_of_line", "study_of")

HOUSE_KEY = "auto (house)"
"""Name of the key that what is asked for `auto` alone is charged to."""
_WAITING = 100
"""Requests that wait to be asked again; more are not."""
_LOOK_S = 1.0
_DAY_MS = 86_400_000
_NUSD = 1e9
_JUDGE = (
    "Two answers to one task follow. Which is better? Say `A`, `B` or `TIE`, and nothing else.\n\n"
    "# Task\n{task}\n\n# Answer A\n{first}\n\n# Answer B\n{second}\n"
)


def pairs_path(settings: Settings) -> Path:
    """Where rows are."""
    return settings.data_dir / "auto.db"


def arms_of(said: AutoSettings) -> tuple[str, ...]:
    """Name the arms, the reference first; none in a house without `auto`.

    Raises:
        Misconfigured: There are arms and no reference.
    """
    if said.reference:
        return tuple(dict.fromkeys((said.reference, *said.arms)))
    if said.arms:
        message = "[auto] names arms and no reference to hold them against"
        raise Misconfigured(message)
    return ()


def study_of(said: AutoSettings) -> Study:
    """Begin a study, knowing nothing.

    Raises:
        Misconfigured: The extra that it takes is not installed.
    """
    try:
        from jevons.auto import Plan, Study, Terms  # noqa: PLC0415 numpy is an extra
    except ModuleNotFoundError as error:
        message = f"[auto] takes `.venv/bin/pip install -e '.[auto]'`: {error}"
        raise Misconfigured(message) from None
    terms = Terms(said.loss, 1.0 - said.confidence, said.days, said.requests)
    return Study(arms_of(said), 0, Plan(terms, said.learn, said.labels))


def _row_of(
    prompt: Prompt, *, at_ms: int, grades: dict[str, float], costs: dict[str, float], times: float
) -> PairRow:
    """Write a graded prompt as a row."""
    from jevons.auto import pack  # noqa: PLC0415 numpy is an extra

    columns, counts, looks = pack(prompt)
    return PairRow(
        at_ms=at_ms,
        columns=columns,
        counts=counts,
        looks=looks,
        route=prompt.route,
        grades=grades,
        costs=costs,
        times=times,
    )


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    """A graded prompt as people write it."""

    prompt: str
    grades: dict[str, Annotated[float, msgspec.Meta(ge=0, le=1)]]
    costs: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = {}
    """US dollars."""
    route: str = ""


def row_of_line(line: bytes, arms: Sequence[str], *, at_ms: int) -> PairRow:
    """Read a graded prompt that somebody wrote as JSON.

    Raises:
        Malformed: It is none, or an arm has no grade.
    """
    from jevons.auto import read  # noqa: PLC0415 numpy is an extra

    try:
        said = msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError as error:
        raise Malformed(str(error)) from None
    missing = [arm for arm in arms if arm not in said.grades]
    if missing:
        message = f"no grade of {missing[0]!r}; each arm has one"
        raise Malformed(message)
    return _row_of(
        read(said.prompt, route=said.route),
        at_ms=at_ms,
        grades=said.grades,
        costs={arm: usd * _NUSD for arm, usd in said.costs.items()},
        times=1.0,
    )


def open_auto(
    said: AutoSettings, pick: Pick, *, clock: Clock, pairs: Pairs
) -> tuple[Pick, Loop | None]:
    """Put `auto` before what plans everything else; nothing is changed in a house without it.

    Raises:
        Misconfigured: It cannot be.
    """
    if not arms_of(said):
        return pick, None
    study = study_of(said)
    from jevons.auto import Chooser  # noqa: PLC0415 as above

    loop = Loop(said, study, pairs)
    chooser: Chooser = Chooser(study, pick, clock, holdout=said.holdout, notice=loop.notice)
    return chooser, loop


class Loop:
    """Reads rows as they come, and makes some; from `run` on.

    Args:
        said: What the house wants.
        study: What is known of the arms.
        pairs: The rows.
    """

    def __init__(self, said: AutoSettings, study: Study, pairs: Pairs) -> None:
        self._said = said
        self._study = study
        self._pairs = pairs
        self._waiting: deque[_Drawn] = deque(maxlen=_WAITING)
        self._read = 0  # number of the last row that was taken
        self._noted = 0  # and of the last whose turns are in the books
        self._running: asyncio.Future[None] | None = None
        self._asked = asyncio.Event()

    def notice(self, request: Generate, prompt: Prompt) -> None:
        """Have a request asked again, if it is drawn and may be."""
        if self._said.share and _is_plain(request) and len(self._waiting) < _WAITING:
            times = min(self._study.draws(prompt), 1.0 / self._said.share)
            if _draw(request.id) < self._said.share * times:
                self._waiting.append(_Drawn(request, prompt, times, self._study.times))
                self._asked.set()

    async def begin(self, rooms: Rooms, books: Books, ids: Ids) -> None:
        """Stand where the last process stood, and go on from there."""
        self._noted = await asyncio.to_thread(self._pairs.noted)
        await self._catch_up(books)
        house = [each for each in books.keys.list() if each.name == HOUSE_KEY]
        if not house:
            await books.keys.create(HOUSE_KEY)
            house = [each for each in books.keys.list() if each.name == HOUSE_KEY]
        self._running = asyncio.ensure_future(self._run(_Asking(rooms, ids, house[0]), books))

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

    async def _run(self, asking: _Asking, books: Books) -> None:
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
                    await books.record(_record(turn, self._study.arms))
                    await asyncio.to_thread(self._pairs.note, number)
                    log.info("auto.turned", ended=turn.ended, labels=turn.certificate.labels)

    def _take(self, rows: Sequence[tuple[int, PairRow]]) -> list[tuple[int, Turn]]:
        turns: list[tuple[int, Turn]] = []
        for number, row in rows:
            self._read = number
            found: list[Turn] = []
            if row.ended:
                found = self._study.end(row.ended, row.at_ms)
            elif all(arm in row.grades for arm in self._study.arms):
                found = self._study.take(_pair(row, self._study.arms))
            turns += [(number, turn) for turn in found]
        return turns

    async def _grade(self, asking: _Asking, drawn: _Drawn) -> None:
        """Ask every arm what a caller asked, and grade the answers."""
        if drawn.path != self._study.times:
            return  # drawn for a path that is over: another draws otherwise
        request, text = drawn.request, _last(drawn.request)
        told = [await asking.answer(request, arm, _messages(request)) for arm in self._study.arms]
        if any(each is None for each in told):
            return
        answers = [each for each in told if each is not None]
        grades = await self._grades(asking, request, text, [each.text for each in answers])
        if grades is None:
            return
        costs = [each.cost_nusd for each in answers]
        row = _row_of(
            drawn.prompt,
            at_ms=asking.rooms.clock.now_ms(),
            grades=dict(zip(self._study.arms, grades, strict=True)),
            costs={
                arm: cost
                for arm, cost in zip(self._study.arms, costs, strict=True)
                if cost is not None
            },
            times=drawn.times,
        )
        await asyncio.to_thread(self._pairs.add, [row])

    async def _grades(
        self, asking: _Asking, request: Generate, task: str, answers: list[str]
    ) -> list[float] | None:
        """Grade against the reference: by what can be compared, else by a judge, else not at all."""
        from jevons.auto import canonical  # noqa: PLC0415 numpy is an extra

        reference = canonical(answers[0])
        if reference is not None:
            return [1.0, *[float(canonical(each) == reference) for each in answers[1:]]]
        if not self._said.judge:
            return None
        judged = [
            await self._judged(asking, request, task, answers[0], each) for each in answers[1:]
        ]
        if any(each is None for each in judged):
            return None
        # What is better than the reference earns nothing: only losses are certified.
        return [1.0, *[0.0 if each == -1 else 1.0 for each in judged]]

    async def _judged(
        self, asking: _Asking, request: Generate, task: str, reference: str, other: str
    ) -> int | None:
        """Ask the judge: 1 the other is better, -1 the reference is, 0 neither; None it did not say."""
        is_turned = _draw(request.id + "order") < 0.5  # noqa: PLR2004 a coin: judges like what comes first
        first, second = (other, reference) if is_turned else (reference, other)
        said = _JUDGE.format(task=task, first=first, second=second)
        told = await asking.answer(request, self._said.judge, [("user", said)])
        word = told.text.strip().strip("`.* ").upper() if told is not None else ""
        if word not in {"A", "B", "TIE"}:
            return None
        better = {"A": -1, "B": 1, "TIE": 0}[word]
        return -better if is_turned else better


class _Drawn(NamedTuple):
    """A request that is to be graded."""

    request: Generate
    prompt: Prompt
    times: float
    """How much likelier it was drawn than by lot."""
    path: int
    """Number of the path that it was drawn for."""


class _Told(NamedTuple):
    """What an arm answered."""

    text: str
    cost_nusd: float | None


class _Asking(NamedTuple):
    """The corridor, walked by the house for itself."""

    rooms: Rooms
    ids: Ids
    house: Actor

    async def answer(
        self, request: Generate, endpoint: str, messages: Sequence[tuple[str, str]]
    ) -> _Told | None:
        """Ask one endpoint; None if it may not be asked, or failed."""
        body: dict[str, object] = {
            "model": endpoint,
            "messages": [{"role": role, "content": text} for role, text in messages],
        }
        if request.sampling.max_tokens is not None:
            body["max_completion_tokens"] = request.sampling.max_tokens
        asked = CHAT.parse(
            msgspec.json.encode(body),
            id=self.ids.new("req"),
            at_ms=self.rooms.clock.now_ms(),
            actor=self._actor(request),
        )
        asked = msgspec.structs.replace(
            asked, data_class=request.data_class, identifiers=request.identifiers
        )
        ear = _Ear(asked)
        try:
            receipt = await walk(asked, ear, self.rooms)
        except JevonsError as error:
            log.info("auto.not_asked", endpoint=endpoint, error=error.code)
            return None
        if receipt.finish != "stop":
            return None
        cost = receipt.cost
        return _Told(ear.text(), float(cost.nusd) if isinstance(cost, Priced) else None)

    def _actor(self, request: Generate) -> Actor:
        """Give the house's key what the caller may, and no more."""
        caller = request.actor or self.house
        return msgspec.structs.replace(
            self.house,
            endpoints=caller.endpoints,
            places=caller.places,
            data_class=caller.data_class,
            region=caller.region,
        )


class _Ear:
    """Hears an answer whole, and sends it nowhere."""

    def __init__(self, request: Generate) -> None:
        self._request = request
        self._events: list[Event] = []
        self._answer = b""

    @property
    def left(self) -> bool:
        """Never: the house waits."""
        return False

    def on_leave(self, callback: Callable[[], None] | None) -> None:
        """Nothing to call."""

    def push(self, event: Event) -> bool:
        """Take an event."""
        self._events.append(event)
        return True

    async def send(self, event: Event) -> None:
        """Take an event."""
        self._events.append(event)

    async def keep(self, closing: tuple[Event, ...], *, data_class: DataClass) -> None:
        """Nothing is kept."""

    def seal(self, closing: tuple[Event, ...]) -> bytes:
        """Write the answer as OpenAI's chat dialect has it."""
        self._answer = CHAT.answer((*self._events, *closing), self._request)
        return sha256(self._answer).digest()

    async def close(self, receipt: Receipt) -> None:
        """Nobody waits for it."""

    def text(self) -> str:
        """Give what was said."""
        return _decoder.decode(self._answer).choices[0].message.content or ""


class _Said(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Said


class _Whole(msgspec.Struct):
    choices: list[_Choice]


_decoder = msgspec.json.Decoder(_Whole)


def _pair(row: PairRow, arms: Sequence[str]) -> Pair:
    from jevons.auto import Pair, unpack  # noqa: PLC0415 numpy is an extra

    prompt = unpack(row.columns, row.counts, row.looks, route=row.route)
    return Pair(
        row.at_ms,
        prompt,
        tuple([row.grades[arm] for arm in arms]),
        tuple([row.costs.get(arm, float("nan")) for arm in arms]),
        row.times,
    )


def _record(turn: Turn, arms: tuple[str, ...]) -> Certified:
    held = turn.certificate
    return Certified(
        at_ms=turn.at_ms,
        id=f"cert_{held.policy[:26]}",
        policy=held.policy,
        reference=arms[0],
        arms=arms,
        loss=held.terms.loss,
        confidence=1.0 - held.terms.delta,
        labels=held.labels,
        estimate=held.estimate,
        bound=held.bound,
        until_ms=held.at_ms + round(held.terms.days * _DAY_MS),
        ended=turn.ended,
    )


def _is_plain(request: Generate) -> bool:
    plain = request.output.kind == "text" and not request.tools and request.needs <= {"text"}
    return plain and all(isinstance(part, Text) for each in request.messages for part in each.parts)


def _messages(request: Generate) -> list[tuple[str, str]]:
    return [
        (each.role, "\n".join([part.text for part in each.parts if isinstance(part, Text)]))
        for each in request.messages
    ]


def _last(request: Generate) -> str:
    return _messages(request)[-1][1]


def _draw(what: str) -> float:
    return int.from_bytes(sha256(f"label {what}".encode()).digest()[:8]) / (1 << 64)


if TYPE_CHECKING:
    _ear: type[Caller] = _Ear
