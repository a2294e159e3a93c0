"""What an import works on, and what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from jevons.imports.account import Account
from jevons.imports.row import Row, name_rows, settle_products
from jevons.imports.secret import Keys
from jevons.imports.write import write_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.imports.account import Fate
    from jevons.imports.secret import Needed
    from jevons.imports.tree import Path

__all__ = ("Draft", "Imported", "Unmade")

_HEAD = (
    "From a configuration of {gateway}, by `jevons import {command}`, {today}.\n"
    "Keys are read from the environment. Everything that can be set: docs/reference/settings.md"
)
_NO_ENGINE = "the other gateway had no model of its own, so [engine] is off; see `jevons models`"


class Unmade(Exception):
    """No endpoint can be made of something; the message says why."""


class Imported(NamedTuple):
    """Another gateway's configuration as ours."""

    toml: str
    endpoints: tuple[str, ...]
    """Their names."""
    fates: tuple[Fate, ...]
    """Of every leaf, in the configuration's order."""
    needed: tuple[Needed, ...]
    """Environment variables to set."""
    notes: tuple[str, ...]
    """What is otherwise here although the configuration does not say anything of it."""


class Draft:
    """A configuration half way between two gateways.

    Args:
        tree: The other gateway's.
        environ: For what it takes from the environment and is no secret, as an address.
        today: `YYYY-MM-DD`.
    """

    def __init__(self, tree: object, *, environ: Mapping[str, str], today: str) -> None:
        self.account = Account(tree)
        self.keys = Keys()
        self.rows: list[Row] = []
        self.settings: dict[str, dict[str, Any]] = {"engine": {"enabled": False}}
        self.notes: list[str] = [_NO_ENGINE]
        self.environ = environ
        self.today = today

    def drop_doubles(self) -> None:
        """Drop what a pattern gives where an entry of its own has the name."""
        listed = {row.wants[0] for row in self.rows if row.is_listed}
        self.rows = [row for row in self.rows if row.is_listed or row.wants[0] not in listed]

    def name_endpoints(self) -> None:
        """Settle models and names of all rows."""
        settle_products(self.rows)
        name_rows(self.rows)

    def rows_by_path(self) -> dict[Path, list[Row]]:
        """Sort rows by what they were made from."""
        sorted_: dict[Path, list[Row]] = {}
        for row in self.rows:
            sorted_.setdefault(row.path, []).append(row)
        return sorted_

    def close(self, *, gateway: str, command: str, otherwise: str) -> Imported:
        """Write it all down.

        Args:
            gateway: The other one's name.
            command: The word for it on our command line.
            otherwise: Why a leaf that nobody spoke of was left.
        """
        tree: dict[str, object] = {**self.settings}
        tree["endpoint"] = [row.table() for row in self.rows]
        head = _HEAD.format(gateway=gateway, command=command, today=self.today)
        return Imported(
            toml=write_toml(tree, head=head),
            endpoints=tuple([row.name for row in self.rows]),
            fates=self.account.close(otherwise),
            needed=self.keys.needed,
            notes=tuple(self.notes),
        )

    def tell_names(self, path: Path, rows: list[Row]) -> None:
        """Say of the leaf that names rows how they can be asked now."""
        says = "; ".join([_told(row) for row in rows]) or "each has an entry of its own"
        if any(row.refused for row in rows):
            why = "a name gives one model here, and its name gives another"
            self.account.changed(path, f"{says}: {why}")
        else:
            self.account.carried(path, says)


def _told(row: Row) -> str:
    also = [*row.aliases, *([row.model] if row.model != row.name else [])]
    names = ", ".join([repr(name) for name in also])
    return f"endpoint {row.name!r}, also {names}" if also else f"endpoint {row.name!r}"
