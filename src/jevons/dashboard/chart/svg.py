"""Elements of SVG, and scales."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("GUTTER", "Box", "Scale", "drawing", "el", "log_ticks", "path", "ticks")

GUTTER = 48
"""Left of a chart, for what its scale says."""

_FEW = 4


def el(name: str, *inside: str, tip: str = "", **attributes: object) -> Markup:
    """Write one element.

    Args:
        name: Of the element.
        inside: Its text, which is escaped, or elements.
        tip: What is said of it to whoever points at it.
        attributes: `class_` is `class`, `_` is `-`; numbers are written short.
    """
    written = "".join(
        [
            f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
            for key, value in attributes.items()
            if value is not None
        ]
    )
    title = f"<title>{escape(tip)}</title>" if tip else ""
    body = "".join([escape(each) for each in inside])
    return Markup(f"<{name}{written}>{title}{body}</{name}>")  # noqa: S704 all of it is escaped


def drawing(width: float, height: float, marks: Iterable[Markup], *, label: str) -> Markup:
    """Put marks into a drawing of a size; the label is what is read in its place."""
    return el(
        "svg",
        *marks,
        class_="chart",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        aria_label=label,
    )


def path(points: Iterable[tuple[float, float]], *, is_closed: bool = False) -> str:
    """Write the `d` of a path through points."""
    steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f"M{steps}{' Z' if is_closed else ''}" if steps else ""


class Box(NamedTuple):
    """Where marks are drawn; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float


class Scale(NamedTuple):
    """From figures to places on the drawing."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, figure: float) -> float:
        """Place a figure."""
        low, high, at = self.low, self.high, figure
        if self.is_log:
            low, high, at = math.log(low), math.log(high), math.log(max(figure, 1e-300))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, *, few: int = _FEW) -> list[float]:
    """Choose round figures between two."""
    if high <= low:
        return [low]
    rough = (high - low) / few
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(at * step, 12) for at in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Choose 1, 2 and 5 times powers of ten between two; only powers where there are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    shown = (1,) if len(powers) > _FEW else (1, 2, 5)
    every = [each * 10.0**power for power in powers for each in shown]
    return [each for each in every if low * 0.999 <= each <= high * 1.001]


def _short(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value
