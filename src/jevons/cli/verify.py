"""`jevons verify`: check a ledger or an export, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.options import example, existing_ledger, read_settings, shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from jevons.store import Report

__all__ = ("outstanding", "show", "verify")

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
    from jevons.store import verify as verify_books
    from jevons.store.lease import is_open

    ledger = path or existing_ledger(read_settings(config))
    in_use, report = is_open(ledger), verify_books(ledger)
    if as_json:
        emit({"ok": report.ok, **to_builtins(report)})
    else:
        show(console(), report, is_open=in_use)
    if not report.ok:
        raise click.exceptions.Exit(1)


def show(terminal: Console, report: Report, *, is_open: bool) -> None:
    """Say what was checked, what does not fit, and what is not covered yet.

    Args:
        terminal: Where to say it.
        report: What a verification found.
        is_open: Whether a server has the ledger open.
    """
    from rich.text import Text

    from jevons.cli.screen import say

    counted = (
        f"{report.leaves} records, {report.receipts} receipts, "
        f"{report.checkpoints} signed checkpoints"
    )
    if report.ok:
        terminal.print(Text.assemble(("ledger verified", "green"), f"  {counted}"))
    else:
        terminal.print(Text.assemble(("LEDGER DOES NOT HOLD", "bold red"), f"  {counted}"))
    for finding in report.findings[:_MOST_SHOWN]:
        say(terminal, f"{finding.kind}: {finding.says}", indent=2)
    if len(report.findings) > _MOST_SHOWN:
        terminal.print(f"  and {len(report.findings) - _MOST_SHOWN} more; --json has them all")
    for line in outstanding(report, is_open=is_open):
        say(terminal, line, indent=2, style="dim")


def outstanding(report: Report, *, is_open: bool) -> Iterator[str]:
    """Say what is no fault and not covered yet, and what will cover it."""
    if report.pending:
        yield _counted(report.pending, "request") + (
            " under way: a receipt comes with each answer."
            if is_open
            else " cut off when the server was killed: its next start gives each a receipt."
        )
    if report.unsigned and not any(each.kind == "unsigned" for each in report.findings):
        yield _counted(report.unsigned, "record") + _why_unsigned(is_open=is_open)
    if report.caveat:
        yield report.caveat


def _why_unsigned(*, is_open: bool) -> str:
    """A server signs in its pauses, so its newest records wait for up to about a second."""
    if is_open:
        return (
            " not signed yet: the server signs what is new about once a second. If this stays, "
            "its log says why."
        )
    return " not signed: the server was killed before it could. Its next start does."


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"
