"""`jevons verify`: check a ledger or an export, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.options import example, ledger_path, read_settings, shared

if TYPE_CHECKING:
    from rich.console import Console

    from jevons.store import Report

__all__ = ("check", "show", "verify")


@click.command(epilog=example("jevons verify", "jevons verify books.jsonl --json"))
@click.argument(
    "path", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@shared
def verify(*, path: Path | None, config: Path | None, as_json: bool) -> None:
    """Check that every record is what it was when it was signed.

    PATH is a ledger or an export; without it, the ledger in the data folder. Works while the
    server runs, and without it. Status 1 if anything does not fit.
    """
    from jevons.cli.screen import console, emit

    report = check(path or ledger_path(read_settings(config)))
    if as_json:
        emit(report)
    else:
        show(console(), report)
    if not report.ok:
        raise click.exceptions.Exit(1)


def check(path: Path) -> Report:
    """Verify one file.

    Raises:
        ClickException: There is no such file.
    """
    from jevons.store import verify as verify_books

    if not path.exists():
        message = f"no ledger at {path}; `jevons serve` begins one"
        raise click.ClickException(message)
    return verify_books(path)


def show(terminal: Console, report: Report) -> None:
    """Say what was checked, and what does not fit."""
