"""More work never takes less energy, and what is not known makes the interval wider."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jevons.meter.hosted import ACCELERATORS_ONLY, DATA_CENTRE, hosted, joules
from jevons.testing.make import a_footprint
from jevons.types.account import Usage

if TYPE_CHECKING:
    from jevons.types.model import Footprint

TOKENS = st.integers(min_value=0, max_value=1_000_000)
USAGES = st.builds(
    Usage, input=TOKENS, cache_read=TOKENS, cache_write=TOKENS, output=TOKENS, reasoning=TOKENS
).filter(lambda usage: sum(buckets(usage)) > 0)
SERVINGS = st.sampled_from(["one-node", "many-nodes", "unknown"])


@st.composite
def footprints(draw: st.DrawFn) -> Footprint:
    active = draw(st.floats(min_value=0.1, max_value=500))
    total = draw(st.just(active) | st.floats(min_value=active, max_value=2000))
    return a_footprint(
        active,
        total,
        precision=draw(st.sampled_from(["bf16", "fp8", "fp4"])),
        kv_kb_per_token=draw(st.floats(min_value=1, max_value=2000)),
        params_fold=draw(st.floats(min_value=1, max_value=3)),
        batch=draw(st.none() | st.floats(min_value=1, max_value=512)),
        serving=draw(SERVINGS),
    )


def buckets(usage: Usage) -> tuple[int, ...]:
    return usage.input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning


def estimate(footprint: Footprint, usage: Usage) -> tuple[float, float, float]:
    return joules(hosted(footprint), usage)


def median(footprint: Footprint, **tokens: Any) -> float:
    return joules(hosted(footprint, overhead=ACCELERATORS_ONLY), Usage(**tokens))[1]


def fold(footprint: Footprint, **tokens: Any) -> float:
    low, _, high = estimate(footprint, Usage(**tokens))
    return math.sqrt(high / low)


def but(footprint: Footprint, **fields: Any) -> Footprint:
    return msgspec.structs.replace(footprint, **fields)


# the formula, term by term


def test_an_answer_token_takes_what_the_fit_says() -> None:
    # 8e9 parameters in bf16 are 16 GB: exp(-2.331) 8^0.190 16^0.770 64^-0.507 = 0.1482 J.
    worked = 1000 * math.exp(-2.331) * 8**0.190 * 16**0.770 * 64**-0.507
    assert median(a_footprint(kv_kb_per_token=1e-9), output=1000) == pytest.approx(worked)
    assert worked == pytest.approx(148.2, rel=1e-3)


def test_a_prompt_token_takes_two_operations_a_parameter() -> None:
    assert median(a_footprint(), input=1) == pytest.approx(3.15e-3 * 8, rel=0.01)


def test_reading_slows_down_with_the_prompt() -> None:
    once, long = median(a_footprint(), input=1), median(a_footprint(), input=100_000)
    assert long == pytest.approx(once * 100_000 * 2, rel=1e-4)


def test_each_answer_token_reads_the_context_before_it() -> None:
    # A cache so large that nothing else counts: 1000 tokens of answer after 2000 of prompt
    # read 2500 on average.
    worked = 2.3e-10 * 1e12 * 1000 * 2500
    assert median(a_footprint(kv_kb_per_token=1e9), input=2000, output=1000) == pytest.approx(
        worked, rel=1e-3
    )


def test_a_cached_token_takes_a_tenth_of_a_fresh_one() -> None:
    # At equal length of prompt, since length slows reading down.
    fresh, cached = median(a_footprint(), input=10_000), median(a_footprint(), cache_read=10_000)
    assert cached == pytest.approx(fresh / 10)


def test_what_is_written_to_a_cache_is_read_like_the_rest() -> None:
    assert median(a_footprint(), cache_write=99) == median(a_footprint(), input=99)


def test_reasoning_is_written_like_the_rest() -> None:
    assert median(a_footprint(), reasoning=99) == median(a_footprint(), output=99)


@pytest.mark.parametrize(("precision", "gb", "share"), [("fp8", 1.0, 0.6), ("fp4", 0.53, 0.5)])
def test_a_lower_precision_moves_fewer_bytes(precision: str, gb: float, share: float) -> None:
    full = a_footprint(kv_kb_per_token=1e-9)
    less = but(full, precision=precision)
    assert median(less, output=9) / median(full, output=9) == pytest.approx((gb / 2) ** 0.770)
    assert median(less, input=9) / median(full, input=9) == pytest.approx(share)


def test_a_known_batch_replaces_the_guess_and_its_width() -> None:
    guessed = a_footprint(kv_kb_per_token=1e-9)
    known = but(guessed, batch=64.0)
    assert median(known, output=9) == pytest.approx(median(guessed, output=9))
    assert fold(known, output=9) < fold(guessed, output=9)
    alone = but(guessed, batch=1.0)
    assert median(alone, output=9) / median(known, output=9) == pytest.approx(64**0.507)


def test_the_data_centre_is_1_84_times_its_accelerators() -> None:
    ratio = estimate(a_footprint(), Usage(input=9))[1] / median(a_footprint(), input=9)
    assert ratio == pytest.approx(1.6 * 1.15)
    assert DATA_CENTRE.sigma == pytest.approx(
        math.hypot(math.log(2.0 / 1.3), math.log(1.40 / 1.06)) / (2 * 1.6448536), rel=1e-6
    )


def width(footprint: Footprint, **tokens: Any) -> float:
    low, _, high = joules(hosted(footprint, overhead=ACCELERATORS_ONLY), Usage(**tokens))
    return math.sqrt(high / low)


def test_each_term_is_as_wide_as_its_source_says() -> None:
    answer = a_footprint(kv_kb_per_token=1e-9, batch=64.0)
    assert width(answer, output=9) == pytest.approx(2.1)
    assert width(answer, input=9) == pytest.approx(math.sqrt(1.8 / 0.55))
    assert width(but(answer, kv_kb_per_token=1e12), input=9, output=9) == pytest.approx(2.5)


def test_widths_of_what_is_multiplied_add_as_squares() -> None:
    def of(*folds: float) -> float:
        return math.exp(math.hypot(*[math.log(fold) for fold in folds]))

    guessed = a_footprint(kv_kb_per_token=1e-9)
    assert width(guessed, output=9) == pytest.approx(of(2.1, 4**0.507))
    dense = but(guessed, batch=64.0, params_fold=2.0)
    assert width(dense, output=9) == pytest.approx(of(2.1, 2**0.96))
    sparse = but(dense, total_params_b=9.0)
    assert width(sparse, output=9) == pytest.approx(of(2.1, 2**0.190))
    assert width(dense, input=9) == pytest.approx(of(math.sqrt(1.8 / 0.55), 2))


# what is not known


def test_a_guessed_size_is_a_wider_interval_around_the_same_median() -> None:
    published, guessed = a_footprint(), a_footprint(params_fold=2.0)
    assert median(guessed, input=9) == pytest.approx(median(published, input=9))
    assert fold(guessed, input=9) > 1.1 * fold(published, input=9)


def test_the_size_of_a_dense_model_moves_its_weights_too() -> None:
    dense = but(a_footprint(8, 8, params_fold=2.0), kv_kb_per_token=1e-9)
    sparse = but(a_footprint(8, 9, params_fold=2.0), kv_kb_per_token=1e-9)
    assert fold(dense, output=9) > fold(sparse, output=9)


def test_experts_over_many_nodes_take_a_fifth_an_answer_token() -> None:
    one = a_footprint(37, 671, serving="one-node", kv_kb_per_token=1e-9)
    assert median(but(one, serving="many-nodes"), output=9) == pytest.approx(
        median(one, output=9) / 5
    )


def test_serving_that_is_not_known_lies_between_and_spans_both() -> None:
    footprint = a_footprint(37, 671)
    ways = ("many-nodes", "unknown", "one-node")
    many, unknown, one = [
        estimate(but(footprint, serving=way), Usage(input=100, output=400)) for way in ways
    ]
    for low, middle, high in zip(many, unknown, one, strict=True):
        assert low < middle < high
    assert unknown[2] / unknown[0] > max(many[2] / many[0], one[2] / one[0])


@pytest.mark.parametrize("sizes", [(400, 400), (20, 199.9)])
def test_serving_matters_only_for_large_mixtures_of_experts(sizes: tuple[float, float]) -> None:
    usage = Usage(input=100, output=400)
    ways = ("one-node", "many-nodes", "unknown")
    assert len({estimate(a_footprint(*sizes, serving=way), usage) for way in ways}) == 1


def test_serving_matters_from_200_billion_parameters() -> None:
    usage = Usage(output=400)
    one, many = [
        estimate(a_footprint(20, 200, serving=way), usage) for way in ("one-node", "many-nodes")
    ]
    assert many < one


# whatever the numbers


@given(footprints(), USAGES)
def test_the_interval_is_in_order_and_above_zero(footprint: Footprint, usage: Usage) -> None:
    worked = estimate(footprint, usage)
    assert worked[0] > 0
    assert all(low < high for low, high in pairwise(worked))


@given(
    footprints(),
    USAGES,
    st.sampled_from(["input", "cache_read", "cache_write", "output", "reasoning"]),
    st.integers(min_value=1, max_value=100_000),
)
def test_more_tokens_never_take_less(
    footprint: Footprint, usage: Usage, bucket: str, more: int
) -> None:
    larger = msgspec.structs.replace(usage, **{bucket: getattr(usage, bucket) + more})
    for less, greater in zip(estimate(footprint, usage), estimate(footprint, larger), strict=True):
        assert less <= greater * 1.005


@given(footprints(), USAGES, st.floats(min_value=1, max_value=10))
def test_more_weights_served_alike_never_take_less(
    footprint: Footprint, usage: Usage, factor: float
) -> None:
    assume(footprint.active_params_b < footprint.total_params_b)
    footprint = but(footprint, serving="one-node")
    heavier = but(footprint, total_params_b=footprint.total_params_b * factor)
    for less, more in zip(estimate(footprint, usage), estimate(heavier, usage), strict=True):
        assert less <= more * 1.005


@given(footprints(), USAGES)
def test_a_cache_never_takes_more_than_none(footprint: Footprint, usage: Usage) -> None:
    uncached = msgspec.structs.replace(usage, input=usage.input + usage.cache_read, cache_read=0)
    for with_cache, without in zip(
        estimate(footprint, usage), estimate(footprint, uncached), strict=True
    ):
        assert with_cache <= without * 1.005
