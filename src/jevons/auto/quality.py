"""How much better or worse than the reference each arm is likely to answer a prompt.

Three models that err in unlike ways, averaged: a table of groups of like prompts, a logistic model
of a few figures, and another of all words. What all three say are differences to the reference on
the same prompt, so that what makes a prompt hard for every arm is not taken for a fault of one.

Rule 1: what few prompts say is drawn towards what many say: the arm with the luckiest few would
    win otherwise.
Rule 2: a model is made of pairs and nothing else; their order changes nothing that shows, and two
    houses' pairs together give the model that one house with all of them had made.
Rule 3: no setting is chosen by looking at how well it does on some traffic. How far figures and
    words are to be trusted is read off the grades that were learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jevons.auto.features import BUCKETS, LOOKS
from jevons.auto.groups import fit_groups, group
from jevons.auto.logistic import fit_logistic, fit_words, likelihood
from jevons.auto.rows import rows_of
from jevons.auto.table import fit_level
from jevons.auto.weighing import weigh_figures, weigh_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.auto.features import Prompt
    from jevons.auto.groups import Groups
    from jevons.auto.rows import Floats, Ints, Rows

__all__ = ("Expected", "Parts", "QualityModel", "fit_quality")

_TOPICS = 64
"""Directions in which prompts differ most. How far to trust them is learned, so more do no harm."""
_PLACES = 24
"""Of these, as many tell which prompts lie near each other: groups need few."""
_BESIDE = 16
"""Directions that are sought besides, and left out: the last few of those found are not yet right."""
_SAMPLE = 4000
"""Prompts that they are sought in: in more they are no different."""
_SHARPER = 3
"""Times that they are multiplied: each makes the larger ones stand out more."""
_NOTHING = 1e-6


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


class QualityModel(NamedTuple):
    """What was learned."""

    reference: int
    """Column of the arm that others are held against."""
    pairs: int
    """Prompts that it was made of."""
    place: Ints
    rarity: Floats
    hints: Floats
    """What each word says: of where a prompt lies, and then of each arm, as a sign of what the prompt is
    about and as a word. The first row is what is said of an arm before any word is."""
    routes: Mapping[str, int]
    by_route: Floats
    """What each route is worth, beyond which its groups are; the first row is for any other."""
    groups: Groups
    worth: Floats
    """What each group is worth."""
    looks: Floats
    """Mean and spread of how prompts look."""
    by_looks: Floats
    """What each figure of how a prompt looks says of each arm."""

    @property
    def words(self) -> Floats:
        """What each word says of each arm."""
        return self.hints[:, -self.by_looks.shape[1] :]

    def expect(self, prompts: Sequence[Prompt]) -> Expected:
        """Say how much better or worse than the reference each arm is likely to do."""
        said = self._said(prompts)
        places = _places(said)
        table, others = self._table(prompts, places), self._others(prompts, said)
        return Expected((table + others[:, 0] + others[:, 1]) / 3.0, places)

    def explain(self, prompts: Sequence[Prompt]) -> Parts:
        """Say what each of the three models makes of it."""
        said = self._said(prompts)
        others = self._others(prompts, said)
        return Parts(self._table(prompts, _places(said)), others[:, 0], others[:, 1])

    def _said(self, prompts: Sequence[Prompt]) -> Floats:
        """Add up what words say; prompt by prompt, so that nobody's company changes a figure."""
        out = np.empty((len(prompts), self.hints.shape[1]), dtype=np.float32)
        for row, prompt in enumerate(prompts):
            own = self.place[prompt.columns]
            weighed = prompt.counts * self.rarity[own]
            norm = float(weighed @ weighed) ** 0.5 or 1.0
            np.multiply(weighed @ self.hints[own], 1.0 / norm, out=out[row])
        return out

    def _table(self, prompts: Sequence[Prompt], places: Floats) -> Floats:
        groups = self.worth[self.groups.of(places)].sum(axis=1)
        return groups + self.by_route[_route_places(prompts, self.routes)]

    def _others(self, prompts: Sequence[Prompt], said: Floats) -> Floats:
        """Say what figures and words make of prompts: along the second axis, arms along the third."""
        scores = (said[:, _PLACES:] + self.hints[0, _PLACES:]).reshape(len(said), 2, -1)
        scores[:, 0] += _looks(prompts, self.looks) @ self.by_looks
        chance = likelihood(scores)
        return chance - chance[..., self.reference : self.reference + 1]


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
    topics = rows.times(axes)
    apart = grades - grades[:, [reference]]
    mean = _means(apart)
    rest = apart - mean
    own = _own(grades, reference)
    words = fit_words(rows, grades, trust=weigh_words(rows, rest) * own)
    looks, by_figures = _figures(prompts, topics, grades, rest, own)
    by_topics = axes @ by_figures[LOOKS + 1 :]
    by_topics[0] = by_figures[0]
    routes = {each: at for at, each in enumerate(dict.fromkeys(p.route for p in prompts), start=1)}
    at = _route_places(prompts, routes)
    route_effects = fit_level(at, rest, len(routes) + 1)
    places = _places(topics)
    groups = group(places)
    return QualityModel(
        reference=reference,
        pairs=len(prompts),
        place=place,
        rarity=rarity,
        hints=np.concatenate((axes[:, :_PLACES], by_topics, words), axis=1),
        routes=routes,
        by_route=(mean + route_effects).astype(np.float32),
        groups=groups,
        worth=fit_groups(groups, groups.of(places), rest - route_effects[at]),
        looks=looks,
        by_looks=by_figures[1 : LOOKS + 1],
    )


def _figures(
    prompts: Sequence[Prompt], topics: Floats, grades: Floats, rest: Floats, own: float
) -> tuple[Floats, Floats]:
    """Fit the logistic model of how prompts look and what they are about."""
    seen = np.stack([each.looks for each in prompts])
    looks = np.stack((seen.mean(axis=0), seen.std(axis=0) + 1e-3)).astype(np.float32)
    blocks = [_looks(prompts, looks), topics]
    sizes = [float(np.sqrt(each.var(axis=0).sum())) or 1.0 for each in blocks]
    trust = weigh_figures((blocks[0] / sizes[0], blocks[1] / sizes[1]), rest)
    scales = [np.sqrt(each * own) / size for each, size in zip(trust, sizes, strict=True)]
    scale = np.repeat([1.0, *scales], [1, *[each.shape[1] for each in blocks]])
    figures = np.concatenate((np.ones((len(seen), 1)), *blocks), axis=1) * scale
    weights = fit_logistic(figures, grades) * scale[:, None]
    return looks, weights.astype(np.float32)


def _own(grades: Floats, reference: int) -> float:
    """Say how much of what grades differ by is an arm's own, beside the reference's.

    What figures explain is read off differences, and fitted to each arm alone. The more two
    arms are right and wrong on the same prompts, the less of that is either's own.
    """
    whole = grades[~np.isnan(grades).any(axis=1)]
    apart = np.delete(whole - whole[:, [reference]], reference, axis=1)
    others = np.delete(whole, reference, axis=1)
    alone = (others - _means(others)) ** 2 + (
        whole[:, [reference]] - _means(whole[:, [reference]])
    ) ** 2
    return float((((apart - _means(apart)) ** 2).sum() + 1.0) / (alone.sum() + 1.0))


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
    if count > _SAMPLE:
        rows = rows.only(np.linspace(0, count - 1, _SAMPLE).astype(int))
    draw = np.random.default_rng(0).standard_normal(
        (rows.width, _TOPICS + _BESIDE), dtype=np.float32
    )
    turned = rows.turned()
    for _ in range(_SHARPER):
        draw = turned.times(np.linalg.qr(rows.times(draw))[0])
    sizes, turn = np.linalg.eigh((draw.T @ draw).astype(np.float64))
    turn = turn[:, ::-1][:, :_TOPICS] / np.sqrt(np.maximum(sizes[::-1][:_TOPICS], _NOTHING))
    axes = np.zeros((rows.width, _TOPICS), dtype=np.float32)
    axes[:, : turn.shape[1]] = draw @ turn.astype(np.float32)  # a few prompts have fewer directions
    return axes


def _places(said: Floats) -> Floats:
    """Say where prompts lie among each other, by the first few of their topics."""
    places = said[:, :_PLACES]
    size = np.sqrt(np.einsum("nk,nk->n", places, places))
    return places / np.maximum(size, np.float32(1e-6))[:, None]


def _means(apart: Floats) -> Floats:
    known = ~np.isnan(apart)
    return np.where(known, apart, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def _route_places(prompts: Sequence[Prompt], routes: Mapping[str, int]) -> Ints:
    """Row 0 is for routes that nobody has graded."""
    return np.array([routes.get(each.route, 0) for each in prompts])


def _looks(prompts: Sequence[Prompt], looks: Floats) -> Floats:
    own = (np.array([each.looks for each in prompts]) - looks[0]) / looks[1]
    return np.minimum(np.maximum(own, -3.0), 3.0)
