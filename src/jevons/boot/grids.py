"""Carbon of electricity: what ships with jevons, under what a source of the operator's own says.

Rule 1: a source is asked only where `house.grid_source` names it, never because it is installed.
Rule 2: it is asked once, at the start; what it does not know stays as it ships.
Rule 3: a source that fails stops the start: a figure that was to be live is never silently old.

A source is an entry point of the group `jevons.grids`: a function that takes nothing and gives an
iterable of `jevons.types.model.Grid`, each with whose figure it is and of when.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.catalog import grids
from jevons.types.errors import Misconfigured
from jevons.types.model import Grid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jevons.settings import Settings

__all__ = ("GROUP", "open_grids")

GROUP = "jevons.grids"


def open_grids(settings: Settings) -> Mapping[str, Grid]:
    """Read the carbon intensity of every place that is known.

    Raises:
        Misconfigured: The source that is named is not installed, failed, or says what cannot be.
    """
    name = settings.house.grid_source
    if not name:
        return grids()
    found = {each.name: each for each in entry_points(group=GROUP)}
    if name not in found:
        there = ", ".join(sorted(found)) or "none is installed"
        message = f"house.grid_source is {name!r}; sources: {there}"
        raise Misconfigured(message)
    try:
        source: Callable[[], Iterable[Grid]] = found[name].load()
        rows = [*source()]
    except Exception as error:  # it is somebody else's code, and may raise anything
        message = f"house.grid_source {name!r} failed: {type(error).__name__}: {error}"
        raise Misconfigured(message) from error
    for row in rows:
        _refuse(name, row)
    return MappingProxyType({**grids(), **{row.place: row for row in rows}})


def _refuse(name: str, row: object) -> None:
    if not isinstance(row, Grid):
        message = f"house.grid_source {name!r} gave {row!r}, which is no Grid"
        raise Misconfigured(message)
    if not (0 < row.gco2e_per_kwh < _MOST and 1 <= row.fold < _WIDEST and row.source):
        message = (
            f"house.grid_source {name!r} says {row.gco2e_per_kwh} g a kilowatt-hour of "
            f"{row.place!r}, within a factor of {row.fold}, by {row.source!r}; it must be between 0 "
            f"and {_MOST}, a factor of 1 or more, and say whose figure it is"
        )
        raise Misconfigured(message)


_MOST, _WIDEST = 3000.0, 10.0
