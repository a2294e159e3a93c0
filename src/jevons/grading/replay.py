"""One class's study, made of rows in the order in which they came.

Rule 1: what is studied is said by rows too: arms, reference, terms. Rows of before the first of them
    count as if it stood before them; another one ends what was promised, and what came before it is
    learned from and never tested on again, or whoever tries settings until one passes would
    promise what is not so.
Rule 2: a grade that was given beside another reference, or for another model under the same name, is
    no grade here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import structs

from jevons.auto import Plan, Study, Turn, amended, fewest, named_by
from jevons.grading.hearing import Hearing
from jevons.grading.rows import pair_of
from jevons.store import Progress

if TYPE_CHECKING:
    from jevons.auto import Traffic
    from jevons.store import PairRow, Setup

__all__ = ("Replay", "Turned", "plan_of")


class Turned(NamedTuple):
    """A turn, and where it comes from."""

    row: int
    """Number of the row that turned it."""
    turn: Turn
    setup: Setup


class Replay:
    """What one class's rows come to.

    Args:
        traffic: The class.
    """

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.study: Study | None = None
        """None before the first setup."""
        self.setup: Setup | None = None
        self.last = 0
        """Number of the last row that was taken."""
        self.recorded = ""
        """The policy whose certificate the books have, of those that hold."""
        self.has_rows = False
        """Whether any was graded."""
        self._ended = ""
        self._hearing = Hearing()
        self._rows: list[tuple[int, PairRow]] = []  # graded, and not forgotten

    def take(self, number: int, row: PairRow) -> list[Turned]:
        """Take the next row; say what turned."""
        self.last = number
        if row.setup is not None:
            return [] if row.setup == self.setup else self._begin(number, row.at_ms, row.setup)
        if row.ended:
            return self._end(number, row)
        if row.by == "feedback":
            return self._hear(number, row)
        if row.by == "human":
            return self._amend(number, row)
        if not row.grades:
            return []
        self.has_rows = True
        self._rows.append((number, row))
        return self._learn(number, row)

    def progress(self, now_ms: int) -> Progress | None:
        """Tell how it stands; None before the first setup."""
        study = self.study
        if study is None:
            return None
        held, plan = study.certificate, study.plan
        return Progress(
            tenant=self.traffic.tenant,
            traffic=self.traffic.name,
            at_ms=now_ms,
            arms=study.arms,
            learned=study.learned,
            learn=plan.learn,
            is_testing=not study.is_learning,
            tested=study.tested,
            labels=plan.labels,
            paths=study.times,
            fewest=fewest(study),
            certificate="" if held is None else named_by(held.policy),
            until_ms=0 if held is None else held.until_ms,
            decided=study.decided,
            ended=self._ended,
        )

    def _begin(self, number: int, at_ms: int, setup: Setup) -> list[Turned]:
        before, former = self.study, self.setup
        self.setup = setup
        self.study = Study(setup.arms, 0, plan_of(setup), "/".join(self.traffic))
        if before is None or former is None:
            return [turned for at, row in self._rows for turned in self._learn(at, row)]
        kept = [pair_of(row, setup.arms, setup.spend) for _, row in self._rows if _fits(row, setup)]
        held = before.certificate
        self.study.begin(kept, before.times)
        if held is None:
            return []
        self._ended = "settings"
        return [Turned(number, Turn(at_ms, held, "settings"), former)]

    def _end(self, number: int, row: PairRow) -> list[Turned]:
        study = self.study
        held = None if study is None else study.certificate
        if study is None or held is None or row.policy not in {"", held.policy}:
            return []  # another server ended it first
        return self._turned(number, study.end(row.ended, row.at_ms))

    def _hear(self, number: int, row: PairRow) -> list[Turned]:
        study = self.study
        held = None if study is None else study.certificate
        name = "" if held is None else named_by(held.policy)
        for score in row.grades.values():
            is_worse = self._hearing.hear(
                row.name, score, chosen=row.chosen, under=row.under, held=name
            )
            if is_worse and study is not None:
                return self._turned(number, study.end("feedback", row.at_ms))
        return []

    def _amend(self, number: int, row: PairRow) -> list[Turned]:
        self._rows = [
            (at, _amended(each, row) if each.name == row.name else each) for at, each in self._rows
        ]
        study = self.study
        if study is None:
            return []
        return self._turned(number, study.amend(row.name, row.grades, row.at_ms))

    def _learn(self, number: int, row: PairRow) -> list[Turned]:
        setup, study = self.setup, self.study
        if setup is None or study is None or not _fits(row, setup):
            return []
        return self._turned(number, study.take(pair_of(row, setup.arms, setup.spend)))

    def _turned(self, number: int, turns: list[Turn]) -> list[Turned]:
        for turn in turns:
            self._ended = turn.ended
            if turn.forgets:
                self._rows.clear()
        setup = self.setup
        return [] if setup is None else [Turned(number, turn, setup) for turn in turns]


def plan_of(setup: Setup) -> Plan:
    """Read what is promised, and on how many pairs."""
    return msgspec.json.decode(setup.plan, type=Plan)


def _amended(row: PairRow, said: PairRow) -> PairRow:
    grades = amended(row.grades, said.grades, reference=row.reference)
    return structs.replace(row, grades=grades)


def _fits(row: PairRow, setup: Setup) -> bool:
    """Tell whether a row's grades are of these arms, beside this reference."""
    named = zip(setup.arms, setup.models, strict=True)
    return (
        row.reference in {"", setup.arms[0]}
        and all(arm in row.grades for arm in setup.arms)
        and all(row.models.get(arm) in {None, "", model} or not model for arm, model in named)
    )
