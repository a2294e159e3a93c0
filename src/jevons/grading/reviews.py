"""Graded prompts that people look at again, without being told whose answer is whose.

Rule 1: their texts are nowhere but among kept answers: sealed, for as long as the house keeps answers of
    such data, and erased with the key's. Once one is judged its texts are destroyed.
Rule 2: data of a worse class than the house names for it is never queued, and nothing of a key that is
    on hold: what is kept for it could not be destroyed.
Rule 3: what a person says is in the books with their name, and stands in the place of the grade before.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import msgspec

from jevons.grading.grader import draw
from jevons.reports import differ
from jevons.store import PairRow
from jevons.telemetry import log
from jevons.types.account import Reviewed
from jevons.types.errors import JevonsError, NotFound
from jevons.types.kept import REVIEW, Kept
from jevons.types.review import Blind, Told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.auto import Traffic
    from jevons.grading.grader import Graded
    from jevons.ports import Clock
    from jevons.store import Archive, Books, Pairs
    from jevons.types.actor import Actor
    from jevons.types.custody import DataClass
    from jevons.types.review import Sees, Verdict, Word

__all__ = ("Reviews",)

T = TypeVar("T")

_MOST = 200
"""Prompts that wait to be looked at; more are not queued."""
_COIN = 0.5
_GRADES: Mapping[Verdict, tuple[float, float]] = MappingProxyType(
    {
        "reference": (1.0, 0.0),
        "arm": (
            1.0,
            1.0,
        ),  # what is better than the reference earns nothing: only losses are certified
        "both": (1.0, 1.0),
        "neither": (0.0, 0.0),
    }
)


class _Sheet(msgspec.Struct, frozen=True):
    """What is kept of one, beside what was asked."""

    arms: tuple[str, str]
    """The reference, and the one that is held beside it."""
    answers: tuple[str, str]
    by: str
    judge: str
    grades: dict[str, float]
    tenant: str = ""
    traffic: str = "text"


_asked = msgspec.json.Decoder(tuple[tuple[str, str], ...])
_sheet = msgspec.json.Decoder(_Sheet)


class Reviews:
    """The queue.

    Args:
        archive: Where kept answers are.
        pairs: The rows.
        books: Whose key it is, and who judged.
        share: Of the prompts that are graded, how many are looked at again.
        worst: Class of data of which prompts are queued at most.
        clock: Dates what is done.
    """

    def __init__(
        self,
        archive: Archive,
        pairs: Pairs,
        books: Books,
        *,
        share: float,
        worst: DataClass,
        clock: Clock,
    ) -> None:
        self._archive = archive
        self._pairs = pairs
        self._books = books
        self._share = share
        self._worst = worst
        self._clock = clock
        self._judged: set[str] = set()

    async def offer(
        self,
        name: str,
        caller: Actor,
        messages: Sequence[tuple[str, str]],
        traffic: Traffic,
        *,
        arms: Sequence[str],
        answers: Sequence[str],
        graded: Graded,
        data_class: DataClass,
    ) -> None:
        """Queue a graded prompt, if it is drawn and may be; nobody waits for it if it cannot be.

        Args:
            name: Of its row.
            caller: Who asked.
            messages: What, role and text of each turn.
            traffic: What it is of.
            arms: The reference first; one of the others is drawn to be held beside it.
            answers: One of each.
            graded: Who graded them, and how.
            data_class: What the rules took the data in it to be.
        """
        is_drawn = draw(f"{name} review") < self._share and len(arms) > 1
        if not is_drawn or data_class > self._worst:
            return
        other = 1 + int(draw(f"{name} arm") * (len(arms) - 1))
        sheet = _Sheet(
            (arms[0], arms[other]),
            (answers[0], answers[other]),
            graded.by,
            graded.judge,
            dict(zip(arms, graded.grades, strict=True)),
            traffic.tenant,
            traffic.name,
        )
        kept = Kept(
            id=name,
            key=caller.key,
            at_ms=self._clock.now_ms(),
            input=msgspec.json.encode(messages),
            answer=msgspec.json.encode(sheet),
            data_class=data_class,
        )
        try:
            is_held = self._books.keys.named(caller.key).held
            if not is_held and len(await self._archive.named(REVIEW, most=_MOST)) < _MOST:
                await self._archive.keep(kept)
        except JevonsError as error:
            log.warning("auto.not_queued", error=error.code)

    async def next(self, sees: Sees, after: str = "") -> Blind | None:
        """Show the one that has waited longest of those that somebody may see; None if there is none.

        Args:
            sees: Tells what they may see.
            after: One that they passed over: those that came after it go first.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        waiting = await self._waiting(sees)
        names = [name for name, _ in waiting]
        at = names.index(after) + 1 if after in names else 0
        for name, key in (*waiting[at:], *waiting[:at]):
            kept = await self._archive.find(name, key=key)
            if kept is not None:
                left, right = _placed(name, _sheet.decode(kept.answer).answers)
                asked = _asked.decode(kept.input)
                return Blind(name, kept.at_ms, asked, left, right, len(waiting))
        return None

    async def judge(self, name: str, word: Word, sees: Sees, *, by: str) -> Told:
        """Take what somebody says of one.

        Args:
            name: Which.
            word: What they say.
            sees: Tells what they may see.
            by: Who it is, as records name them.

        Raises:
            NotFound: None of that name waits, for them.
            StoreUnavailable: It could not be written down.
        """
        key = dict(await self._waiting(sees)).get(name, "")
        kept = await self._archive.find(name, key=key) if key else None
        if kept is None:
            message = "this is not waiting to be judged any more"
            raise NotFound(message)
        sheet = _sheet.decode(kept.answer)
        two: tuple[Verdict, Verdict] = ("reference", "arm")
        sides: tuple[Verdict, Verdict] = _placed(name, two)
        said: dict[Word, Verdict] = {"left": sides[0], "right": sides[1]}
        verdict = said.get(word, "both" if word == "both" else "neither")
        now_ms = self._clock.now_ms()
        self._judged.add(name)  # whoever sends it twice at once has said it once
        try:
            await self._books.record(
                Reviewed(at_ms=now_ms, label=name, arms=sheet.arms, verdict=verdict, by=by)
            )
        except JevonsError:
            self._judged.discard(name)
            raise
        row = PairRow(
            at_ms=now_ms,
            tenant=sheet.tenant,
            traffic=sheet.traffic,
            name=name,
            by="human",
            grades=dict(zip(sheet.arms, _GRADES[verdict], strict=True)),
            was=sheet.grades,
            was_by=sheet.by,
        )
        await asyncio.to_thread(self._pairs.add, [row])
        with suppress(
            JevonsError
        ):  # on hold since: it is destroyed when that ends, and hidden till then
            await self._archive.drop(name, key=key)
        left, right = _placed(name, sheet.arms)
        return Told(left, right, verdict, sheet.by, agrees=not differ(row))

    async def _waiting(self, sees: Sees) -> list[tuple[str, str]]:
        """List names and keys of those that somebody may see, oldest first."""
        found: list[tuple[str, str]] = []
        for name, key in await self._archive.named(REVIEW, most=_MOST):
            with suppress(NotFound):  # its key was erased a moment ago
                if name not in self._judged and sees(key, self._books.keys.named(key).account):
                    found.append((name, key))
        return found


def _placed(name: str, two: tuple[T, T]) -> tuple[T, T]:
    """Put one on the left and one on the right, by lot and always the same."""
    return two if draw(f"{name} side") < _COIN else (two[1], two[0])
