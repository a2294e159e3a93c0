"""The Jevons plane: how much more an hour of energy does, and how much energy is used in all.

    x = U / E        useful tokens for the same energy, as a multiple of the first week
    y = E            energy, as a multiple of the first week
    y = 1 - (1 - R)(1 - 1 / x)        where the rebound is R

Without rebound a gain in efficiency leads down along R = 0. Above 1 the total grew although each
token takes less: that half of the plane is Jevons' own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from jevons.dashboard.chart.svg import Box, Scale, drawing, el, log_ticks, path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

__all__ = ("Step", "plane")

_REBOUNDS = (0.0, 0.5, 1.0, 1.5)
_STEPS = 60
_HEADROOM = 1.36
"""Above the trail, for what stands there."""
_TIMES = "\N{MULTIPLICATION SIGN}"


class Step(NamedTuple):
    """One week."""

    name: str
    efficiency: float
    energy: float
    tip: str


def plane(trail: Sequence[Step], *, width: float, height: float, label: str) -> Markup:
    """Draw where a house went.

    Args:
        trail: Weeks in order; the first is 1, 1.
        width: Of the drawing, as `height`.
        height: In pixels.
        label: What is read in its place.
    """
    box = Box(44, 14, width - 46, height - 40)
    across = [each.efficiency for each in trail]
    along = [each.energy for each in trail]
    right = max(2.2, *across) * 1.18
    left = min(0.9, *across) / 1.06
    x = Scale(left, right, box.left, box.right, is_log=True)
    y = Scale(
        min(0.5, *along) / 1.12, max(2.0, *along) * _HEADROOM, box.bottom, box.top, is_log=True
    )
    return drawing(width, height, _marks(trail, box, x, y), label=label)


def _marks(trail: Sequence[Step], box: Box, x: Scale, y: Scale) -> Iterator[Markup]:
    one = y(1.0)
    yield el(
        "rect", class_="backfire", x=box.left, y=box.top, width=box.right - box.left,
        height=one - box.top,
    )  # fmt: skip
    yield from _axes(box, x, y)
    for rebound in _REBOUNDS:
        yield from _curve(rebound, box, x, y)
    yield el("text", "more energy than before", class_="region", x=box.left + 8, y=box.top + 16)
    yield el("text", "less energy", class_="region calm", x=box.left + 8, y=box.bottom - 9)
    places = [(x(each.efficiency), y(each.energy)) for each in trail]
    yield el("path", class_="trail", d=path(places))
    for place, (each, (across, down)) in enumerate(zip(trail, places, strict=True)):
        is_end = place in {0, len(trail) - 1}
        yield el(
            "g",
            el("circle", class_="hit", cx=across, cy=down, r=9),
            el("circle", class_="stop end" if is_end else "stop", cx=across, cy=down,
               r=5 if is_end else 3),
            tip=each.tip,
        )  # fmt: skip
    yield from _named(trail, places, box)


def _named(
    trail: Sequence[Step], places: Sequence[tuple[float, float]], box: Box
) -> Iterator[Markup]:
    """Write the names of the first and the last."""
    for place in sorted({0, len(trail) - 1}):
        across, down = places[place]
        is_right = across > (box.left + box.right) / 2
        yield el(
            "text", trail[place].name, class_="name end" if is_right else "name",
            x=across - 10 if is_right else across + 10, y=down - 9,
        )  # fmt: skip


def _axes(box: Box, x: Scale, y: Scale) -> Iterator[Markup]:
    for tick in log_ticks(x.low, x.high):
        yield el("line", class_="grid", x1=x(tick), x2=x(tick), y1=box.top, y2=box.bottom)
        yield el("text", f"{_TIMES}{tick:g}", class_="tick middle", x=x(tick), y=box.bottom + 16)
    for tick in log_ticks(y.low, y.high):
        yield el("line", class_="grid", x1=box.left, x2=box.right, y1=y(tick), y2=y(tick))
        yield el("text", f"{_TIMES}{tick:g}", class_="tick end", x=box.left - 7, y=y(tick) + 4)
    yield el(
        "text", "tokens for the same energy →", class_="tick end", x=box.right,
        y=box.bottom + 33,
    )  # fmt: skip
    yield el("text", "↑ energy", class_="tick", x=0, y=box.bottom + 33)


def _curve(rebound: float, box: Box, x: Scale, y: Scale) -> Iterator[Markup]:
    """Draw where the rebound is a figure, and write it at the end."""
    ratio = x.high ** (1 / _STEPS)
    points: list[tuple[float, float]] = []
    for step in range(_STEPS + 1):
        gain = math.pow(ratio, step)
        energy = 1 - (1 - rebound) * (1 - 1 / gain)
        if y.low <= energy <= y.high:
            points.append((x(gain), y(energy)))
    if points:
        yield el("path", class_="curve", d=path(points))
        across, down = points[-1]
        is_inside = across < box.right - 1
        yield el(
            "text", f"R = {rebound:g}", class_="tick", x=across + 6,
            y=down - 4 if is_inside else down + 4,
        )  # fmt: skip
