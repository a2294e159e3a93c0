"""What `auto` saved is measured beside what was drawn to be, and what it cost is told with it."""

from __future__ import annotations

from typing import Any

import pytest

from jevons.reports import Interval, NoFigure, of_traffic, saved
from jevons.testing.make import a_receipt
from jevons.types.account import Certified, Feedback, KeyChange, Receipt
from jevons.types.units import Estimate, Priced, Unknown

HOUSE = KeyChange(at_ms=0, act="created", key="key_h", name="auto (house)")
BEGAN = Certified(
    at_ms=1,
    id="cert_1",
    policy="00" * 32,
    reference="dear",
    arms=("dear", "cheap"),
    loss=0.02,
    confidence=0.95,
    labels=500,
    estimate=0.001,
    bound=0.018,
    until_ms=2,
)


def answered(nusd: int, chosen: str = "certified", **fields: Any) -> Receipt:
    cost = Priced(nusd=nusd, method="price-row", source="made up for a test")
    usual: dict[str, Any] = {"asked": "auto", "cost": cost, "certificate": "cert_1"}
    return a_receipt(**{**usual, "chosen": chosen, **fields})


def test_a_saving_is_told_beside_requests_that_were_drawn_for_it() -> None:
    cheap = [answered(at) for at in (10, 30) * 100]
    dear = [answered(at, "holdout") for at in (90, 110) * 20]
    told = saved([HOUSE, BEGAN, *cheap, *dear], house="auto (house)")
    assert isinstance(told.share, Interval)
    assert told.share.point == pytest.approx(0.8)
    assert 0.77 < told.share.p05 < 0.8 < told.share.p95 < 0.83
    assert told.saved_nusd == pytest.approx(0.8 * 100 * 200)
    assert told.chosen == {"certified": 200, "holdout": 40}
    assert told.turns == (BEGAN,)


def test_a_cascade_s_answers_are_its_own_whoever_of_it_spoke() -> None:
    drafted = [answered(10, endpoint=name, arm="cheap+local") for name in ("cheap", "dear")]
    nobody = answered(10, endpoint=None, arm="cheap+local")
    told = saved([*drafted, nobody, answered(10, endpoint="dear")], house="h")
    assert told.arms == {"cheap+local": 2, "nobody": 1, "dear": 1}


def test_few_requests_give_no_figure_and_say_why() -> None:
    told = saved([answered(10)] * 30 + [answered(10, "holdout")] * 3, house="h")
    assert isinstance(told.share, NoFigure)
    assert "3 drawn to be measured beside" in told.share.why
    assert told.saved_nusd == 0.0


def test_where_the_reference_costs_nothing_there_is_no_share_of_it() -> None:
    told = saved([answered(0)] * 30 + [answered(0, "holdout")] * 30, house="h")
    assert told.share == NoFigure("the reference costs nothing")


def test_what_was_spent_on_grading_is_told_and_is_no_answer_of_auto() -> None:
    mine = [answered(7, "", key="key_h"), a_receipt(key="key_h")]
    told = saved([HOUSE, *mine], house="auto (house)")
    assert told.graded_nusd == 7
    assert told.chosen == {}


def test_other_keys_and_other_models_are_passed_over() -> None:
    other = KeyChange(at_ms=0, act="created", key="key_1", name="a team")
    word = Feedback(at_ms=0, receipt="req_1", key="key_1", endpoint="here", score=1.0)
    told = saved([other, word, a_receipt()], house="auto (house)")
    assert (told.chosen, told.graded_nusd) == ({}, 0)


def test_requests_without_a_certificate_or_a_cost_are_counted_and_in_no_sum() -> None:
    loose = answered(5, "uncertified", certificate="", endpoint=None)
    told = saved([loose, a_receipt(chosen="certified", certificate="c")], house="h")
    assert told.arms == {"nobody": 1, "here": 1}
    assert told.unknown == 1


def test_an_arm_that_a_caller_named_is_no_choice_of_auto() -> None:
    told = saved([answered(1, "named")] * 30 + [answered(9, "holdout")] * 30, house="h")
    assert isinstance(told.share, NoFigure)


def test_what_answers_from_memory_spared_is_what_they_took_at_first() -> None:
    energy = Estimate(
        p05=1.0, p50=2.0, p95=3.0, method="modelled-hosted", source="made up for a test"
    )
    nothing = Unknown(why="made up for a test")
    told = saved(
        [
            answered(50, chosen="", id="req_1", energy_mj=energy),
            answered(70, chosen="", id="req_2"),
            answered(70, chosen="", id="req_3", cost=nothing),
            *[answered(0, "cache", repeats=name) for name in ("req_1", "req_1", "req_3", "req_0")],
        ],
        house="h",
    )
    assert (told.repeated, told.spared_nusd, told.spared_mj) == (4, 100, 4.0)
    assert told.chosen == {"cache": 4}


def test_energy_and_carbon_are_told_as_money_is_where_they_are_known() -> None:
    def took(figure: float) -> Estimate:
        return Estimate(p05=0, p50=figure, p95=1e9, method="modelled-hosted", source="a test")

    cheap = [answered(10, energy_mj=took(each)) for each in (1.0, 3.0) * 20]
    dear = [answered(100, "holdout", energy_mj=took(each)) for each in (9.0, 11.0) * 20]
    told = saved([*cheap, *dear], house="h")
    assert isinstance(told.energy, Interval)
    assert told.energy.point == pytest.approx(0.8)
    assert isinstance(told.carbon, NoFigure)
    half = [
        answered(9, chosen, carbon_mg=took(mg))
        for chosen, mg in (("certified", 1.0), ("holdout", 2.0)) * 30
    ]
    assert saved(half, house="h").carbon == pytest.approx(Interval(0.5, 0.5, 0.5))


def test_what_is_of_other_traffic_is_left_out_and_what_the_house_spent_is_not() -> None:
    mine = answered(1, tenant="search", traffic="text")
    json = answered(1, tenant="search", traffic="json")
    other = answered(1, tenant="default", traffic="text")
    own = answered(7, "", key="key_h")
    every = [HOUSE, BEGAN, mine, json, other, own]
    assert [*of_traffic(every, tenant=None, traffic=None)] == every
    assert [*of_traffic(every, tenant="search", traffic=None)] == [HOUSE, mine, json, own]
    assert [*of_traffic(every, tenant="search", traffic="text")] == [HOUSE, mine, own]
