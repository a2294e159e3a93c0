"""From one amount to another, one cause at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.dashboard.chart.svg import Box, Scale, drawing, el

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markupsafe import Markup

__all__ = ("Fall", "waterfall")

_ROW = 34
_NARROW = 520


class Fall(NamedTuple):
    """One bar: an amount from nothing, or a change from where the last one ended."""

    name: str
    says: str
    figure: float
    low: float
    high: float
    is_total: bool = False


def waterfall(
    falls: Sequence[Fall], *, width: float, label: str, write: Callable[[float], str]
) -> Markup:
    """Draw bars that lie, each beginning where the one above it ended.

    Args:
        falls: The first and the last are totals.
        width: Of the drawing, pixels.
        label: What is read in its place.
        write: Writes an amount with its unit.
    """
    is_narrow = width < _NARROW
    names = 78 if is_narrow else 268
    box = Box(names, 6, width - 66, 6 + _ROW * len(falls))
    ends = [end for _, begin, each in _placed(falls) for end in _ends(begin, each)]
    x = Scale(min(0.0, *ends), max(ends) or 1, box.left, box.right)
    marks = _marks(falls, box, x, write, is_narrow=is_narrow)
    return drawing(width, box.bottom + 6, marks, label=label)


def _ends(begin: float, fall: Fall) -> tuple[float, float, float]:
    """Tell how far a bar and its whisker reach."""
    return begin + fall.figure, begin + fall.low, begin + fall.high


def _placed(falls: Sequence[Fall]) -> Iterator[tuple[int, float, Fall]]:
    """Tell where each begins."""
    at = 0.0
    for place, each in enumerate(falls):
        begin = 0.0 if each.is_total else at
        yield place, begin, each
        at = begin + each.figure


def _marks(
    falls: Sequence[Fall],
    box: Box,
    x: Scale,
    write: Callable[[float], str],
    *,
    is_narrow: bool,
) -> Iterator[Markup]:
    yield el("line", class_="axis", x1=x(0), x2=x(0), y1=box.top, y2=box.bottom)
    for place, begin, each in _placed(falls):
        top = box.top + place * _ROW + 7
        middle, tall = top + 10, 20
        left, right = sorted((x(begin), x(begin + each.figure)))
        tone = "total" if each.is_total else "more" if each.figure > 0 else "less"
        yield el("text", each.name, class_="name", x=0, y=middle + 4)
        if not is_narrow and each.says:
            yield el("text", each.says, class_="tick", x=82, y=middle + 4)
        sign = "+" if each.figure > 0 and not each.is_total else ""
        says = (
            f"{each.name}: {sign}{write(each.figure)}, "
            f"between {write(each.low)} and {write(each.high)}"
        )
        low, high = sorted((x(begin + each.low), x(begin + each.high)))
        yield el(
            "g",
            el(
                "rect", class_=f"mark {tone}", x=left, y=top, width=max(right - left, 1.0),
                height=tall,
            ),
            el("line", class_="whisker", x1=low, x2=high, y1=middle, y2=middle),
            el("line", class_="whisker", x1=low, x2=low, y1=middle - 4, y2=middle + 4),
            el("line", class_="whisker", x1=high, x2=high, y1=middle - 4, y2=middle + 4),
            tip=says,
        )  # fmt: skip
        at = max(right, high) + 7
        yield el("text", sign + write(each.figure), class_="figure", x=at, y=middle + 4)
        if place < len(falls) - 1:
            end = x(begin + each.figure)
            yield el("line", class_="lead", x1=end, x2=end, y1=top + tall, y2=top + _ROW)
