"""The page of `auto` says what holds now, and never that something holds that does not."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from jevons.dashboard.view.auto import auto
from jevons.reports import Interval, NoFigure, Saved
from jevons.types.account import Certified

DAY_MS = 86_400_000
BEGAN = Certified(
    at_ms=DAY_MS,
    id="cert_1",
    policy="00" * 32,
    reference="dear",
    arms=("dear", "cheap"),
    loss=0.02,
    confidence=0.95,
    labels=500,
    estimate=0.001,
    bound=0.018,
    until_ms=31 * DAY_MS,
)
BOLDER = replace(BEGAN, at_ms=2 * DAY_MS, id="cert_2", until_ms=32 * DAY_MS)
ENDED = replace(BOLDER, at_ms=3 * DAY_MS, ended="quality")


def told(**fields: Any) -> Saved:
    usual = Saved(
        chosen={"certified": 30, "uncertified": 10},
        arms={"dear": 25, "cheap": 15},
        turns=(),
        share=NoFigure("too few"),
        saved_nusd=0.0,
        graded_nusd=7,
        unknown=0,
        energy=NoFigure("too few"),
        carbon=NoFigure("too few"),
        repeated=3,
        spared_nusd=2_000_000_000,
        spared_mj=0.0,
        days={"2026-11-01": {"dear": 10}, "2026-11-02": {"dear": 5, "cheap": 15}},
    )
    return usual._replace(**fields)


def test_a_house_without_auto_is_told_how_to_have_it() -> None:
    view = auto(told(chosen={}, days={}), now_ms=0)
    assert "[auto] in jevons.toml" in view.says
    assert view.sections == ()


def test_what_nobody_certified_is_not_promised() -> None:
    view = auto(told(), now_ms=0)
    assert view.says.startswith("No certificate holds")
    assert view.figures[1].value == "no figure"
    assert (view.figures[4].value, view.figures[4].note) == ("3", "would have cost $2.00 anew")
    assert view.sections[1].table is not None
    assert view.sections[1].table.rows == []


def test_what_holds_is_said_until_it_ends() -> None:
    view = auto(told(turns=(BEGAN, BOLDER)), now_ms=4 * DAY_MS)
    assert view.says == (
        "At most 2.0 % worse than dear, 95 % sure, until 1970-02-02; shown on 500 graded prompts."
    )
    over = auto(told(turns=(BEGAN, BOLDER, ENDED)), now_ms=4 * DAY_MS)
    assert over.says.startswith("No certificate holds")
    late = auto(told(turns=(BEGAN,)), now_ms=40 * DAY_MS)
    assert late.says.startswith("No certificate holds")


def test_each_class_of_traffic_has_its_own() -> None:
    other = replace(BOLDER, tenant="research", traffic="json")
    assert "until 1970-02-02, for research json; shown" in auto(told(turns=(other,)), now_ms=0).says
    view = auto(told(turns=(BEGAN, other)), now_ms=4 * DAY_MS)
    assert view.says == "2 certificates hold, each of some of the traffic."
    table = view.sections[1].table
    assert table is not None
    assert [(row[1].text, row[1].note) for row in table.rows] == [
        ("research", "json"),
        ("the house", ""),
    ]
    assert {row[7].note for row in table.rows} == {"holds"}


def test_each_certificate_stands_with_when_and_why_it_ended() -> None:
    table = auto(told(turns=(BEGAN, BOLDER, ENDED)), now_ms=4 * DAY_MS).sections[1].table
    assert table is not None
    ends = [(row[7].text, row[7].note) for row in table.rows]
    assert ends == [("1970-01-04 00:00", "quality"), ("1970-01-03 00:00", "a bolder one")]


def test_a_saving_has_its_interval_and_a_loss_is_not_shown_as_one() -> None:
    view = auto(told(share=Interval(-0.01, 0.4, 0.5), turns=(BEGAN,)), now_ms=DAY_MS)
    assert (view.figures[1].value, view.figures[1].note) == ("40 %", "-1.0 % to 50 %")


def test_each_day_has_the_share_that_did_without_the_reference() -> None:
    view = auto(told(turns=(BEGAN,)), now_ms=DAY_MS)
    table = view.sections[0].charts[0].table
    assert table is not None
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["2026-11-01", "0.0 %", "10"],
        ["2026-11-02", "75 %", "20"],
    ]
