"""Columns over time, each with where its figure may lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.dashboard import words
from jevons.dashboard.chart.svg import GUTTER, Box, Scale, drawing, el, ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markupsafe import Markup

__all__ = ("Column", "columns")

_ROOM_PX = 46
"""Between two labels below."""


class Column(NamedTuple):
    """One of them."""

    name: str
    """Written below, where there is room."""
    figure: float
    tip: str = ""
    low: float | None = None
    high: float | None = None


def columns(
    some: Sequence[Column],
    *,
    width: float,
    height: float = 200,
    label: str,
    tone: str,
    write: Callable[[float], str],
    top: float | None = None,
    is_bare: bool = False,
) -> Markup:
    """Draw columns.

    Args:
        some: In order.
        width: Of the drawing, as `height`.
        height: In pixels.
        label: What is read in its place.
        tone: Class of the columns: what they count.
        write: Writes a figure with its unit.
        top: Highest figure of the scale; None is theirs.
        is_bare: Leaves out the scale, for one of many small ones.
    """
    box = Box(0.5 if is_bare else GUTTER, 8, width - 0.5, height - (16 if is_bare else 22))
    highest = top or max([each.high or each.figure for each in some], default=0) or 1
    y = Scale(0, highest, box.bottom, box.top)
    return drawing(
        width, height, _marks(some, box, y, tone=tone, write=write, is_bare=is_bare), label=label
    )


def _marks(
    some: Sequence[Column],
    box: Box,
    y: Scale,
    *,
    tone: str,
    write: Callable[[float], str],
    is_bare: bool,
) -> Iterator[Markup]:
    for tick in () if is_bare else ticks(0, y.high)[1:]:
        yield el("line", class_="grid", x1=box.left, x2=box.right, y1=y(tick), y2=y(tick))
        yield el("text", words.tick(write)(tick), class_="tick end", x=box.left - 6, y=y(tick) + 4)
    pitch = (box.right - box.left) / max(len(some), 1)
    wide = max(1.0, min(pitch * 0.72, 28))
    step = max(1, -(-_ROOM_PX // max(int(pitch), 1)))
    for place, each in enumerate(some):
        middle = box.left + pitch * (place + 0.5)
        tall = max(box.bottom - y(each.figure), 0.0)
        hit = el(
            "rect", class_="hit", x=middle - pitch / 2, y=box.top, width=pitch,
            height=box.bottom - box.top,
        )  # fmt: skip
        mark = el(
            "rect", class_=f"mark {tone}", x=middle - wide / 2, y=box.bottom - tall, width=wide,
            height=tall,
        )  # fmt: skip
        inside = [hit, mark]
        if each.low is not None and each.high is not None and each.high > each.low:
            inside.append(
                el("line", class_="whisker", x1=middle, x2=middle, y1=y(each.low), y2=y(each.high))
            )
        yield el("g", *inside, tip=each.tip)
        if not is_bare and place % step == 0 and middle + _ROOM_PX / 2 < box.right + 6:
            yield el("text", each.name, class_="tick middle", x=middle, y=box.bottom + 16)
    yield el("line", class_="axis", x1=box.left, x2=box.right, y1=box.bottom, y2=box.bottom)
    if is_bare and some:
        yield el("text", some[0].name, class_="tick", x=box.left, y=box.bottom + 13)
        yield el("text", some[-1].name, class_="tick end", x=box.right, y=box.bottom + 13)
