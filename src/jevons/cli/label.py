"""`jevons label`: graded answers of your own, for `auto` to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click

from jevons.cli.options import example, ledger_path, read_settings, shared

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.store import Books, PairRow

__all__ = ("label",)


@click.command(
    epilog=example(
        "jevons label graded.jsonl",
        """echo '{"prompt": "2+2?", "grades": {"dear": 1, "cheap": 1}}' | jevons label -""",
    )
)
@click.argument("file", type=click.File("rb"))
@click.option(
    "--tenant",
    default="",
    metavar="NAME",
    help="Whose traffic they are of: an account or a key; else that of keys that name no account.",
)
@click.option(
    "--class",
    "traffic",
    default="text",
    show_default=True,
    metavar="CLASS",
    help="Which class of it: text, json or tools, and a name after a colon, as text:invoices.",
)
@shared
def label(*, file: BinaryIO, tenant: str, traffic: str, config: Path | None, as_json: bool) -> None:
    """Teach `auto` from FILE, one graded prompt a line.

    A line is JSON: `prompt`, and under `grades` a number from 0 to 1 for each
    arm; under `costs`, where they are known, US dollars for each arm, under
    `energy_mj` millijoules, under `carbon_mg` milligrams of CO2 equivalent.

    Prompts are to be drawn by lot from your traffic: what is promised of it
    is shown on them. A server that runs takes them up at once.

    A server grades besides: `[auto] share` of the requests, by tests of yours
    (`[[auto.check]]`), else by comparing answers, else by `[auto] judge`; people
    grade some of it again on the page /review (`[auto] review`). Who asked may
    say how good an answer was: POST /v1/feedback. `jevons report auto` tells
    who graded what, and where they differ.
    """
    from asyncio import to_thread

    from jevons.boot.auto import arms_of, class_of, usual_traffic
    from jevons.cli.beside import beside
    from jevons.cli.screen import emit
    from jevons.clock import SystemClock
    from jevons.grading import row_of_line
    from jevons.store import Pairs
    from jevons.types.errors import Malformed

    settings = read_settings(config)
    arms = arms_of(settings.auto)
    if not arms:
        message = "there are no arms to grade; set `[auto] reference` and `arms` in jevons.toml"
        raise Malformed(message)
    named = {each.name: each.model for each in settings.endpoint}
    models = {arm: named.get(arm, "") for arm in arms}
    of = usual_traffic(settings.auto, tenant=tenant, name=class_of(settings.auto, traffic))
    at_ms = SystemClock().now_ms()
    rows: list[PairRow] = []
    for number, line in enumerate(file, 1):
        try:
            rows.append(row_of_line(line, models, traffic=of, at_ms=at_ms))
        except Malformed as error:
            message = f"line {number}: {error}"
            raise Malformed(message) from None

    async def add(_: Books) -> None:
        with Pairs(ledger_path(settings)) as pairs:
            await to_thread(pairs.add, rows)

    beside(config, add, may_begin=True)
    if as_json:
        emit({"labels": len(rows)})
    else:
        click.echo(f"{len(rows)} graded prompts, of {', '.join(arms)}")
