"""`jevons report`: questions asked of the books on this machine."""

from __future__ import annotations

import click

from jevons.cli.changes import changes
from jevons.cli.landscape import landscape
from jevons.cli.options import Listed, example
from jevons.cli.rebound import rebound
from jevons.cli.saved import auto
from jevons.cli.spend import spend

__all__ = ("report",)


@click.group(
    cls=Listed,
    epilog=example(
        "jevons report spend --by account --by model", "jevons report rebound --days 28"
    ),
)
def report() -> None:
    """Ask the books on this machine a question."""


for _each in (spend, rebound, auto, landscape, changes):
    report.add_command(_each)
