"""Who may spend how much, and how much is left."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons import figures
from jevons.dashboard import words
from jevons.dashboard.blocks import NOTHING, Cell, Head, Section, Table, View
from jevons.reports import Bill
from jevons.reports.tally import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jevons.budget import Balance, Terms
    from jevons.dashboard.doors import Scope
    from jevons.reports.tally import Tally
    from jevons.types.actor import Actor
    from jevons.types.budget import Account, Limit

__all__ = ("NEEDS", "keys")

NEEDS = frozenset({"key", "account", "method", "ended"})
"""Fields that have to be told apart."""

_FULL = 0.8
_TONES = MappingProxyType({"cost_nusd": "money", "energy_mj": "energy", "carbon_ug": "carbon"})


def keys(
    tallies: Sequence[Tally],
    actors: Sequence[Actor],
    terms: Terms,
    balances: Sequence[Balance],
    *,
    accounts_in: Scope,
    keys_in: Scope | None,
) -> View:
    """Make the page.

    Args:
        tallies: Of this month, by the day, told apart by `NEEDS`.
        actors: The keys, oldest first.
        terms: Which accounts there are.
        balances: What is left of every budget.
        accounts_in: Which accounts and budgets may be seen.
        keys_in: Which keys may; None where none may be known of.
    """
    lines = {name: _line(terms, name) for name in terms.accounts}
    accounts = {
        name: each for name, each in terms.accounts.items() if accounts_in.sees("", lines[name])
    }
    seen = [each for each in actors if keys_in and keys_in.sees(each.key, each.account)]
    ours = {*accounts, *[each.key for each in seen]}
    left = [each for each in balances if each.account in ours]
    names = {each.key: each.name for each in seen}
    used = _used(tallies)
    tight = sum(_share(each) >= _FULL for each in left)
    return View(
        title="Keys and budgets",
        says=f"{words.count(len(seen))} keys of {words.count(len(accounts))} accounts. "
        + (f"{words.count(tight)} of {len(left)} budgets are four fifths used or more."
           if left else "No budget is set."),
        sections=(
            Section("Budgets", table=_budgets(left, names)),
            Section("Accounts", "What was used this month, with all that is below.",
                    table=_accounts(accounts, used)),
            *(
                [Section("Keys", table=_keys(seen, terms.limits, used, _newest(tallies)))]
                if keys_in
                else []
            ),
        ),
    )  # fmt: skip


def _line(terms: Terms, name: str) -> tuple[str, ...]:
    """List an account and what it is part of."""
    found, line = terms.accounts[name], [name]
    while found.under:
        line.append(found.under)
        found = terms.accounts[found.under]
    return tuple(line)


def _used(tallies: Sequence[Tally]) -> dict[str, Bill]:
    """Add up for each key, and each account with all that is below it."""
    found: dict[str, list[Tally]] = {}
    for tally in tallies:
        for name in {tally.group.key, *line_of(tally.group.account)}:
            found.setdefault(name, []).append(tally)
    return {name: Bill.of(some) for name, some in found.items()}


def _newest(tallies: Sequence[Tally]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for tally in tallies:
        group = tally.group
        newest[group.key] = max(newest.get(group.key, 0), group.hour_ms)
    return newest


def _share(balance: Balance) -> float:
    return (balance.spent + balance.held) / balance.limit if balance.limit else 1.0


def _budgets(balances: Sequence[Balance], names: Mapping[str, str]) -> Table:
    heads = (
        Head("budget"),
        Head("used", is_number=True),
        Head("of", is_number=True),
        Head("left", is_number=True),
        Head("held", is_number=True, is_wide=True),
        Head("when it is spent", is_wide=True),
        Head("renews", is_wide=True, is_whole=True),
    )
    rows = [
        (
            Cell(
                names.get(each.account, each.account),
                bar=min(_share(each), 1.0),
                tone="bad" if _share(each) >= _FULL else _TONES[each.unit],
                note=f"{words.per_cent(_share(each))} of its {each.per}",
            ),
            Cell(figures.unit(each.unit, each.spent)),
            Cell(figures.unit(each.unit, each.limit)),
            Cell(figures.unit(each.unit, each.left), tone="bad" if each.left < 0 else ""),
            Cell(figures.unit(each.unit, each.held)),
            Cell("refuses" if each.hard else "alerts"),
            Cell(f"{each.renews:%Y-%m-%d}"),
        )
        for each in sorted(balances, key=_share, reverse=True)
    ]
    nothing = "None is set; `jevons budgets set` sets one."
    return Table("Budgets, the fullest first", heads, rows, nothing=nothing)


def _accounts(accounts: Mapping[str, Account], used: Mapping[str, Bill]) -> Table:
    heads = (
        Head("account"),
        Head("level"),
        Head("answers", is_number=True),
        Head("cost", is_number=True),
        Head("energy", is_number=True, is_wide=True),
        Head("CO₂e", is_number=True, is_wide=True),
    )
    rows = [
        (Cell("\N{EM SPACE}" * depth + each.name), Cell(each.level), *_came_to(used.get(each.name)))
        for depth, each in _tree(accounts)
    ]
    return Table("Accounts", heads, rows)


def _tree(accounts: Mapping[str, Account]) -> Iterator[tuple[int, Account]]:
    """Order accounts as the tree has them; those whose upper one may not be seen are at the top."""

    def below(name: str, depth: int) -> Iterator[tuple[int, Account]]:
        for each in sorted(accounts.values(), key=lambda one: one.name):
            if each.under == name:
                yield depth, each
                yield from below(each.name, depth + 1)

    for each in sorted(accounts.values(), key=lambda one: one.name):
        if each.under not in accounts:
            yield 0, each
            yield from below(each.name, 1)


def _came_to(did: Bill | None) -> tuple[Cell, ...]:
    did = did or NOTHING
    return (
        Cell(words.count(did.requests)),
        Cell(words.money(did.cost_nusd), note=f"+ {words.count(did.unpriced)} unknown"
             if did.unpriced else ""),
        Cell(words.energy(did.energy_mj)),
        Cell(words.carbon(did.carbon_mg)),
    )  # fmt: skip


def _keys(
    actors: Sequence[Actor],
    limits: Mapping[str, Limit],
    used: Mapping[str, Bill],
    newest: Mapping[str, int],
) -> Table:
    heads = (
        Head("key"),
        Head("charged to"),
        Head("may reach", is_wide=True),
        Head("limit", is_wide=True),
        Head("last asked", is_whole=True),
        Head("answers", is_number=True),
        Head("cost", is_number=True),
        Head("energy", is_number=True, is_wide=True),
        Head("CO₂e", is_number=True, is_wide=True),
    )
    rows = [
        (
            Cell(each.name, note=each.key),
            Cell(each.account[0]),
            Cell("anywhere" if each.places is None else ", ".join(sorted(each.places))),
            Cell(_limit(limits.get(each.key) or limits.get(each.account[0]))),
            _last(each, newest),
            *_came_to(used.get(each.key)),
        )
        for each in actors
    ]
    return Table("Keys", heads, rows, nothing="None; `jevons keys create NAME` makes one.")


def _last(actor: Actor, newest: Mapping[str, int]) -> Cell:
    if actor.revoked:
        return Cell("revoked", tone="bad")
    at_ms = newest.get(actor.key)
    return Cell("not this month" if at_ms is None else words.day(at_ms))


def _limit(limit: Limit | None) -> str:
    if limit is None:
        return "none"
    parts = [
        f"{words.count(limit.requests)} requests a minute" if limit.requests else "",
        f"{words.tokens(limit.tokens)} tokens a minute" if limit.tokens else "",
        f"{words.count(limit.parallel)} at once" if limit.parallel else "",
    ]
    return ", ".join(part for part in parts if part)
