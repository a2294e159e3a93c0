"""`jevons serve`: start the house, say how to reach it, stay up.

The server has the main thread, since signals end it. What happens beside it (the demo) is one
thread that talks to it over HTTP, as any client would.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.failure import Failure, telling
from jevons.cli.options import example, key_path, ledger_path, read_settings, shared
from jevons.types.errors import JevonsError, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.engine.pull import Weights
    from jevons.settings import Settings

__all__ = ("curl_line", "engine_weights", "serve")

_UP = "Up until Ctrl-C."


@click.command(
    epilog=example("jevons serve", "jevons serve --demo", "jevons serve --port 8080 --no-engine")
)
@click.option("--host", metavar="HOST", help="Address to listen on, instead of the settings'.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="PORT", help="0 takes a free one.")
@click.option("--model", metavar="NAME", help="Weights for the engine: a name, hf:// or file://.")
@click.option("--no-engine", is_flag=True, help="Serve only remote endpoints.")
@click.option("--demo", is_flag=True, help="Do four small jobs once it is up.")
@click.option(
    "--once", is_flag=True, help="With --demo: end after it; status 1 if anything failed."
)
@click.option(
    "--invoice",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --demo: an invoice of yours in place of ours.",
)
@shared
def serve(
    *,
    host: str | None,
    port: int | None,
    model: str | None,
    no_engine: bool,
    demo: bool,
    once: bool,
    invoice: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Start the server, with an open-weight model of its own.

    The model is fetched and verified at the first start. Ctrl-C ends it: answers under way are
    finished first.
    """
    from jevons.telemetry import configure_logs

    if (once or invoice) and not demo:
        message = "--once and --invoice go with --demo"
        raise click.UsageError(message)
    settings = _changed(read_settings(config), host=host, port=port, model=model)
    configure_logs(json=as_json)
    weights = engine_weights(settings) if settings.engine.enabled and not no_engine else None
    show = _Demonstration(settings, invoice, ends=once, as_json=as_json) if demo else None
    _run(settings, weights, show.begin if show else _announcing(settings, as_json=as_json))
    if once and show and not show.is_good:
        raise click.exceptions.Exit(1)


def _changed(
    settings: Settings, *, host: str | None, port: int | None, model: str | None
) -> Settings:
    """Lay what was typed over what was set."""
    from msgspec.structs import replace

    server = replace(
        settings.server,
        host=settings.server.host if host is None else host,
        port=settings.server.port if port is None else port,
    )
    engine = replace(settings.engine, model=model or settings.engine.model)
    return replace(settings, server=server, engine=engine)


def engine_weights(settings: Settings) -> Weights:
    """Have the model here; half a gigabyte is not fetched for an engine that is not."""
    from importlib.util import find_spec

    from jevons.cli.pull import wanted

    if find_spec("xllamacpp") is None:
        message = (
            "the embedded engine is not installed; .venv/bin/pip install -e '.[engine]', or serve remote "
            "endpoints only: --no-engine"
        )
        raise Misconfigured(message)
    return wanted(settings)


def _run(settings: Settings, weights: Weights | None, on_ready: Callable[[str], None]) -> None:
    """Serve until a signal; both of those that mean `stop` end it with status 0."""
    from jevons.boot import serve as serve_house

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        serve_house(settings, weights=weights, on_ready=on_ready)
    except KeyboardInterrupt:
        return
    except SystemExit as error:  # uvicorn's, after a line that says why
        where = f"{settings.server.host}:{settings.server.port}"
        message = (
            f"cannot listen on {where}; `jevons doctor` says who does; --port 0 takes a free one"
        )
        raise Failure(message, code="cannot_listen") from error


def _interrupt(number: int, frame: object) -> None:
    """Treat a polite end like Ctrl-C, also before the server listens for it."""
    raise KeyboardInterrupt


def _announcing(settings: Settings, *, as_json: bool) -> Callable[[str], None]:
    def announce(url: str) -> None:
        _announce(settings, url, as_json=as_json)
        click.echo(_UP, err=True)

    return announce


def _announce(settings: Settings, url: str, *, as_json: bool, with_key: bool = False) -> None:
    """Say how to reach it. The key itself only where nobody but its owner can use it.

    There is no file where the first key was made by hand: `jevons keys create` shows it once.
    """
    from jevons.cli.client import Client

    path = key_path(settings)
    if as_json:
        from jevons.cli.screen import emit

        emit({"url": f"{url}/v1", "key_file": str(path) if path.exists() else None})
        return
    shown = _near(path)
    key = f"in {shown}" if path.exists() else "one of yours; `jevons keys create NAME` makes one"
    if with_key and path.exists() and Client(url, None).is_here:
        key = path.read_text().strip()
    click.echo(f"\naddress  {url}/v1\nkey      {key}\n\n{curl_line(url, shown)}\n")


def curl_line(url: str, key_file: str) -> str:
    """Write a first request, to be copied into a shell."""
    from shlex import quote

    return "\n".join(
        (
            f"curl -s {url}/v1/chat/completions \\",
            f'  -H "Authorization: Bearer $(cat {quote(key_file)})" \\',
            '  -H "Content-Type: application/json" \\',
            """  -d '{"model": "local", "messages": [{"role": "user", "content": "Say hello."}]}'""",
        )
    )


def _near(path: Path) -> str:
    """Write a path as seen from here, if it is below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


class _Demonstration:
    """The demo beside a server that has just started.

    Args:
        settings: What the server runs under.
        invoice: The user's own, in place of ours.
        ends: Whether the server ends with it.
        as_json: Whether standard output is for a program.
    """

    def __init__(
        self, settings: Settings, invoice: Path | None, *, ends: bool, as_json: bool
    ) -> None:
        self.is_good = False
        self._settings = settings
        self._invoice = invoice
        self._ends = ends
        self._as_json = as_json

    def begin(self, url: str) -> None:
        """Start it; called on the server's loop, so nothing here waits."""
        threading.Thread(target=self._run, args=(url,), name="demo", daemon=True).start()

    def _run(self, url: str) -> None:
        try:
            with telling(as_json=self._as_json):
                self.is_good = self._demonstrate(url)
        except (click.ClickException, JevonsError) as error:
            click.echo(f"Error: {error}", err=True)
        finally:
            if self._as_json or not self._ends:  # nobody can follow an address that is about to end
                _announce(self._settings, url, as_json=self._as_json, with_key=True)
            self._leave()

    def _leave(self) -> None:
        if self._ends:
            os.kill(os.getpid(), signal.SIGINT)
        else:
            click.echo(_UP, err=True)

    def _demonstrate(self, url: str) -> bool:
        from jevons.cli.client import locate
        from jevons.cli.demo import demonstrate

        client = locate(self._settings, url=url, api_key=None)
        ledger = ledger_path(self._settings)
        return demonstrate(client, ledger, invoice=self._invoice, as_json=self._as_json)
