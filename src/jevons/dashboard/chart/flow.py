"""What went from where to where, in ribbons as wide as it was much."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.dashboard.chart.svg import drawing, el

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from markupsafe import Markup

__all__ = ("Link", "flow")

_NODE = 10
_GAP = 26
_LEAST = 1.5
_LABEL = 13


class Link(NamedTuple):
    """So much went from one name to another."""

    source: str
    target: str
    amount: float
    tone: str
    tip: str


class _Node(NamedTuple):
    amount: float
    top: float
    tall: float


def flow(
    links: Sequence[Link], *, width: float, label: str, write: Callable[[float], str]
) -> Markup:
    """Draw ribbons from names at the left to names at the right.

    Args:
        links: In the order of their sources from the top.
        width: Of the drawing, pixels.
        label: What is read in its place.
        write: Writes an amount with its unit.
    """
    sources = _sums([(each.source, each.amount) for each in links])
    targets = _sums([(each.target, each.amount) for each in links])
    targets = dict(sorted(targets.items(), key=lambda item: -item[1]))
    most = max(len(sources), len(targets), 1)
    tall = max(160.0, 66.0 * most)
    scale = (tall - _GAP * most - _LABEL) / (sum(sources.values()) or 1)
    left, right = _stacked(sources, scale), _stacked(targets, scale)
    marks = [*_ribbons(links, left, right, width=width), *_names(left, right, width, write)]
    return drawing(width, tall + 16, marks, label=label)


def _sums(pairs: Sequence[tuple[str, float]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for name, amount in pairs:
        sums[name] = sums.get(name, 0.0) + amount
    return sums


def _stacked(sums: Mapping[str, float], scale: float) -> dict[str, _Node]:
    nodes: dict[str, _Node] = {}
    top = float(_LABEL) + 4
    for name, amount in sums.items():
        tall = max(amount * scale, _LEAST)
        nodes[name] = _Node(amount, top, tall)
        top += max(tall, _LABEL + 2) + _GAP
    return nodes


def _ribbons(
    links: Sequence[Link],
    left: Mapping[str, _Node],
    right: Mapping[str, _Node],
    *,
    width: float,
) -> Iterator[Markup]:
    out = {name: node.top for name, node in left.items()}
    into = {name: node.top for name, node in right.items()}
    order = {name: place for place, name in enumerate(right)}
    for each in sorted(links, key=lambda link: order[link.target]):
        node = left[each.source]
        tall = max(each.amount / node.amount * node.tall, _LEAST) if node.amount else _LEAST
        begin, end = out[each.source], into[each.target]
        d = _ribbon(_NODE, width - _NODE, begin, end, tall)
        yield el("path", class_=f"ribbon {each.tone}", d=d, tip=each.tip)
        out[each.source] += tall
        into[each.target] += tall


def _names(
    left: Mapping[str, _Node],
    right: Mapping[str, _Node],
    width: float,
    write: Callable[[float], str],
) -> Iterator[Markup]:
    for nodes, across, at, word in (
        (left, 0.0, 0.0, "name"),
        (right, width - _NODE, width, "name end"),
    ):
        for name, node in nodes.items():
            yield el("rect", class_="node", x=across, y=node.top, width=_NODE, height=node.tall)
            says = f"{name} · {write(node.amount)}"
            yield el("text", says, class_=word, x=at, y=node.top - 5)


def _ribbon(left: float, right: float, begin: float, end: float, tall: float) -> str:
    bend = (left + right) / 2
    return (
        f"M{left:.1f} {begin:.1f} C{bend:.1f} {begin:.1f} {bend:.1f} {end:.1f} "
        f"{right:.1f} {end:.1f} L{right:.1f} {end + tall:.1f} C{bend:.1f} {end + tall:.1f} "
        f"{bend:.1f} {begin + tall:.1f} {left:.1f} {begin + tall:.1f} Z"
    )
