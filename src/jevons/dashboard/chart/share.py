"""Parts of a whole, in one bar, each with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.dashboard.chart.svg import drawing, el

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

__all__ = ("Part", "share")

_LETTER_PX = 6.6


class Part(NamedTuple):
    """One of them."""

    name: str
    share: float
    tone: str
    tip: str = ""


def share(parts: Sequence[Part], *, width: float, label: str) -> Markup:
    """Draw a bar; a part too narrow for its name has only a tip."""
    return drawing(width, 46, _marks(parts, width), label=label)


def _marks(parts: Sequence[Part], width: float) -> Iterator[Markup]:
    at = 0.0
    for each in parts:
        wide = each.share * width
        mark = el(
            "rect", class_=f"mark {each.tone}", x=at, y=0, width=max(wide - 1.5, 0.5), height=20
        )
        yield el("g", mark, tip=each.tip or each.name)
        if wide > len(each.name) * _LETTER_PX:
            yield el("text", each.name, class_="tick", x=at, y=37)
        at += wide
