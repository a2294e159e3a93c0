"""A run as a table for a person."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from promise import promises

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from load import Spread
    from record import Round, Run, Scenario

__all__ = ("lines",)

_YARDSTICK = "nginx"
_SATURATED = 0.95
_WIDTH = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of each round, and how to print it."""

    title: str
    figure: Callable[[Round], float | None]
    compared: bool = False
    """Whether its ratio to the yardstick is printed."""


def lines(run: Run) -> Iterator[str]:
    """Print a run, line by line."""
    yield f"{run.began}   {run.machine}"
    yield "   ".join(f"{name} {version}" for name, version in run.versions.items())
    yield f"one write and flush to the device: {run.flush_us:,.0f} µs"
    for scenario in run.scenarios:
        yield from _scenario(run, scenario)
    yield from _costs(run)
    yield from _crosscheck(run)
    yield ""
    yield from (f"ledger of {peer}: {said}" for peer, said in run.ledgers.items())
    yield from _promises(run)
    yield ""
    yield "Medians over rounds. (x) is the median of each round's ratio to nginx in that round."
    yield "+ a floor: the gateway had time left on its core, so the rig was the limit."
    yield from (f"NOT TO BE BELIEVED: {fault}" for fault in run.faults)


def _scenario(run: Run, scenario: Scenario) -> Iterator[str]:
    yield ""
    yield _line(scenario.name, run.peers)
    for row in _rows(scenario):
        yield _line(f"  {row.title}", [_cell(run, scenario, peer, row) for peer in run.peers])
    foreign = [
        [each.foreign * 100 for each in run.of(scenario.name, peer)] or [0.0] for peer in run.peers
    ]
    yield _line(
        "  foreign CPU %, max", [f"{median(each):.0f}, {max(each):.0f}" for each in foreign]
    )


def _rows(scenario: Scenario) -> tuple[Row, ...]:
    unit = scenario.unit
    always = (
        Row(f"CPU µs/{unit}", lambda each: each.cpu_us or None, compared=True),
        Row(f"{unit}s/s", lambda each: each.rate),
        Row("gateway CPU %", lambda each: each.load * 100 or None),
    )
    if not scenario.chunks:
        return (
            *always,
            Row("p50 µs", _p50(lambda each: each.figures.latency), compared=True),
            Row("p99 µs", _p99(lambda each: each.figures.latency)),
        )
    return (
        *always,
        Row("chunk p50 µs", _p50(lambda each: each.figures.chunk), compared=True),
        Row("chunk p99 µs", _p99(lambda each: each.figures.chunk)),
        Row("first byte p50 µs", _p50(lambda each: each.figures.first)),
        Row("chunks per read", lambda each: each.figures.chunks / max(each.figures.reads, 1)),
    )


def _p50(spread: Callable[[Round], Spread | None]) -> Callable[[Round], float | None]:
    return lambda each: found.p50_us if (found := spread(each)) else None


def _p99(spread: Callable[[Round], Spread | None]) -> Callable[[Round], float | None]:
    return lambda each: found.p99_us if (found := spread(each)) else None


def _cell(run: Run, scenario: Scenario, peer: str, row: Row) -> str:
    value = run.middle(scenario.name, peer, row.figure)
    if value is None:
        return "-"
    text = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    if row.title.endswith("/s") and _is_floor(run, scenario, peer):
        text += "+"
    if row.compared and peer != _YARDSTICK:
        ratio = run.ratio(scenario.name, peer, row.figure, to=_YARDSTICK)
        text += f" ({ratio:.1f}x)" if ratio else ""
    return text


def _is_floor(run: Run, scenario: Scenario, peer: str) -> bool:
    """Say whether more was asked of the rig than of the gateway."""
    load = run.middle(scenario.name, peer, lambda each: each.load)
    return not scenario.pace_ms and load is not None and 0 < load < _SATURATED


def _costs(run: Run) -> Iterator[str]:
    yield ""
    yield _line("at rest", run.costs)
    costs = run.costs.values()
    yield _line("  first start ms", [f"{each.start_ms[0]:,.0f}" for each in costs])
    yield _line("  later start ms", [f"{median(each.start_ms[1:]):,.0f}" for each in costs])
    yield _line("  memory MB, idle", [f"{each.idle.now_mb:.1f}" for each in costs])
    yield _line(
        "  after (peak)", [f"{each.after.now_mb:.1f} ({each.after.peak_mb:.1f})" for each in costs]
    )
    if run.import_ms:
        yield f"  import jevons: {median(run.import_ms):.0f} ms"


def _crosscheck(run: Run) -> Iterator[str]:
    if not run.wrk:
        return
    yield ""
    yield "wrk, as a cross-check"
    for each in run.wrk:
        failed = f", {each.failed} FAILED" if each.failed else ""
        yield f"  {each.peer}, {each.callers} callers: {each.rate:,.0f} requests/s{failed}"


def _promises(run: Run) -> Iterator[str]:
    yield ""
    for each in promises(run):
        verdict = "kept  " if each.kept else "BROKEN"
        figures = f"{each.figure:.2f} {each.unit}, at most {each.limit:g}"
        yield f"{verdict}  {each.what}: {figures}"


def _line(title: str, cells: Iterable[str]) -> str:
    return f"{title:<28}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells)
