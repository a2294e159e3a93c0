"""How hard to think, as a word and as a number of tokens.

No two vendors agree on what an effort stands for: the table is jevons' own, and whoever sends
the one for the other says so.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.request import Effort

__all__ = ("BUDGETS", "USUAL", "effort_of")

BUDGETS: Mapping[Effort, int] = MappingProxyType(
    {
        "none": 0,
        "minimal": 1024,
        "low": 2048,
        "medium": 8192,
        "high": 16384,
        "xhigh": 32768,
        "max": 32768,
    }
)
"""Tokens of thinking for each effort."""

USUAL: Effort = "medium"
"""What is sent where a model is only told to think, and an effort has to be named."""


def effort_of(budget_tokens: int) -> Effort:
    """Find the least effort that a budget fits in; `xhigh` if it fits in none."""
    for effort, tokens in BUDGETS.items():
        if budget_tokens <= tokens:
            return effort
    return "xhigh"
