"""Two price lists that others keep say what ours says, or somebody has looked into why not."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from jevons.catalog.moments import moment_ms
from jevons.catalog.oracle import (
    Difference,
    Quote,
    compare,
    explanations,
    propose,
    quotes,
    reason,
)
from jevons.catalog.oracle.propose import added_model, added_rows, written
from jevons.catalog.price_list import eras_of
from jevons.catalog.vendors import read_vendor, vendor_text, vendors
from jevons.testing.make import a_price
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from jevons.types.model import Price

LOOKED_MS = moment_ms("2026-11-29")
"""When the explanations were written."""

ROW = """id = "a"
name = "A"
homepage = "https://a.example"
[sources]
page = { url = "https://a.example/prices", read = "2026-11-01" }

[[hosts]]
id = "h"
bases = { openai-chat = "https://api.a.example/v1" }
place = "DE"
source = "page"

[[models]]
id = "m"
can = ["text"]
source = "page"
prices = [
  { input = 1, output = 2, since = "2026-01-01", source = "page" },
]

[[models]]
id = "n-*"
can = ["text"]
reasoning = "always"
source = "page"

[[rules]]
models = "*"
field = "seed"
do = "drop"
why = "it says so"
source = "page"
"""


def quoted(model: str = "m", *prices: Price, names: tuple[str, ...] = ()) -> Quote:
    known = prices or (a_price("1", "2"),)
    return Quote("model-prices 0", "a", "h", model, frozenset({model, *names}), known)


def compared(quote: Quote, text: str = ROW) -> list[Difference]:
    return [*compare({"a": read_vendor("a", text)}, [quote], at_ms=LOOKED_MS).differences]


def proposed(quote: Quote, *, new_models: bool = False) -> str | None:
    vendor = {"a": read_vendor("a", ROW)}
    changed = propose(
        vendor, {"a": ROW}, [quote], (), at_ms=LOOKED_MS, day="2026-11-29", new_models=new_models
    )
    return changed.get("a")


def test_every_difference_is_explained_and_every_explanation_explains_one() -> None:
    found = compare(vendors(), quotes(), at_ms=LOOKED_MS)
    print(f"{found.figures} figures of {found.checked} models")  # noqa: T201 part of the answer
    assert found.checked > 1000
    assert [each for each in found.differences if not reason(each, explanations())] == []
    for known in explanations():
        for pair in known.pairs:
            alone = structs.replace(known, pairs=frozenset({pair}))
            assert any(reason(each, [alone]) for each in found.differences), (known.models, pair)


def test_both_oracles_are_read_with_tiers_hours_thinking_batches_and_history() -> None:
    asked = quotes()
    assert {quote.oracle.partition(" ")[0] for quote in asked} == {"model-prices", "genai-prices"}
    rows = [price for quote in asked for price in quote.prices]
    assert {price.hours for price in rows} == {"any", "peak", "off-peak"}
    assert {price.service for price in rows} == {"standard", "batch"}
    assert {price.thinking for price in rows} == {None, True}
    assert {price.currency for price in rows} == {"USD", "CNY"}
    assert any(price.up_to_tokens == 199_999 for price in rows), "xAI's tiers begin at their bound"
    assert all(price.input_per_mtok > 0 or price.output_per_mtok > 0 for price in rows)
    sol = next(quote for quote in asked if quote.model == "gpt-5.6-sol")
    eras = eras_of([price for price in sol.prices if price.service == "standard"])
    assert [str(era.rows[0].input_per_mtok) for era in eras] == ["4", "5"]


def test_yuan_come_back_as_the_vendor_writes_them() -> None:
    (pro,) = [quote for quote in quotes() if quote.model == "doubao-seed-2-0-pro-260215"]
    figures = [(str(each.input_per_mtok), str(each.output_per_mtok)) for each in pro.prices]
    assert figures == [("3.2", "16"), ("4.8", "24"), ("9.6", "48")]


def test_without_an_oracle_the_extra_is_named() -> None:
    with pytest.raises(Misconfigured, match=r"pip install -e '\.\[prices\]'"):
        quotes(find=lambda _: None)


def test_what_is_the_same_is_no_difference_whatever_they_leave_out() -> None:
    assert compared(quoted()) == []
    cached = ROW.replace("output = 2,", "output = 2, cache_read = 0.1,")
    assert compared(quoted(), cached) == []


@pytest.mark.parametrize(
    ("theirs", "figure", "ours", "their", "when"),
    [
        ({"input_per_mtok": Decimal(3)}, "input", "1", "3", ""),
        ({"cache_read_per_mtok": Decimal("0.5")}, "cache_read", "1", "0.5", ""),
        ({"cache_write_1h_per_mtok": Decimal(2)}, "cache_write_1h", "1", "2", ""),
        ({"service": "batch"}, "input", "none", "1", "batch"),
        ({"output_per_mtok": Decimal(4), "thinking": True}, "output", "2", "4", "thinking"),
        ({"output_per_mtok": Decimal(4), "up_to_tokens": 9}, "output", "2", "4", ""),
    ],
)
def test_a_figure_that_differs_is_named_with_both(
    theirs: dict[str, Any], figure: str, ours: str, their: str, when: str
) -> None:
    first, *_ = compared(quoted("m", structs.replace(a_price("1", "2"), **theirs)))
    assert (first.figure, first.ours, first.theirs, first.when) == (figure, ours, their, when)


def test_a_name_that_both_have_is_enough_and_a_pattern_or_a_latest_is_not() -> None:
    dearer = a_price("9", "9")
    assert compared(quoted("other", dearer, names=("m",)))
    assert not compared(quoted("n-1", dearer))
    latest = ROW.replace('id = "m"', 'id = "m-latest"')
    assert not compared(quoted("other", dearer, names=("m-latest",)), latest)


def test_a_model_that_is_shut_is_not_compared() -> None:
    shut = ROW.replace('id = "m"\n', 'id = "m"\nretired = "2026-11-01"\n')
    assert not compared(quoted("m", a_price("9", "9")), shut)


def test_an_explanation_holds_for_its_two_figures_and_no_others() -> None:
    known = explanations()[0]
    ours, theirs = next(iter(known.pairs)).split()
    said = Difference(
        f"{known.oracle} 1", known.vendor, "h", known.models[0], "input", "", ours, theirs
    )
    assert reason(said, explanations()) == known.why
    assert reason(said._replace(theirs="77"), explanations()) == ""
    assert reason(said._replace(vendor="a"), explanations()) == ""


def test_a_new_price_is_an_era_behind_the_old_ones() -> None:
    text = proposed(quoted("m", a_price("3", "4", since="2026-06-01")))
    assert text is not None
    assert [line for line in text.splitlines() if line not in ROW.splitlines()] == [
        'model-prices = { url = "https://github.com/wakamex/model-prices", read = "2026-11-29" }',
        '  { input = 3, output = 4, hosts = ["h"], since = "2026-06-01", source = "model-prices" },',
    ]
    assert all(line in text for line in ROW.splitlines())
    assert read_vendor("a", text).models[0].prices[1].output_per_mtok == 4
    assert compared(quoted("m", a_price("3", "4", since="2026-06-01")), text) == []


def test_a_price_that_is_not_newer_begins_on_the_day_it_was_noticed() -> None:
    text = proposed(quoted("m", a_price("3", "4", since="2025-06-01")))
    assert text is not None
    assert 'since = "2026-11-29", source = "model-prices"' in text


def test_a_new_model_is_added_only_when_asked_and_keeps_what_its_pattern_says() -> None:
    assert proposed(quoted("n-1")) is None
    text = proposed(quoted("n-1"), new_models=True)
    assert text is not None
    model = read_vendor("a", text).product("n-1")
    assert model is not None
    assert (model.id, model.reasoning, model.can) == ("n-1", "always", {"text"})
    assert text.index('id = "n-1"') < text.index("[[rules]]")


def test_nothing_is_proposed_where_nothing_differs_or_it_is_explained() -> None:
    assert proposed(quoted()) is None
    changed = propose(
        vendors(),
        {name: vendor_text(name) for name in vendors()},
        [quote for quote in quotes() if quote.vendor == "mistral"],
        explanations(),
        at_ms=LOOKED_MS,
        day="2026-11-29",
        new_models=False,
    )
    assert changed == {}


def test_the_first_to_speak_of_a_model_is_believed() -> None:
    vendor = {"a": read_vendor("a", ROW)}
    both = [quoted("m", a_price("3", "4")), quoted("m", a_price("5", "6"))]
    text = propose(
        vendor, {"a": ROW}, both, (), at_ms=LOOKED_MS, day="2026-11-29", new_models=False
    )["a"]
    assert "input = 3" in text
    assert "input = 5" not in text


def test_a_row_is_written_as_the_files_have_it() -> None:
    price = a_price(
        "1.50", "2", currency="CNY", up_to_tokens=9, hours="peak", thinking=True, service="batch",
        until="2027-01-01",
    )  # fmt: skip
    assert written(price, since="2026-01-01", hosts=("h",), source="page", note='a "word"') == (
        '  { currency = "CNY", input = 1.5, output = 2, up_to_tokens = 9, hours = "peak", '
        'thinking = true, service = "batch", hosts = ["h"], since = "2026-01-01", '
        'until = "2027-01-01", note = "a \\"word\\"", source = "page" },'
    )


def test_rows_are_added_where_there_were_none_and_at_a_file_s_end() -> None:
    text = added_rows(ROW, "n-*", [written(a_price(), since=None, source="page")])
    assert read_vendor("a", text).models[1].prices[0].input_per_mtok == 1
    without = ROW[: ROW.index("[[rules]]")]
    text = added_model(without, "z", [written(a_price(), since=None, source="page")], "page")
    assert read_vendor("a", text).models[-1].id == "z"
    with pytest.raises(ValueError, match="no model 'q'"):
        added_rows(ROW, "q", [])
