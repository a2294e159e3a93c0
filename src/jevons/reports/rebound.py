"""Whether what was saved on each token was spent on more tokens: the Jevons paradox, in figures.

    e = E / U           energy a useful token; useful are tokens of answers that ended well
    R = 1 - AS / PS     AS what was saved, PS what would have been, had as much been asked as before

R below 0 saved more than the gain in efficiency alone, 0 is no rebound, 1 is all of it, and above
1 the total grew: backfire, which is what Jevons saw of coal. It is told twice. `apparent` takes
demand as it was for what would have been asked anyway; `trend` lets it grow as it did before.

Rule 1: figures of one model are wrong together: its error is drawn once and holds in both
    periods, so a ratio of the two is surer than either.
Rule 2: where nothing was saved a token, or no more than chance would show, there is no R but a
    reason why there is none.
Rule 3: books show what went together, never what caused it, and nothing of what people do
    elsewhere with what they saved.

Source: S. Sorrell, "The rebound effect", UKERC 2007, and S. Sorrell, J. Dimitropoulos and M.
Sommerville, Energy Policy 37 (2009) 1356; A. S. Luccioni, E. Strubell and K. Crawford, "From
Efficiency Gains to Rebound Effects", arXiv 2501.16548.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from jevons.reports.dice import Dice
from jevons.reports.lmdi import Effects, Flow, decompose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.reports.gather import Period, Span

__all__ = ("DRAWS", "Interval", "NoFigure", "Rebound", "growth_of", "rebound")

DRAWS = 1000
"""Of each model's error."""
_SURE = 2.0
"""Standard errors that a saving must be away from nothing."""


class Interval(NamedTuple):
    """A figure, and where it lies in nine cases of ten."""

    p05: float
    point: float
    """As the estimates themselves have it."""
    p95: float


class NoFigure(NamedTuple):
    """Why there is none."""

    why: str


class Rebound(NamedTuple):
    """What became of a gain in efficiency."""

    before: Interval
    """Amount of the earlier period, millijoules or milligrams."""
    after: Interval
    """Of the later."""
    effects: tuple[Interval, ...]
    """In the order of `Effects`: together the difference."""
    intensity: Interval
    """What a token takes now, as a multiple of what it took."""
    demand: float
    """Tokens now, as a multiple of those before."""
    apparent: Interval | NoFigure
    """R, had demand been as it was."""
    trend: Interval | NoFigure
    """R, had demand grown as it did before."""
    growth: float | NoFigure
    """By how much it would have grown, 0.5 is by half."""
    elasticity: float | NoFigure
    """Per cent of more tokens for each per cent of less a token; above 1 is backfire."""


def growth_of(period: Period, before: Span, after: Span) -> float | NoFigure:
    """Say by how much demand would have grown, had it gone on growing as in the earlier period.

    Args:
        period: What went through in the earlier.
        before: The earlier span.
        after: The later.
    """
    early, late = period.tokens
    if not early or not late:
        return NoFigure("one half of the earlier period has no answers, so it shows no trend")
    half_ms = (before.end_ms - before.begin_ms) / 2
    ahead_ms = after.middle_ms - before.middle_ms
    return math.expm1(math.log(late / early) * ahead_ms / half_ms)


def rebound(
    before: Period,
    after: Period,
    *,
    growth: float | NoFigure,
    draws: int = DRAWS,
) -> Rebound | NoFigure:
    """Work out what became of a gain in efficiency.

    Args:
        before: What went through in the earlier period.
        after: In the later, which is as long.
        growth: By how much demand would have grown by itself, 0.5 is by half.
        draws: How often each model's error is drawn.
    """
    if not before.groups or not after.groups:
        return NoFigure("a period has no answers whose figure is known")
    sigmas, dice = _sigmas(before, after), Dice()
    worlds = [_world(before, after, dict.fromkeys(sigmas, 1.0))]
    for _ in range(draws):
        errors = {name: math.exp(sigma * dice.normal()) for name, sigma in sigmas.items()}
        worlds.append(_world(before, after, errors))
    return _told(worlds, growth)


class _World(NamedTuple):
    """How it would be, were each model's error so."""

    before: float
    after: float
    demand: float
    effects: Effects

    @property
    def intensity(self) -> float:
        """What a token takes now, as a multiple of what it took."""
        return self.after / self.before / self.demand

    def saving(self, growth: float) -> float:
        """What would have been saved, had demand grown so."""
        return self.before * (1 + growth) * (1 - self.intensity)

    def rebound(self, growth: float) -> float:
        """R, had demand grown so."""
        return 1 - (self.before * (1 + growth) - self.after) / self.saving(growth)


def _sigmas(before: Period, after: Period) -> dict[str, float]:
    """Tell how unsure each group is: as the period has it in which it is the larger."""
    sigmas: dict[str, float] = {}
    for name in {**before.groups, **after.groups}:
        sums = [period.groups[name] for period in (before, after) if name in period.groups]
        sigmas[name] = max(sums, key=lambda each: each.amount).sigma
    return sigmas


def _world(before: Period, after: Period, errors: Mapping[str, float]) -> _World:
    was, now = _scaled(before, errors), _scaled(after, errors)
    return _World(
        math.fsum(flow.amount for flow in was.values()),
        math.fsum(flow.amount for flow in now.values()),
        _tokens(now) / _tokens(was),
        decompose(was, now),
    )


def _scaled(period: Period, errors: Mapping[str, float]) -> dict[str, Flow]:
    return {
        name: flow._replace(amount=flow.amount * errors[name])
        for name, flow in period.flows.items()
    }


def _tokens(flows: Mapping[str, Flow]) -> float:
    return math.fsum(flow.tokens for flow in flows.values())


def _told(worlds: Sequence[_World], growth: float | NoFigure) -> Rebound:
    point = worlds[0]
    return Rebound(
        before=_interval([world.before for world in worlds]),
        after=_interval([world.after for world in worlds]),
        effects=tuple(
            [
                _interval([world.effects[at] for world in worlds])
                for at in range(len(Effects._fields))
            ]
        ),
        intensity=_interval([world.intensity for world in worlds]),
        demand=point.demand,
        apparent=_rebound(worlds, 0.0),
        trend=growth if isinstance(growth, NoFigure) else _rebound(worlds, growth),
        growth=growth,
        elasticity=_elasticity(point),
    )


def _rebound(worlds: Sequence[_World], growth: float) -> Interval | NoFigure:
    shares = [1 - world.intensity for world in worlds]
    if shares[0] <= 0:
        return NoFigure("a token takes no less than it did: there is no gain to rebound from")
    mean = math.fsum(shares) / len(shares)
    error = math.sqrt(math.fsum((share - mean) ** 2 for share in shares) / len(shares))
    if shares[0] < _SURE * error:
        return NoFigure("what a token takes less is within the error of the estimates")
    told = [world.rebound(growth) for world in worlds if world.saving(growth) > 0]
    return _interval(told)


def _elasticity(point: _World) -> float | NoFigure:
    if point.intensity >= 1:
        return NoFigure("a token takes no less than it did")
    return -math.log(point.demand) / math.log(point.intensity)


def _interval(figures: Sequence[float]) -> Interval:
    """Take the first for the figure itself, and the rest for how far it may be off."""
    ordered = sorted(figures[1:]) or [figures[0]]
    last = len(ordered) - 1
    return Interval(ordered[round(0.05 * last)], figures[0], ordered[round(0.95 * last)])
