"""`jevons export`: every record and every checkpoint in one file, to keep elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from jevons.cli.failure import Failure
from jevons.cli.options import example, existing_ledger, read_settings, shared

__all__ = ("export",)


@click.command(epilog=example("jevons export books.jevons", "jevons verify books.jevons"))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@shared
def export(*, out: Path, force: bool, config: Path | None, as_json: bool) -> None:
    """Write every record and every signed checkpoint to OUT.

    The export can be verified without the ledger. It holds commitments, no prompts and no
    answers.
    """
    from jevons.cli.screen import emit
    from jevons.figures import bytes_of
    from jevons.store import export as export_books

    ledger = existing_ledger(read_settings(config))
    if out.exists() and not force:
        message = f"{out} is there already; name another file or add --force"
        raise Failure(message, code="exists")
    written = export_books(ledger, out)
    if as_json:
        emit({"path": str(out), **written._asdict()})
    else:
        click.echo(
            f"{out}: {written.leaves} records, {written.checkpoints} signed checkpoints, "
            f"{bytes_of(written.size_bytes)}"
        )
        if written.left_out:
            click.echo(f"left out, under no checkpoint yet: {written.left_out} records")
