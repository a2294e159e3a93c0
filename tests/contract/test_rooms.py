"""What every policy, pick, meter, clock and maker of ids promises, ours and the doubles alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jevons.catalog import Catalog, grids
from jevons.clock import SystemClock, Ulids
from jevons.meter import HouseMeter
from jevons.pick import Cheapest
from jevons.policy import Rules
from jevons.testing import Allow, Clock, Ids, InOrder, NoMeter, Ring
from jevons.testing.make import a_request, an_actor, an_endpoint, an_outcome
from jevons.types.account import Measured
from jevons.types.decision import Verdict
from jevons.types.errors import Unauthenticated, UnknownModel
from jevons.types.units import Unknown

if TYPE_CHECKING:
    from jevons import ports

HERE, THERE = an_endpoint("here", aliases=("near",)), an_endpoint("there")

POLICIES: list[ports.Policy] = [
    Rules(Catalog((HERE, THERE)), clock=SystemClock()),
    Allow(HERE, THERE),
]
PICKS: list[ports.Pick] = [Cheapest(), InOrder()]
METERS: list[ports.Meter] = [HouseMeter(grids=grids()), NoMeter()]
CLOCKS: list[ports.Clock] = [SystemClock(), Clock()]
MAKERS: list[ports.Ids] = [Ulids(SystemClock()), Ids()]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_finds_by_name_model_and_alias(policy: ports.Policy) -> None:
    assert policy.judge(a_request(model="here")).endpoints == (HERE,)
    assert policy.judge(a_request(model="near")).endpoints == (HERE,)
    assert policy.judge(a_request(model="a/model")).endpoints == (HERE, THERE)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_gives_the_same_verdict_twice(policy: ports.Policy) -> None:
    verdict = policy.judge(a_request())
    assert verdict == policy.judge(a_request())
    assert verdict.rules
    assert len(bytes.fromhex(verdict.policy)) == 32


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_lets_nobody_through_without_a_key(policy: ports.Policy) -> None:
    with pytest.raises(Unauthenticated):
        policy.judge(a_request(actor=None))
    with pytest.raises(Unauthenticated):
        policy.visible(None)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_knows_no_model_that_is_not_there(policy: ports.Policy) -> None:
    with pytest.raises(UnknownModel):
        policy.judge(a_request(model="nowhere"))


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_shows_what_there_is_in_order(policy: ports.Policy) -> None:
    assert policy.visible(an_actor()) == (HERE, THERE)


@pytest.mark.parametrize("pick", PICKS)
def test_a_plan_has_each_allowed_endpoint_once_with_its_reason(pick: ports.Pick) -> None:
    verdict = Verdict(endpoints=(THERE, HERE), rules=(), policy="")
    plan = pick.plan(a_request(), verdict)
    assert plan == pick.plan(a_request(), verdict)
    assert sorted(each.endpoint.name for each in plan.candidates) == ["here", "there"]
    assert all(each.why for each in plan.candidates)


@pytest.mark.parametrize("meter", METERS)
@pytest.mark.parametrize("measured", [Measured(), Measured(cpu_s=1.0)])
def test_a_meter_gives_a_figure_or_a_reason(meter: ports.Meter, measured: Measured) -> None:
    charge = meter.charge(HERE, an_outcome(HERE, measured=measured))
    for figure in (charge.cost, charge.energy_mj, charge.carbon_mg):
        assert figure.why if isinstance(figure, Unknown) else figure.method


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_clock_does_not_go_back(clock: ports.Clock) -> None:
    assert clock.monotonic_s() <= clock.monotonic_s()
    assert clock.now_ms() > 1_700_000_000_000


@pytest.mark.parametrize("ids", MAKERS)
def test_ids_have_their_prefix_and_sort_as_they_were_made(ids: ports.Ids) -> None:
    made = [ids.new("req") for _ in range(100)]
    assert all(each.startswith("req_") and len(each) == 30 for each in made)
    assert made == sorted(set(made))


def test_a_ring_finds_the_keys_on_it() -> None:
    ring = Ring({"jv_known": an_actor()})
    assert ring.find("jv_known") == an_actor()
    assert ring.find("jv_other") is None
