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
from jevons.auto.logistic import fit_logistic, fit_words, likelihood
from jevons.auto.rows import rows_of
from jevons.auto.table import fit_level
from jevons.auto.weighing import weigh_figures, weigh_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jevons.auto.features import Prompt
    from jevons.auto.rows import Floats, Ints, Rows

__all__ = ("Expected", "Parts", "QualityModel", "fit_quality")

_TOPICS = 64
"""Directions in which prompts differ most. How far to trust them is learned, so more do no harm."""
_PLACES = 24
"""Of these, as many tell which prompts lie near each other: groups need few."""
_BESIDE = 16
"""Directions that are sought besides, and left out: the last few of those found are not yet right."""
_LEVELS = (4, 12, 36, 100)
"""Groups, from coarse to fine."""
_FEWEST = 8
"""Prompts a group must have on average, else its level is left out."""
_SAMPLE = 4000
"""Prompts that they are sought in: in more they are no different."""
_SHARPER = 3
"""Times that they are multiplied: each makes the larger ones stand out more."""
_NOTHING = 1e-6
_ROUNDS = 8


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


class _Groups(NamedTuple):
    """Groups of like prompts, all levels in one matrix, so that one product finds them."""

    centres: Floats
    half: Floats
    """Half the square of each centre: what makes the nearest the one with the largest product."""
    effects: Floats
    levels: tuple[slice, ...]
    """Which rows are a level, from coarse to fine."""

    def of(self, places: Floats) -> Floats:
        """Say what the groups of prompts are worth, all levels together."""
        near = places @ self.centres.T - self.half
        out = np.zeros((len(places), self.effects.shape[1]), dtype=np.float32)
        for level in self.levels:
            out += self.effects[near[:, level].argmax(axis=1) + level.start]
        return out


class QualityModel(NamedTuple):
    """What was learned."""

    reference: int
    """Column of the arm that others are held against."""
    pairs: int
    """Prompts that it was made of."""
    place: Ints
    rarity: Floats
    hints: Floats
    """What each word says: how far it stands for each topic, and then for each arm. The first row
    is the arms' constant."""
    mean: Floats
    routes: Mapping[str, int]
    route_effects: Floats
    groups: _Groups
    looks: Floats
    """Mean and spread of how prompts look."""
    logistic: Floats

    @property
    def words(self) -> Floats:
        """What each word says of each arm."""
        return self.hints[:, -self.logistic.shape[1] :]

    def expect(self, prompts: Sequence[Prompt]) -> Expected:
        """Say how much better or worse than the reference each arm is likely to do."""
        said = self._said(prompts)
        places = _places(said)
        table, figures, words = self._parts(prompts, said, places)
        return Expected((table + figures + words) / 3.0, places)

    def explain(self, prompts: Sequence[Prompt]) -> Parts:
        """Say what each of the three models makes of it."""
        said = self._said(prompts)
        return self._parts(prompts, said, _places(said))

    def _said(self, prompts: Sequence[Prompt]) -> Floats:
        """Add up what words say; prompt by prompt, so that nobody's company changes a figure."""
        out = np.empty((len(prompts), self.hints.shape[1]), dtype=np.float32)
        for row, prompt in enumerate(prompts):
            own = self.place[prompt.columns]
            weighed = prompt.counts * self.rarity[own]
            norm = float(weighed @ weighed) ** 0.5 or 1.0
            np.matmul(weighed / np.float32(norm), self.hints[own], out=out[row])
        return out

    def _parts(self, prompts: Sequence[Prompt], said: Floats, places: Floats) -> Parts:
        arms = self.logistic.shape[1]
        table = self.groups.of(places) + self.mean
        table += self.route_effects[_route_places(prompts, self.routes)]
        score = _looks(prompts, self.looks) @ self.logistic[1 : LOOKS + 1] + self.logistic[0]
        score += said[:, :-arms] @ self.logistic[LOOKS + 1 :]
        words = said[:, -arms:] + self.hints[0, -arms:]
        return Parts(table, self._apart(score), self._apart(words))

    def _apart(self, score: Floats) -> Floats:
        chance = likelihood(score)
        return chance - chance[:, [self.reference]]


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
    looks, logistic = _figures(prompts, topics, grades, rest, own)
    routes = {each: at for at, each in enumerate(dict.fromkeys(p.route for p in prompts), start=1)}
    at = _route_places(prompts, routes)
    route_effects = fit_level(at, rest, len(routes) + 1)
    return QualityModel(
        reference=reference,
        pairs=len(prompts),
        place=place,
        rarity=rarity,
        hints=np.concatenate((axes, words), axis=1),
        mean=mean.astype(np.float32),
        routes=routes,
        route_effects=route_effects,
        groups=_grouped(_places(topics), rest - route_effects[at]),
        looks=looks,
        logistic=logistic,
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


def _grouped(places: Floats, rest: Floats) -> _Groups:
    """Find groups of like prompts, and what they are worth beyond the groups around them."""
    centres, effects, levels = [places[:0]], [rest[:0]], list[slice]()
    for count in _LEVELS:
        if count * _FEWEST > len(places):
            break
        middle = _centres(places, count)
        groups = _nearest(places, middle)
        told = fit_level(groups, rest, count)
        rest = rest - told[groups]
        begin = sum(len(each) for each in centres)
        levels.append(slice(begin, begin + count))
        centres.append(middle)
        effects.append(told)
    middles = np.concatenate(centres)
    return _Groups(
        middles,
        0.5 * (middles * middles).sum(axis=1),
        np.concatenate(effects).astype(np.float32),
        tuple(levels),
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


def _nearest(places: Floats, centres: Floats) -> Ints:
    return (places @ centres.T - 0.5 * (centres * centres).sum(axis=1)).argmax(axis=1)


def _centres(places: Floats, count: int) -> Floats:
    """Find the middles of groups of like prompts (Lloyd's algorithm)."""
    chosen = np.random.default_rng(0).permutation(len(places))[:count]
    centres = places[chosen]
    for _ in range(_ROUNDS):
        groups = _nearest(places, centres)
        size = np.bincount(groups, minlength=count)
        sums = np.stack([np.bincount(groups, axis, minlength=count) for axis in places.T], axis=1)
        centres = np.where(size[:, None] > 0, sums / np.maximum(size, 1)[:, None], centres)
    return centres.astype(np.float32)
