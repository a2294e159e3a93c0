"""What pages are made of: figures, tables and charts, with nothing of how they look."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.reports import Bill

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

__all__ = (
    "DESK_PX",
    "NOTHING",
    "PHONE_PX",
    "Cell",
    "Chart",
    "Figure",
    "Head",
    "Section",
    "Table",
    "View",
    "chart_of",
    "small_of",
)

PHONE_PX, DESK_PX, SMALL_PX = 352, 864, 272
"""Widths for which charts are drawn."""

NOTHING = Bill.of(())
"""What no answers come to."""


class Figure(NamedTuple):
    """One that a page begins with."""

    name: str
    value: str
    note: str = ""
    tone: str = ""


class Cell(NamedTuple):
    """Of a table."""

    text: str
    link: str = ""
    bar: float | None = None
    """From 0 to 1: drawn below the text."""
    tone: str = ""
    note: str = ""


class Head(NamedTuple):
    """Of a column."""

    name: str
    is_number: bool = False
    is_whole: bool = False
    """Whether what stands in it is never parted into lines."""
    is_wide: bool = False
    """Left out where there is little room."""


class Table(NamedTuple):
    """Rows of cells; the first cell of each names it."""

    caption: str
    heads: tuple[Head, ...]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] = ()
    nothing: str = "Nothing yet."


class Chart(NamedTuple):
    """Drawings of one thing, and its figures as a table."""

    title: str
    wide: Markup
    narrow: Markup
    """For a phone."""
    note: str = ""
    table: Table | None = None


def chart_of(
    title: str, draw: Callable[[float], Markup], *, note: str = "", table: Table | None = None
) -> Chart:
    """Draw for a desk and for a phone."""
    return Chart(title, draw(DESK_PX), draw(PHONE_PX), note, table)


def small_of(
    title: str, draw: Callable[[float], Markup], *, note: str = "", table: Table | None = None
) -> Chart:
    """Draw one of several that stand beside each other on a desk."""
    return Chart(title, draw(SMALL_PX), draw(PHONE_PX), note, table)


class Section(NamedTuple):
    """A part of a page."""

    title: str
    says: str = ""
    charts: tuple[Chart, ...] = ()
    is_small: bool = False
    """Whether its charts stand beside each other."""
    table: Table | None = None
    notes: tuple[str, ...] = ()
    id: str = ""


class View(NamedTuple):
    """A page, before it is written."""

    title: str
    says: str
    """One sentence: what it comes to."""
    figures: tuple[Figure, ...] = ()
    sections: tuple[Section, ...] = ()
