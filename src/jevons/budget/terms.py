"""Terms: which accounts there are, and what holds for each.

Rule 1: terms never change; others take their place. So they may be made on one thread and
    read on another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.types.budget import DEFAULT_LINE, HOUSE, PROJECT, Account, Alert, Budget, Limit
from jevons.types.errors import Malformed, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jevons.types.actor import Actor
    from jevons.types.budget import Level

__all__ = ("Terms", "admitted", "limits_in", "line_of")

_FIRST: Mapping[str, Account] = MappingProxyType(
    {
        HOUSE: Account(at_ms=0, name=HOUSE, level="organisation"),
        PROJECT: Account(at_ms=0, name=PROJECT, level="project", under=HOUSE),
    }
)

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")

_ABOVE: Mapping[Level, tuple[str, ...]] = MappingProxyType(
    {"organisation": ("",), "team": ("organisation",), "project": ("team", "organisation")}
)
"""What an account of a level may be part of."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What stands at one moment."""

    accounts: Mapping[str, Account] = field(default_factory=lambda: _FIRST)
    """By name; those that are there without being made too."""
    budgets: Mapping[str, tuple[Budget, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """By account or key."""
    limits: Mapping[str, Limit] = field(default_factory=lambda: MappingProxyType({}))
    """By account or key."""
    alerts: frozenset[str] = frozenset()
    """Names of those that were given."""

    @classmethod
    def of(cls, records: Iterable[Account | Budget | Limit | Alert]) -> Terms:
        """Make terms from records, of which each is the last of its name."""
        accounts, budgets, limits = dict(_FIRST), dict[str, list[Budget]](), dict[str, Limit]()
        alerts: set[str] = set()
        for record in records:
            match record:
                case Account():
                    accounts[record.name] = record
                case Budget():
                    if _is_set(record.cost_nusd, record.energy_mj, record.carbon_ug):
                        budgets.setdefault(record.account, []).append(record)
                case Limit():
                    if _is_set(*limits_in(record)):
                        limits[record.account] = record
                case _:
                    alerts.add(record.name)
        return cls(
            MappingProxyType(accounts),
            MappingProxyType({name: tuple(some) for name, some in budgets.items()}),
            MappingProxyType(limits),
            frozenset(alerts),
        )

    def covers(self, actor: Actor) -> bool:
        """Whether anything that a key is charged to has a budget."""
        budgets = self.budgets
        return bool(budgets) and (
            actor.key in budgets or any(name in budgets for name in actor.account)
        )

    def line(self, project: str) -> tuple[str, ...]:
        """List a project and what it is part of.

        Raises:
            NotFound: There is no such account.
            Malformed: It is not a project.
        """
        found = self.accounts.get(project)
        if found is None:
            message = f"no account {project!r}; `jevons accounts list` lists them"
            raise NotFound(message)
        if found.level != "project":
            message = f"{project!r} is of level {found.level}; keys belong to projects"
            raise Malformed(message)
        names = [project]
        while found.under:
            found = self.accounts[found.under]
            names.append(found.name)
        return tuple(names)


def limits_in(limit: Limit) -> tuple[int | None, ...]:
    """List the figures of a limit."""
    return limit.requests, limit.tokens, limit.parallel, limit.reasoning, limit.steps


def admitted(account: Account, terms: Terms) -> Account:
    """Let an account be made.

    Raises:
        Malformed: Its name is taken or cannot be one, or it cannot be where it is to be.
        NotFound: There is no such account to be under.
    """
    name, level, under = account.name, account.level, account.under
    if not _NAME.fullmatch(name) or name.startswith("key_"):
        message = (
            f"{name!r} cannot be an account's name: up to 63 of a-z, 0-9, '-', '_' and '.', "
            "the first a letter or a digit, and not beginning with 'key_'"
        )
        raise Malformed(message)
    if name in terms.accounts:
        message = f"there is an account {name!r}, a {terms.accounts[name].level}; names stand once"
        raise Malformed(message)
    if under and under not in terms.accounts:
        message = f"no account {under!r}; `jevons accounts list` lists them"
        raise NotFound(message)
    above = terms.accounts[under].level if under else ""
    if above not in _ABOVE[level]:
        accepted = " or ".join(f"under {_article(each)}" for each in _ABOVE[level])
        message = f"{_article(level)} cannot be under {_article(above)}; it may be {accepted}"
        raise Malformed(message)
    return account


def _article(level: str) -> str:
    if not level:
        return "nothing"
    return f"an {level}" if level == "organisation" else f"a {level}"


def line_of(key: str, account: tuple[str, ...]) -> tuple[str, ...]:
    """List everything that is charged, the key first; records of old name no account."""
    return (key, *(account or DEFAULT_LINE))


def _is_set(*figures: int | None) -> bool:
    return any(figure is not None for figure in figures)
