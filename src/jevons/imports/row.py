"""Endpoints in the making, and the names they end up with.

Rule 1: a name gives one model, today and tomorrow. Where a configuration gives several under one
    name, the name stays with the first, and the others are told apart.
Rule 2: a name that is wanted by one endpoint alone is that endpoint's own; a name that several
    share is an alias of each.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.imports.source import Source
    from jevons.imports.tree import Path

__all__ = ("Row", "name_rows", "settle_products", "tail_of")


@dataclass(slots=True, kw_only=True, eq=False)
class Row:
    """An endpoint in the making."""

    path: Path
    """What it was made from."""
    wants: list[str]
    """Names that callers use for it, its own first."""
    source: Source
    upstream: str
    """What its server calls the model."""
    model: str
    """`vendor/name`; empty where the server's name for it is the operator's own invention."""
    label: str = ""
    """What to call it where no name is its alone."""
    is_listed: bool = True
    """Whether the configuration names it; else a pattern of it does."""
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    """Everything else that is set of it."""
    name: str = ""
    aliases: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    """Names that it wanted and cannot have."""

    def table(self) -> dict[str, object]:
        """Write it as an `[[endpoint]]`."""
        where = self.source
        said: dict[str, object] = {"name": self.name, "model": self.model}
        known = self.model.removeprefix(f"{where.vendor}/") if where.vendor else self.model
        optional = {
            "upstream_model": self.upstream if known != self.upstream else "",
            "vendor": where.vendor,
            "vendor_host": where.host,
            "url": where.url,
            "dialect": where.dialect or "",
            "aliases": self.aliases,
        }
        return said | {name: value for name, value in optional.items() if value} | self.settings


def tail_of(model: str) -> str:
    """What two spellings of one model have in common: its last part, in small letters."""
    return model.rpartition("/")[2].lower()


def settle_products(rows: Sequence[Row]) -> None:
    """Decide which rows are of one model, and give these its one id.

    A row whose model nobody says is taken for the model of those that it shares a name with.
    Two spellings of a model are one where a name is shared, since the configuration says so.
    """
    claims = _claims(rows)
    for row in rows:
        if not row.model:
            sharing = [each for name in row.wants for each in claims[name] if each.model]
            who = row.source.vendor or "unknown"
            row.model = sharing[0].model if sharing else f"{who}/{row.wants[0]}"
    same = _Same()
    for row in rows:
        spelled = [(name, tail_of(row.model)) for name in row.wants]
        for each in spelled:
            same.join(each, spelled[0])
    ids: dict[_Spelled, str] = {}
    for row in rows:
        row.model = ids.setdefault(same.find((row.wants[0], tail_of(row.model))), row.model)


def name_rows(rows: Sequence[Row]) -> None:
    """Give each row its name and aliases. Their models are settled before."""
    claims = _claims(rows)
    models = Counter([row.model for row in rows])
    holders = Counter([(name, row.model) for row in rows for name in row.wants])
    taken = dict.fromkeys([*models, *claims], 0)
    for row in rows:
        row.refused = [name for name in row.wants if not _may_have(row, name, claims, models)]
        held = [name for name in row.wants if name not in row.refused]
        own = [name for name in held if _is_alone(row, name, holders, models)]
        row.name = own[0] if own else _free(row.label or row.wants[0], taken)
        taken.setdefault(row.name, 0)
        row.aliases = [name for name in held if name not in {row.name, row.model}]


_Spelled = tuple[str, str]  # a name, and the last part of what it means


class _Same:
    """Which spellings are one: a forest, after Galler and Fischer (1964)."""

    def __init__(self) -> None:
        self._above: dict[_Spelled, _Spelled] = {}

    def find(self, spelled: _Spelled) -> _Spelled:
        """Find the one that stands for all that are the same."""
        while (above := self._above.get(spelled, spelled)) != spelled:
            self._above[spelled] = self._above.get(above, above)
            spelled = above
        return spelled

    def join(self, one: _Spelled, other: _Spelled) -> None:
        """Make two the same."""
        self._above[self.find(one)] = self.find(other)


def _claims(rows: Sequence[Row]) -> dict[str, list[Row]]:
    claims: dict[str, list[Row]] = {}
    for row in rows:
        for name in row.wants:
            claims.setdefault(name, []).append(row)
    return claims


def _may_have(row: Row, name: str, claims: dict[str, list[Row]], models: Counter[str]) -> bool:
    """Whether whatever else answers to a name is of the same model."""
    if name in models and name != row.model:
        return False
    return claims[name][0].model == row.model


def _is_alone(row: Row, name: str, holders: Counter[_Spelled], models: Counter[str]) -> bool:
    """Whether nothing but this row answers to a name that it may have."""
    return holders[name, row.model] == 1 and models[name] == (name == row.model)


def _free(wanted: str, taken: dict[str, int]) -> str:
    """Find a name that is not taken; `taken` remembers how far it was counted for each."""
    name = wanted
    while name in taken:
        taken[wanted] += 1
        name = f"{wanted}-{taken[wanted]}"
    return name
