"""Nothing costs more than what was set aside for it, as far as it is bounded at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from jevons.catalog import grids
from jevons.catalog.price_list import dearest
from jevons.entries import charged
from jevons.meter import HouseMeter
from jevons.meter.worst import bound_of
from jevons.testing.make import (
    a_footprint,
    a_price,
    a_request,
    a_tariff,
    an_endpoint,
    an_outcome,
)
from jevons.types.account import Usage
from jevons.types.budget import Amounts
from jevons.types.message import Image, Message, Opaque, Text, ToolResult
from jevons.types.model import Peak
from jevons.types.request import Embed, Generate, HostedTool, Sampling, Thinking
from jevons.types.units import Priced

GRIDS = grids()
NOON_MS = 1_795_953_600_000
METER = HouseMeter(grids=GRIDS, tariff=a_tariff())
FAR = an_endpoint(place="US", price=a_price("1", "2"))


def ask(text: str = "hello", **fields: Any) -> Generate:
    return a_request(text, **{"sampling": Sampling(max_tokens=10), **fields})


def bounds(endpoint: Any = FAR, **fields: Any) -> tuple[int, int] | None:
    bound = bound_of(endpoint, ask(**fields))
    return None if bound is None else bound[:2]


def test_a_prompt_is_bounded_by_its_bytes_and_its_context() -> None:
    assert bounds() == (5 + 64, 10)
    assert bounds(replace(FAR, context_tokens=20)) == (20, 10)


def test_an_answer_is_bounded_by_the_request_the_endpoint_or_its_context() -> None:
    free = Sampling()
    assert bounds(sampling=free) is None
    assert bounds(replace(FAR, max_output_tokens=30), sampling=free) == (69, 30)
    assert bounds(replace(FAR, max_output_tokens=30)) == (69, 10)
    assert bounds(replace(FAR, context_tokens=100), sampling=free) == (69, 100)


def test_several_answers_and_a_budget_of_thinking_are_set_aside() -> None:
    assert bounds(sampling=Sampling(max_tokens=10, n=3)) == (69, 30)
    assert bounds(thinking=Thinking(budget_tokens=7)) == (69, 17)
    assert bounds(thinking=Thinking(effort="low")) == (
        69,
        10 + 2048,
    )  # where it is sent as a budget


@pytest.mark.parametrize("fields", [{"embed": Embed()}, {"counts": True}])
def test_where_nothing_is_written_only_the_prompt_counts(fields: dict[str, Any]) -> None:
    assert bounds(**fields, sampling=Sampling()) == (69, 0)


PICTURE = Image(url="https://example.com/a.png")


@pytest.mark.parametrize(
    "part",
    [
        PICTURE,
        Opaque(kind="x", fields={}),
        ToolResult(call="c", parts=(Text(text="see"), PICTURE)),
    ],
)
def test_what_is_not_text_may_fill_the_context(part: Any) -> None:
    messages = (Message(role="user", parts=(Text(text="look"), part)),)
    assert bounds(messages=messages) is None
    assert bounds(replace(FAR, context_tokens=5000), messages=messages) == (5000, 10)


def test_an_endpoint_that_searches_by_itself_is_bounded_by_nothing() -> None:
    tools = (HostedTool(kind="web_search", fields={}),)
    assert bounds(replace(FAR, context_tokens=5000), tools=tools) is None


def test_what_was_said_before_is_part_of_the_prompt() -> None:
    request = ask(previous="resp_1")
    fields = {"input": msgspec.Raw(b"x" * 500)}
    request = replace(request, source=replace(request.source, fields=fields))
    assert bound_of(FAR, request) == (564, 10, True)


def test_tokens_are_taken_at_the_dearest_of_their_kind() -> None:
    price = a_price("1", "2", cache_write_1h_per_mtok=3, reasoning_per_mtok=7)
    price = replace(price, cache_write_1h_per_mtok=price.output_per_mtok + 1)
    price = replace(price, reasoning_per_mtok=price.output_per_mtok + 5)
    most = METER.worst(replace(FAR, price=price), ask())
    assert most.cost_nusd == 69 * 3000 + 10 * 7000


def test_what_is_no_text_is_taken_at_the_dearest_that_it_may_be() -> None:
    price = replace(
        a_price("1", "2"),
        input_audio_per_mtok=Decimal(30),
        cache_read_audio_per_mtok=Decimal(40),
        output_image_per_mtok=Decimal(60),
    )
    there = replace(FAR, price=price, context_tokens=500)
    assert METER.worst(there, ask()).cost_nusd == 69 * 1000 + 10 * 60_000
    seen = ask(messages=(Message(role="user", parts=(PICTURE,)),))
    assert METER.worst(there, seen).cost_nusd == 500 * 40_000 + 10 * 60_000


def test_what_is_not_known_is_not_known_or_the_ceiling() -> None:
    ceiling = Amounts(cost_nusd=1, energy_mj=2, carbon_ug=3)
    house = HouseMeter(grids=GRIDS, ceiling=ceiling)
    bare = replace(FAR, price=None)
    assert METER.worst(bare, ask()) == METER.worst(FAR, ask(sampling=Sampling())) == Amounts()
    assert house.worst(bare, ask()) == house.worst(FAR, ask(sampling=Sampling())) == ceiling
    assert house.worst(FAR, ask()) == replace(ceiling, cost_nusd=69_000 + 20_000)


def test_own_hardware_is_bounded_by_what_a_token_takes_there() -> None:
    house = HouseMeter(grids=GRIDS, tariff=a_tariff("3.6"), own_joules_per_token=10)
    most = house.worst(an_endpoint(), ask())
    assert most.energy_mj == 79 * 10_000
    assert most.cost_nusd == 790_000 + 1
    assert most.carbon_ug
    assert HouseMeter(grids=GRIDS).worst(an_endpoint(), ask()).cost_nusd is None


def test_own_hardware_with_a_footprint_is_bounded_by_its_formula() -> None:
    most = METER.worst(an_endpoint(footprint=a_footprint()), ask())
    assert most.energy_mj is not None
    assert most.energy_mj < 79 * 50_000
    assert most.cost_nusd is not None
    assert most.cost_nusd > most.energy_mj / 3.6 - 1


def test_no_row_of_a_price_list_charges_more_than_the_worst() -> None:
    prices = (
        a_price("1", "2", up_to_tokens=50, hours="off-peak"),
        a_price("2", "3", up_to_tokens=50, hours="peak", thinking=False),
        a_price("1.5", "9", up_to_tokens=50, hours="peak", thinking=True),
        a_price("4", "5"),
    )
    peak = Peak(hours=("01:00-04:00",))
    endpoint = an_endpoint(place="US", price=dearest(prices), prices=prices, peaks=(peak,))
    most = METER.worst(endpoint, ask()).cost_nusd
    assert most is not None
    for hour in range(24):
        for prompt, thought in ((1, 0), (1, 10), (69, 0), (69, 10)):
            usage = Usage(
                input=prompt, output=10 - thought, reasoning=thought, counted_by="endpoint"
            )
            cost = METER.charge(
                endpoint, an_outcome(endpoint, usage=usage), at_ms=NOON_MS + hour * 3_600_000
            ).cost
            assert isinstance(cost, Priced)
            assert cost.nusd <= most


@given(
    shares=st.tuples(*[st.floats(0, 1)] * 4),
    limit=st.integers(1, 5000),
    text=st.text(min_size=1, max_size=300),
    is_own=st.booleans(),
)
def test_no_answer_within_its_bounds_comes_to_more_than_the_worst(
    shares: tuple[float, ...], limit: int, text: str, *, is_own: bool
) -> None:
    endpoint = an_endpoint(
        place="on-prem" if is_own else "US",
        price=None if is_own else a_price("1.27", "3.1", cache_read_per_mtok=None),
        footprint=a_footprint(),
    )
    request = ask(text, sampling=Sampling(max_tokens=limit))
    bound = bound_of(endpoint, request)
    assert bound is not None
    read, cached, written, thought = shares
    prompt = max(1, int(bound.prompt * read))
    answer = int(bound.answer * written)
    usage = Usage(
        input=prompt - int(prompt * cached),
        cache_read=int(prompt * cached),
        output=answer - int(answer * thought),
        reasoning=int(answer * thought),
        counted_by="endpoint",
    )
    outcome = an_outcome(endpoint, usage=usage)
    most = METER.worst(endpoint, request)
    came_to = charged(outcome, METER.charge(endpoint, outcome), most)
    for worst, real in zip(
        (most.cost_nusd, most.energy_mj, most.carbon_ug),
        (came_to.cost_nusd, came_to.energy_mj, came_to.carbon_ug),
        strict=True,
    ):
        assert worst is not None
        assert real is not None
        assert real <= worst
