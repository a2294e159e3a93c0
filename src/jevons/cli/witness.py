"""`jevons witness`: cosign the checkpoints of other people's logs, and remember how far they came."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.failure import Failure
from jevons.cli.options import example, read_settings, shared
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from types import FrameType

    from jevons.ledger.note import Vkey

__all__ = ("witness",)


@click.command(
    epilog=example(
        "jevons witness --name w.example/1 --log NAME+ID+KEY",
        "jevons witness --name w.example/1 --show-key",
    )
)
@click.argument("memory", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="Under which it cosigns, as a URL without its scheme.")
@click.option(
    "--log", "logs", multiple=True, metavar="VKEY", help="Key of a log to cosign; several."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8010,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--show-key", is_flag=True, help="Say the witness's key and end.")
@shared
def witness(
    *,
    memory: Path | None,
    name: str,
    logs: tuple[str, ...],
    host: str,
    port: int,
    show_key: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Run a witness: a server that remembers how far logs have come.

    It cosigns a checkpoint that goes on from the newest it cosigned of the same log, and refuses
    one that does not: a log that was rewritten or put back. MEMORY is one file, with the key beside
    it; without it, witness.db in the data folder. Run it where whoever runs the log cannot write.
    """
    from jevons.boot.witness import serve_witness
    from jevons.cli.screen import emit
    from jevons.telemetry import configure_logs

    keys = [_log_key(each) for each in logs]
    if not keys and not show_key:
        message = "--log says whose checkpoints are cosigned; give at least one"
        raise click.UsageError(message)
    memory = memory or read_settings(config).data_dir / "witness.db"
    own = _named(memory, name)
    if show_key:
        if as_json:
            emit({"key": own})
        else:
            click.echo(own)
        return
    configure_logs(json=as_json)

    def announce(url: str) -> None:
        if as_json:
            emit({"url": url, "key": own})
        else:
            click.echo(f"address  {url}\nkey      {own}")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        serve_witness(memory, name=name, logs=keys, host=host, port=port, on_ready=announce)
    except KeyboardInterrupt:
        return
    except SystemExit as error:  # uvicorn's, after a line that says why
        message = f"cannot listen on {host}:{port}; --port 0 takes a free one"
        raise Failure(message, code="cannot_listen") from error


def _log_key(text: str) -> Vkey:
    from jevons.ledger.note import ED25519, BadNote, read_vkey

    try:
        key = read_vkey(text)
    except BadNote as error:
        raise Misconfigured(str(error)) from None
    if key.kind != ED25519:
        message = f"{text!r} is the key of a witness, not of a log"
        raise Misconfigured(message)
    return key


def _named(memory: Path, name: str) -> str:
    from jevons.ledger.note import BadNote, read_vkey
    from jevons.store import witness_vkey

    key = witness_vkey(memory, name).render()
    try:
        read_vkey(key)
    except BadNote:
        message = f"{name!r} is no name for a witness: it must not be empty, nor hold spaces or +"
        raise Misconfigured(message) from None
    return key


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat a polite end like Ctrl-C."""
    raise KeyboardInterrupt
