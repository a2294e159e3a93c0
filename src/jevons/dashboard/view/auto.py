"""What `auto` promises, what it saved, and what finding out cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.dashboard import words
from jevons.dashboard.blocks import Cell, Figure, Head, Section, Table, View, chart_of
from jevons.dashboard.chart import Column, columns
from jevons.reports import REASONS, Interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.dashboard.blocks import Chart
    from jevons.reports import Saved
    from jevons.types.account import Certified

__all__ = ("auto",)


def auto(told: Saved, *, now_ms: int) -> View:
    """Make the page.

    Args:
        told: What the books say.
        now_ms: Unix milliseconds, UTC.
    """
    if not told.chosen and not told.turns:
        return View(
            title="Auto",
            says="Nobody has asked for the model “auto”. [auto] in jevons.toml names the reference "
            "that answers are held against, and what may answer in its place.",
        )
    return View(
        title="Auto",
        says=_says(told, now_ms),
        figures=_figures(told),
        sections=(
            Section(
                "Each day",
                "Of the requests for “auto”, the share that did without the reference.",
                charts=(_daily(told),),
            ),
            Section(
                "What is promised",
                "Of the mean over all requests, and of traffic like that which was graded. Newest first.",
                table=_turns(told, now_ms),
            ),
            Section("Why", table=_counts("reason", told.chosen, REASONS)),
            Section("Who answered", table=_counts("arm", told.arms, {})),
        ),
    )


def _says(told: Saved, now_ms: int) -> str:
    held = [each for each in _held(told) if each.until_ms > now_ms]
    if not held:
        return "No certificate holds, so the reference answers every request for “auto”."
    if len(held) > 1:
        return f"{words.count(len(held))} certificates hold, each of some of the traffic."
    (newest,) = held
    of = " ".join(filter(None, _whose(newest)))
    whose = f", for {of}" if of else ""
    return (
        f"At most {words.per_cent(newest.loss)} worse than {newest.reference}, "
        f"{words.per_cent(newest.confidence)} sure, until {words.date(newest.until_ms)}{whose}; shown on "
        f"{words.count(newest.labels)} graded prompts."
    )


def _held(told: Saved) -> list[Certified]:
    """List those that nothing has ended, oldest first."""
    held: dict[tuple[str, str], Certified] = {}
    for each in told.turns:
        if each.ended:
            held.pop(_whose(each), None)
        else:
            held[_whose(each)] = each
    return [*held.values()]


def _figures(told: Saved) -> tuple[Figure, ...]:
    asked = sum(told.chosen.values())
    share = told.share
    if isinstance(share, Interval):
        low, point, high = [words.per_cent(each) for each in share]
        saving = Figure("Saved", point, f"{low} to {high}", "money")
    else:
        saving = Figure("Saved", "no figure", share.why)
    return (
        Figure("Requests", words.count(asked), _unknown(told.unknown)),
        saving,
        Figure("That is", words.money(told.saved_nusd), "beside the reference", "money"),
        Figure("Spent on grading", words.money(told.graded_nusd), "answers that nobody was given"),
        Figure(
            "Given again",
            words.count(told.repeated),
            f"would have cost {words.money(told.spared_nusd)} anew",
        ),
    )


def _unknown(count: int) -> str:
    return f"{words.count(count)} of unknown cost" if count else "all of known cost"


def _daily(told: Saved) -> Chart:
    shares = {
        day: (sum(arms.values()) - arms.get(_reference(told), 0)) / sum(arms.values())
        for day, arms in sorted(told.days.items())
    }
    some = [
        Column(day[5:], share, f"{day}: {words.per_cent(share)} of {words.count(_sum(told, day))}")
        for day, share in shares.items()
    ]
    rows = [
        (Cell(day), Cell(words.per_cent(share)), Cell(words.count(_sum(told, day))))
        for day, share in shares.items()
    ]
    heads = (
        Head("day"),
        Head("without the reference", is_number=True),
        Head("requests", is_number=True),
    )
    return chart_of(
        "Share that did without the reference",
        lambda width: columns(
            some, width=width, label="Share of each day's requests that did without the reference",
            tone="money", write=words.per_cent, top=1.0,
        ),
        table=Table("Each day", heads, rows),
    )  # fmt: skip


def _reference(told: Saved) -> str:
    return told.turns[-1].reference if told.turns else ""


def _sum(told: Saved, day: str) -> int:
    return sum(told.days[day].values())


def _turns(told: Saved, now_ms: int) -> Table:
    heads = (
        Head("since", is_whole=True),
        Head("of"),
        Head("at most worse", is_number=True),
        Head("sure", is_number=True),
        Head("lost on labels", is_number=True),
        Head("at most", is_number=True),
        Head("labels", is_number=True),
        Head("until"),
        Head("certificate", is_wide=True),
    )
    rows = [_turn(*each, now_ms=now_ms) for each in _spans(told)]
    return Table("What is promised", heads, rows, nothing="Nothing has been certified yet.")


def _spans(told: Saved) -> list[tuple[Certified, int, str]]:
    """Pair each that began with when it ended, and why; a later one takes its place."""
    spans: list[tuple[Certified, int, str]] = []
    following: dict[tuple[str, str], Certified] = {}
    for turn in reversed(told.turns):
        after = following.get(_whose(turn))
        if not turn.ended and after is None:
            spans.append((turn, turn.until_ms, ""))
        elif not turn.ended and after is not None:
            spans.append((turn, after.at_ms, after.ended or "a bolder one"))
        following[_whose(turn)] = turn
    return spans


def _whose(turn: Certified) -> tuple[str, str]:
    return turn.tenant, turn.traffic


def _turn(turn: Certified, until_ms: int, why: str, *, now_ms: int) -> tuple[Cell, ...]:
    is_over = bool(why) or until_ms <= now_ms
    return (
        Cell(words.moment(turn.at_ms)[:-3]),
        Cell(turn.tenant or "the house", note=turn.traffic),
        Cell(words.per_cent(turn.loss)),
        Cell(words.per_cent(turn.confidence)),
        Cell(f"{100 * turn.estimate:+.1f} %"),
        Cell(words.per_cent(turn.bound)),
        Cell(words.count(turn.labels)),
        Cell(words.moment(until_ms)[:-3], note=why or ("age" if is_over else "holds")),
        Cell(turn.id),
    )


def _counts(name: str, counts: Mapping[str, int], says: Mapping[str, str]) -> Table:
    whole = sum(counts.values())
    rows = [
        (
            Cell(says.get(each, each), bar=count / whole, tone="money"),
            Cell(words.count(count)),
            Cell(words.per_cent(count / whole)),
        )
        for each, count in sorted(counts.items(), key=lambda item: -item[1])
    ]
    heads = (Head(name), Head("requests", is_number=True), Head("share", is_number=True))
    return Table(name, heads, rows)
