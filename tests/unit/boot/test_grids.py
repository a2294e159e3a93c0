"""A source of carbon is asked only where it is named, and fails aloud."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jevons.boot import grids as opening
from jevons.boot.grids import GROUP, open_grids
from jevons.catalog import grids
from jevons.settings import HouseSettings, Settings
from jevons.types.errors import Misconfigured
from jevons.types.model import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable

LIVE = Grid(place="DE", gco2e_per_kwh=211.0, fold=1.05, source="a live source, now")
asked = list[str]()


def good() -> Iterable[Grid]:
    asked.append("good")
    return [LIVE]


def bare() -> Iterable[Grid]:
    return [Grid(place="DE", gco2e_per_kwh=211.0, fold=1.05, source="")]


def odd() -> Iterable[object]:
    return ["DE"]


def broken() -> Iterable[Grid]:
    message = "no network"
    raise OSError(message)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint(name=name, value=f"{__name__}:{name}", group=GROUP)
        for name in ("good", "bare", "odd", "broken")
    ]

    def entry_points(*, group: str) -> EntryPoints:
        return EntryPoints(points).select(group=group)

    asked.clear()
    monkeypatch.setattr(opening, "entry_points", entry_points)


def named(name: str) -> Settings:
    return Settings(data_dir=Path(), house=HouseSettings(grid_source=name))


def test_nobody_is_asked_unless_named() -> None:
    assert open_grids(named("")) is grids()
    assert asked == []


def test_what_a_source_says_goes_before_what_ships() -> None:
    found = open_grids(named("good"))
    assert found["DE"] == LIVE
    assert found["FR"] == grids()["FR"]
    assert asked == ["good"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none", "sources: bare, broken, good, odd"),
        ("bare", "say whose figure it is"),
        ("odd", "which is no Grid"),
        ("broken", "failed: OSError: no network"),
    ],
)
def test_a_source_that_cannot_be_stops_the_start(name: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        open_grids(named(name))
