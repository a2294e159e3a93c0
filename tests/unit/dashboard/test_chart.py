"""A drawing holds each figure at its place, says it in words, and has no look of its own."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from jevons.dashboard.chart import (
    Column,
    Dot,
    Fall,
    Link,
    Part,
    Point,
    Stair,
    Step,
    columns,
    flow,
    line,
    plane,
    scatter,
    share,
    waterfall,
)
from jevons.dashboard.chart.svg import el, log_ticks, ticks


def parsed(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314 our own


def tips(markup: str) -> list[str]:
    return [each.text or "" for each in parsed(markup).iter("title")]


def plain(figure: float) -> str:
    return f"{figure:g}"


DRAWINGS = {
    "columns": columns(
        [Column("1 Nov", 10, "ten", 5, 20), Column("2 Nov", 5, "five")],
        width=300, label="a", tone="money", write=plain,
    ),
    "line": line(
        [Point("1", 1, 0.5, 2, "one"), Point("2", None), Point("3", 3, 3, 3, "three")],
        width=300, label="a", tone="energy", write=plain,
    ),
    "log line": line([Point("1", 1, 1, 1, "one")], width=300, label="a", tone="x", write=plain, is_log=True),
    "no line": line([Point("1", None)], width=300, label="a", tone="energy", write=plain),
    "waterfall": waterfall(
        [
            Fall("before", "", 10, 8, 12, is_total=True),
            Fall("more", "of it", 5, 4, 6),
            Fall("less", "of it", -8, -9, -7),
            Fall("after", "", 7, 6, 8, is_total=True),
        ],
        width=800, label="a", write=plain,
    ),
    "plane": plane(
        [Step("a week", 1, 1, "it began"), Step("another", 4, 1.5, "it ended")],
        width=400, height=300, label="a",
    ),
    "flow": flow(
        [Link("public", "FR", 3, "public", "three"), Link("special", "on-prem", 0, "special", "none")],
        width=400, label="a", write=plain,
    ),
    "share": share([Part("a long name", 0.9, "money", "ninety"), Part("another", 0.1, "x")], width=200, label="a"),
    "scatter": scatter(
        [Dot("a", 0.5, 10, "us", "ten", is_named=True), Dot("b", 0.51, 10, "us", "also", is_named=True)],
        width=400, height=300, label="a", write=plain, below=((0.5, "half"),),
        stairs=(Stair("all", ((0.1, 5), (0.9, 2))),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("markup", DRAWINGS.values(), ids=DRAWINGS)
def test_a_drawing_is_whole_has_a_label_and_neither_colours_nor_styles(markup: str) -> None:
    drawn = parsed(markup)
    assert (drawn.tag, drawn.get("role"), drawn.get("aria-label")) == ("svg", "img", "a")
    for each in drawn.iter():
        assert not {"style", "fill", "stroke"} & set(each.keys())
        assert "nan" not in "".join(each.attrib.values()).split()


def test_columns_are_as_tall_as_their_figures() -> None:
    marks = [
        each for each in parsed(DRAWINGS["columns"]).iter("rect") if "mark" in each.get("class", "")
    ]
    tall, short = [float(each.get("height", "")) for each in marks]
    assert tall == pytest.approx(2 * short, rel=1e-3)
    assert tips(DRAWINGS["columns"]) == ["ten", "five"]


def test_a_line_is_broken_where_a_figure_is_not_known() -> None:
    lines = [
        each for each in parsed(DRAWINGS["line"]).iter("path") if "line" in each.get("class", "")
    ]
    assert len(lines) == 2
    assert tips(DRAWINGS["line"]) == ["one", "three"]


def test_falls_begin_where_the_last_one_ended() -> None:
    marks = parsed(DRAWINGS["waterfall"]).iter("rect")
    before, more, less, after = [
        (float(each.get("x", "")), float(each.get("width", ""))) for each in marks
    ]
    assert more[0] == pytest.approx(before[0] + before[1], abs=0.01)
    assert less[0] + less[1] == pytest.approx(more[0] + more[1], abs=0.01)
    assert after == pytest.approx((before[0], before[1] * 0.7), abs=0.01)


def test_ribbons_are_as_wide_as_what_went() -> None:
    assert tips(DRAWINGS["flow"]) == ["three", "none"]
    assert "public · 3" in DRAWINGS["flow"]


def test_of_two_names_at_one_place_one_is_written() -> None:
    names = [each.text for each in parsed(DRAWINGS["scatter"]).iter("text")]
    assert "a" in names
    assert "b" not in names


def test_text_is_escaped() -> None:
    assert el("text", "<b>&", tip='"') == "<text><title>&#34;</title>&lt;b&gt;&amp;</text>"


def test_scales_have_round_figures() -> None:
    assert ticks(0, 10) == [0, 2.5, 5, 7.5, 10]
    assert ticks(3, 3) == [3]
    assert log_ticks(0.4, 6) == [0.5, 1, 2, 5]
    assert log_ticks(0.01, 1e6) == [0.01, 0.1, 1, 10, 100, 1000, 1e4, 1e5, 1e6]
