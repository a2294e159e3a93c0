"""`jevons backup` and `jevons restore`: one moment of the books in a folder, and back again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.failure import Failure
from jevons.cli.options import example, existing_ledger, ledger_path, read_settings, shared
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from jevons.store import Loss
    from jevons.store.where import Where

__all__ = ("backup", "restore")


@click.command(
    epilog=example("jevons backup /elsewhere/2026-11-29", "jevons restore /elsewhere/2026-11-29")
)
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--without-key", is_flag=True, help="Leave the signing key out; keep it elsewhere.")
@shared
def backup(*, out: Path, without_key: bool, config: Path | None, as_json: bool) -> None:
    """Copy one moment of the ledger into a new folder OUT, and verify it there.

    Works while the server runs, which does not wait for it. With the signing key, unless told
    otherwise: whoever has the folder can then sign. Kept answers are not in it.
    """
    from jevons.cli.screen import emit
    from jevons.store import back_up

    ledger = _file(existing_ledger(read_settings(config)))
    if out.exists():
        message = f"{out} is there already; name a folder that is not"
        raise Failure(message, code="exists")
    report = back_up(ledger, out, with_key=not without_key)
    if as_json:
        emit({"path": str(out), "leaves": report.leaves, "head": report.head, "key": report.key})
    else:
        click.echo(
            f"{out}: {report.leaves} records, {report.checkpoints} signed checkpoints, verified"
        )


@click.command(epilog=example("jevons restore /elsewhere/2026-11-29 --checkpoint kept.txt"))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="One kept elsewhere, as a witness has it; it may know of more. Several may be given.",
)
@click.option("--accept-loss", is_flag=True, help="Put it back although records are lost.")
@shared
def restore(
    *,
    folder: Path,
    checkpoints: tuple[Path, ...],
    accept_loss: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Put the backup in FOLDER in the place of the ledger; the server must not be running.

    The backup is verified first, and held against whatever still knows of later records. If any
    would be lost, nothing is done without --accept-loss. What was there is moved aside, and a
    record says that the books were put back, and what was lost.
    """
    from jevons.cli.beside import on_this_machine
    from jevons.cli.screen import emit
    from jevons.clock import SystemClock
    from jevons.store import foresee
    from jevons.store import restore as put_back

    settings = read_settings(config)
    path = _file(ledger_path(settings))
    kept = [(each.read_text("utf-8", "replace"), str(each)) for each in checkpoints]
    loss = foresee(folder, path, kept)
    if loss.lost and not accept_loss:
        raise Failure(_warning(loss), code="rolled_back", lost=loss.lost, known=loss.known)
    aside = put_back(
        folder,
        path,
        loss,
        origin=settings.ledger.origin,
        clock=SystemClock(),
        by=on_this_machine(),
    )
    leaves = loss.report.leaves
    if as_json:
        emit({"leaves": leaves, "lost": loss.lost, "aside": str(aside) if aside else None})
        return
    click.echo(f"{path}: {leaves} records are back, and one more that says so")
    if loss.lost:
        click.echo(f"lost: {loss.lost} records; who kept a later checkpoint will see a fork")
    if aside:
        click.echo(f"what was there: {aside}")


def _file(where: Where) -> Path:
    """Take a ledger that is a file.

    Raises:
        Misconfigured: It is on a server, which has better means of its own.
    """
    if isinstance(where, Path):
        return where
    message = (
        f"{where} is on a database server: back it up there, with `pg_dump` or an archive of its log, "
        "and keep signing.key; docs/how-to/grow-to-postgres.md"
    )
    raise Misconfigured(message)


def _warning(loss: Loss) -> str:
    return (
        f"the backup has {loss.report.leaves} records, and this log is known to have had "
        f"{loss.known}: {loss.lost} would be lost. Whoever kept a later checkpoint, a witness above "
        "all, would take what follows for a forgery. A later backup would be better; "
        "--accept-loss puts this one back all the same"
    )
