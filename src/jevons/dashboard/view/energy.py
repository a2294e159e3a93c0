"""What was used of energy, what was emitted, and whether gains in efficiency were eaten up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.dashboard import words
from jevons.dashboard.blocks import (
    NOTHING,
    Cell,
    Figure,
    Head,
    Section,
    Table,
    View,
    chart_of,
    small_of,
)
from jevons.dashboard.chart import Fall, Part, Point, Step, line, plane, share, waterfall
from jevons.figures import MG_PER_G, MJ_PER_WH
from jevons.reports import DAY_MS, Bill, Interval, NoFigure, Span, bill, gather, growth_of, rebound
from jevons.reports.tally import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from jevons.dashboard.blocks import Chart
    from jevons.dashboard.days import Days
    from jevons.reports import Rebound
    from jevons.reports.tally import Tally

__all__ = ("EFFECTS", "NEEDS", "energy", "meaning")

NEEDS = frozenset({"model", "method", "ended"})
"""Fields that have to be told apart."""

EFFECTS = (
    ("activity", "more or fewer requests"),
    ("mix", "other models' share of them"),
    ("depth", "longer or shorter answers"),
    ("intensity", "more or less for a token"),
    ("turnover", "models that came or went"),
)
_WEEK = 7
_TOLD = (
    "Measured is what a counter read, reported is what a vendor said, modelled is what a formula "
    "makes of the tokens."
)


class _Day(NamedTuple):
    """Answers of one day whose energy is known."""

    tokens: int
    energy_mj: float


def energy(
    tallies: Sequence[Tally],
    days: Days,
    *,
    told: Rebound | NoFigure | None = None,
    spans: tuple[Span, Span] | None = None,
) -> View:
    """Make the page.

    Args:
        tallies: By the hour, told apart by `NEEDS`.
        days: Which count.
        told: What came of comparing two periods; None compares them.
        spans: The two; None takes the halves of the days.
    """
    whole = bill(tallies, by=()).get((), NOTHING)
    if not whole.requests:
        return View("Energy and carbon", f"No answers from {days.says}.")
    spans = spans or days.halves
    told = told or _compared(tallies, spans)
    daily = {name: each for (name,), each in bill(tallies, by=("day",)).items()}
    return View(
        title="Energy and carbon",
        says=_says(told, days),
        figures=_figures(whole, told),
        sections=(
            _jevons(_trail(_known(tallies), days)),
            _why(told, spans),
            Section(
                "Day by day",
                "Bands hold the figure in nine cases of ten, were all errors to go the same way.",
                charts=_small(daily, days),
                is_small=True,
            ),
            Section("Where the figures come from", charts=(_tiers(whole),), notes=_notes(whole)),
            Section("By model", table=_models(tallies)),
        ),
    )


def _jevons(trail: Sequence[Step]) -> Section:
    return Section(
        "The Jevons plane",
        "Each dot is a week. To the right, the same energy gives more tokens. Without rebound a "
        "house would follow R = 0 down; above the line it uses more than before, although each "
        "token takes less. That is what Jevons saw of coal.",
        charts=(_plane(trail),) if len(trail) > 1 else (),
        notes=() if len(trail) > 1 else ("It takes eight days to draw.",),
    )


def _why(told: Rebound | NoFigure, spans: tuple[Span, Span]) -> Section:
    return Section(
        "Why the total changed",
        f"{_days(spans[0])} against {_days(spans[1])}. The parts leave no rest.",
        charts=() if isinstance(told, NoFigure) else (_fall(told),),
        notes=(f"No figure: {told.why}.",) if isinstance(told, NoFigure) else (),
    )


def _compared(tallies: Sequence[Tally], spans: tuple[Span, Span]) -> Rebound | NoFigure:
    before, after = gather(tallies, spans)
    return rebound(before, after, growth=growth_of(before, *spans))


def _says(told: Rebound | NoFigure, days: Days) -> str:
    if isinstance(told, NoFigure):
        return f"From {days.says}. No rebound is told: {told.why}."
    return (
        f"A token takes {words.ratio(told.intensity.point)} what it took, and there are "
        f"{words.ratio(told.demand)} as many: {meaning(told.apparent)}."
    )


def meaning(figure: Interval | NoFigure) -> str:
    """Say what a rebound means."""
    if isinstance(figure, NoFigure):
        return figure.why
    told = round(figure.point, 2)
    if told < 0:
        return "less was used than the gain alone would have saved"
    if told == 0:
        return "none of what was saved came back"
    if told < 1:
        return "part of what was saved came back"
    return "all of what was saved came back" if told == 1 else "backfire, the total grew"


def _figures(whole: Bill, told: Rebound | NoFigure) -> tuple[Figure, ...]:
    found = (
        Figure("Energy", words.energy(whole.energy_mj),
               f"{words.energy(whole.energy_mj_p05)} to {words.energy(whole.energy_mj_p95)}",
               "energy"),
        Figure("CO₂e, by place", words.carbon(whole.carbon_mg),
               f"{words.carbon(whole.carbon_mg_p05)} to {words.carbon(whole.carbon_mg_p95)}",
               "carbon"),
    )  # fmt: skip
    if isinstance(told, NoFigure):
        return found
    return (
        *found,
        _rebound("Rebound, at the old demand", told.apparent),
        _rebound("Rebound, at the trend", told.trend),
    )


def _rebound(name: str, figure: Interval | NoFigure) -> Figure:
    if isinstance(figure, NoFigure):
        return Figure(name, "no figure", figure.why)
    low, point, high = [f"{round(each, 2) + 0:.2f}" for each in figure]
    return Figure(name, point, f"{low} to {high}", "backfire" if figure.point > 1 else "")


def _known(tallies: Sequence[Tally]) -> dict[int, _Day]:
    days: dict[int, _Day] = {}
    for tally in tallies:
        group = tally.group
        if group.ended == ANSWERED and tally.energy_uj.low:
            day_ms = group.hour_ms - group.hour_ms % DAY_MS
            was = days.get(day_ms, _Day(0, 0.0))
            days[day_ms] = _Day(
                was.tokens + tally.written, was.energy_mj + tally.energy_uj.mid / 1e3
            )
    return days


def _trail(known: Mapping[int, _Day], days: Days) -> list[Step]:
    """Compare each seven days, a day apart, with the first seven."""
    each = [(day, known.get(_ms(day, days), _Day(0, 0.0))) for day in days.each]
    weeks = [each[at : at + _WEEK] for at in range(len(each) - _WEEK + 1)]
    steps: list[Step] = []
    base: _Day | None = None
    for week in weeks:
        tokens = sum(day.tokens for _, day in week)
        used = sum(day.energy_mj for _, day in week)
        if not tokens or not used:
            continue
        base = base or _Day(tokens, used)
        efficiency, amount = (tokens / used) / (base.tokens / base.energy_mj), used / base.energy_mj
        name = f"{_short(week[0][0])} to {_short(week[-1][0])}"
        says = (
            f"{name}: {words.energy(used)}, {words.ratio(amount)} the first week; "
            f"{words.ratio(efficiency)} the tokens for the same energy"
        )
        steps.append(Step(name, efficiency, amount, says))
    return steps


def _ms(day: date, days: Days) -> int:
    return days.span.begin_ms + (day - days.first).days * DAY_MS


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def _plane(trail: Sequence[Step]) -> Chart:
    heads = (
        Head("seven days"),
        Head("tokens for the same energy", is_number=True),
        Head("energy", is_number=True),
    )
    rows = [
        (Cell(each.name), Cell(f"{each.efficiency:.2f}"), Cell(f"{each.energy:.2f}"))
        for each in trail
    ]
    label = (
        f"From {trail[0].name} to {trail[-1].name}: tokens for the same energy "
        f"{words.ratio(trail[-1].efficiency)}, energy {words.ratio(trail[-1].energy)}"
    )
    return chart_of(
        "Energy against efficiency, as multiples of the first seven days",
        lambda width: plane(trail, width=width, height=min(440, width), label=label),
        table=Table("The Jevons plane, multiples of the first seven days", heads, rows),
    )


def _fall(told: Rebound) -> Chart:
    falls = [
        Fall("before", "", *_of(told.before), is_total=True),
        *[
            Fall(name, says, *_of(each))
            for (name, says), each in zip(EFFECTS, told.effects, strict=True)
        ],
        Fall("after", "", *_of(told.after), is_total=True),
    ]
    heads = (Head("part"), *[Head(name, is_number=True) for name in ("from", "energy", "to")])
    rows = [
        (
            Cell(each.name, note=each.says),
            Cell(words.watt_hours(each.low)),
            Cell(words.watt_hours(each.figure)),
            Cell(words.watt_hours(each.high)),
        )
        for each in falls
    ]
    return chart_of(
        "Energy before and after, and what made the difference",
        lambda width: waterfall(
            falls, width=width, label="Parts of the change of energy", write=_two
        ),
        table=Table("Parts of the change", heads, rows),
    )


def _two(wh: float) -> str:
    return words.watt_hours(wh, 2)


def _grams(grams: float) -> str:
    return words.carbon(grams * MG_PER_G, 2)


def _of(interval: Interval) -> tuple[float, float, float]:
    """Give a figure in watt-hours, and its interval."""
    return interval.point / MJ_PER_WH, interval.p05 / MJ_PER_WH, interval.p95 / MJ_PER_WH


def _small(daily: Mapping[str, Bill], days: Days) -> tuple[Chart, ...]:
    def points(read: Callable[[Bill], _Triple | None],
               write: Callable[[float], str]) -> Iterator[Point]:  # fmt: skip
        for day in days.each:
            found = daily.get(day.isoformat())
            triple = None if found is None else read(found)
            if triple is None or not triple[1]:
                yield Point(_short(day), None)
            else:
                low, middle, high = triple
                says = f"{_short(day)}: {write(middle)}"
                if high > low:
                    says += f", between {write(low)} and {write(high)}"
                yield Point(_short(day), middle, low, high, says)

    def chart(
        title: str,
        tone: str,
        read: Callable[[Bill], _Triple | None],
        write: Callable[[float], str],
    ) -> Chart:
        some = [*points(read, write)]
        rows = [(Cell(each.name), Cell(each.tip.partition(": ")[2] or "none")) for each in some]
        return small_of(
            title,
            lambda width: line(
                some, width=width, label=f"{title}, day by day", tone=tone, write=write
            ),
            table=Table(title, (Head("day"), Head("figure", is_number=True)), rows),
        )

    return (
        chart("Energy a day", "energy", _energy, _two),
        chart("Energy for 1,000 tokens written", "energy", _intensity, _two),
        chart("Tokens written a day", "plain",
              lambda it: (it.written, it.written, it.written), words.tokens),
        chart("CO₂e a day, by place", "carbon", _carbon, _grams),
        chart("CO₂e for 1,000 tokens written", "carbon", _carbon_intensity, _grams),
        chart("Answers a day", "plain",
              lambda it: (it.requests, it.requests, it.requests), words.count),
    )  # fmt: skip


_Triple = tuple[float, float, float]


def _energy(it: Bill, per: float = 1.0) -> _Triple:
    """Give watt-hours, the ends of the interval around them."""
    per *= MJ_PER_WH
    return it.energy_mj_p05 / per, it.energy_mj / per, it.energy_mj_p95 / per


def _carbon(it: Bill, per: float = 1.0) -> _Triple:
    """Give grams likewise."""
    per *= MG_PER_G
    return it.carbon_mg_p05 / per, it.carbon_mg / per, it.carbon_mg_p95 / per


def _intensity(it: Bill) -> _Triple | None:
    return _energy(it, it.written / 1000) if it.written else None


def _carbon_intensity(it: Bill) -> _Triple | None:
    return _carbon(it, it.written / 1000) if it.written else None


def _tiers(whole: Bill) -> Chart:
    amounts = {
        "measured": whole.measured_mj,
        "reported": whole.reported_mj,
        "modelled": whole.modelled_mj,
    }
    every = sum(amounts.values()) or 1.0
    parts = [
        Part(f"{name}, {words.per_cent(amount / every)}", amount / every, name,
             f"{name}: {words.energy(amount)}")
        for name, amount in amounts.items() if amount
    ]  # fmt: skip
    rows = [(Cell(name), Cell(words.energy(amount))) for name, amount in amounts.items()]
    return chart_of(
        "Energy, by how it is known",
        lambda width: share(parts, width=width, label="Shares of energy by how it is known"),
        table=Table("By how it is known", (Head("how"), Head("energy", is_number=True)), rows),
    )


def _notes(whole: Bill) -> tuple[str, ...]:
    known = whole.requests - whole.unmeasured
    notes = [
        _TOLD,
        f"Of {words.count(known)} of {words.count(whole.requests)} answers the energy is known.",
    ]
    if whole.market_mg:
        notes.append(
            f"By the electricity that was contracted, {words.carbon(whole.market_mg)} CO₂e."
        )
    if whole.embodied_mg:
        notes.append(f"Making the hardware emitted {words.carbon(whole.embodied_mg)} CO₂e more.")
    if whole.water_site_ul or whole.water_grid_ul:
        notes.append(
            f"Water: {words.water(whole.water_site_ul)} where the machines stand, "
            f"{words.water(whole.water_grid_ul)} to make their electricity."
        )
    notes.append("Books show what went together, not what caused it.")
    return tuple(notes)


def _models(tallies: Sequence[Tally]) -> Table:
    bills = {name: each for (name,), each in bill(tallies, by=("model",)).items()}
    ordered = sorted(bills.items(), key=lambda item: -item[1].energy_mj)
    most = max((each.energy_mj for each in bills.values()), default=0) or 1
    heads = (
        Head("model"),
        Head("energy", is_number=True),
        Head("from", is_number=True, is_wide=True),
        Head("to", is_number=True, is_wide=True),
        Head("for 1,000 tokens", is_number=True),
        Head("CO₂e", is_number=True),
    )
    rows = [
        (
            Cell(name, bar=each.energy_mj / most, tone="energy"),
            Cell(words.energy(each.energy_mj) if each.energy_mj else "unknown",
                 note=f"+ {words.count(each.unmeasured)} unknown"
                 if each.unmeasured and each.energy_mj else ""),
            Cell(words.energy(each.energy_mj_p05) if each.energy_mj else ""),
            Cell(words.energy(each.energy_mj_p95) if each.energy_mj else ""),
            Cell(words.energy(each.energy_mj * 1000 / each.written)
                 if each.written and each.energy_mj else ""),
            Cell(words.carbon(each.carbon_mg) if each.carbon_mg else "unknown"),
        )
        for name, each in ordered
    ]  # fmt: skip
    return Table("Energy and carbon of each model", heads, rows)


def _days(span: Span) -> str:
    return f"{words.day(span.begin_ms)} to {words.day(span.end_ms - 1)}"
