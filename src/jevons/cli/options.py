"""Options that commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jevons.types.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.settings import Settings
    from jevons.store.where import Where

__all__ = (
    "A_PLACE",
    "A_REGION",
    "Listed",
    "Shaped",
    "example",
    "existing_ledger",
    "key_path",
    "ledger_path",
    "one_form",
    "reaching",
    "read_settings",
    "shared",
    "typed",
    "weights_dir",
)

F = TypeVar("F", bound="Callable[..., Any]")


class Listed(click.Group):
    """A group whose help shows the whole first sentence of each command, on as many lines as it takes."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what there is, as click does, without cutting any of it."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(limit=_LONGEST_SENTENCE))
            for name, command in found
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


_LONGEST_SENTENCE = 1000


class Shaped(click.ParamType[str]):
    """Text of a shape; what has another is refused with what is accepted."""

    name = "text"

    def __init__(self, pattern: Callable[[], str], accepted: str) -> None:
        self._pattern = pattern
        self._accepted = accepted

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take it as it is, or fail."""
        if not re.search(self._pattern(), value):
            self.fail(f"{value!r} is not {self._accepted}", param, ctx)
        return value


def _place() -> str:
    from jevons.types.custody import PLACE

    return PLACE


def _region() -> str:
    from jevons.types.custody import REGION

    return REGION


A_PLACE = Shaped(_place, "`on-prem` or an ISO 3166-1 alpha-2 code, as DE")
A_REGION = Shaped(_region, "`EEA` or an ISO 3166-1 alpha-2 code, as DE")


def shared(function: F) -> F:
    """Give a command `--config` and `--json`."""
    config = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="PATH",
        help="Settings file; without it, jevons.toml here if there is one.",
    )
    as_json = click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="JSON on standard output, errors too; progress on standard error.",
    )
    return config(as_json(function))


def reaching(function: F) -> F:
    """Give a command `--url` and `--api-key`: which server it talks to."""
    url = click.option(
        "--url",
        envvar="JEVONS_URL",
        show_envvar=True,
        metavar="URL",
        help="Server; without it, the address in the settings.",
    )
    key = click.option(
        "--api-key",
        envvar="JEVONS_API_KEY",
        show_envvar=True,
        metavar="KEY",
        help="Key; prefer the variable. Without it, the one in the data folder.",
    )
    return url(key(function))


def example(*lines: str) -> str:
    """Write the end of a command's help: an example that can be copied."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def typed(text: str) -> str:
    """Read an argument's bytes as UTF-8: Python keeps aside what its locale has no letters for."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def one_form(*, as_json: bool, as_csv: bool) -> None:
    """Have an answer written in one form only.

    Raises:
        UsageError: Two were asked for.
    """
    if as_json and as_csv:
        message = "--json and --csv are two forms of one answer; ask for one"
        raise click.UsageError(message)


def read_settings(config: Path | None) -> Settings:
    """Read the settings that a command runs under.

    Raises:
        Misconfigured: A setting is wrong, or the file is not there.
    """
    from jevons.settings import load

    return load(config)


def ledger_path(settings: Settings) -> Where:
    """Where the books are, without loading what opens a file."""
    if not settings.ledger.database and not settings.ledger.signing_key:
        return settings.data_dir / "ledger.db"
    from jevons.boot.ledger import ledger_path as on_a_server

    return on_a_server(settings)


def weights_dir(settings: Settings) -> Path:
    """Where models are kept, without loading what reads them."""
    return settings.data_dir / "weights"


def existing_ledger(settings: Settings) -> Where:
    """Where the books are.

    Raises:
        NotFound: There are none yet.
    """
    path = ledger_path(settings)
    if isinstance(path, Path) and not path.exists():
        message = f"no ledger at {path}; `jevons serve` begins one"
        raise NotFound(message)
    return path


def key_path(settings: Settings) -> Path:
    """Where the key of the first start is, without loading what makes it."""
    return settings.data_dir / "key"
