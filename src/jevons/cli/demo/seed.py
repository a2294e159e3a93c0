"""`jevons demo seed`: a sample month in a data folder of its own, to look at."""

from __future__ import annotations

from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.options import example

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from jevons.acts import Acts
    from jevons.cli.demo.month import Asked
    from jevons.settings import Settings
    from jevons.store import Books
    from jevons.types.budget import Level

__all__ = ("ACCOUNTS", "seed", "sow", "write_settings")

ACCOUNTS: tuple[tuple[str, Level, str], ...] = (
    ("research", "team", "house"),
    ("papers", "project", "research"),
    ("operations", "team", "house"),
    ("accounting", "project", "operations"),
    ("support", "project", "operations"),
    ("clinic", "project", "operations"),
    ("engineering", "team", "house"),
    ("platform", "project", "engineering"),
)
_BUDGETS = (("research", 0.62), ("operations", 0.86), ("engineering", 0.97))
"""Teams with a budget of this month, and how much of it is used."""
_BATCH = 2000


@click.command(
    epilog=example("jevons demo seed sample", "jevons serve --config sample/jevons.toml")
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--days", type=click.IntRange(2, 400), default=31, show_default=True, metavar="N")
@click.option(
    "--answers",
    type=click.IntRange(min=1),
    default=12_000,
    show_default=True,
    metavar="N",
    help="About how many, over all the days.",
)
@click.option(
    "--until",
    type=click.DateTime(("%Y-%m-%d",)),
    help="Day before which the last one is, UTC; without it, the month ends now.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
def seed(*, folder: Path, days: int, answers: int, until: datetime | None, as_json: bool) -> None:
    """Make up a month of records in FOLDER, to see what pages and reports look like.

    The month is the same each time. It is written through a real ledger, which is signed and can
    be verified, under the name `synthetic.jevons/sample-month`; every record and every page says
    that it was made up. FOLDER must not be there yet, so nothing real is ever among it.
    """
    from asyncio import run

    from jevons.cli.screen import emit
    from jevons.types.errors import Malformed

    if folder.exists() and any(folder.iterdir()):
        message = f"{folder} is there already; a sample has a folder of its own"
        raise Malformed(message)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = write_settings(folder)
    count = run(sow(config, days=days, answers=answers, end_ms=_end_ms(until)))
    if as_json:
        emit({"folder": str(folder), "config": str(config), "records": count})
        return
    click.echo(f"{count} synthetic requests of {days} days in {folder}")
    click.echo(f"look at them: jevons people add you --role auditor --config {config}")
    click.echo(f"              jevons serve --config {config}")


def write_settings(folder: Path) -> Path:
    """Write the settings of the house that nobody has, and say where."""
    text = (files("jevons.cli.demo") / "sample.toml").read_text(encoding="utf-8")
    path = folder / "jevons.toml"
    head, tables = text.split("\n\n", 1)
    said = str(folder.absolute()).replace("\\", "\\\\").replace('"', '\\"')
    path.write_text(f'{head}\n\ndata_dir = "{said}"\n\n{tables}', encoding="utf-8")
    return path


def _end_ms(until: datetime | None) -> int:
    from datetime import UTC

    from jevons.clock import SystemClock

    if until is not None:
        return int(until.replace(tzinfo=UTC).timestamp() * 1000)
    return SystemClock().now_ms()


async def sow(config: Path, *, days: int, answers: int, end_ms: int) -> int:
    """Write a month into the books that settings name; say how many requests there are in it.

    Args:
        config: The settings.
        days: How long it is.
        answers: About how many there are in it.
        end_ms: Before which it ends, Unix milliseconds.
    """
    from jevons.acts import Acts
    from jevons.boot.meter import open_meter
    from jevons.boot.remote import row_of
    from jevons.cli.demo.month import DAY_MS, TRADES, month
    from jevons.settings import load

    settings = load(config, {})
    clock = _Standing(end_ms - days * DAY_MS)
    async with _books(settings, clock) as books:
        acts = Acts(books, by="synthetic", clock=clock)
        for name, level, under in ACCOUNTS:
            await acts.make_account(name, level=level, under=under)
        actors = {
            trade.key: (await acts.make_key(trade.key, project=trade.project)).actor
            for trade in TRADES
        }
        rows = {each.name: row_of(each) for each in settings.endpoint}
        meter = open_meter(settings)
        asked = month(actors, rows, meter, end_ms=end_ms, days=days, answers=answers)
        count = await _write(books, asked, clock)
    clock.at_ms = end_ms
    async with _books(settings, clock) as books:  # all that was written is in order by now
        await _set_budgets(settings, Acts(books, by="synthetic", clock=clock), clock)
    return count


def _books(settings: Settings, clock: _Standing) -> AbstractAsyncContextManager[Books]:
    from jevons.cli.options import ledger_path
    from jevons.clock import Ulids
    from jevons.store import Books

    origin = settings.ledger.origin
    ledger = ledger_path(settings)
    return Books.open(ledger, commit="os", origin=origin, clock=clock, ids=Ulids(clock))


class _Standing:
    """A clock that is put to where the month has come."""

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        """Unix milliseconds, UTC."""
        return self.at_ms

    def monotonic_s(self) -> float:
        """Seconds since 1970."""
        return self.at_ms / 1e3


async def _write(books: Books, asked: Iterable[Asked], clock: _Standing) -> int:
    """Write requests in the order in which they were asked, many at once."""
    from asyncio import gather

    count, waiting = 0, iter(asked)
    while some := [*islice(waiting, _BATCH)]:
        clock.at_ms = some[-1].ended.at_ms
        await gather(*[books.record(each.intent) for each in some if each.intent is not None])
        await gather(*[books.record(each.ended) for each in some])
        count += len(some)
    return count


async def _set_budgets(settings: Settings, acts: Acts, clock: _Standing) -> None:
    """Set budgets of this month, of which each team has used its share."""
    from jevons.cli.options import ledger_path
    from jevons.store import spending

    used = spending(ledger_path(settings), now_ms=clock.now_ms()).used
    for name, share in _BUDGETS:
        if name in used and used[name].cost_nusd:
            amount = round(used[name].cost_nusd / share)
            await acts.set_budget(name, per="month", cost_nusd=amount, hard=False, alert_at=(100,))
