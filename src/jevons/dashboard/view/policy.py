"""May it go, and where: asked of the rules, without sending anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from jevons.dashboard import words
from jevons.dashboard.blocks import Cell, Head, Section, Table, View
from jevons.types.custody import REGION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.dashboard.doors import Weighed

__all__ = ("CLASSES", "Asked", "asked_of", "policy")

CLASSES = ("", "public", "internal", "personal", "special")


class Asked(NamedTuple):
    """What somebody wants to know."""

    model: str = ""
    data_class: str = ""
    region: str = ""
    key: str = ""


def asked_of(query: Mapping[str, str]) -> Asked:
    """Read a question; what cannot be is taken as not said."""
    data_class, region = query.get("class", ""), query.get("region", "").strip().upper()
    return Asked(
        query.get("model", "").strip(),
        data_class if data_class in CLASSES else "",
        region if re.fullmatch(REGION, region) else "",
        query.get("key", "").strip(),
    )


def policy(profile: str, asked: Asked, weighed: Sequence[Weighed]) -> View:
    """Make the page."""
    allowed = sum(each.is_allowed for each in weighed)
    what = asked.data_class or "the house's usual"
    about = f" of people in {asked.region}" if asked.region else ""
    switched = f"The profile {profile} is switched on." if profile else "No profile is switched on."
    return View(
        title="Policy",
        says=f"{switched} {what.capitalize()} data{about} may go to {words.count(allowed)} of "
        f"{words.count(len(weighed))} endpoints.",
        sections=(Section("Where it may go", table=_table(weighed)),),
    )


def _table(weighed: Sequence[Weighed]) -> Table:
    heads = (Head("endpoint"), Head("may it go"), Head("says"))
    ordered = sorted(weighed, key=lambda each: not each.is_allowed)
    rows = [
        (
            Cell(each.endpoint),
            Cell("yes" if each.is_allowed else "no", tone="good" if each.is_allowed else "bad"),
            Cell(each.says, note=f"if {' and '.join(each.wants)}" if each.wants else ""),
        )
        for each in ordered
    ]
    return Table("Where it may go", heads, rows, nothing="No endpoint is set.")
