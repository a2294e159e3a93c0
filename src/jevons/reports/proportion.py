"""How sure a mean of figures from 0 to 1 is."""

from __future__ import annotations

import math

from jevons.reports.rebound import Interval

__all__ = ("proportion",)

_SIDE_90 = 1.6449
"""Standard errors to each side of which lie nine cases of ten."""


def proportion(total: float, count: int) -> Interval:
    """Tell where the mean of figures from 0 to 1 lies in nine cases of ten.

    Of figures between 0 and 1 the variance is at most that of a coin with their mean, so for those
    the interval is rather too wide.

    Args:
        total: Their sum.
        count: How many; at least 1.

    Source: E. B. Wilson, "Probable inference", J. American Statistical Association 22 (1927) 209.
    """
    mean, square = total / count, _SIDE_90**2
    middle = (mean + square / (2 * count)) / (1 + square / count)
    spread = mean * (1 - mean) / count + square / (4 * count * count)
    side = _SIDE_90 * math.sqrt(spread) / (1 + square / count)
    return Interval(max(0.0, middle - side), mean, min(1.0, middle + side))
