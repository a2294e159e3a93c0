"""Why a total changed: its change taken apart into what it is a product of, without a rest.

    E = sum over groups of  Q s t h         Q requests, s a group's share of them,
                                            t tokens a request, h energy a token

The logarithmic mean Divisia index (LMDI-I, additive) gives each factor its part:

    part of x = sum over groups of  L(E1, E0) ln(x1 / x0),    L(a, b) = (a - b) / (ln a - ln b)

A group that is in one period only came or went, and all of it with it: that is the limit of the
other parts as its amount goes to nothing in the other period.

Source: B. W. Ang, "LMDI decomposition approach: a guide for implementation", Energy Policy 86
(2015) 233; B. W. Ang and N. Liu, "Handling zero values in the logarithmic mean Divisia index
decomposition approach", Energy Policy 35 (2007) 238: the analytical limits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Effects", "Flow", "decompose")


class Flow(NamedTuple):
    """What went through one group in one period; every figure is above 0."""

    requests: float
    tokens: float
    amount: float
    """Of energy, or of carbon."""


class Effects(NamedTuple):
    """Parts of a change; together they are all of it."""

    activity: float
    """More or fewer requests."""
    mix: float
    """Other groups' share of them."""
    depth: float
    """Longer or shorter answers."""
    intensity: float
    """More or less for a token."""
    turnover: float
    """Groups that came or went."""

    @property
    def total(self) -> float:
        """All of the change."""
        return math.fsum(self)


def decompose(before: Mapping[str, Flow], after: Mapping[str, Flow]) -> Effects:
    """Take the change from one period to another apart.

    Args:
        before: Each group of the earlier period; at least one.
        after: Each of the later; at least one.
    """
    growth = math.log(_requests(after) / _requests(before))
    parts: list[tuple[float, float, float, float]] = []
    for group in before.keys() & after.keys():
        was, now = before[group], after[group]
        weight = _logarithmic_mean(now.amount, was.amount)
        requests = math.log(now.requests / was.requests)
        tokens = math.log(now.tokens / was.tokens)
        amount = math.log(now.amount / was.amount)
        parts.append(
            (
                weight * growth,
                weight * (requests - growth),
                weight * (tokens - requests),
                weight * (amount - tokens),
            )
        )
    came = [after[group].amount for group in after.keys() - before.keys()]
    went = [-before[group].amount for group in before.keys() - after.keys()]
    sums = [math.fsum(part[at] for part in parts) for at in range(4)]
    return Effects(*sums, turnover=math.fsum([*came, *went]))


def _requests(flows: Mapping[str, Flow]) -> float:
    return math.fsum(flow.requests for flow in flows.values())


def _logarithmic_mean(a: float, b: float) -> float:
    """L(a, b), which is a where both are the same."""
    ratio = math.log(a / b)
    if abs(ratio) < 1e-6:  # noqa: PLR2004 there the series is exact to 1e-13
        return (a + b) / 2
    return (a - b) / ratio
