"""`jevons report landscape`: how prices, qualities and energies of models move."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import example, one_form, read_settings, shared
from jevons.cli.when import at_option, moment_of
from jevons.cli.written import as_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from jevons.reports import Cheapest, Judged, Landscape

__all__ = ("landscape",)

_WHICH = ("judged", "listed", "lags", "cheapest")


@click.command(
    epilog=example(
        "jevons report landscape",
        "jevons report landscape --csv judged > qualities.csv",
        "jevons report landscape --csv listed > prices.csv",
    )
)
@at_option
@click.option(
    "--csv",
    "as_csv",
    type=click.Choice(_WHICH),
    help="Comma-separated figures: measured models, list prices, how far behind, falls of price.",
)
@click.option(
    "--parquet",
    type=(click.Choice(_WHICH), click.Path(path_type=Path, dir_okay=False, writable=True)),
    metavar="WHICH FILE",
    help="Write those figures as Parquet. Takes .venv/bin/pip install -e '.[parquet]'.",
)
@as_page
@shared
def landscape(
    *,
    at: str | None,
    as_csv: str | None,
    parquet: tuple[str, Path] | None,
    html: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Tell what a quality costs, who is ahead at a price, and how far others are behind.

    Reads what ships with jevons: list prices of vendors, and qualities that others
    measured and published; no server and no network is asked. What nobody
    published is unknown, and said to be.
    """
    from jevons.boot.landscape import open_landscape
    from jevons.cli.screen import console, emit
    from jevons.cli.sheet import sheet
    from jevons.cli.written import write_page, write_parquet
    from jevons.dashboard.view.landscape import landscape as page_of

    one_form(as_json=as_json, as_csv=as_csv is not None)
    found = open_landscape(read_settings(config), at_ms=moment_of(at))
    if html is not None:
        write_page(html, page_of(found), None)
    if parquet is not None:
        which, file = parquet
        write_parquet(file, *_sheet(found, which))
    if as_json:
        emit(_plain(found))
    elif as_csv is not None:
        click.echo(sheet(*_sheet(found, as_csv)), nl=False)
    elif html is None and parquet is None:
        for line in _lines(found):
            console().print(line)


def _plain(found: Landscape) -> dict[str, Any]:
    """Write everything for a program; energy in millijoules."""
    from msgspec import to_builtins

    rows = {
        "judged": found.judged,
        "frontier": found.frontier,
        "cheapest": found.cheapest,
        "lags": found.lags,
        "listed": found.listed,
        "markets": found.markets,
    }
    named = {name: [to_builtins(row._asdict()) for row in some] for name, some in rows.items()}
    return {"what": found.what, "lag_days": found.lag_days, **named}


def _sheet(found: Landscape, which: str) -> tuple[tuple[str, ...], Sequence[tuple[object, ...]]]:
    """Lay one kind of figures out: a heading, and a row for each."""
    from jevons.reports import Cheapest, Lag, Listed
    from jevons.types.units import Estimate

    match which:
        case "listed":
            return Listed._fields, found.listed
        case "lags":
            return Lag._fields, found.lags
        case "cheapest":
            return Cheapest._fields, found.cheapest
        case _:
            pass
    names = ("model", "maker", "origin", "is_open", "of", "quality", "cost_usd")
    energies = ("energy_mj_p05", "energy_mj", "energy_mj_p95")
    rows: list[tuple[object, ...]] = []
    for each in found.judged:
        energy = each.energy_mj
        known = isinstance(energy, Estimate)
        figures_ = (energy.p05, energy.p50, energy.p95) if known else (None, None, None)
        rows.append((*each[: len(names)], *figures_, each.source))
    return (*names, *energies, "source"), rows


def _lines(found: Landscape) -> Iterator[RenderableType]:
    """Write it for a person."""
    yield "what a quality costs, and who made it cheaper"
    yield _falls(found.cheapest)
    yield "nobody was better for less"
    yield _frontier(found)
    yield from _behind(found)
    yield "prices that hold, dollars per million tokens, three of prompt for one of answer"
    yield _markets(found)
    yield f"quality is per cent of {found.what}"
    yield "of one kind of work, as one publisher measured it; who is not in it may be good"


def _falls(falls: tuple[Cheapest, ...]) -> RenderableType:
    from jevons.cli.screen import table

    shown = table(
        "at least", "since", "an exercise", "model", "", right=("at least", "an exercise")
    )
    for each in falls:
        shown.add_row(
            f"{each.level:.0f} %", each.of, _dollars(each.cost_usd), each.model, _kind(each)
        )
    return shown


def _frontier(found: Landscape) -> RenderableType:
    from jevons.cli.screen import table

    right = ("quality", "an exercise", "Wh")
    shown = table("model", "of", "from", *right, "", right=right)
    for each in found.frontier:
        shown.add_row(each.model, each.of, each.origin, *_cells(each), _kind(each))
    return shown


def _cells(judged: Judged) -> tuple[str, str, str]:
    from jevons import figures

    cost = judged.cost_usd
    return (
        f"{judged.quality:.1f} %",
        figures.UNKNOWN if cost is None else _dollars(cost),
        figures.median(judged.energy_mj, figures.MJ_PER_WH),
    )


def _behind(found: Landscape) -> Iterator[str]:
    last = max(each.of for each in found.judged)
    for name, days in found.lag_days.items():
        behind, ahead = name.split(" behind ")
        some = [each for each in found.lags if (each.ahead, each.behind) == (ahead, behind)]
        waiting = [each for each in some if each.days is None]
        said = "no record was reached" if days is None else f"{days:.0f} days at the median"
        yield (
            f"{name}: {said}, over {len(some) - len(waiting)} records; "
            f"{len(waiting)} not reached by {last}, the day of the last run"
        )


def _markets(found: Landscape) -> RenderableType:
    from jevons.cli.screen import table

    right = ("models", "known open", "quality unknown", "least", "median")
    shown = table("jurisdiction", *right, right=right)
    for each in found.markets:
        shown.add_row(
            each.jurisdiction,
            str(each.models),
            str(each.open),
            str(each.unjudged),
            _dollars(each.least_usd),
            _dollars(each.median_usd),
        )
    return shown


def _dollars(usd: float) -> str:
    from jevons import figures

    return f"${figures.plain(usd)}"


def _kind(each: Judged | Cheapest) -> str:
    return "open" if each.is_open else "closed"
