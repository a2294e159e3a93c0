"""`jevons verify`: check a ledger or an export, offline."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.options import example, existing_ledger, read_settings, shared
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from rich.console import Console

    from jevons.ledger.trust import Trust
    from jevons.settings import Settings
    from jevons.store import Report
    from jevons.store.checking import OnLeaves
    from jevons.store.stamps import Checked

__all__ = ("outstanding", "show", "verify", "vouched")

_MOST_SHOWN = 12


@click.command(
    epilog=example(
        "jevons verify",
        "jevons verify books.jevons --checkpoint kept.txt --key NAME+ID+KEY",
        "jevons verify https://log.example --key NAME+ID+KEY --checkpoint kept.txt",
    )
)
@click.argument("target", required=False, metavar="[PATH|URL]")
@click.option("--key", metavar="VKEY", help="The log's key, pinned; a URL needs it.")
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint kept elsewhere, that must be of this history; several may be given.",
)
@click.option(
    "--witness", "witnesses", multiple=True, metavar="VKEY", help="Must have cosigned; several."
)
@click.option(
    "--stamp-roots",
    "roots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificates of the time stamp authority, PEM; without it, those in the settings.",
)
@click.option(
    "--token",
    envvar="JEVONS_LOG_TOKEN",
    show_envvar=True,
    metavar="TOKEN",
    help="For the records of a published log; prefer the variable.",
)
@shared
def verify(
    *,
    target: str | None,
    key: str | None,
    checkpoints: tuple[Path, ...],
    witnesses: tuple[str, ...],
    roots: Path | None,
    token: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Check that every record is what it was when it was signed.

    PATH is a ledger or an export; without it, the ledger in the data folder. Works while the
    server runs, and without it. A URL is a log that its house publishes: then nothing is needed
    but its key. Status 1 if anything does not fit.
    """
    from msgspec import structs, to_builtins

    from jevons.cli.screen import console, emit
    from jevons.store import verify as verify_books
    from jevons.store.lease import is_open

    trust = _trust(key, checkpoints, witnesses)
    in_use = False
    with _progress(is_shown=not as_json) as on_leaves:
        if target is not None and target.startswith(("http://", "https://")):
            report = _published(target, token, trust, on_leaves)
        else:
            settings = read_settings(config)
            ledger = _file(target) if target else existing_ledger(settings)
            in_use = not isinstance(ledger, Path) or is_open(ledger)
            stamps = None if target else _stamps(settings, roots)
            if stamps is not None:
                trust = structs.replace(trust, kept=(*trust.kept, *stamps.kept))
            report = verify_books(ledger, trust, on_leaves)
            if stamps is not None:
                report = structs.replace(
                    report,
                    findings=(*report.findings, *stamps.findings),
                    stamped=stamps.stamped,
                    kept=max(0, report.kept - len(stamps.kept)),
                )
    if as_json:
        emit({"ok": report.ok, **to_builtins(report)})
    else:
        show(console(), report, is_open=in_use)
    if not report.ok:
        raise click.exceptions.Exit(1)


def _trust(key: str | None, checkpoints: tuple[Path, ...], witnesses: tuple[str, ...]) -> Trust:
    """Read what whoever checks brings along.

    Raises:
        Misconfigured: A key is none.
    """
    from jevons.ledger.note import BadNote, read_vkey
    from jevons.ledger.trust import Trust

    try:
        return Trust(
            key=read_vkey(key) if key else None,
            kept=tuple([(each.read_text("utf-8", "replace"), str(each)) for each in checkpoints]),
            witnesses=tuple([read_vkey(each) for each in witnesses]),
        )
    except BadNote as error:
        raise Misconfigured(str(error)) from None


def _stamps(settings: Settings, roots: Path | None) -> Checked | None:
    """Look through the stamps of an authority of time; None where there are none.

    Raises:
        Misconfigured: There are some, and what reads them is not installed; or roots are none.
    """
    folder = settings.data_dir / "stamps"
    if not folder.is_dir():
        return None
    try:
        from jevons.store.stamps import Stamps, read_roots
    except ModuleNotFoundError:
        message = "there are stamps of an authority of time, and what reads them is not: .venv/bin/pip install -e '.[stamp]'"
        raise Misconfigured(message) from None
    return Stamps(folder, read_roots(roots or settings.stamp.roots)).check()


def _file(path: str) -> Path:
    if Path(path).is_file():
        return Path(path)
    message = f"Path {path!r} is neither a file nor the URL of a log."
    raise click.BadParameter(message, param_hint="[PATH|URL]")


def _published(url: str, token: str | None, trust: Trust, on_leaves: OnLeaves) -> Report:
    from jevons.cli.outside import RemoteLog
    from jevons.store import verify_published

    if trust.key is None:
        message = "a URL needs --key: what a log says of its own key proves nothing"
        raise click.UsageError(message)
    with RemoteLog(url, token) as log:
        return verify_published(log, trust.key, trust, on_leaves)


@contextmanager
def _progress(*, is_shown: bool) -> Generator[OnLeaves]:
    """Count records on a terminal, where nobody reads it as part of the answer."""
    is_shown = is_shown and sys.stderr.isatty()

    def on_leaves(count: int) -> None:
        if is_shown:
            click.echo(f"\r{count} records", nl=False, err=True)

    yield on_leaves
    if is_shown:
        click.echo("\r\x1b[K", nl=False, err=True)


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
    for line in vouched(report):
        say(terminal, line, indent=2)
    for line in outstanding(report, is_open=is_open):
        say(terminal, line, indent=2, style="dim")


def vouched(report: Report) -> Iterator[str]:
    """Say what others than the log itself stand for, and what to pin so that they can."""
    if report.kept:
        yield "goes on from " + _counted(report.kept, "checkpoint") + " kept elsewhere"
    for each in report.witnessed:
        when = datetime.fromtimestamp(each.at_s, UTC).isoformat(timespec="seconds")
        yield f"cosigned up to record {each.size} by {each.witness}, {when}"
    if report.stamped:
        last = report.stamped[-1]
        when = datetime.fromtimestamp(last.at_ms / 1e3, UTC).isoformat(timespec="seconds")
        unchecked = "" if last.checked else "; its signature was not checked: give --stamp-roots"
        yield f"stamped up to record {last.size} by {last.by}, {when}{unchecked}"
    if report.key and not report.pinned:
        yield f"key, as the log itself names it: {report.key}"


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
