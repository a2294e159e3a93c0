"""`jevons catalog check` and `refresh`: our prices beside those of two packages that others keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jevons.cli.options import example, shared
from jevons.cli.when import at_option, moment_of

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.catalog.oracle import Difference

__all__ = ("check", "refresh")

_FOLDER = "src/jevons/catalog/data/vendors"
"""Where the rows are in a checkout, for `git apply`."""


@click.command(epilog=example("jevons catalog check", "jevons catalog check --all --json"))
@click.option("--all", "is_all", is_flag=True, help="Differences that are explained, too.")
@at_option
@shared
def check(*, is_all: bool, at: str | None, config: Path | None, as_json: bool) -> None:
    """Compare the catalogue with `model-prices` and `genai-prices`, where they are installed.

    Status 1 if a figure differs and nobody has said why. `.venv/bin/pip install -e '.[prices]'` installs
    both; no network is asked.
    """
    from jevons.catalog.oracle import compare, explanations, quotes, reason
    from jevons.catalog.vendors import vendors
    from jevons.cli.screen import console, emit, say

    compared = compare(vendors(), quotes(), at_ms=moment_of(at))
    reasons = {each: reason(each, explanations()) for each in compared.differences}
    unexplained = [each for each, why in reasons.items() if not why]
    told = list(reasons) if is_all else unexplained
    if as_json:
        emit(
            {
                "models": compared.checked,
                "figures": compared.figures,
                "missing": len(compared.missing),
                "explained": len(reasons) - len(unexplained),
                "unexplained": len(unexplained),
                "differences": [each._asdict() | {"why": reasons[each]} for each in told],
            }
        )
    else:
        if told:
            terminal = console()
            terminal.print(_table(told))
            for line in dict.fromkeys(
                [_why(each, reasons[each]) for each in told if reasons[each]]
            ):
                say(terminal, line, style="dim")
        click.echo(
            f"{compared.figures} figures of {compared.checked} models compared: "
            f"{len(unexplained)} differ, {len(reasons) - len(unexplained)} more are explained; "
            f"{len(compared.missing)} models of theirs are not in the catalogue"
        )
    if unexplained:
        raise click.exceptions.Exit(1)


def _table(told: list[Difference]) -> Any:
    from jevons.cli.screen import table

    shown = table("model", "figure", "ours", "theirs", "whose", right=("ours", "theirs"))
    shown.columns[0].overflow = "fold"
    for each in told:
        figure = f"{each.figure} ({each.when})" if each.when else each.figure
        whose = each.oracle.partition(" ")[0]
        shown.add_row(f"{each.vendor}/{each.model}", figure, each.ours, each.theirs, whose)
    return shown


def _why(each: Difference, why: str) -> str:
    return f"{each.vendor}/{each.model}: {why}"


@click.command(
    epilog=example(
        "jevons catalog refresh > prices.patch",
        "jevons catalog refresh --vendor xai --new | git apply",
    )
)
@click.option(
    "--vendor", "only", multiple=True, metavar="VENDOR", help="Only this vendor; may repeat."
)
@click.option("--new", "is_new", is_flag=True, help="Models that the catalogue has not, too.")
@at_option
@shared
def refresh(
    *, only: tuple[str, ...], is_new: bool, at: str | None, config: Path | None, as_json: bool
) -> None:
    """Write a patch that adds what `model-prices` and `genai-prices` say and the catalogue does not.

    Nothing is changed: the patch is for a person to read, and for `git apply` in a checkout.
    Rows are added with the day from which they hold, and none is edited, so that old receipts can
    still be priced again. Differences that are explained are left out.
    """
    from difflib import unified_diff

    from jevons.catalog.moments import day_of
    from jevons.catalog.oracle import explanations, propose, quotes
    from jevons.catalog.vendors import vendor_text, vendors
    from jevons.cli.screen import emit

    at_ms = moment_of(at)
    asked = [quote for quote in quotes() if not only or quote.vendor in only]
    texts = {name: vendor_text(name) for name in vendors()}
    changed = propose(
        vendors(), texts, asked, explanations(), at_ms=at_ms, day=day_of(at_ms), new_models=is_new
    )
    patches = {
        name: "".join(
            unified_diff(
                texts[name].splitlines(keepends=True),
                text.splitlines(keepends=True),
                f"a/{_FOLDER}/{name}.toml",
                f"b/{_FOLDER}/{name}.toml",
            )
        )
        for name, text in changed.items()
    }
    if as_json:
        emit([{"vendor": name, "patch": patch} for name, patch in patches.items()])
    else:
        click.echo("".join(patches.values()), nl=False)
