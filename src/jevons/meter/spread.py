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

_SQRT2 = math.sqrt(2)
_DENSITY = 1 / math.sqrt(2 * math.pi)


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
    return (
        _quantile(0.05, one, other, first[0], second[0]),
        _quantile(0.50, one, other, first[1], second[1]),
        _quantile(0.95, one, other, first[2], second[2]),
    )


def _quantile(share: float, one: Shifted, other: Shifted, a: float, b: float) -> float:
    """Solve for the amount below which `share` lies; it is between `a` and `b`.

    Newton's steps on the logarithm, and a bisection wherever a step would leave the bracket.
    """
    low, high = (a, b) if a < b else (b, a)
    x = math.sqrt(low * high)
    for _ in range(12):
        p1, d1 = _below(x, one)
        p2, d2 = _below(x, other)
        excess = (p1 + p2) / 2 - share
        if abs(excess) < 1e-5:  # noqa: PLR2004 a thousandth of the tail's share
            return x
        if excess > 0:
            high = x
        else:
            low = x
        step = x * math.exp(-2 * excess / (d1 + d2)) if d1 + d2 else 0.0
        x = step if low < step < high else math.sqrt(low * high)
    return x


def _below(x: float, amount: Shifted) -> tuple[float, float]:
    """Give the share that lies below `x`, and its slope in the logarithm of `x`."""
    shift, scale, sigma = amount
    above = x - shift
    if above <= 0:
        return 0.0, 0.0
    z = math.log(above / scale) / sigma
    return (1 + math.erf(z / _SQRT2)) / 2, _DENSITY * math.exp(-z * z / 2) * x / (above * sigma)
