"""A line over time, in the band in which it lies in nine cases of ten."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.dashboard import words
from jevons.dashboard.chart.svg import GUTTER, Box, Scale, drawing, el, log_ticks, path, ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markupsafe import Markup

__all__ = ("Point", "line")

_MARGIN = 1.08


class Point(NamedTuple):
    """One figure of it; None breaks the line."""

    name: str
    figure: float | None
    low: float | None = None
    high: float | None = None
    tip: str = ""


def line(
    points: Sequence[Point],
    *,
    width: float,
    height: float = 150,
    label: str,
    tone: str,
    write: Callable[[float], str],
    is_log: bool = False,
) -> Markup:
    """Draw a line.

    Args:
        points: In order.
        width: Of the drawing, as `height`.
        height: In pixels.
        label: What is read in its place.
        tone: Class of the line: what it counts.
        write: Writes a figure with its unit.
        is_log: Whether equal ratios are equally far.
    """
    box = Box(GUTTER, 8, width - 8, height - 20)
    known = [each for point in points for each in (point.figure, point.low, point.high) if each]
    if not known:
        return drawing(width, height, [], label=label)
    low, high = (min(known) / _MARGIN if is_log else 0.0), max(known) * _MARGIN
    y = Scale(low, high, box.bottom, box.top, is_log)
    x = Scale(0, max(len(points) - 1, 1), box.left + 4, box.right)
    return drawing(width, height, _marks(points, box, x, y, tone=tone, write=write), label=label)


def _marks(
    points: Sequence[Point],
    box: Box,
    x: Scale,
    y: Scale,
    *,
    tone: str,
    write: Callable[[float], str],
) -> Iterator[Markup]:
    shown = log_ticks(y.low, y.high) if y.is_log else ticks(0, y.high, few=2)[1:]
    for tick in shown:
        yield el("line", class_="grid", x1=box.left, x2=box.right, y1=y(tick), y2=y(tick))
        yield el("text", words.tick(write)(tick), class_="tick end", x=box.left - 6, y=y(tick) + 4)
    for run in _runs(points):
        upper = [(x(at), y(each.high)) for at, each in run if each.high is not None]
        lower = [(x(at), y(each.low)) for at, each in run if each.low is not None]
        if upper and lower:
            area = path([*upper, *reversed(lower)], is_closed=True)
            yield el("path", class_=f"band {tone}", d=area)
        middle = [(x(at), y(each.figure)) for at, each in run if each.figure is not None]
        yield el("path", class_=f"line {tone}", d=path(middle))
    pitch = (box.right - box.left) / max(len(points), 1)
    for at, each in enumerate(points):
        if each.figure is not None:
            hit = el(
                "rect", class_="hit", x=x(at) - pitch / 2, y=box.top, width=pitch,
                height=box.bottom - box.top,
            )  # fmt: skip
            dot = el("circle", class_=f"dot {tone}", cx=x(at), cy=y(each.figure), r=2.5)
            is_last = at == len(points) - 1
            yield el("g", hit, dot, class_="last" if is_last else "point", tip=each.tip)
    yield el("line", class_="axis", x1=box.left, x2=box.right, y1=box.bottom, y2=box.bottom)
    yield el("text", points[0].name, class_="tick", x=box.left, y=box.bottom + 15)
    yield el("text", points[-1].name, class_="tick end", x=box.right, y=box.bottom + 15)


def _runs(points: Sequence[Point]) -> Iterator[list[tuple[int, Point]]]:
    """Part the points where one is not known."""
    run: list[tuple[int, Point]] = []
    for at, each in enumerate(points):
        if each.figure is None:
            if run:
                yield run
            run = []
        else:
            run.append((at, each))
    if run:
        yield run
