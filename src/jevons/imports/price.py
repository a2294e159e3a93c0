"""What another gateway's configuration says that tokens cost."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.imports.tree import Part

__all__ = ("PRICES", "price_of")

PRICES: Mapping[str, str] = MappingProxyType(
    {
        "input_cost_per_token": "input_per_mtok",
        "output_cost_per_token": "output_per_mtok",
        "cache_read_input_token_cost": "cache_read_per_mtok",
        "cache_creation_input_token_cost": "cache_write_per_mtok",
        "output_cost_per_reasoning_token": "reasoning_per_mtok",
    }
)
"""LiteLLM's names to ours. Source: docs.litellm.ai, custom pricing, read 2026-11-24."""

_NEEDED = frozenset({"input_per_mtok", "output_per_mtok"})
_MILLION = Decimal(1_000_000)
_DEAREST = Decimal(10**9)  # dollars for a million tokens: more is a slip of the pen


def price_of(
    parts: Mapping[str, Part], *, today: str, source: str, writes: bool = True
) -> dict[str, str] | None:
    """Write a price table; None if what is said makes none.

    Args:
        parts: By LiteLLM's names: USD for one token.
        today: `YYYY-MM-DD`: the configuration does not say since when its prices hold.
        source: What the price was read in.
        writes: Whether the model writes answers; one that only embeds has no output to pay for.
    """
    figures = {PRICES[name]: _per_mtok(part) for name, part in parts.items()}
    said = {name: figure for name, figure in figures.items() if figure is not None}
    is_read = len(said) == len(parts)
    if not writes:
        said.setdefault("output_per_mtok", Decimal(0))
    if not is_read or not said.keys() >= _NEEDED:
        return None
    if said.get("cache_read_per_mtok", Decimal(0)) > said["input_per_mtok"]:
        return None
    written = {name: _plain(figure) for name, figure in said.items()}
    return written | {"since": today, "source": f"{source}, imported {today}"}


def _per_mtok(part: Part) -> Decimal | None:
    if part.number is None:
        return None
    figure = Decimal(repr(part.number)) * _MILLION  # the shortest spelling: what was written
    return figure if 0 <= figure <= _DEAREST else None


def _plain(figure: Decimal) -> str:
    text = f"{figure:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
