"""A tally is what its receipts come to, in whatever order they came."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.reports.tallying import counted, estimate, tallied

from jevons.reports import HOUR_MS, Counted, Group, Sum, add_up
from jevons.reports.tally import GROUP, NOTHING, SUMS, line_of, merge
from jevons.testing.make import a_receipt
from jevons.types.account import Impact, Usage
from jevons.types.units import Priced, Unknown

WORDS = Usage(input=5, cache_read=1, cache_write=2, output=7, reasoning=3, counted_by="endpoint")
PRICED = Priced(nusd=11, method="price-row", source="a row")
WHY = Unknown(why="a test")
AT_MS = 500 * HOUR_MS + 17


def full(**fields: Any) -> Counted:
    usual: dict[str, Any] = {
        "at_ms": AT_MS,
        "usage": WORDS,
        "cost": PRICED,
        "energy_mj": estimate(10.0),
        "carbon_mg": estimate(4.0),
        "impact": Impact(
            market_mg=estimate(1.0),
            embodied_mg=estimate(2.0),
            water_site_ul=estimate(3.0),
            water_grid_ul=WHY,
        ),
    }
    return counted(**{**usual, **fields})


def test_receipts_of_one_hour_and_kind_are_one_tally() -> None:
    (tally,) = tallied(full(), full(at_ms=AT_MS + 1000))
    assert tally.group == Group(
        500 * HOUR_MS, "key_1", '["default","house"]', "a/model", "here", "this machine",
        "on-prem", "public", "modelled-hosted", "answered",
    )  # fmt: skip
    assert tally.requests == 2
    assert (tally.input, tally.cache_read, tally.cache_write) == (10, 2, 4)
    assert (tally.output, tally.reasoning) == (14, 6)
    assert (tally.read, tally.written) == (16, 20)
    assert (tally.cost_nusd, tally.unpriced) == (22, 0)
    assert tally.energy_uj == Sum(10_000, 20_000, 40_000, 0)
    assert tally.carbon_ng == Sum(4_000_000, 8_000_000, 16_000_000, 0)
    assert tally.market_ng.mid == 2_000_000
    assert tally.embodied_ng.mid == 4_000_000
    assert tally.water_site_nl.mid == 6_000
    assert tally.water_grid_nl == Sum(0, 0, 0, 2)


def test_what_is_not_known_is_counted() -> None:
    old = full(cost=WHY, energy_mj=WHY, carbon_mg=WHY, impact=None, account=("ada", "research"))
    (tally,) = tallied(old)
    assert tally.group.method == ""
    assert line_of(tally.group.account) == ("ada", "research")
    assert (tally.unpriced, tally.energy_uj, tally.water_site_nl) == (
        1, Sum(0, 0, 0, 1), Sum(0, 0, 0, 1),
    )  # fmt: skip


def test_how_an_answer_ended_tells_apart() -> None:
    lost = {"endpoint": None, "model": None, "host": None, "place": None, "error": "exhausted"}
    read_only = full(usage=Usage(input=3, counted_by="endpoint"))
    ends = [tally.group.ended for tally in tallied(full(), read_only, full(**lost))]
    assert ends == ["answered", "silent", "failed"]
    assert tallied(full(**lost))[0].group.model == ""


def test_a_receipt_in_memory_counts_as_one_that_was_read() -> None:
    fields = {"at_ms": AT_MS, "usage": WORDS, "energy_mj": estimate(10.0)}
    assert add_up([a_receipt(**fields)]) == add_up([counted(**fields)])


def test_sums_of_one_group_are_added() -> None:
    groups = add_up([full()])
    (group, sums), *_ = groups.items()
    merge(groups, group, sums)
    other = group._replace(key="key_9")
    merge(groups, other, sums)
    assert groups == {**add_up([full(), full()]), other: sums}


def at(key: str, hour: int, energy: float) -> Counted:
    return full(key=key, at_ms=hour * HOUR_MS, energy_mj=estimate(energy))


RECEIPTS = st.lists(
    st.builds(at, st.sampled_from(["key_1", "key_2"]), st.integers(0, 2), st.floats(1e-3, 1e9)),
    max_size=12,
)


@given(RECEIPTS, st.integers(0, 12), st.randoms(use_true_random=False))
def test_neither_order_nor_cuts_change_a_sum(
    receipts: list[Counted], cut: int, random: Any
) -> None:
    whole = add_up(receipts)
    shuffled = [*receipts]
    random.shuffle(shuffled)
    parts = add_up(shuffled[:cut])
    for group, sums in add_up(shuffled[cut:]).items():
        merge(parts, group, sums)
    assert parts == whole


def test_sums_and_fields_have_names_of_their_own() -> None:
    assert len({*GROUP, *SUMS}) == len(GROUP) + len(SUMS)
    assert len(NOTHING) == len(SUMS)
