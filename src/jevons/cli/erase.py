"""`jevons erase`: destroy what links records to whoever holds a key, and what is kept for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jevons.cli.options import example, shared, typed

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.store import Archive, Books
    from jevons.types.account import Erased

__all__ = ("erase",)


@click.command(
    epilog=example('jevons erase key_01KASC0YVJ8J3Q5M9W8T2Z4X6B --reason "request of 2026-11-29"')
)
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask; needed with --json.")
@click.option(
    "--reason",
    default="",
    metavar="TEXT",
    help="Why; it stays in the ledger for ever, so name nobody.",
)
@shared
def erase(*, key: str, yes: bool, reason: str, config: Path | None, as_json: bool) -> None:
    """Erase whoever holds KEY: it is refused, and nobody can tell any more what its records stand for.

    Destroys the 32 bytes that its commitments are opened with, and every answer kept for it, also
    while the server runs, and leaves one record that says so. Its receipts and all proofs stay.
    Nothing brings it back. If it was cut off, do it again.
    """
    from jevons.acts import Acts
    from jevons.cli.beside import beside_answers, on_this_machine
    from jevons.cli.failure import Failure
    from jevons.cli.screen import emit

    if not yes:
        if as_json:
            message = "nothing was erased: with --json it must be confirmed by --yes"
            raise Failure(message, code="not_confirmed")
        click.confirm(f"Erase {key} for ever?", abort=True, err=True)

    async def act(books: Books, archive: Archive | None) -> Erased:
        acts = Acts(books, by=on_this_machine(), archive=archive)
        return await acts.erase_key(key, reason=typed(reason))

    erased = beside_answers(config, act)
    if as_json:
        emit({"key": key, "answers": erased.answers, "at_ms": erased.at_ms})
    else:
        click.echo(
            f"{key} is erased: its salting and {erased.answers} kept answers are destroyed. "
            "Backups made before still have the salting"
        )
