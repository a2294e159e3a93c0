"""The field is told as others published it, each point with its source; the rest is unknown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from jevons.catalog.exchange import Exchange, exchange_rates
from jevons.catalog.moments import moment_ms
from jevons.catalog.quality import Leaderboard, Run, leaderboard
from jevons.catalog.vendor import Host, ListPrice, Product, Seen, Vendor
from jevons.catalog.vendors import vendors
from jevons.reports import Landscape, landscape
from jevons.reports.landscape import frontier, lags
from jevons.types.model import Footprint
from jevons.types.units import Estimate, Unknown

if TYPE_CHECKING:
    from jevons.types.account import Usage
    from jevons.types.units import Quantity

RATES = Exchange(known=exchange_rates())
NOW_MS = moment_ms("2026-11-01")
SMALL = Footprint(active_params_b=8, total_params_b=8, source="a card")


def weigh(footprint: Footprint, usage: Usage) -> Quantity:
    figure = footprint.active_params_b * (usage.input + usage.output)
    return Estimate(p05=figure / 2, p50=figure, p95=figure * 2, method="modelled", source="a test")


def ran(model: str, **fields: Any) -> Run:
    usual: dict[str, Any] = {
        "maker": "Maker", "origin": "US", "is_open": False, "of": "2025-01-01", "quality": 50.0,
    }  # fmt: skip
    return Run(model=model, **{**usual, **fields})


def board(*runs: Run) -> Leaderboard:
    return Leaderboard(
        publisher="Somebody", dataset="a board", what="exercises", exercises=100,
        url="https://example.org", licence="MIT", read="2026-01-01", run=runs,
    )  # fmt: skip


def priced(since: str, figure: str = "1", **fields: Any) -> ListPrice:
    usual: dict[str, Any] = {
        "input_per_mtok": Decimal(figure), "output_per_mtok": Decimal(figure) * 5, "source": "page",
    }  # fmt: skip
    return ListPrice(since=since, **{**usual, **fields})


def vendor(*prices: ListPrice, **fields: Any) -> Vendor:
    return Vendor(
        id="v",
        name="Vendor",
        jurisdiction="CN",
        homepage="https://example.org",
        sources={"page": Seen(url="https://example.org/prices", read="2026-01-01")},
        hosts=(Host(id="h", bases={}, place="CN", source="page"),),
        models=(Product(id="m", source="page", prices=prices, **fields),),
    )


def field(*runs: Run, of: Vendor | None = None) -> Landscape:
    known = {} if of is None else {of.id: of}
    return landscape(board(*runs), known, RATES, at_ms=NOW_MS, weigh=weigh)


def test_a_run_is_told_by_the_exercise_with_its_source() -> None:
    (judged,) = field(
        ran("m", cost_usd=5.0, prompt_tokens=1000, answer_tokens=500, footprint=SMALL)
    ).judged
    assert judged.cost_usd == pytest.approx(0.05)
    assert isinstance(judged.energy_mj, Estimate)
    assert judged.energy_mj.p50 == pytest.approx(8 * 15)
    assert "https://example.org" in judged.source
    assert judged.day == date(2025, 1, 1)


def test_what_nobody_published_is_unknown() -> None:
    tokens = {"prompt_tokens": 1000, "answer_tokens": 500}
    without, closed = field(ran("m", footprint=SMALL), ran("n", **tokens)).judged
    assert without.cost_usd is None
    assert without.energy_mj == Unknown(why="nobody published how many tokens it took")
    assert closed.energy_mj == Unknown(why="Maker does not say how large it is")


def test_the_frontier_is_whom_nobody_beat_for_less() -> None:
    found = field(
        ran("dear", quality=80.0, cost_usd=9.0),
        ran("cheap", quality=40.0, cost_usd=1.0),
        ran("beaten", quality=39.0, cost_usd=2.0),
        ran("as dear", quality=70.0, cost_usd=9.0),
        ran("free of price", quality=99.0),
    )
    assert [each.model for each in found.frontier] == ["cheap", "dear"]
    assert frontier([]) == ()


def test_a_price_of_a_quality_only_falls() -> None:
    found = field(
        ran("first", quality=45.0, cost_usd=9.0),
        ran("dearer", quality=90.0, cost_usd=20.0, of="2025-02-01"),
        ran("cheaper", quality=42.0, cost_usd=3.0, of="2025-03-01", is_open=True),
    )
    at_40 = [(each.of, each.model) for each in found.cheapest if each.level == 40]
    assert at_40 == [("2025-01-01", "first"), ("2025-03-01", "cheaper")]
    assert [each.model for each in found.cheapest if each.level == 80] == ["dearer"]


def test_how_long_others_took_to_be_as_good() -> None:
    found = field(
        ran("a", quality=50.0, of="2025-01-01"),
        ran("b", quality=45.0, of="2025-01-05"),
        ran("c", quality=70.0, of="2025-02-01"),
        ran("d", quality=90.0, of="2025-03-01"),
        ran("open", quality=55.0, of="2025-01-11", is_open=True, origin="CN"),
        ran("early", quality=71.0, of="2025-01-20", is_open=True, origin="CN"),
    )
    told = [(each.model, each.by, each.days) for each in found.lags if each.behind == "open"]
    assert told == [("a", "open", 10), ("c", "early", 0), ("d", None, None)]
    assert found.lag_days == {"open behind closed": 5, "CN behind US": 5}
    alone = field(ran("a"))
    assert alone.lag_days == {"open behind closed": None, "CN behind US": None}


def test_groups_may_be_any() -> None:
    (first, second) = field(ran("a"), ran("b", maker="Other", of="2025-01-03")).judged
    (lag,) = lags(
        [first, second],
        ahead=("Maker", lambda each: each.maker == "Maker"),
        behind=("Other", lambda each: each.maker == "Other"),
    )
    assert (lag.ahead, lag.behind, lag.days) == ("Maker", "Other", 2)


def test_a_list_price_holds_until_the_next() -> None:
    sold = vendor(
        priced("2025-01-01"),
        priced("2025-06-01", "0.5"),
        priced("2025-06-01", "9", up_to_tokens=1_000_000),
        priced("2026-01-01", "0.25", until="2026-12-01"),
        priced("2025-03-01", "0.1", service="batch"),
        priced("2025-03-01", "0.1", hours="off-peak"),
        priced("2025-03-01", "0.1", thinking=True),
        priced("2025-03-01", "0.1", hosts=("elsewhere",)),
        priced("2025-03-01", "0.1", output_per_mtok=Decimal(0)),
        weights="owner/name",
    )
    found = field(ran("run of it", quality=60.0, listed="v/m"), ran("worse", listed="v/m"), of=sold)
    told = [(each.since, each.until, each.blended_usd) for each in found.listed]
    assert told == [
        ("2025-01-01", "2025-06-01", 2.0),
        ("2025-06-01", "2026-01-01", 1.0),
        ("2026-01-01", "2026-12-01", 0.5),
    ]
    assert {(each.quality, each.is_open) for each in found.listed} == {(60.0, True)}
    (market,) = found.markets
    assert (market.jurisdiction, market.models, market.open, market.unjudged) == ("CN", 1, 1, 0)
    assert (market.least_usd, market.median_usd) == (0.5, 0.5)


def test_what_is_over_or_has_not_begun_is_in_no_market() -> None:
    over, later = vendor(priced("2025-01-01", until="2025-02-01")), vendor(priced("2027-01-01"))
    assert field(of=over).markets == field(of=later).markets == ()
    assert field(of=vendor()).listed == ()


def test_another_currency_is_told_in_dollars_or_not_at_all() -> None:
    yuan = vendor(priced("2026-01-01", "7", currency="CNY"))
    (listed,) = field(of=yuan).listed
    assert 0.9 < listed.input_usd < 1.1
    assert "European Central Bank" in listed.source
    assert (listed.quality, listed.is_open) == (None, None)
    early = vendor(priced("2020-01-01", "7", currency="CNY"))
    assert 0.9 < field(of=early).listed[0].input_usd < 1.1
    nothing = landscape(board(), {"v": yuan}, Exchange(), at_ms=NOW_MS, weigh=weigh)
    assert nothing.listed == ()


def test_what_ships_is_sound() -> None:
    shipped = leaderboard()
    assert shipped.exercises == 225
    names = {f"{each.id}/{model.id}" for each in vendors().values() for model in each.models}
    for run in shipped.run:
        assert date.fromisoformat(run.of)
        assert 0 < run.quality <= 100
        assert run.cost_usd is None or run.cost_usd > 0
        assert not run.listed or run.listed in names, run.model
        assert (run.prompt_tokens is None) == (run.answer_tokens is None)
        assert run.footprint is None or (run.is_open and run.footprint.source)
    assert len({run.model for run in shipped.run}) == len(shipped.run)
    assert [*shipped.run] == sorted(shipped.run, key=lambda run: run.of)


def test_all_of_what_ships_is_told() -> None:
    found = landscape(leaderboard(), vendors(), RATES, at_ms=NOW_MS, weigh=weigh)
    assert all(each.source for each in (*found.judged, *found.listed, *found.cheapest))
    assert len(found.frontier) > 3
    assert {each.jurisdiction for each in found.markets} >= {"US", "CN", "FR"}
