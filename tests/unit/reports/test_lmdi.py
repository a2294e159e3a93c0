"""The parts of a change are all of it, whatever came, went or stayed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.reports import Effects, Flow, decompose

FLOWS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.builds(
        Flow,
        st.integers(1, 10**6).map(float),
        st.integers(1, 10**9).map(float),
        st.floats(1e-3, 1e9),
    ),
    min_size=1,
)


def total(flows: dict[str, Flow]) -> float:
    return math.fsum(flow.amount for flow in flows.values())


@given(FLOWS, FLOWS)
def test_nothing_is_left_over(before: dict[str, Flow], after: dict[str, Flow]) -> None:
    change = total(after) - total(before)
    residual = decompose(before, after).total - change
    assert abs(residual) <= 1e-9 * (total(before) + total(after))


@given(FLOWS)
def test_what_stayed_as_it_was_has_no_parts(flows: dict[str, Flow]) -> None:
    assert decompose(flows, flows) == Effects(0, 0, 0, 0, 0)


@given(FLOWS, FLOWS)
def test_the_way_back_is_the_same_way(before: dict[str, Flow], after: dict[str, Flow]) -> None:
    there, back = decompose(before, after), decompose(after, before)
    size = total(before) + total(after)
    assert all(abs(a + b) <= 1e-9 * size for a, b in zip(there, back, strict=True))


def test_each_factor_alone_is_the_whole_change() -> None:
    was = {"a": Flow(10, 1000, 50.0)}
    assert decompose(was, {"a": Flow(20, 2000, 100.0)}) == pytest.approx((50, 0, 0, 0, 0))
    assert decompose(was, {"a": Flow(10, 2000, 100.0)}) == pytest.approx((0, 0, 50, 0, 0))
    assert decompose(was, {"a": Flow(10, 1000, 100.0)}) == pytest.approx((0, 0, 0, 50, 0))
    two = {"a": Flow(10, 1000, 100.0), "b": Flow(10, 1000, 10.0)}
    moved = {"a": Flow(5, 500, 50.0), "b": Flow(15, 1500, 15.0)}
    assert decompose(two, moved) == pytest.approx((0, -45, 0, 0, 0))


def test_what_came_or_went_is_apart() -> None:
    was = {"a": Flow(10, 1000, 100.0)}
    now = {"a": Flow(10, 1000, 100.0), "b": Flow(10, 1000, 20.0)}
    effects = decompose(was, now)
    assert effects.turnover == 20
    assert effects.total == pytest.approx(20)
    assert effects.activity == pytest.approx(-effects.mix), "more requests, none of them for it"
    assert (effects.depth, effects.intensity) == (0, 0)
    assert decompose(now, was).turnover == -20
    assert decompose(was, {"b": now["b"]}) == (0, 0, 0, 0, -80)
