"""The cheapest allowed endpoint goes first, what is unknown counts as dearest, and it says why."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.catalog import is_own
from jevons.pick import Cheapest
from jevons.testing.make import a_price, a_request, an_endpoint
from jevons.types.decision import Verdict
from jevons.types.request import Sampling, Source

if TYPE_CHECKING:
    from jevons.types.decision import Plan
    from jevons.types.model import Endpoint

AMOUNTS = st.integers(min_value=0, max_value=50).map(str)
PRICES = st.one_of(st.none(), st.builds(a_price, AMOUNTS, AMOUNTS))
PLACES = st.sampled_from(["on-prem", "DE", "CN", "unknown"])


@st.composite
def endpoints(draw: st.DrawFn) -> tuple[Endpoint, ...]:
    names = draw(st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, unique=True))
    return tuple(
        an_endpoint(name, price=draw(PRICES), place=draw(PLACES), model="m") for name in names
    )


def planned(*allowed: Endpoint, max_tokens: int | None = None, size_bytes: int = 400) -> Plan:
    request = a_request(
        sampling=Sampling(max_tokens=max_tokens),
        source=Source(dialect="openai-chat", fields={}, digest=b"", size_bytes=size_bytes),
    )
    return Cheapest().plan(request, Verdict(endpoints=allowed, rules=(), policy=""))


def order(plan: Plan) -> list[str]:
    return [candidate.endpoint.name for candidate in plan.candidates]


def hosted(name: str, given: str, made: str, **fields: object) -> Endpoint:
    return an_endpoint(name, price=a_price(given, made), **{"place": "DE", **fields})


def test_one_endpoint_needs_no_choice() -> None:
    plan = planned(an_endpoint())
    assert order(plan) == ["here"]
    assert plan.candidates[0].why == "the only endpoint of this model that is allowed"


def test_the_cheapest_goes_first_and_says_against_what() -> None:
    plan = planned(hosted("a", "1", "2"), hosted("b", "0.10", "0.30"), hosted("c", "1", "0.60"))
    assert order(plan) == ["b", "c", "a"]
    assert [candidate.why for candidate in plan.candidates] == [
        "cheapest of 3: $0.30 per million output tokens against $0.60 per million output tokens",
        "number 2 of 3 by expected cost, $0.60 per million output tokens",
        "number 3 of 3 by expected cost, $2 per million output tokens",
    ]


def test_own_hardware_goes_before_anything_that_is_billed() -> None:
    plan = planned(hosted("a", "0", "0"), an_endpoint("own"))
    assert order(plan) == ["own", "a"]
    assert plan.candidates[0].why == "own hardware, before 1 other"


def test_own_hardware_counts_all_it_goes_before() -> None:
    plan = planned(an_endpoint("own-2"), hosted("a", "0", "0"), an_endpoint("own-1"))
    assert order(plan) == ["own-1", "own-2", "a"]
    assert plan.candidates[0].why == "own hardware, before 2 others"
    assert plan.candidates[1].why == "number 2 of 3 by expected cost, own hardware"


def test_an_unknown_price_is_the_dearest() -> None:
    plan = planned(an_endpoint("a", place="DE"), hosted("b", "1000", "1000"))
    assert order(plan) == ["b", "a"]
    assert plan.candidates[0].why.endswith("against price unknown")
    assert plan.candidates[1].why == "number 2 of 2 by expected cost, price unknown"


def test_a_price_on_the_premises_is_a_price() -> None:
    assert order(planned(hosted("a", "2", "2", place="on-prem"), hosted("b", "1", "1"))) == [
        "b",
        "a",
    ]


def test_equal_prices_prefer_the_premises_then_the_name() -> None:
    plan = planned(
        hosted("b", "1", "1"), hosted("a", "1", "1"), hosted("c", "1", "1", place="on-prem")
    )
    assert order(plan) == ["c", "a", "b"]


def test_a_long_prompt_weighs_the_price_of_reading() -> None:
    reader, writer = hosted("reader", "0.1", "9"), hosted("writer", "2", "1")
    assert order(planned(reader, writer, size_bytes=400_000)) == ["reader", "writer"]
    assert order(planned(reader, writer, size_bytes=400)) == ["writer", "reader"]


@pytest.mark.parametrize(
    ("max_tokens", "first"), [(100, "reader"), (101, "writer"), (400, "writer"), (9999, "writer")]
)
def test_a_short_answer_weighs_the_price_of_reading(max_tokens: int, first: str) -> None:
    # 100 tokens in: 100 x 1 + answer x 3 against 100 x 3.005 + answer x 1.
    reader, writer = hosted("reader", "1", "3"), hosted("writer", "3.005", "1")
    assert order(planned(reader, writer, max_tokens=max_tokens))[0] == first


def test_an_unlimited_answer_is_taken_as_400_tokens() -> None:
    even, writer = hosted("even", "4", "1"), hosted("writer", "0", "2")
    assert order(planned(even, writer)) == ["even", "writer"]  # 400 + 400 against 0 + 800: a tie
    dearer = hosted("dearer", "4.01", "1")
    assert order(planned(dearer, writer)) == ["writer", "dearer"]
    assert order(planned(dearer, writer, max_tokens=100_000)) == ["writer", "dearer"]


@given(endpoints())
def test_every_allowed_endpoint_is_in_the_plan_once(allowed: tuple[Endpoint, ...]) -> None:
    assert sorted(order(planned(*allowed))) == sorted(endpoint.name for endpoint in allowed)


@given(endpoints().flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_the_order_of_the_catalogue_does_not_matter(
    both: tuple[tuple[Endpoint, ...], list[Endpoint]],
) -> None:
    assert planned(*both[0]) == planned(*both[1])


@given(endpoints())
def test_tiers_never_mix(allowed: tuple[Endpoint, ...]) -> None:
    ordered = [candidate.endpoint for candidate in planned(*allowed).candidates]
    tiers = [0 if is_own(each) else 2 if each.price is None else 1 for each in ordered]
    assert tiers == sorted(tiers)
    costs = [
        100 * each.price.input_per_mtok + 400 * each.price.output_per_mtok
        for each in ordered
        if each.price is not None
    ]
    assert costs == sorted(costs)
    assert all(isinstance(cost, Decimal) for cost in costs)
