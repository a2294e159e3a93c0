"""Rows become studies as they come, and what turns goes into the books.

Rule 1: every server reads every row in the same order, so all of them stand at the same studies.
Rule 2: what `auto` promises from now on, or no longer, goes into the books once, whichever server is
    first, also if rows came while none ran.
Rule 3: requests under a certificate are counted by all servers together, at the latest after
    `_COUNT_S`: what a server that falls has decided since then is not counted.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from jevons.auto import Traffic, named_by
from jevons.grading.replay import Replay
from jevons.grading.rows import record_of
from jevons.store import PairRow
from jevons.telemetry import log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.grading.replay import Turned
    from jevons.grading.studies import Studies
    from jevons.ports import Clock
    from jevons.store import Books, Pairs, Setup

__all__ = ("Reader",)

_COUNT_S = 10.0


class _Count(NamedTuple):
    """What is in the books of requests under a certificate."""

    policy: str
    requests: int


class Reader:
    """Reads rows as they come, one task of a server.

    Args:
        pairs: The rows.
        studies: What they are read into.
    """

    def __init__(self, pairs: Pairs, studies: Studies) -> None:
        self._pairs = pairs
        self._studies = studies
        self._read = 0  # number of the last row that was taken
        self._set: set[Traffic] = set()  # those that were told this process's setup
        self._others: list[Setup | None] = []  # setups of servers that began later
        self._counts: dict[Traffic, _Count] = {}
        self._count_at_s = 0.0

    async def begin(self) -> None:
        """Have the studies made that were used last, up to what is there now."""
        self._read = await asyncio.to_thread(self._pairs.last)
        for tenant, name in await asyncio.to_thread(self._pairs.classes, self._studies.most):
            self._studies.want(Traffic(tenant, name))

    async def look(self, books: Books, clock: Clock) -> None:
        """Take rows that have come, have what is over end, and count what was decided."""
        now_ms = clock.now_ms()
        await self._catch_up(books, now_ms)
        for traffic in self._studies.wanted():
            self._studies.put(await self._made(traffic, books, now_ms))
        over = [self._over(each, now_ms) for each in self._studies.live()]
        new = [each for each in (*over, *self._setups(now_ms)) if each is not None]
        if new:
            await asyncio.to_thread(self._pairs.add, new)
            await self._catch_up(books, now_ms)
        if clock.monotonic_s() >= self._count_at_s:
            self._count_at_s = clock.monotonic_s() + _COUNT_S
            await self.count()

    async def count(self) -> None:
        """Add to the books what was decided since, and take over what others decided."""
        for replay in self._studies.live():
            study = replay.study
            held = None if study is None else study.certificate
            if study is None or held is None:
                continue
            known = self._counts.get(replay.traffic)
            before = known.requests if known is not None and known.policy == held.policy else 0
            now, name = study.decided, named_by(held.policy)
            told = (
                await asyncio.to_thread(self._pairs.count, name, now - before, study.purse)
                if now > before
                else await asyncio.to_thread(self._pairs.counted, name)
            )
            if study.certificate is held:
                study.resume(told.requests + study.decided - now, study.purse)
                self._counts[replay.traffic] = _Count(held.policy, told.requests)

    async def _catch_up(self, books: Books, now_ms: int) -> None:
        while rows := await asyncio.to_thread(self._pairs.after, self._read):
            touched = {Traffic(row.tenant, row.traffic) for _, row in rows}
            live = [each for each in self._studies.live() if each.traffic in touched]
            turned = await asyncio.to_thread(_take, live, rows)
            self._read = rows[-1][0]
            for replay in live:
                await self._note(replay, turned[replay.traffic], books, now_ms)
            for traffic in touched - {each.traffic for each in live}:
                self._studies.want(traffic)

    async def _made(self, traffic: Traffic, books: Books, now_ms: int) -> Replay:
        """Make a study of all its rows."""
        replay = Replay(traffic)
        turned: list[Turned] = []
        after = 0
        while rows := await asyncio.to_thread(
            self._pairs.of, traffic.tenant, after=after, until=self._read
        ):
            turned += (await asyncio.to_thread(_take, [replay], rows))[traffic]
            after = rows[-1][0]
        study = replay.study
        if study is not None and study.certificate is not None:
            policy = study.certificate.policy
            told = await asyncio.to_thread(self._pairs.counted, named_by(policy))
            study.resume(told.requests, told.purse)
            self._counts[traffic] = _Count(policy, told.requests)
        await self._note(replay, turned, books, now_ms)
        return replay

    async def _note(
        self, replay: Replay, turned: Sequence[Turned], books: Books, now_ms: int
    ) -> None:
        """Have the books know of what turned, and say how a class stands."""
        for each in turned:
            record = record_of(each.turn, each.setup, replay.traffic)
            if await asyncio.to_thread(self._pairs.was_turned, each.row, record):
                continue
            if await books.turn(record, row=each.row):
                log.info("auto.turned", ended=record.ended, labels=record.labels)
        held = None if replay.study is None else replay.study.certificate
        replay.recorded = "" if held is None else held.policy
        progress = replay.progress(now_ms)
        if progress is not None:
            await asyncio.to_thread(self._pairs.tell, progress, replay.last)

    def _over(self, replay: Replay, now_ms: int) -> PairRow | None:
        """Write that a certificate is over."""
        study = self._studies.study(replay.traffic)
        why, held = study.due(now_ms), study.certificate
        if not why or held is None:
            return None
        tenant, name = replay.traffic
        return PairRow(at_ms=now_ms, tenant=tenant, traffic=name, ended=why, policy=held.policy)

    def _setups(self, now_ms: int) -> list[PairRow]:
        """Write what this process studies where rows say nothing of it, or something else.

        Once for each class: of two servers that are set otherwise, the one that began last is right.
        """
        rows: list[PairRow] = []
        for replay in self._studies.live():
            if not replay.has_rows or replay.setup == self._studies.setup:
                continue
            if replay.traffic not in self._set:
                tenant, name = replay.traffic
                setup = self._studies.setup
                rows.append(PairRow(at_ms=now_ms, tenant=tenant, traffic=name, setup=setup))
                self._set.add(replay.traffic)
            elif replay.setup not in self._others:
                self._others.append(replay.setup)
                log.warning("auto.other_settings", tenant=replay.traffic.tenant)
        return rows


def _take(
    live: Sequence[Replay], rows: Sequence[tuple[int, PairRow]]
) -> dict[Traffic, list[Turned]]:
    """Have each study take its rows; on a thread of its own."""
    return {
        replay.traffic: [
            turned
            for number, row in rows
            if (row.tenant, row.traffic) == replay.traffic
            for turned in replay.take(number, row)
        ]
        for replay in live
    }
