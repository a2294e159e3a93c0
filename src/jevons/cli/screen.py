"""What the commands that print to a terminal share: one console, one look.

Rule 1: results go to standard output, everything else to standard error.
Rule 2: it reads well at 80 columns, without colour and without a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jevons import figures
from jevons.types.units import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jevons.types.account import Receipt

__all__ = ("console", "emit", "notes", "receipt_lines", "say", "table")


def console(*, stderr: bool = False) -> Console:
    """Open the terminal. Colour, width and NO_COLOR are found out by rich."""
    return Console(stderr=stderr, highlight=False, soft_wrap=False, emoji=False, markup=False)


def emit(value: Any) -> None:
    """Write one JSON value on standard output, on a line of its own: UTF-8 in every locale."""
    click.echo(msgspec.json.encode(value))


def say(terminal: Console, text: str, *, indent: int = 0, style: str = "") -> None:
    """Print a paragraph, all of its lines indented."""
    for line in Text(text, style=style).wrap(terminal, terminal.width - indent):
        line.rstrip()
        terminal.print(Text(" " * indent) + line)


def table(*headings: str, right: tuple[str, ...] = (), whole: tuple[str, ...] = ()) -> Table:
    """Start a table in the house's look.

    Args:
        headings: One for each column.
        right: Headings of the columns that hold figures.
        whole: Headings of the columns that are never broken, as ids, which are copied. What is too
            wide elsewhere goes on below; nothing is left out.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for heading in headings:
        made.add_column(
            heading,
            justify="right" if heading in right else "left",
            no_wrap=heading in whole,
            overflow="fold",
        )
    return made


def receipt_lines(receipt: Receipt) -> Iterator[str]:
    """Write a receipt in two lines: what it came to, and where it is from."""
    figured = (
        ("cost", figures.cost(receipt.cost)),
        ("energy", figures.energy(receipt.energy_mj)),
        ("carbon", figures.carbon(receipt.carbon_mg)),
    )
    yield " · ".join([f"{name} {it}" if it == figures.UNKNOWN else it for name, it in figured])
    yield " · ".join((receipt.place or "nowhere", receipt.model or "no model", receipt.id))


def notes(receipts: Sequence[Receipt]) -> Iterator[str]:
    """Say, once each, why figures are unknown and how the others were got."""
    said: dict[str, None] = {}
    for receipt in receipts:
        named = (
            ("cost", receipt.cost),
            ("energy", receipt.energy_mj),
            ("carbon", receipt.carbon_mg),
        )
        for name, amount in named:
            if isinstance(amount, Unknown):
                said[f"{name} unknown: {amount.why}"] = None
            else:
                said[f"{name}: {amount.method}, {amount.source}"] = None
    yield from said
