"""Where data went, and what data it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.dashboard import words
from jevons.dashboard.blocks import Cell, Head, Section, Table, View, chart_of
from jevons.dashboard.chart import Link, flow
from jevons.reports import bill

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.dashboard.days import Days
    from jevons.reports import Bill
    from jevons.reports.tally import Tally
    from jevons.types.model import Endpoint

__all__ = ("NEEDS", "places")

NEEDS = frozenset({"endpoint", "host", "place", "data_class", "method", "ended"})
"""Fields that have to be told apart."""

_CLASSES = ("special", "personal", "internal", "public")
_HERE = "on-prem"
_NOBODY = "nobody"


def places(tallies: Sequence[Tally], endpoints: Sequence[Endpoint], days: Days) -> View:
    """Make the page.

    Args:
        tallies: By the day, told apart by `NEEDS`.
        endpoints: Those there are, for who owns them.
        days: Which count.
    """
    went = bill(tallies, by=("class", "place"))
    whole = sum(each.requests for each in went.values())
    if not whole:
        return View("Places", f"No answers from {days.says}.")
    links = [
        Link(
            data_class,
            _named(place),
            each.requests,
            data_class,
            f"{data_class} data to {_named(place)}: {words.count(each.requests)} requests, "
            f"{words.tokens(each.read)} tokens read",
        )
        for (data_class, place), each in sorted(
            went.items(), key=lambda item: (_CLASSES.index(item[0][0]), -item[1].requests)
        )
    ]
    return View(
        title="Places",
        says=_says(went, whole, days),
        sections=(
            Section(
                "From what data it was to where it went",
                "Ribbons are as wide as there were requests.",
                charts=(
                    chart_of(
                        "Requests by class of data and place",
                        lambda width: flow(
                            links, width=width, label="Requests by class of data and place",
                            write=words.count,
                        ),
                        table=_classes(went),
                    ),
                ),
            ),
            Section("Who has it", table=_hosts(tallies, endpoints, days)),
        ),
    )  # fmt: skip


def _named(place: str) -> str:
    return {"unknown": "unknown place", _NOBODY: "nowhere, nobody answered"}.get(place, place)


def _says(went: Mapping[tuple[str, ...], Bill], whole: int, days: Days) -> str:
    here = sum(each.requests for (_, place), each in went.items() if place == _HERE)
    grave = {
        place: each.requests
        for (data_class, place), each in went.items()
        if data_class in {"personal", "special"} and place not in {_HERE, _NOBODY}
    }
    stayed = f"{words.per_cent(here / whole)} of requests stayed on premises, from {days.says}."
    if not grave:
        return f"{stayed} No personal data left them."
    where = ", ".join(sorted({_named(place) for place in grave}))
    return f"{stayed} Personal data went to {where}."


def _classes(went: Mapping[tuple[str, ...], Bill]) -> Table:
    heads = (
        Head("class"),
        Head("place"),
        *[Head(name, is_number=True) for name in ("requests", "read", "written")],
    )
    rows = [
        (
            Cell(data_class),
            Cell(_named(place)),
            Cell(words.count(each.requests)),
            Cell(words.tokens(each.read)),
            Cell(words.tokens(each.written)),
        )
        for (data_class, place), each in went.items()
    ]
    return Table("By class of data and place", heads, rows)


def _hosts(tallies: Sequence[Tally], endpoints: Sequence[Endpoint], days: Days) -> Table:
    known = {each.name: each for each in endpoints}
    found = bill(tallies, by=("endpoint", "host", "place"))
    ordered = sorted(found.items(), key=lambda item: -item[1].requests)
    most = max(each.requests for each in found.values())
    heads = (
        Head("endpoint"),
        Head("place", is_whole=True),
        Head("host", is_wide=True),
        Head("owned in", is_wide=True),
        Head("kept", is_wide=True),
        Head("trains on it", is_wide=True),
        Head("requests", is_number=True),
        Head("tokens read", is_number=True),
    )
    rows = [
        (
            Cell(endpoint, bar=each.requests / most, tone="plain"),
            Cell(_named(place)),
            Cell(host),
            *_custody(known.get(endpoint)),
            Cell(words.count(each.requests)),
            Cell(words.tokens(each.read)),
        )
        for (endpoint, host, place), each in ordered
    ]
    return Table("By endpoint", heads, rows)


def _custody(endpoint: Endpoint | None) -> tuple[Cell, Cell, Cell]:
    if endpoint is None:
        return Cell("not in the settings"), Cell(""), Cell("")
    said = endpoint.custody
    days = said.retention_days
    kept = "unknown" if days is None else "nothing" if days == 0 else f"{days} days"
    trains = {None: "unknown", True: "yes", False: "no"}[said.trains]
    return Cell(said.owner), Cell(kept), Cell(trains, tone="bad" if said.trains else "")
