"""Log-normal amounts: a median, and by what factor it may be off.

Every coefficient of the energy model is a positive number known to within a factor, so
its logarithm is taken as normal. Products of such are exact. A sum of them is taken as a
shifted log-normal with the sum's own mean, variance and skewness, which needs no random
draws; `tests/unit/meter/test_spread.py` holds it against ten thousand of them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ("Z95", "Cumulants", "Shifted", "Spread", "mixed")

Z95 = 1.6448536269514722
"""Standard deviations from the median of a normal to its 95th percentile."""

_Z90 = 1.2815515655446004
_SQRT2 = math.sqrt(2)
_HALF_DENSITY = 1 / (2 * math.sqrt(2 * math.pi))

_LONGEST_STEP = 50.0
"""In the logarithm of an amount; beyond any bracket."""
_SAME = 1 + 1e-9
"""Ends of a bracket that are no further apart than this are one amount."""
_CLOSE_ENOUGH = 2e-4
"""In share: moves a percentile by less than half a per cent."""
_LEAST = 1e-300
"""Stands for 0 where a logarithm or a quotient is taken."""


class Cumulants(NamedTuple):
    """Mean, variance and third central moment: those of independent amounts add up."""

    first: float
    second: float
    third: float


class Spread(NamedTuple):
    """A log-normal amount."""

    log_median: float
    sigma: float
    """Standard deviation of the natural logarithm."""

    @classmethod
    def between(cls, p05: float, p50: float, p95: float) -> Spread:
        """Take the median, and the width of a 90 % interval."""
        return cls(math.log(p50), math.log(p95 / p05) / (2 * Z95))

    @classmethod
    def within(cls, fold: float) -> Spread:
        """Take 1, with a 90 % interval from 1 divided by `fold` to `fold`."""
        return cls(0.0, math.log(fold) / Z95)

    def times(self, other: Spread) -> Spread:
        """Multiply by an independent amount."""
        return Spread(self.log_median + other.log_median, math.hypot(self.sigma, other.sigma))

    def power(self, power: float) -> Spread:
        """Raise to a power."""
        return Spread(self.log_median * power, self.sigma * abs(power))

    @property
    def moments(self) -> tuple[float, float, float]:
        """Its mean, and the means of its square and its cube."""
        mu, half = self.log_median, self.sigma**2 / 2
        return math.exp(mu + half), math.exp(2 * mu + 4 * half), math.exp(3 * mu + 9 * half)

    @property
    def cumulants(self) -> Cumulants:
        """What is added up when amounts are."""
        one, two, three = self.moments
        return Cumulants(one, two - one**2, three - 3 * one * two + 2 * one**3)


class Shifted(NamedTuple):
    """A log-normal amount on top of a fixed one."""

    shift: float
    scale: float
    """Median above the shift."""
    sigma: float

    @classmethod
    def matching(cls, total: Cumulants, common: tuple[float, float, float]) -> Shifted:
        """Take a sum, times an independent amount that all of it shares.

        Args:
            total: Of the sum; its variance is above 0.
            common: Moments of what it is multiplied by.
        """
        mean, variance, third = total
        two = variance + mean * mean
        three = third + 3 * mean * variance + mean**3
        mean, two, three = mean * common[0], two * common[1], three * common[2]
        variance = two - mean * mean
        skewness = (three - 3 * mean * two + 2 * mean**3) / variance**1.5
        # The one real root of w**3 + 3 w**2 - 4 = skewness**2, where w = exp(sigma**2).
        half = skewness * skewness / 2
        root = math.cbrt(1 + half + math.sqrt(half * half + 2 * half))
        w = root + 1 / root - 1
        scale = math.sqrt(variance / (w * (w - 1)))
        return cls(mean - scale * math.sqrt(w), scale, math.sqrt(math.log(w)))

    @property
    def percentiles(self) -> tuple[float, float, float]:
        """Its 5th, 50th and 95th."""
        shift, scale, sigma = self
        fold = math.exp(Z95 * sigma)
        return shift + scale / fold, shift + scale, shift + scale * fold


def mixed(one: Shifted, other: Shifted) -> tuple[float, float, float]:
    """Find the 5th, 50th and 95th percentiles of an amount that is either, at even odds."""
    first, second = one.percentiles, other.percentiles
    lower, upper = (one, other) if first[1] < second[1] else (other, one)
    starts = (
        lower.shift + lower.scale * math.exp(-_Z90 * lower.sigma),
        math.sqrt(first[1] * second[1]),
        upper.shift + upper.scale * math.exp(_Z90 * upper.sigma),
    )
    return (
        _quantile(0.05, starts[0], (first[0], second[0]), one, other),
        _quantile(0.50, starts[1], (first[1], second[1]), one, other),
        _quantile(0.95, starts[2], (first[2], second[2]), one, other),
    )


def _quantile(
    share: float, x: float, ends: tuple[float, float], one: Shifted, other: Shifted
) -> float:
    """Solve for the amount below which `share` lies, starting at `x`; it is between `ends`.

    Newton's method, from the logarithm of the amount to the log-odds of its share: nearly
    a straight line, so that one or two steps are the rule. A step that would leave the
    bracket, within which a share is never 0 or 1, halves it instead.
    """
    low, high = min(ends), max(ends)
    shift1, scale1, sigma1 = one
    shift2, scale2, sigma2 = other
    wanted = math.log(share / (1 - share))
    x = min(max(x, low), high)
    while high > low * _SAME:
        above1, above2 = max(x - shift1, _LEAST), max(x - shift2, _LEAST)
        z1, z2 = math.log(above1 / scale1) / sigma1, math.log(above2 / scale2) / sigma2
        below = (2 + math.erf(z1 / _SQRT2) + math.erf(z2 / _SQRT2)) / 4
        if abs(below - share) < _CLOSE_ENOUGH:
            break
        low, high = (x, high) if below < share else (low, x)
        density = math.exp(-z1 * z1 / 2) / (above1 * sigma1)
        density += math.exp(-z2 * z2 / 2) / (above2 * sigma2)
        slope = density * x * _HALF_DENSITY / (below * (1 - below))
        step = (wanted - math.log(below / (1 - below))) / max(slope, _LEAST)
        x = x * math.exp(step) if abs(step) < _LONGEST_STEP else math.inf
        if not low < x < high:
            x = math.sqrt(low * high)
    return x
