"""`jevons demo`: four short real jobs through the HTTP endpoint of a running server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.demo.seed import seed
from jevons.cli.options import Listed, example, ledger_path, reaching, read_settings, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.cli.client import Client
    from jevons.cli.demo.run import Done
    from jevons.store.where import Where

__all__ = ("demo", "demonstrate")


@click.group(
    cls=Listed,
    invoke_without_command=True,
    epilog=example(
        "jevons demo", "jevons demo --invoice my-invoice.txt", "jevons demo seed sample"
    ),
)
@click.option(
    "--invoice",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An invoice of yours, as text, in place of ours.",
)
@click.option(
    "--model", "-m", metavar="NAME", help="Endpoint, model or alias. Without it: the first."
)
@reaching
@shared
@click.pass_context
def demo(
    context: click.Context,
    /,
    *,
    invoice: Path | None,
    model: str | None,
    url: str | None,
    api_key: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Do four small jobs, and show what each came to.

    An invoice to fields, a clinical note summarised, a delivery message to fields, a brief to
    three headlines. The answers are the model's: change a figure in the invoice and the fields
    change. At the end the ledger is verified, if the server is on this machine.
    """
    from jevons.cli.client import locate

    if context.invoked_subcommand is not None:
        return
    settings = read_settings(config)
    client = locate(settings, url=url, api_key=api_key)
    ledger = ledger_path(settings) if url is None or client.is_here else None
    if not demonstrate(client, ledger, model=model, invoice=invoice, as_json=as_json):
        raise click.exceptions.Exit(1)


demo.add_command(seed)


def demonstrate(
    client: Client,
    ledger: Where | None,
    *,
    model: str | None = None,
    invoice: Path | None = None,
    as_json: bool = False,
) -> bool:
    """Run the demo, then verify the server's ledger.

    Args:
        client: The server.
        ledger: Where its ledger is; None is on another machine.
        model: Name to ask for; None is the first that the key may use.
        invoice: The user's own, in place of ours.
        as_json: Whether standard output is for a program.

    Returns:
        Whether every answer was what it should be and the ledger holds.
    """
    from jevons.cli.ask import default_model
    from jevons.cli.demo.run import run, show_total
    from jevons.cli.screen import console, emit
    from jevons.cli.verify import show
    from jevons.store import verify

    terminal = console(stderr=as_json)
    done = run(client, terminal, model=model or default_model(client), invoice=invoice)
    show_total(terminal, done)
    report = None
    if ledger is not None and (not isinstance(ledger, Path) or ledger.exists()):
        client.await_checkpoint(done[-1].receipt.id)
        report = verify(ledger)
        show(terminal, report, is_open=True)
    if as_json:
        emit({"jobs": _plain(done), "verified": None if report is None else report.ok})
    return all(each.checked.fault is None for each in done) and (report is None or report.ok)


def _plain(done: Sequence[Done]) -> list[dict[str, object]]:
    return [
        {
            "job": each.job.trade,
            "answer": each.answer.text,
            "fields": each.checked.fields,
            "fault": each.checked.fault,
            "receipt": each.receipt,
            "seconds": each.seconds,
        }
        for each in done
    ]
