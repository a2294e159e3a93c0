"""How much better or worse than the reference each arm is likely to answer a prompt.

Three models that err in unlike ways, averaged: a table of groups of like prompts, a logistic model
of a few figures, and a linear one of all words. All learn differences to the reference on the same
prompt, so that what makes a prompt hard for every arm is not taken for a fault of one.

Rule 1: what few prompts say is drawn towards what many say: the arm with the luckiest few would
    win otherwise.
Rule 2: a model is made of pairs and nothing else; their order changes nothing that shows, and two
    houses' pairs together give the model that one house with all of them had made.
Rule 3: no setting is chosen by looking at how well it does on some traffic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jevons.auto.features import BUCKETS
from jevons.auto.logistic import fit_logistic, likelihood
from jevons.auto.ridge import fit_ridge
from jevons.auto.rows import rows_of
from jevons.auto.table import fit_level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.auto.features import Prompt
    from jevons.auto.rows import Floats, Ints, Rows

__all__ = ("Expected", "Parts", "QualityModel", "fit_quality")

_TOPICS = 24
"""Directions in which prompts differ most."""
_LEVELS = (4, 12, 36, 100)
"""Groups, from coarse to fine."""
_FEWEST = 8
"""Prompts a group must have on average, else its level is left out."""
_SKETCH = 2048
_ROUNDS = 8
_WORD_PENALTY = 10.0
_FIGURE_PENALTY = 50.0


class Parts(NamedTuple):
    """What each of the three models says, a row for each prompt, a column for each arm."""

    table: Floats
    figures: Floats
    words: Floats


class Expected(NamedTuple):
    """What is expected of prompts, a row for each."""

    gains: Floats
    """What each arm's grade is likely to be above the reference's; that of the reference is 0."""
    topics: Floats
    """Where prompts lie among each other: like ones have like rows, each of length 1."""


class _Level(NamedTuple):
    centres: Floats
    effects: Floats


class QualityModel(NamedTuple):
    """What was learned."""

    reference: int
    """Column of the arm that others are held against."""
    pairs: int
    """Prompts that it was made of."""
    place: Ints
    rarity: Floats
    axes: Floats
    mean: Floats
    routes: Mapping[str, int]
    route_effects: Floats
    levels: tuple[_Level, ...]
    looks: Floats
    logistic: Floats
    words: Floats

    def expect(self, prompts: Sequence[Prompt]) -> Expected:
        """Say how much better or worse than the reference each arm is likely to do."""
        rows = rows_of(prompts, self.place, self.rarity)
        topics = _topics(rows, self.axes)
        parts = self._parts(prompts, rows, topics)
        return Expected((parts.table + parts.figures + parts.words) / 3.0, topics)

    def explain(self, prompts: Sequence[Prompt]) -> Parts:
        """Say what each of the three models makes of it."""
        rows = rows_of(prompts, self.place, self.rarity)
        return self._parts(prompts, rows, _topics(rows, self.axes))

    def _parts(self, prompts: Sequence[Prompt], rows: Rows, topics: Floats) -> Parts:
        table = self.mean + self.route_effects[_route_places(prompts, self.routes)]
        for level in self.levels:
            table = table + level.effects[_nearest(topics, level.centres)]
        chance = likelihood(_figures(prompts, topics, self.looks) @ self.logistic)
        figures = chance - chance[:, [self.reference]]
        return Parts(table, figures, rows.times(self.words) + self.mean)


def fit_quality(prompts: Sequence[Prompt], grades: Floats, *, reference: int) -> QualityModel:
    """Learn from graded answers.

    Args:
        prompts: At least one.
        grades: From 0 to 1, a row for each prompt, a column for each arm; NaN where nobody
            graded. Prompts whose reference has no grade teach nothing.
        reference: Column of the arm that others are held against.
    """
    place, rarity = _vocabulary(prompts)
    rows = rows_of(prompts, place, rarity)
    axes = _axes(rows)
    topics = _topics(rows, axes)
    apart = grades - grades[:, [reference]]
    mean = _means(apart)
    routes = {each: at for at, each in enumerate(dict.fromkeys(p.route for p in prompts), start=1)}
    rest = apart - mean
    at = _route_places(prompts, routes)
    route_effects = fit_level(at, rest, len(routes) + 1)
    rest = rest - route_effects[at]
    levels: list[_Level] = []
    for count in _LEVELS:
        if count * _FEWEST > len(prompts):
            break
        centres = _centres(topics, count)
        groups = _nearest(topics, centres)
        effects = fit_level(groups, rest, len(centres))
        rest = rest - effects[groups]
        levels.append(_Level(centres, effects))
    looks = np.stack([each.looks for each in prompts])
    scale = np.stack((looks.mean(axis=0), looks.std(axis=0) + 1e-3))
    return QualityModel(
        reference=reference,
        pairs=len(prompts),
        place=place,
        rarity=rarity,
        axes=axes,
        mean=mean,
        routes=routes,
        route_effects=route_effects,
        levels=tuple(levels),
        looks=scale,
        logistic=fit_logistic(
            _figures(prompts, topics, scale), grades, penalty=_FIGURE_PENALTY
        ).astype(np.float32),
        words=fit_ridge(rows, apart - mean, penalty=_WORD_PENALTY),
    )


def _vocabulary(prompts: Sequence[Prompt]) -> tuple[Ints, Floats]:
    """Give a column to each bucket that two prompts share, and say how rare it is."""
    seen = np.bincount(np.concatenate([each.columns for each in prompts]), minlength=BUCKETS)
    shared = np.flatnonzero(seen > 1)
    place = np.zeros(BUCKETS, dtype=np.int32)
    place[shared] = np.arange(1, len(shared) + 1)
    rare = np.log((1.0 + len(prompts)) / (1.0 + seen[shared])) + 1.0
    return place, np.concatenate(([0.0], rare)).astype(np.float32)


def _axes(rows: Rows) -> Floats:
    """Find the directions in which prompts differ most, by repeated multiplication.

    Source: N. Halko, P. G. Martinsson and J. A. Tropp, SIAM Review 53 (2011) 217.
    """
    count = len(rows.starts) - 1
    draw = np.random.default_rng(0).standard_normal((count, _TOPICS), dtype=np.float32)
    span = _spanned(rows, draw)
    for _ in range(2):
        span = _spanned(rows, rows.times(span))
    draw = rows.times(span)
    turn = np.linalg.svd(draw, full_matrices=False)[2]
    return (span @ turn.T).astype(np.float32)


def _spanned(rows: Rows, draw: Floats) -> Floats:
    return np.linalg.qr(rows.turned_times(draw))[0].astype(np.float32)


def _topics(rows: Rows, axes: Floats) -> Floats:
    topics = rows.times(axes)
    return topics / np.maximum(np.linalg.norm(topics, axis=1, keepdims=True), 1e-6)


def _means(apart: Floats) -> Floats:
    known = ~np.isnan(apart)
    return np.where(known, apart, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def _route_places(prompts: Sequence[Prompt], routes: Mapping[str, int]) -> Ints:
    """Row 0 is for routes that nobody has graded."""
    return np.array([routes.get(each.route, 0) for each in prompts])


def _figures(prompts: Sequence[Prompt], topics: Floats, looks: Floats) -> Floats:
    own = np.stack([each.looks for each in prompts])
    own = np.clip((own - looks[0]) / looks[1], -3.0, 3.0)
    spread = topics * np.sqrt(topics.shape[1])
    return np.concatenate((np.ones((len(own), 1)), own, spread), axis=1, dtype=np.float32)


def _nearest(topics: Floats, centres: Floats) -> Ints:
    return (topics @ centres.T - 0.5 * (centres * centres).sum(axis=1)).argmax(axis=1)


def _centres(topics: Floats, count: int) -> Floats:
    """Find the middles of groups of like prompts (Lloyd's algorithm)."""
    chosen = np.random.default_rng(0).permutation(len(topics))[:count]
    centres = topics[chosen]
    for _ in range(_ROUNDS):
        groups = _nearest(topics, centres)
        size = np.bincount(groups, minlength=count)
        sums = np.stack([np.bincount(groups, axis, minlength=count) for axis in topics.T], axis=1)
        centres = np.where(size[:, None] > 0, sums / np.maximum(size, 1)[:, None], centres)
    return centres.astype(np.float32)
