"""`jevons limits`: how fast accounts and keys may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jevons.cli.options import Listed, example, shared

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.store import Books
    from jevons.types.budget import Limit

__all__ = ("lift", "limits", "listing", "set_")

_figure = click.IntRange(1, 10**12)


@click.group(
    cls=Listed,
    epilog=example("jevons limits set search --requests 60 --parallel 4", "jevons limits list"),
)
def limits() -> None:
    """How fast accounts and keys may ask, and how deep."""


@limits.command("set", epilog=example("jevons limits set search --requests 60 --tokens 100000"))
@click.argument("account")
@click.option("--requests", type=_figure, metavar="N", help="Requests a minute.")
@click.option("--tokens", type=_figure, metavar="N", help="Tokens a minute, read and written.")
@click.option("--parallel", type=_figure, metavar="N", help="Requests under way at once.")
@click.option(
    "--reasoning", type=_figure, metavar="N", help="Tokens of reasoning that a request may ask for."
)
@click.option(
    "--steps", type=_figure, metavar="N", help="Rounds of tools that a request may go on from."
)
@shared
def set_(
    *,
    account: str,
    requests: int | None,
    tokens: int | None,
    parallel: int | None,
    reasoning: int | None,
    steps: int | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Limit ACCOUNT, a name or the id of a key, in place of the limit it had.

    A running server takes a change within a second. It counts for itself, unless `[limits] valkey`
    has replicas count together.
    """
    figures = {
        "requests": requests,
        "tokens": tokens,
        "parallel": parallel,
        "reasoning": reasoning,
        "steps": steps,
    }
    if all(each is None for each in figures.values()):
        message = "say how much: --requests, --tokens, --parallel, --reasoning or --steps"
        raise click.UsageError(message)
    _stand(config, account, as_json=as_json, **figures)


@limits.command(epilog=example("jevons limits lift search"))
@click.argument("account")
@shared
def lift(*, account: str, config: Path | None, as_json: bool) -> None:
    """Let ACCOUNT have no limit of its own."""
    _stand(config, account, as_json=as_json)


@limits.command("list", epilog=example("jevons limits list --json"))
@shared
def listing(*, config: Path | None, as_json: bool) -> None:
    """List all limits."""
    from jevons.acts import plain_limit
    from jevons.cli.beside import beside
    from jevons.cli.screen import console, emit, table

    async def act(books: Books) -> list[Limit]:
        return [limit for _, limit in sorted(books.terms.limits.items())]

    found = beside(config, act)
    if as_json:
        emit([plain_limit(limit) for limit in found])
        return
    right = ("requests", "tokens", "parallel", "reasoning", "steps")
    shown = table("account", *right, right=right)
    for limit in found:
        shown.add_row(limit.account, *[_or_none(getattr(limit, name)) for name in right])
    console().print(shown)


def _stand(config: Path | None, account: str, *, as_json: bool, **figures: int | None) -> None:
    from jevons.acts import Acts, plain_limit
    from jevons.cli.beside import beside, on_this_machine
    from jevons.cli.screen import emit

    async def act(books: Books) -> Limit:
        return await Acts(books, by=on_this_machine()).set_limit(account, **figures)

    limit = beside(config, act, may_begin=True)
    if as_json:
        emit(plain_limit(limit))
        return
    says = [f"{value} {name}" for name, value in figures.items() if value is not None]
    click.echo(f"{account}: {', '.join(says) or 'no limit'}")


def _or_none(figure: int | None) -> str:
    return "no limit" if figure is None else f"{figure:,}"
