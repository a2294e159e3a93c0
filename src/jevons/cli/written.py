"""Reports as files: a page that needs nothing else, and columns for programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jevons.dashboard import View
    from jevons.store.where import Where

__all__ = ("as_page", "as_parquet", "write_page", "write_parquet")

F = TypeVar("F", bound="Callable[..., Any]")

_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)


def as_page(function: F) -> F:
    """Give a command `--html`."""
    return click.option(
        "--html",
        "html",
        type=_FILE,
        metavar="FILE",
        help="Write it as a page with charts, one file that needs nothing else.",
    )(function)


def as_parquet(function: F) -> F:
    """Give a command `--parquet`."""
    return click.option(
        "--parquet",
        "parquet",
        type=_FILE,
        metavar="FILE",
        help="Write its figures as Parquet. Takes .venv/bin/pip install -e '.[parquet]'.",
    )(function)


def write_page(path: Path, view: View, ledger: Where | None) -> None:
    """Write a view as one file.

    Args:
        path: The file.
        view: What it shows.
        ledger: Whose figures they are; None are nobody's books'.

    Raises:
        StoreUnavailable: The ledger cannot be read.
    """
    from datetime import UTC, datetime

    from jevons import __version__
    from jevons.clock import SystemClock
    from jevons.dashboard import SYNTHETIC, sheet
    from jevons.ledger.note import parse
    from jevons.store import head_of

    origin, state = "what ships with jevons", ""
    if ledger is not None:
        key, checkpoint = head_of(ledger)
        signed = (
            "nothing is signed yet" if checkpoint is None else f"{parse(checkpoint).size} records"
        )
        origin, state = key.name, f", as of {signed}"
    made = datetime.fromtimestamp(SystemClock().now_ms() / 1e3, UTC)
    text = sheet(
        view,
        origin=origin,
        made=f"made {made:%Y-%m-%d %H:%M} UTC by jevons {__version__}{state}",
        is_synthetic=origin.startswith(SYNTHETIC),
    )
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {path}", err=True)


def write_parquet(path: Path, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write columns; what is None is null.

    Raises:
        Misconfigured: What writes them is not installed.
    """
    from jevons.types.errors import Misconfigured

    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        message = "--parquet takes pyarrow; .venv/bin/pip install -e '.[parquet]'"
        raise Misconfigured(message) from None
    columnar: Any = pa  # neither has types
    file: Any = pq
    every = [*rows]
    columns = {name: [row[at] for row in every] for at, name in enumerate(heading)}
    file.write_table(columnar.table(columns), path)
    click.echo(f"wrote {path}", err=True)
