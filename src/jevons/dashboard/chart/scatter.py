"""Dots and steps over two figures, the second on a scale of equal ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.dashboard import words
from jevons.dashboard.chart.svg import GUTTER, Box, Scale, drawing, el, log_ticks, path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markupsafe import Markup

__all__ = ("Dot", "Stair", "scatter")

_LETTER_PX = 6.2
_LINE_PX = 13
_NARROW_PX = 520
_BEYOND_PX = 12
"""Names may stand out of the drawing by so much."""


class Dot(NamedTuple):
    """One of them."""

    name: str
    across: float
    """Where from 0 to 1, left to right."""
    up: float
    """Above 0."""
    tone: str
    tip: str
    is_named: bool = False


class Stair(NamedTuple):
    """A figure that stays as it is until it changes."""

    name: str
    """Written at its end; empty where that says nothing."""
    steps: Sequence[tuple[float, float]]
    """Where from 0 to 1 it changes, and to what."""


def scatter(
    dots: Sequence[Dot],
    *,
    width: float,
    height: float,
    label: str,
    write: Callable[[float], str],
    below: Sequence[tuple[float, str]],
    stairs: Sequence[Stair] = (),
) -> Markup:
    """Draw dots.

    Args:
        dots: In any order; at least one.
        width: Of the drawing, as `height`.
        height: In pixels.
        label: What is read in its place.
        write: Writes what is up with its unit.
        below: Names below, each with its place from 0 to 1.
        stairs: Lines beside the dots.
    """
    longest = max([len(each.name) for each in stairs], default=0)
    box = Box(GUTTER, 14, width - 12 - longest * _LETTER_PX, height - 24)
    ups = [each.up for each in dots]
    y = Scale(min(ups) / 1.6, max(ups) * 1.3, box.bottom, box.top, is_log=True)
    x = Scale(0, 1, box.left + 8, box.right - 8)
    marks = [
        *_grid(box, x, y, write, below),
        *[mark for stair in stairs for mark in _stair(stair, x, y, box)],
        *_dots(dots, box, x, y),
    ]
    return drawing(width, height, marks, label=label)


def _grid(
    box: Box,
    x: Scale,
    y: Scale,
    write: Callable[[float], str],
    below: Sequence[tuple[float, str]],
) -> Iterator[Markup]:
    for tick in log_ticks(y.low, y.high):
        yield el("line", class_="grid", x1=box.left, x2=box.right, y1=y(tick), y2=y(tick))
        says = words.tick(write)(tick)
        yield el("text", says, class_="tick end", x=box.left - 6, y=y(tick) + 4)
    for place, name in below:
        yield el("text", name, class_="tick middle", x=x(place), y=box.bottom + 17)
    yield el("line", class_="axis", x1=box.left, x2=box.right, y1=box.bottom, y2=box.bottom)


def _stair(stair: Stair, x: Scale, y: Scale, box: Box) -> Iterator[Markup]:
    corners: list[tuple[float, float]] = []
    for across, up in stair.steps:
        if corners:
            corners.append((x(across), corners[-1][1]))
        corners.append((x(across), y(up)))
    if corners:
        down = corners[-1][1]
        yield el("path", class_="frontier", d=path([*corners, (box.right, down)]))
        yield el("text", stair.name, class_="name", x=box.right + 6, y=down + 4)


def _dots(dots: Sequence[Dot], box: Box, x: Scale, y: Scale) -> Iterator[Markup]:
    """Draw each dot, and those names for which there is room."""
    taken: list[tuple[float, float, float]] = []
    for each in sorted(dots, key=lambda dot: dot.is_named):
        yield el(
            "circle", class_=f"spot {each.tone}", cx=x(each.across), cy=y(each.up), r=4,
            tip=each.tip,
        )  # fmt: skip
    for each in dots:
        across, down = x(each.across), y(each.up)
        wide = len(each.name) * _LETTER_PX
        is_left = across + wide + 8 > box.right + _BEYOND_PX
        begin = across - wide - 4 if is_left else across + 4
        is_free = not (is_left and box.right < _NARROW_PX) and not any(
            abs(down - other) < _LINE_PX and begin < end and start < begin + wide
            for other, start, end in taken
        )
        if each.is_named and is_free:
            taken.append((down, begin, begin + wide))
            yield el(
                "text", each.name, class_="name small end" if is_left else "name small",
                x=across - 4 if is_left else across + 4, y=down + 16,
            )  # fmt: skip
