"""Like prompts come to stand together, however they are cut, and few make no groups."""

import numpy as np
import pytest

from jevons.auto import groups as room
from jevons.auto.groups import fit_groups, group
from jevons.auto.rows import Floats

KINDS = 15


def places(count: int, *, spread: float = 0.05) -> Floats:
    """Prompts of as many kinds as the coarsest level has groups, each kind in its own direction."""
    dice = np.random.default_rng(0)
    kinds = np.eye(24, dtype=np.float32)[np.arange(count) % KINDS]
    told = kinds + dice.normal(0.0, spread, kinds.shape).astype(np.float32)
    return told / np.linalg.norm(told, axis=1, keepdims=True)


def test_many_make_groups_of_every_size_and_fewer_make_the_coarse_ones() -> None:
    assert [count for _, count, _ in group(places(800)).levels] == [15, 40, 100]
    assert [count for _, count, _ in group(places(400)).levels] == [15, 40]
    assert group(places(100)).levels == ()
    assert group(places(100)).of(places(3)).shape == (3, 0)


def test_prompts_of_one_kind_are_in_one_group() -> None:
    found = group(places(400))
    coarse = found.of(places(400))[:, 0]
    together = [len(set(coarse[kind::KINDS])) for kind in range(KINDS)]
    assert sum(count == 1 for count in together) >= KINDS - 2


def test_a_group_is_the_nearest_of_its_level_and_way() -> None:
    found, asked = group(places(800, spread=0.3)), places(20, spread=0.3)
    for at, row in enumerate(found.of(asked)):
        far = ((found.middles - asked[at]) ** 2).sum(axis=1)
        firsts = np.concatenate([ways for _, _, ways in found.levels])
        for own, begin, count in zip(row, firsts, np.repeat((15, 40, 100), 4), strict=True):
            beside = slice(begin, begin + count)
            assert own in range(beside.start, beside.stop)
            assert far[own] == pytest.approx(far[beside].min(), abs=1e-5)


def test_what_a_kind_is_worth_is_told_by_its_groups_together() -> None:
    told = places(900)
    kinds = np.arange(900) % KINDS
    rest = ((kinds < 3) - 0.2)[:, None] * np.array([1.0, -1.0])
    found = group(told)
    members = found.of(told)
    said = fit_groups(found, members, rest)[members].sum(axis=1)
    assert np.abs(said - rest).mean() < 0.05


def test_what_is_no_grade_counts_for_nothing() -> None:
    told = places(300)
    found = group(told)
    worth = fit_groups(found, found.of(told), np.full((300, 2), np.nan))
    assert (worth == 0.0).all()


def test_they_are_sought_in_some_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_SAMPLE", 300)
    assert len(group(places(800)).middles) == 4 * 155


def test_prompts_that_all_lie_in_one_place_are_no_reason_to_fail() -> None:
    same = np.repeat(places(1), 200, axis=0)
    found = group(same)
    assert np.isfinite(found.middles).all()
    assert found.of(same).shape == (200, 4)
