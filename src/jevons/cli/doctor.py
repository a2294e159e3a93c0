"""`jevons doctor`: is everything here that a house needs, and if not, what to do."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from jevons.cli.options import example, shared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jevons.cli.checks import Line

__all__ = ("doctor",)

_STYLE = MappingProxyType({"ok": "green", "warn": "yellow", "fail": "red bold"})


@click.command(epilog=example("jevons doctor", "jevons doctor --json"))
@shared
def doctor(*, config: Path | None, as_json: bool) -> None:
    """Check this machine, the settings and the data folder.

    Each line is ok, warn or fail, and says what to do. Status 1 if one fails.
    """
    from jevons.cli.checks import examine
    from jevons.cli.screen import emit

    lines = examine(config)
    if as_json:
        emit([line._asdict() for line in lines])
    else:
        _show(lines)
    if any(line.state == "fail" for line in lines):
        raise click.exceptions.Exit(1)


def _show(lines: Sequence[Line]) -> None:
    from rich.text import Text

    from jevons.cli.screen import console

    terminal = console()
    width = max(len(line.name) for line in lines)
    for line in lines:
        state = (line.state.ljust(4), _STYLE[line.state])
        terminal.print(Text.assemble(state, "  ", line.name.ljust(width), "  ", line.found))
        if line.advice:
            terminal.print(Text(" " * (width + 8) + line.advice, style="dim"))
