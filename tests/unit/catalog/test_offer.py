"""What a vendor offers is found by name, and what nobody says stays unknown."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import pytest

from jevons.catalog.offer import Offer, find_offer
from jevons.catalog.vendors import vendors
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from jevons.types.request import Dialect

SPOKEN: tuple[Dialect, ...] = ("openai-chat", "openai-responses", "gemini", "ollama")


def found(vendor: str, model: str, *, host: str = "", dialect: Dialect | None = None) -> Offer:
    return find_offer(vendor, model, host=host, dialect=dialect, spoken=SPOKEN)


def test_a_model_is_found_at_the_vendors_first_host() -> None:
    offer = found("deepseek", "deepseek/deepseek-flash")
    assert (offer.model, offer.dialect) == ("deepseek-flash", "openai-chat")
    assert offer.url == "https://api.deepseek.com"
    assert offer.host.place == "CN"
    assert offer.product is not None
    assert offer.rules


def test_another_host_or_dialect_is_taken_when_it_is_named() -> None:
    assert (
        found("moonshot", "kimi-k3").host.id
        != found("moonshot", "kimi-k3", host="moonshot-cn").host.id
    )
    assert found("ollama", "qwen3", dialect="ollama").url == "http://127.0.0.1:11434"


def test_of_several_prices_the_dearest_is_taken_and_says_so() -> None:
    price = found("deepseek", "deepseek-flash").price
    assert price is not None
    assert (str(price.input_per_mtok), str(price.output_per_mtok)) == ("0.3", "1.2")
    assert "the dearest of its 2 prices" in price.source
    assert "https://api-docs.deepseek.com" in price.source


def test_where_the_newest_prices_may_not_have_begun_the_ones_before_count_too() -> None:
    offer = found("deepseek", "deepseek-flash")
    assert offer.product is not None
    row = offer.product.prices[0]
    cheaper = msgspec.structs.replace(
        row, hours="any", since="2027-01-01", output_per_mtok=Decimal(1)
    )
    product = msgspec.structs.replace(offer.product, prices=(*offer.product.prices, cheaper))
    price = offer._replace(product=product).price
    assert price is not None
    assert price.output_per_mtok == Decimal("1.20")


def test_a_model_nobody_knows_has_no_price_and_no_context() -> None:
    offer = found("deepseek", "deepseek-v9")
    assert offer.price is None
    assert offer.product is None


@pytest.mark.parametrize(
    ("vendor", "host", "dialect", "says"),
    [
        ("nobody", "", None, "vendor 'nobody' is not known; known are "),
        ("deepseek", "mars", None, "has no host 'mars'; it has deepseek, "),
        ("deepseek", "", "gemini", "speaks openai-chat, "),
    ],
)
def test_what_is_not_offered_is_said_with_what_is(
    vendor: str, host: str, dialect: Dialect | None, says: str
) -> None:
    with pytest.raises(Misconfigured, match=says):
        found(vendor, "a-model", host=host, dialect=dialect)


def test_every_vendor_offers_something_that_can_be_asked_for() -> None:
    for vendor in vendors().values():
        if not any(dialect in host.bases for host in vendor.hosts for dialect in SPOKEN):
            assert vendor.id == "anthropic", "its dialect is not spoken yet"
            continue
        for product in vendor.models:
            host = product.hosts[0] if product.hosts else ""
            offer = found(vendor.id, product.id, host=host)
            assert offer.entity
            assert offer.price is None or offer.price.input_per_mtok > 0
