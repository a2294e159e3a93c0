"""`jevons doctor`: is everything here that a house needs, and if not, what to do."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from jevons.cli.options import example, shared

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.cli.checks import Line

__all__ = ("doctor",)

_WIDTH = len("data folder")
_STYLE = MappingProxyType({"ok": "green", "warn": "yellow", "fail": "red bold"})


@click.command(epilog=example("jevons doctor", "jevons doctor --quick --json"))
@click.option("--quick", is_flag=True, help="Do not read the weights to compare their SHA-256.")
@shared
def doctor(*, quick: bool, config: Path | None, as_json: bool) -> None:
    """Check this machine, the settings and the data folder.

    Each line is ok, warn or fail, and says what to do. Status 1 if one fails.
    """
    from jevons.cli.checks import examine
    from jevons.cli.screen import emit

    lines: list[Line] = []
    for line in examine(config, quick=quick):
        lines.append(line)
        if not as_json:
            _show(line)
    if as_json:
        emit([line._asdict() for line in lines])
    if any(line.state == "fail" for line in lines):
        raise click.exceptions.Exit(1)


def _show(line: Line) -> None:
    from rich.text import Text

    from jevons.cli.screen import console, say

    terminal = console()
    state = (line.state.ljust(4), _STYLE[line.state])
    terminal.print(Text.assemble(state, "  ", line.name.ljust(_WIDTH), "  ", line.found))
    if line.advice:
        say(terminal, line.advice, indent=_WIDTH + 8, style="dim")
