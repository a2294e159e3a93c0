"""A sum is of everything or it is unknown, and says how all of it was got."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jevons.meter.total import total, total_charge, total_cost
from jevons.types.account import Charge, Impact
from jevons.types.units import Estimate, Priced, Unknown

UNKNOWN = Unknown(why="no price; set endpoint.price")


def estimate(low: float, middle: float, high: float, *, method: str = "modelled-cpu") -> Estimate:
    return Estimate(p05=low, p50=middle, p95=high, method=method, source="a test")


def priced(nusd: int, *, source: str = "a list") -> Priced:
    return Priced(nusd=nusd, method="price-row", source=source)


def test_one_unknown_makes_the_sum_unknown() -> None:
    assert total_cost([priced(1), UNKNOWN, priced(2)]) == UNKNOWN
    assert total([estimate(1, 2, 3), UNKNOWN]) == UNKNOWN


def test_intervals_are_added_end_to_end_and_methods_named_once() -> None:
    added = total([estimate(1, 2, 3), estimate(10, 20, 30), estimate(0, 0, 0, method="measured")])
    assert added == estimate(11, 22, 33, method="modelled-cpu + measured")


@given(st.lists(st.integers(0, 10**18)))
def test_costs_are_added_exactly(amounts: list[int]) -> None:
    added = total_cost([priced(nusd) for nusd in amounts])
    assert isinstance(added, Priced)
    assert added.nusd == sum(amounts)


def test_a_charge_alone_is_itself_and_two_are_their_sum() -> None:
    one = Charge(cost=priced(5), energy_mj=estimate(1, 2, 3), carbon_mg=UNKNOWN)
    two = Charge(cost=priced(7, source="another"), energy_mj=UNKNOWN, carbon_mg=UNKNOWN)
    assert total_charge([one]) is one
    both = total_charge([one, two])
    assert both.cost == priced(12, source="a list + another")
    assert (both.energy_mj, both.carbon_mg) == (UNKNOWN, UNKNOWN)


def test_what_attempts_came_to_besides_is_added() -> None:
    beside = Impact(
        market_mg=estimate(1, 2, 3),
        embodied_mg=estimate(2, 3, 4),
        water_site_ul=UNKNOWN,
        water_grid_ul=estimate(1, 1, 1),
    )
    known = Charge(cost=priced(5), energy_mj=estimate(1, 2, 3), carbon_mg=UNKNOWN, impact=beside)
    untold = Charge(cost=priced(5), energy_mj=estimate(1, 2, 3), carbon_mg=UNKNOWN)
    both = total_charge([known, known]).impact
    assert both is not None
    assert isinstance(both.market_mg, Estimate)
    assert both.market_mg.p50 == 4
    assert both.water_site_ul == UNKNOWN
    assert total_charge([untold, untold]).impact is None
