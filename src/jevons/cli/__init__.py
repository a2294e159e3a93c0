"""The command line: one file per noun, and each does its importing when it is called.

Enters: what a person typed, settings, the answers of the configured server.
Leaves: answers and figures on standard output, progress and errors on standard error.
May not know: how any room works; it asks `boot`, `store`, `engine` and the server.
State: none.

Rule 1: `jevons --help` loads click and nothing that is heavy; a command imports what it needs
    when it is called.
Rule 2: with `--json`, standard output is JSON and nothing else, also when a command fails.
Rule 3: an error is one line that names what to do; status 1 for what went wrong, 2 for what was
    typed wrong.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from jevons import __version__
from jevons.cli.failure import telling, wants_json
from jevons.types.errors import JevonsError

__all__ = ("main",)


_COMMANDS = (
    "serve",
    "demo",
    "ask",
    "models",
    "pull",
    "keys",
    "receipt",
    "verify",
    "export",
    "bench",
    "doctor",
    "completion",
)
"""Each the name of a module here and of the command in it, in the order a newcomer meets them."""


_AS_JSON = "jevons.cli.as_json"
"""Where click's context keeps whether a program reads the answer."""


class _Nouns(click.Group):
    """A group that loads a command when it is named, and knows how one fails."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        return getattr(import_module(f"jevons.cli.{cmd_name}"), cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_AS_JSON] = wants_json(args)
        with telling(as_json=ctx.meta[_AS_JSON]):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with telling(as_json=ctx.meta[_AS_JSON]):
                return super().invoke(ctx)
        except JevonsError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Nouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="jevons")
def main() -> None:
    """Affordable, accountable AI: one endpoint, and a receipt with every answer.

    Start with `jevons serve --demo`.
    """
