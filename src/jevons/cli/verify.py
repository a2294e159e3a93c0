"""`jevons verify`: check a ledger or an export, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.options import example, ledger_path, read_settings, shared
from jevons.types.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from jevons.store import Report

__all__ = ("check", "show", "verify")

_MOST_SHOWN = 12


@click.command(epilog=example("jevons verify", "jevons verify books.jevons --json"))
@click.argument(
    "path", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@shared
def verify(*, path: Path | None, config: Path | None, as_json: bool) -> None:
    """Check that every record is what it was when it was signed.

    PATH is a ledger or an export; without it, the ledger in the data folder. Works while the
    server runs, and without it. Status 1 if anything does not fit.
    """
    from msgspec import to_builtins

    from jevons.cli.screen import console, emit

    report = check(path or ledger_path(read_settings(config)))
    if as_json:
        emit({"ok": report.ok, **to_builtins(report)})
    else:
        show(console(), report)
    if not report.ok:
        raise click.exceptions.Exit(1)


def check(path: Path) -> Report:
    """Verify one file.

    Raises:
        NotFound: There is no such file.
    """
    from jevons.store import verify as verify_books

    if not path.exists():
        message = f"no ledger at {path}; `jevons serve` begins one"
        raise NotFound(message)
    return verify_books(path)


def show(terminal: Console, report: Report) -> None:
    """Say what was checked, and what does not fit."""
    from rich.text import Text

    counted = (
        f"{report.leaves} records, {report.receipts} receipts, "
        f"{report.checkpoints} signed checkpoints"
    )
    if report.ok:
        terminal.print(Text.assemble(("ledger verified", "green"), f"  {counted}"))
    else:
        terminal.print(Text.assemble(("LEDGER DOES NOT HOLD", "bold red"), f"  {counted}"))
    for finding in report.findings[:_MOST_SHOWN]:
        terminal.print(Text(f"  {finding.kind}: {finding.says}"))
    if len(report.findings) > _MOST_SHOWN:
        terminal.print(f"  and {len(report.findings) - _MOST_SHOWN} more; --json has them all")
    for open_question in _open_questions(report):
        terminal.print(Text(f"  {open_question}", style="dim"))


def _open_questions(report: Report) -> Iterator[str]:
    """Say what is no fault, and not yet settled either."""
    if report.pending:
        yield f"requests under way, or cut off and not yet closed: {report.pending}"
    if report.unsigned:
        yield f"records not yet under a checkpoint: {report.unsigned}"
    if report.caveat:
        yield report.caveat
