"""Buckets add up to what the provider counted, and come to what the provider charged.

OpenRouter's `usage.cost_details` tell what the tokens cost, apart from searches and files; xAI's
`usage.cost_in_usd_ticks` are ten billionths of a dollar. Perplexity's cost object is in no
recording.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.contract.wire.test_chat_corpus import answers, objects, read

from jevons.catalog.moments import moment_ms
from jevons.catalog.price_list import PriceList
from jevons.catalog.rows import prices_of
from jevons.catalog.vendors import vendors
from jevons.meter.price import by_price_row, rates_of
from jevons.types.model import Price
from jevons.types.units import Priced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.wire.corpus import Exchange

    from jevons.types.account import Usage

NUSD_PER_USD = 10**9
NUSD_PER_TICK = Decimal("0.1")
READ_MS = moment_ms("2026-11-20")
SERVED_BY_ANOTHER = {
    # OpenRouter passes on at the price of whoever served; the list has one price for all.
    "deepseek/deepseek-chat",
}


class Charged(NamedTuple):
    """What a provider says that the tokens of one answer cost."""

    name: str
    vendor: str
    model: str
    at_ms: int
    usage: Usage
    nusd: Decimal


def counts(exchange: Exchange) -> dict[str, Any]:
    """Find the last usage of an exchange, wherever it stands."""
    found: dict[str, Any] = {}
    for said in objects(exchange):
        inside = [choice.get("usage") for choice in said.get("choices") or ()]
        found = next((each for each in (said.get("usage"), *inside) if each), found)
    return found


def asked_model(exchange: Exchange) -> str:
    """Find the model as it was asked for, else as it answered."""
    asked: dict[str, Any] = json.loads(exchange.request) if exchange.request else {}
    named = [said["model"] for said in objects(exchange) if said.get("model")]
    return str(asked.get("model") or named[-1])


def charged() -> Iterator[Charged]:
    """Find every answer whose provider says what its tokens cost."""
    for exchange in answers():
        said = counts(exchange)
        _, usage, _ = read(exchange)
        created = [each["created"] for each in objects(exchange) if each.get("created")]
        if usage is None or not created:
            continue
        details: dict[str, float] = said.get("cost_details") or {}
        ticks: int | None = said.get("cost_in_usd_ticks")
        known = (exchange.path.name, asked_model(exchange), int(created[-1]) * 1000)
        name, model, at_ms = known
        if "upstream_inference_prompt_cost" in details:
            sides = (
                details[f"upstream_inference_{side}_cost"] for side in ("prompt", "completions")
            )
            usd = sum((Decimal(str(side)) for side in sides), Decimal(0))
            yield Charged(name, "openrouter", model, at_ms, usage, usd * NUSD_PER_USD)
        elif ticks is not None:
            yield Charged(name, "xai", model, at_ms, usage, ticks * NUSD_PER_TICK)


def priced(answer: Charged) -> Priced:
    """Price an answer by the row of its moment: OpenRouter's, else that of whose model it is.

    OpenRouter has the prices of those to whom it passes requests on, and theirs reach back. Where
    neither does, the row of the day on which OpenRouter's list was read has to do.
    """
    owner, _, own = answer.model.rpartition("/")
    lists = [(answer.vendor, answer.model), (owner, own), (owner, own.replace(".", "-"))]
    for vendor, model, at_ms in [
        *[(vendor, model, answer.at_ms) for vendor, model in lists],
        (answer.vendor, answer.model, READ_MS),
    ]:
        price = price_of(answer, vendor, model, at_ms)
        if price is not None:
            cost = by_price_row(answer.name, rates_of(price), answer.usage)
            assert isinstance(cost, Priced)
            return cost
    message = f"no price of {answer}"
    raise AssertionError(message)


def price_of(answer: Charged, vendor: str, model: str, at_ms: int) -> Price | None:
    """Find the price that held, on one vendor's list; None if it does not reach back so far."""
    known = vendors().get(vendor)
    product = known.product(model) if known is not None else None
    if known is None or product is None:
        return None
    price = PriceList(prices_of(known, product, known.hosts[0].id)).at(
        at_ms,
        input_tokens=answer.usage.input + answer.usage.cache_read,
        thinking=answer.usage.reasoning > 0,
    )
    return price if isinstance(price, Price) else None


def test_our_price_of_an_answer_is_what_its_provider_charged(
    report: Callable[[int], None],
) -> None:
    checked = 0
    for answer in charged():
        if answer.model in SERVED_BY_ANOTHER:
            continue
        assert abs(priced(answer).nusd - answer.nusd) <= Decimal("0.5"), answer
        checked += 1
    report(checked)


def test_the_buckets_of_a_chat_answer_add_up_to_the_provider_s_total(
    report: Callable[[int], None],
) -> None:
    checked = 0
    for exchange in answers():
        total = counts(exchange).get("total_tokens")
        _, usage, _ = read(exchange)
        if total is None or usage is None:
            continue
        assert sum_of(usage) == total, exchange.path.name
        checked += 1
    report(checked)


def sum_of(usage: Usage) -> int:
    """Add up the buckets, which do not overlap."""
    return usage.input + usage.cache_read + usage.cache_write + usage.output + usage.reasoning
