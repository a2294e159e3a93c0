"""A name never means two models, and a row that cannot be true stops the start."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from jevons.catalog import Catalog, is_own
from jevons.testing.make import a_footprint, a_price, an_endpoint
from jevons.types.errors import Misconfigured
from jevons.types.model import Reported

if TYPE_CHECKING:
    from jevons.types.model import Endpoint


def test_finds_by_name_model_and_alias() -> None:
    one = an_endpoint("one", aliases=("fast",))
    catalog = Catalog((one,))
    assert catalog.find("one") == catalog.find("a/model") == catalog.find("fast") == (one,)
    assert catalog.endpoints == (one,)


def test_a_name_nobody_has_finds_nothing() -> None:
    assert Catalog((an_endpoint("one"),)).find("ONE") == ()


def test_a_model_and_its_alias_find_every_endpoint_that_serves_it_in_order() -> None:
    two, one = an_endpoint("two", aliases=("fast",)), an_endpoint("one", aliases=("fast",))
    catalog = Catalog((two, one))
    assert catalog.find("a/model") == (two, one)
    assert catalog.find("fast") == (two, one)
    assert catalog.find("one") == (one,)


def test_an_endpoint_may_repeat_its_own_names() -> None:
    one = an_endpoint("one", model="one", aliases=("one", "one"))
    assert Catalog((one,)).find("one") == (one,)


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (an_endpoint("same"), an_endpoint("same", model="b"), "same"),
        (an_endpoint("same"), an_endpoint("same"), "same"),
        (an_endpoint("x"), an_endpoint("y", model="b", aliases=("x",)), "x"),
        (an_endpoint("x", aliases=("y",)), an_endpoint("y", model="b"), "y"),
        (an_endpoint("x", aliases=("y",)), an_endpoint("y"), "y"),
        (an_endpoint("a/model"), an_endpoint("y"), "a/model"),
        (an_endpoint("x", aliases=("z",)), an_endpoint("y", model="b", aliases=("z",)), "z"),
        (an_endpoint("x"), an_endpoint("y", model="b", aliases=("a/model",)), "a/model"),
    ],
)
def test_two_claims_to_one_name_are_refused_naming_both(
    first: Endpoint, second: Endpoint, shared: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        Catalog((an_endpoint("other", model="c"), first, second))
    told = str(caught.value)
    assert repr(first.name) in told
    assert repr(second.name) in told
    assert f"answer to {shared!r}" in told


def test_a_third_claim_is_seen_too() -> None:
    shared = ("z",)
    with pytest.raises(Misconfigured, match=r"'one'.*'three'.*'z'"):
        Catalog(
            (
                an_endpoint("one", aliases=shared),
                an_endpoint("two", aliases=shared),
                an_endpoint("three", model="b", aliases=shared),
            )
        )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"price": a_price("-1")},
            "price.input_per_mtok is -1; it must be an amount of money, 0 or more",
        ),
        ({"price": a_price("1", "NaN")}, "price.output_per_mtok is NaN"),
        ({"price": a_price("Infinity")}, "price.input_per_mtok is Infinity"),
        (
            {"price": a_price(cache_write_per_mtok=Decimal(-1))},
            "price.cache_write_per_mtok is -1",
        ),
        ({"price": a_price(reasoning_per_mtok=Decimal(-1))}, "price.reasoning_per_mtok is -1"),
        ({"price": a_price(cache_read_per_mtok=Decimal(-1))}, "price.cache_read_per_mtok is -1"),
        (
            {"price": a_price("1", cache_read_per_mtok=Decimal("1.01"))},
            "price.cache_read_per_mtok is 1.01; it must be at most input_per_mtok, 1",
        ),
        (
            {"footprint": a_footprint(0, 8)},
            "footprint.active_params_b is 0; it must be a number above 0",
        ),
        ({"footprint": a_footprint(1, float("inf"))}, "footprint.total_params_b is inf"),
        ({"footprint": a_footprint(kv_kb_per_token=0.0)}, "footprint.kv_kb_per_token is 0.0"),
        (
            {"footprint": a_footprint(9, 8)},
            "footprint.active_params_b is 9; it must be at most total_params_b, 8",
        ),
        (
            {"reported": Reported(fold=2, source="")},
            "reported.wh_per_answer is 0.0; it must be one of its three figures above 0",
        ),
        (
            {"reported": Reported(wh_per_mtok_read=float("inf"), fold=2, source="")},
            "reported.wh_per_mtok_read is inf; it must be 0 or more",
        ),
        (
            {"reported": Reported(wh_per_answer=1, fold=0.5, source="")},
            "reported.fold is 0.5; it must be 1 or more",
        ),
        ({"footprint": a_footprint(batch=0.5)}, "footprint.batch is 0.5; it must be 1 or more"),
        ({"footprint": a_footprint(batch=float("inf"))}, "footprint.batch is inf"),
        (
            {"footprint": a_footprint(params_fold=0.9)},
            "footprint.params_fold is 0.9; it must be 1 or more",
        ),
        ({"footprint": a_footprint(params_fold=float("inf"))}, "footprint.params_fold is inf"),
        ({"context_tokens": 0}, "context_tokens is 0; it must be a number above 0"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused(fields: dict[str, object], told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        Catalog((an_endpoint("odd", **fields),))
    assert str(caught.value).startswith(f"endpoint 'odd': {told}")


def test_a_row_at_its_bounds_is_taken() -> None:
    free = a_price("0", "0", cache_read_per_mtok=Decimal(0), cache_write_per_mtok=Decimal(0))
    least = a_footprint(batch=1.0, params_fold=1.0)
    Catalog((an_endpoint("free", price=free, footprint=least, context_tokens=1),))


def test_own_hardware_is_on_the_premises_and_unbilled() -> None:
    assert is_own(an_endpoint())
    assert not is_own(an_endpoint(place="DE"))
    assert not is_own(an_endpoint(price=a_price()))
