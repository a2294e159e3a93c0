"""`jevons move`: from one file to a database that replicas share."""

from __future__ import annotations

from pathlib import Path

import click

from jevons.cli.failure import Failure
from jevons.cli.options import example, ledger_path, read_settings, shared

__all__ = ("move",)


@click.command(epilog=example("jevons move", "jevons serve"))
@shared
def move(*, config: Path | None, as_json: bool) -> None:
    """Move the books to the database that `[ledger] database` names.

    From `ledger.db` in the data folder, and `answers.db` with it; the server must not be running. Every
    record keeps its place, so every proof and every kept checkpoint holds. The books are verified there, and
    the files renamed to `ledger.db.moved` and `answers.db.moved`.
    """
    from jevons.cli.screen import emit
    from jevons.clock import SystemClock
    from jevons.store import move as move_books

    settings = read_settings(config)
    server = ledger_path(settings)
    if isinstance(server, Path):
        message = "[ledger] database is not set: it says where the books are to go"
        raise Failure(message, code="misconfigured")
    folder = settings.data_dir
    report = move_books(folder / "ledger.db", folder / "answers.db", server, SystemClock())
    if as_json:
        emit({"database": str(server), "leaves": report.leaves, "head": report.head})
    else:
        click.echo(
            f"{server}: {report.leaves} records, {report.checkpoints} signed checkpoints, verified"
        )
