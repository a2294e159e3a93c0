"""What is going on: the last day by the hour, and the newest records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jevons.dashboard import words
from jevons.dashboard.blocks import Cell, Figure, Head, Section, Table, View, chart_of
from jevons.dashboard.chart import Column, columns
from jevons.dashboard.view.records import records
from jevons.reports import Bill
from jevons.reports.tally import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.dashboard.blocks import Chart
    from jevons.reports.tally import Tally
    from jevons.types.account import Ended

__all__ = ("HOURS", "NEEDS", "now")

HOURS = 24
NEEDS = frozenset({"method", "ended"})
"""Fields that have to be told apart."""


def now(
    tallies: Sequence[Tally],
    newest: Sequence[Ended],
    in_flight: int | None,
    *,
    now_ms: int,
    names: Mapping[str, str],
) -> View:
    """Make the page.

    Args:
        tallies: Of the last day, by the hour, told apart by `NEEDS`.
        newest: Records, newest first.
        in_flight: Requests under way; None where nobody may know.
        now_ms: What time it is.
        names: Of keys, by their id.
    """
    hour_ms = now_ms - now_ms % HOUR_MS
    begin_ms = hour_ms - (HOURS - 1) * HOUR_MS
    last = Bill.of([each for each in tallies if each.group.hour_ms >= hour_ms - HOUR_MS])
    day = Bill.of(tallies)
    under_way = () if in_flight is None else (Figure("Under way", words.count(in_flight)),)
    return View(
        title="Now",
        says=f"At {datetime.fromtimestamp(now_ms / 1e3, UTC):%H:%M:%S} UTC. "
        + (f"{words.count(day.requests)} answers in the last day."
           if day.requests else "No answers in the last day."),
        figures=(
            *under_way,
            Figure("Answers, this hour and the last", words.count(last.requests),
                   f"{words.count(day.requests)} in a day"),
            Figure("Failed", words.count(last.failed),
                   _rate(last), "bad" if last.failed else ""),
            Figure("Cost", words.money(last.cost_nusd), f"{words.money(day.cost_nusd)} in a day",
                   "money"),
            Figure("Energy", words.energy(last.energy_mj),
                   f"{words.energy(last.energy_mj_p05)} to {words.energy(last.energy_mj_p95)}",
                   "energy"),
        ),
        sections=(
            Section("The last day", charts=(_hourly(tallies, begin_ms),)),
            Section("Newest", table=records(newest, names=names)),
        ),
    )  # fmt: skip


def _rate(did: Bill) -> str:
    return words.per_cent(did.failed / did.requests) if did.requests else "none asked"


def _hourly(tallies: Sequence[Tally], begin_ms: int) -> Chart:
    some: list[Column] = []
    rows: list[tuple[Cell, ...]] = []
    for at in range(HOURS):
        hour_ms = begin_ms + at * HOUR_MS
        did = Bill.of([each for each in tallies if each.group.hour_ms == hour_ms])
        name = f"{datetime.fromtimestamp(hour_ms / 1e3, UTC):%H:%M}"
        says = f"{name}: {words.count(did.requests)} answers, {words.count(did.failed)} failed"
        some.append(Column(name, did.requests, says))
        rows.append(
            (
                Cell(name),
                Cell(words.count(did.requests)),
                Cell(words.count(did.failed)),
                Cell(words.money(did.cost_nusd)),
                Cell(words.energy(did.energy_mj)),
            )
        )
    names = ("answers", "failed", "cost", "energy")
    return chart_of(
        "Answers an hour",
        lambda width: columns(
            some, width=width, height=150, label="Answers of each hour of the last day",
            tone="plain", write=words.count,
        ),
        table=Table("By the hour, UTC",
                    (Head("hour"), *[Head(name, is_number=True) for name in names]), rows),
    )  # fmt: skip
