"""Every vendor that ships is sourced and dated, and a row that cannot be true stops the start."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from jevons.catalog.moments import moment_ms
from jevons.catalog.offer import find_offer
from jevons.catalog.price_list import PriceList
from jevons.catalog.vendor import ListPrice
from jevons.catalog.vendors import read_vendor, vendors
from jevons.types.errors import Misconfigured, ProviderError
from jevons.types.model import Price
from jevons.wire.gemini.answer import finish_of
from jevons.wire.openai_chat.answer import gave_up

if TYPE_CHECKING:
    from jevons.catalog.vendor import Host, Product, Vendor

WANTED = {
    "alibaba", "anthropic", "azure", "deepseek", "fireworks", "google", "llama-cpp", "lm-studio",
    "minimax", "mistral", "moonshot", "ollama", "openai", "openai-compatible", "openrouter",
    "sglang", "siliconflow", "together", "vertex", "vllm", "volcengine", "xai", "zai",
}  # fmt: skip


def hosts() -> list[tuple[Vendor, Host]]:
    return [(vendor, host) for vendor in vendors().values() for host in vendor.hosts]


def prices() -> list[tuple[Vendor, Product, ListPrice]]:
    return [
        (vendor, product, price)
        for vendor in vendors().values()
        for product in vendor.models
        for price in product.prices
    ]


def test_everybody_who_is_wanted_is_there() -> None:
    assert vendors().keys() >= WANTED


def test_they_are_read_once_and_cannot_be_written() -> None:
    assert vendors() is vendors()
    with pytest.raises(TypeError):
        vendors()["x"] = vendors()["openai"]  # type: ignore[index]


def test_every_host_has_a_place_and_a_source_with_its_day() -> None:
    assert hosts()
    for vendor, host in hosts():
        assert host.place in {"EU", "on-prem", "unknown"} or host.place.isupper()
        assert vendor.sources[host.source].read.startswith("2026-"), host.id


def test_every_price_is_a_positive_decimal_with_a_source_and_its_day() -> None:
    assert len(prices()) > 1500
    for vendor, product, price in prices():
        writes = product.can != frozenset({"embedding"})
        assert writes or price.output_per_mtok == 0, product.id
        figures = [price.input_per_mtok, *([price.output_per_mtok] if writes else [])]
        figures += [
            figure
            for figure in (
                price.cache_read_per_mtok,
                price.cache_write_per_mtok,
                price.reasoning_per_mtok,
            )
            if figure is not None
        ]
        for figure in figures:
            assert isinstance(figure, Decimal), product.id
            assert figure > 0, product.id
        assert vendor.sources[price.source].url.startswith("https://")


def test_a_longer_request_is_never_cheaper_a_token() -> None:
    compared = 0
    for vendor in vendors().values():
        for product in vendor.models:
            for short, long in tiers_of(product):
                for figure in FIGURES:
                    below, above = getattr(short, figure), getattr(long, figure)
                    compared += below is not None
                    assert below is None or above >= below, (vendor.id, product.id, figure)
    assert compared > 500


FIGURES = [name for name in ListPrice.__struct_fields__ if name.endswith("_mtok")]


def tiers_of(product: Product) -> list[tuple[ListPrice, ListPrice]]:
    """Each tier of a product's price lists, with the next."""
    lists = defaultdict[str, list[ListPrice]](list)
    for price in product.prices:
        lists[
            str(
                (
                    price.currency,
                    price.since,
                    price.hours,
                    price.thinking,
                    price.service,
                    price.hosts,
                )
            )
        ].append(price)
    return [
        pair
        for each in lists.values()
        for pair in pairwise(sorted(each, key=lambda price: price.up_to_tokens or 10**9))
    ]


def test_prices_of_every_western_and_chinese_vendor_are_many() -> None:
    counted = {vendor.id: 0 for vendor in vendors().values()}
    for vendor, _, _ in prices():
        counted[vendor.id] += 1
    for vendor, least in {"alibaba": 100, "openai": 100, "google": 50, "openrouter": 400}.items():
        assert counted[vendor] > least
    fees = [fee for vendor in vendors().values() for each in vendor.models for fee in each.fees]
    assert {"video-second", "output-video-mtok", "image", "input-audio-mtok"} <= {
        fee.unit for fee in fees
    }


def test_deepseek_is_charged_by_the_hour_the_day_and_the_holiday() -> None:
    offer = find_offer("deepseek", "deepseek-flash", spoken=("openai-chat",))
    listed = PriceList(offer.prices, offer.peaks)
    charged = {
        when: listed.at(moment_ms(when), input_tokens=1, thinking=False)
        for when in (
            "2026-11-23T01:00Z",  # Monday, 09:00 in Beijing
            "2026-11-23T04:00Z",
            "2026-11-22T02:00Z",  # Sunday
            "2026-10-01T02:00Z",  # National Day
            "2027-10-01T02:00Z",  # which no calendar here knows of
        )
    }
    outputs = [str(each.output_per_mtok) for each in charged.values() if isinstance(each, Price)]
    assert outputs == ["1.2", "0.6", "0.6", "0.6", "1.2"]


def test_r1_was_cheaper_at_night_until_the_fifth_of_september_2025() -> None:
    offer = find_offer("deepseek", "deepseek-reasoner", spoken=("openai-chat",))
    listed = PriceList(offer.prices, offer.peaks)

    def output(when: str) -> str:
        price = listed.at(moment_ms(when), input_tokens=1, thinking=True)
        assert isinstance(price, Price)
        return str(price.output_per_mtok)

    assert output("2025-02-26T16:29Z") == "2.19"
    assert output("2025-02-26T16:30Z") == "0.55"
    assert output("2025-06-01T00:29Z") == "0.55"
    assert output("2025-06-01T00:30Z") == "2.19"
    assert output("2025-09-05T15:59Z") == "2.19"
    assert output("2025-09-05T16:00Z") == "1.68"


def test_qwen_is_dearer_while_it_thinks() -> None:
    offer = find_offer("alibaba", "qwen-plus", host="alibaba-intl", spoken=("openai-chat",))
    listed = PriceList(offer.prices, offer.peaks)
    both = [
        listed.at(moment_ms("2026-11-20"), input_tokens=1, thinking=thinks)
        for thinks in (False, True)
    ]
    assert [str(each.output_per_mtok) for each in both if isinstance(each, Price)] == ["1.2", "4"]


def test_mistral_is_told_dimensions_in_its_own_word() -> None:
    rules = vendors()["mistral"].rules_of("mistral-embed", "openai-chat")
    assert [(rule.field, rule.to) for rule in rules if rule.asks == "embedding"] == [
        ("dimensions", "output_dimension")
    ]


def test_a_decimal_of_a_row_is_the_one_that_was_written() -> None:
    product = vendors()["deepseek"].product("deepseek-flash")
    assert product is not None
    assert product.prices[0].cache_read_per_mtok == Decimal("0.006")


def test_keys_of_vendors_with_regions_are_marked() -> None:
    assert {host.keys for host in vendors()["moonshot"].hosts} == {"regional"}
    assert {host.keys for host in vendors()["alibaba"].hosts} == {"regional"}
    assert {host.keys for host in vendors()["ollama"].hosts} == {"none"}


def test_no_place_is_promised_that_only_an_operator_can_know() -> None:
    for name in ("alibaba-eu", "alibaba-us", "alibaba-intl", "azure", "vertex", "moonshot-ai"):
        host = next(host for _, host in hosts() if host.id == name)
        assert host.place == "unknown", name


def test_a_model_is_found_by_name_alias_or_pattern() -> None:
    deepseek, moonshot = vendors()["deepseek"], vendors()["moonshot"]
    flash = deepseek.product("deepseek-flash")
    assert flash is not None
    assert deepseek.product("deepseek-v4-flash") is flash
    assert deepseek.product("gpt-5") is None
    old = moonshot.product("moonshot-v1-1m")
    assert old is not None
    assert old.id == "moonshot-v1-*"


def test_a_host_is_found_by_its_id() -> None:
    host = vendors()["volcengine"].host("modelark-eu")
    assert host is not None
    assert host.place == "EU"
    assert vendors()["volcengine"].host("nowhere") is None


def test_rules_are_those_of_the_model_and_the_dialect() -> None:
    moonshot = vendors()["moonshot"]
    fields = [rule.field for rule in moonshot.rules_of("kimi-k2.6", "openai-chat")]
    assert "temperature" in fields
    assert "max_tokens" not in fields
    assert moonshot.rules_of("kimi-k2.6", "anthropic-messages") == ()
    assert moonshot.rules_of("another", "openai-chat") == ()


def test_the_eras_of_reasoning_are_told_apart() -> None:
    deepseek = vendors()["deepseek"]
    eras = {product.id: product.replay for product in deepseek.models}
    assert eras["deepseek-flash"] == "always-with-tools"
    assert eras["deepseek-reasoner"] == "tool-loop"


def test_a_finish_that_is_a_failure_is_one_to_the_codec_too() -> None:
    for vendor in vendors().values():
        for reason in vendor.gave_up:
            told = finish_of(reason, None) if "gemini" in vendor.hosts[0].bases else gave_up(reason)
            assert isinstance(told, ProviderError), (vendor.id, reason)


ROW = """
id = "a"
name = "A"
homepage = "https://a.example"
jurisdiction = "DE"
[sources]
page = { url = "https://a.example/prices", read = "2026-11-01" }
[[peaks]]
days = [1]
hours = ["01:00-04:00"]
source = "page"
[[hosts]]
id = "h"
bases = { openai-chat = "https://api.a.example/v1" }
place = "DE"
source = "page"
[[models]]
id = "m"
context_tokens = 10
retired = "2027-01-01"
source = "page"
prices = [{ input = 2, cache_read = 1, output = 3, since = "2026-01-01", hours = "peak", source = "page" }]
fees = [{ unit = "image", price = 4, source = "page" }]
[[rules]]
models = "*"
field = "seed"
do = "clamp"
to = [0, 1]
why = "it says so"
source = "page"
"""

WRONG = {
    "not TOML": ('id = "a"\n', "id = \n", "Invalid value"),
    "an unknown field": ('id = "h"\n', 'id = "h"\ncolour = "red"\n', "colour"),
    "a word that is none": ('do = "clamp"', 'do = "improve"', "improve"),
    "jurisdiction": ('jurisdiction = "DE"', 'jurisdiction = "EU"', "jurisdiction is 'EU'"),
    "a source that is not there": ('place = "DE"\nsource = "page"', 'place = "DE"\nsource = "hearsay"',
        "source is 'hearsay'; it must be one of ['page']"),
    "a source's URL": ('url = "https://a', 'url = "ftp://a', "a URL with https"),
    "a source's day": ('read = "2026-11-01"', 'read = "2026-13-01"', "YYYY-MM"),
    "place": ('place = "DE"', 'place = "Germany"', "place is 'Germany'"),
    "storage": ('place = "DE"', 'place = "DE"\nstorage = "de"', "storage is 'de'"),
    "no base": ('bases = { openai-chat = "https://api.a.example/v1" }', "bases = {}", "bases is ''"),
    "a base without TLS": ("https://api.a", "http://api.a", "bases.openai-chat"),
    "a base with a slash": ("example/v1", "example/v1/", "without a slash"),
    "no window": ("context_tokens = 10", "context_tokens = 0", "context_tokens is 0"),
    "a day that is none": ('retired = "2027-01-01"', 'retired = "2027-02-30"', "retired"),
    "a price of nothing": ("output = 3", "output = 0", "output is Decimal('0')"),
    "a price of what is not written": (
        "prices = [",
        'can = ["embedding"]\nprices = [',
        "output is Decimal('3'); it must be 0",
    ),
    "a price below nothing": ("input = 2", "input = -2", "input is"),
    "a price that is no number": ("input = 2", "input = nan", "input is"),
    "a cache dearer than none": ("cache_read = 1", "cache_read = 5", "at most input, 2"),
    "a price's day": ('since = "2026-01-01"', 'since = "2026"', "since is '2026'"),
    "a price's end": ('hours = "peak"', 'until = "2026"', "until is '2026'"),
    "a price's end before its begin": ('hours = "peak"', 'until = "2026-01-01"', "after since, 2026-01-01"),
    "a price's moment": ('since = "2026-01-01"', 'since = "2026-01-01T25:00Z"', "since is '2026-01-01T25:00Z'"),
    "a price twice": (
        "prices = [", 'prices = [{ input = 2, output = 4, since = "2026-01-01", hours = "peak", source = "page" }, ',
        "there once",
    ),
    "a fee of nothing": ("price = 4", "price = 0", "fee of m: price is"),
    "a fee's source": ('price = 4, source = "page"', 'price = 4, source = "x"', "fee of m: source is 'x'"),
    "a fee's host": ("price = 4", 'price = 4, hosts = ["x"]', "one of ['h']"),
    "a price's host": ('hours = "peak"', 'hosts = ["x"]', "one of ['h']"),
    "a price's source": ('hours = "peak", source = "page"', 'source = "x"', "price of m: source is 'x'"),
    "a model's host": ("context_tokens = 10", 'hosts = ["x"]', "model m: hosts is 'x'"),
    "bounds": ("to = [0, 1]", "to = [0]", "[least, most], where do is clamp"),
    "a rule's value": ('do = "clamp"', 'do = "drop"', "left out, where do is drop"),
    "no reason": ('why = "it says so"', 'why = ""', "a reason"),
    "a day of the week": ("days = [1]", "days = [0]", "1 to 7"),
    "hours": ("01:00-04:00", "04:00-01:00", "within a day"),
    "a zone": ("days = [1]", 'days = [1]\nzone = "Beijing"', "an offset, as +08:00"),
    "a calendar": ("days = [1]", 'days = [1]\nholidays = "ZZ"', "one of ['CN']"),
    "a peak's begin": ("days = [1]", 'days = [1]\nsince = "then"', "since is 'then'"),
    "hours that are none": ("01:00-04:00", "25:00-26:00", "within a day"),
}  # fmt: skip


def test_a_row_that_is_sound_is_read() -> None:
    assert read_vendor("a", ROW).models[0].prices[0].output_per_mtok == 3


@pytest.mark.parametrize("name", WRONG)
def test_a_row_that_cannot_be_true_is_refused_by_name(name: str) -> None:
    right, wrong, says = WRONG[name]
    assert right in ROW
    with pytest.raises(Misconfigured) as caught:
        read_vendor("a", ROW.replace(right, wrong))
    assert says in str(caught.value)


def test_hours_need_a_peak() -> None:
    start, end = ROW.index("[[peaks]]"), ROW.index("[[hosts]]")
    with pytest.raises(Misconfigured, match="hours is 'peak'"):
        read_vendor("a", ROW[:start] + ROW[end:])


def test_names_are_each_there_once() -> None:
    with pytest.raises(Misconfigured, match="id is 'a'; it must be the name of its file"):
        read_vendor("b", ROW)
    start, end = ROW.index("[[models]]"), ROW.index("[[rules]]")
    with pytest.raises(Misconfigured, match="'m' twice"):
        read_vendor("a", ROW + ROW[start:end])


def test_a_vendor_answers_somewhere() -> None:
    start, end = ROW.index("[[hosts]]"), ROW.index("[[models]]")
    with pytest.raises(Misconfigured, match="one host or more"):
        read_vendor(
            "a",
            (ROW[:start] + ROW[end:])
            .replace("days", "hosts = []\ndays", 0)
            .replace('jurisdiction = "DE"', 'jurisdiction = "DE"\nhosts = []'),
        )
