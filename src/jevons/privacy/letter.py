"""Letters, as patterns name them: `re` has no word for capitals."""

from __future__ import annotations

import re

__all__ = ("CAPITAL", "NAME")

_LAST = 0x0530
"""Past Latin, Greek and Cyrillic; the scripts behind them have no capitals, or are rare."""


def _ranges(codes: list[int]) -> str:
    """Write characters as a set of ranges, without its brackets."""
    starts = [code for code in codes if code - 1 not in codes]
    ends = [code for code in codes if code + 1 not in codes]
    return "".join(
        re.escape(chr(first))
        if first == last
        else f"{re.escape(chr(first))}-{re.escape(chr(last))}"
        for first, last in zip(starts, ends, strict=True)
    )


CAPITAL = f"[{_ranges([code for code in range(_LAST) if chr(code).isupper()])}]"
"""One capital letter."""

NAME = rf"{CAPITAL}[^\W\d_]{{0,29}}(?:['\u2019.-]{{1,2}}[^\W\d_]{{1,29}}){{0,3}}\.?(?![^\W_])"
"""A word that begins with one, as names do: `Ada`, `O'Neil`, `St.`, `Saint-Denis`."""
