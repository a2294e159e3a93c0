"""`jevons people`: who may sign in to look after the house, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from jevons.cli.options import Listed, example, shared, typed

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.store import Admitted, Books
    from jevons.types.account import Deed, PersonChange
    from jevons.types.person import Role

__all__ = ("add", "deeds", "listing", "people", "remove", "rotate")


@click.group(
    cls=Listed,
    epilog=example(
        "jevons people add ada --role admin",
        "jevons people add grace --role manager --of research",
        "jevons people list",
    ),
)
def people() -> None:
    """Who may sign in to look after the house, with a token of their own.

    `admin` does everything. `operator` sees how endpoints do, and sets limits. `auditor` reads
    everything and changes nothing. `manager` makes keys, and sets budgets and limits, below the
    accounts that it is of. `member` has keys of its own in them.
    """


@people.command(epilog=example("jevons people add grace --role manager --of research"))
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(("admin", "operator", "auditor", "manager", "member")),
    required=True,
    help="What they may do.",
)
@click.option(
    "--of",
    "accounts",
    multiple=True,
    metavar="ACCOUNT",
    help="What a manager or a member is of; may repeat.",
)
@shared
def add(
    *, name: str, role: str, accounts: tuple[str, ...], config: Path | None, as_json: bool
) -> None:
    """Let NAME sign in, and show their token this once.

    Records name who did something, for ever: call people something that tells only you who it is.
    """
    from jevons.acts import Acts
    from jevons.cli.beside import beside, on_this_machine

    async def act(books: Books) -> Admitted:
        acts = Acts(books, by=on_this_machine())
        return await acts.add_person(typed(name), role=cast("Role", role), accounts=accounts)

    _show(beside(config, act, may_begin=True), as_json=as_json)


@people.command(epilog=example("jevons people rotate ada"))
@click.argument("name")
@shared
def rotate(*, name: str, config: Path | None, as_json: bool) -> None:
    """Give NAME another token, and show it this once; the one before ends, and signs out who used it."""
    from jevons.acts import Acts
    from jevons.cli.beside import beside, on_this_machine

    async def act(books: Books) -> Admitted:
        return await Acts(books, by=on_this_machine()).rotate_person(name)

    _show(beside(config, act), as_json=as_json)


@people.command(epilog=example("jevons people remove grace"))
@click.argument("name")
@shared
def remove(*, name: str, config: Path | None, as_json: bool) -> None:
    """Refuse NAME from now on, also where they are signed in; a running server notices in a second."""
    from jevons.acts import Acts
    from jevons.cli.beside import beside, on_this_machine
    from jevons.cli.screen import emit

    async def act(books: Books) -> PersonChange:
        return await Acts(books, by=on_this_machine()).remove_person(name)

    beside(config, act)
    if as_json:
        emit({"person": name, "removed": True})
    else:
        click.echo(f"{name} is refused from now on")


@people.command("list", epilog=example("jevons people list --json"))
@shared
def listing(*, config: Path | None, as_json: bool) -> None:
    """List everybody who may sign in with a token, and who was removed."""
    from jevons.acts import plain_person
    from jevons.cli.beside import beside
    from jevons.cli.screen import console, emit, table

    async def act(books: Books) -> tuple[PersonChange, ...]:
        return books.people.list()

    found = beside(config, act)
    if as_json:
        emit([plain_person(each) for each in found])
        return
    shown = table("person", "role", "of", "state", "by")
    for each in found:
        state = "removed" if each.act == "removed" else "valid"
        shown.add_row(each.name, each.role, ", ".join(each.accounts) or "all", state, each.by)
    console().print(shown)


@people.command(epilog=example("jevons people deeds --by ada --limit 20"))
@click.option(
    "--by", metavar="NAME", help="Only what this person did; cli:NAME for a system's user."
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="At most so many.",
)
@shared
def deeds(*, by: str | None, limit: int, config: Path | None, as_json: bool) -> None:
    """List what people did to the house, the newest first: keys, budgets, people, and so on.

    What was done before versions that asked who did it is not listed; it is in the ledger.
    """
    from jevons.cli.beside import beside
    from jevons.cli.screen import console, emit, table
    from jevons.cli.when import moment

    async def act(books: Books) -> list[Deed]:
        found: list[Deed] = []
        before: int | None = None
        while len(found) < limit:
            page = await books.deeds(
                before=before, most=limit - len(found), wanted=lambda deed: by in {None, deed.by}
            )
            found += page.found
            before = page.before
            if before is None:
                break
        return found

    found = beside(config, act)
    if as_json:
        emit(found)
        return
    shown = table("at", "by", "did", whole=("at",))
    for deed in found:
        shown.add_row(moment(deed.at_ms), deed.by, _did(deed))
    console().print(shown)


def _did(deed: Deed) -> str:  # noqa: PLR0911 one sentence for each kind
    """Say what somebody did, in few words."""
    from jevons.types import account, budget

    match deed:
        case account.KeyChange():
            return f"key {deed.key} ({deed.name}): {deed.act}"
        case account.PersonChange():
            return f"person {deed.name} ({deed.role}): {deed.act.replace('_', ' ')}"
        case account.SecretChange():
            return f"secret {deed.name}: {deed.act}" if deed.name else f"all secrets: {deed.act}"
        case account.Erased():
            return f"key {deed.key}: erased"
        case account.Restored():
            return f"a backup of {deed.size} records: put back"
        case account.Reviewed():
            return f"answers of {' and '.join(deed.arms)}: judged"
        case budget.Account():
            return f"{deed.level} {deed.name}: made"
        case budget.Budget():
            is_set = (deed.cost_nusd, deed.energy_mj, deed.carbon_ug) != (None, None, None)
            return f"budget of {deed.account} each {deed.per}: {'set' if is_set else 'lifted'}"
        case budget.Limit():
            is_set = (deed.requests, deed.tokens, deed.parallel) != (None, None, None)
            return f"limit of {deed.account}: {'set' if is_set else 'lifted'}"


def _show(admitted: Admitted, *, as_json: bool) -> None:
    from jevons.acts import plain_person
    from jevons.cli.screen import emit

    said: dict[str, Any] = plain_person(admitted.change)
    if as_json:
        emit(said | {"token": admitted.token})
        return
    click.echo(admitted.token)
    click.echo(
        f"{admitted.change.name} ({admitted.change.role}); it is stored as a hash and not shown "
        "again. A running server takes it within a second.",
        err=True,
    )
