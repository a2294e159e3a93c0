"""What other gateways counted twice, at the wrong price or not at all is counted once here.

Each test names the public thread in which it was reported. Prices are `PRICE`: in
nano-dollars a token 1000 in, 100 from a cache, 1250 to a cache, 4000 out.
"""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.contract.regressions.corridor import PRICE, SURFACES, ask, claude, endpoint

from jevons.testing.reply import chunk, event, respond, stream, usage, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.contract.regressions.corridor import Answer, Lab

    from jevons.testing import Reply

pytestmark = pytest.mark.anyio

BOTH = pytest.mark.parametrize("is_stream", [False, True])


def counting(counts: Mapping[str, Any] | None, *, is_stream: bool) -> Reply:
    """An answer of OpenAI's chat with this usage."""
    if not is_stream:
        return whole(counted=counts)
    last = () if counts is None else (event({"choices": [], "usage": counts}),)
    return stream(chunk("Hel"), chunk("lo"), chunk(finish="stop"), *last)


async def cost_nusd(lab: Lab, answer: Answer) -> int:
    """Look up what an answer cost."""
    assert answer.status == 200, answer.body
    return (await lab.receipt(answer))["cost"]["nusd"]


CACHED = {
    "openai": usage(1000, 50, prompt_tokens_details={"cached_tokens": 900}),
    "deepseek": usage(1000, 50, prompt_cache_hit_tokens=900, prompt_cache_miss_tokens=100),
    "moonshot": usage(1000, 50, cached_tokens=900),
}


@BOTH
@SURFACES
@pytest.mark.parametrize("vendor", CACHED)
async def test_cached_tokens_are_priced_once_and_as_cached(
    lab: Lab, vendor: str, surface: str, *, is_stream: bool
) -> None:
    """BerriAI/litellm#14849, BerriAI/litellm#6215: also priced as uncached, at $0.76 for $0.18."""
    server = await lab.vendor(counting(CACHED[vendor], is_stream=is_stream))
    await lab.house(endpoint(server))
    answer = await ask(lab, surface, is_stream=is_stream)
    assert await cost_nusd(lab, answer) == 100 * 1000 + 900 * 100 + 50 * 4000


@BOTH
@pytest.mark.parametrize("dialect", ["openai-responses", "gemini"])
async def test_cached_tokens_are_part_of_the_prompt_in_other_dialects_too(
    lab: Lab, dialect: str, *, is_stream: bool
) -> None:
    """BerriAI/litellm#14849 again, as each dialect tells its cache."""
    server = await lab.vendor(told(dialect, is_stream=is_stream))
    await lab.house(endpoint(server, dialect=dialect))
    answer = await lab.chat(stream=is_stream)
    assert await cost_nusd(lab, answer) == 100 * 1000 + 900 * 100 + 50 * 4000


def told(dialect: str, *, is_stream: bool) -> Reply:
    """An answer with 1000 tokens in, 900 of them cached, and 50 out."""
    if dialect == "gemini":
        content = {"role": "model", "parts": [{"text": "Hi"}]}
        counts = {
            "promptTokenCount": 1000,
            "cachedContentTokenCount": 900,
            "candidatesTokenCount": 50,
            "totalTokenCount": 1050,
        }
        candidate = {"content": content, "index": 0, "finishReason": "STOP"}
        body = {"candidates": [candidate], "usageMetadata": counts}
        return stream(event(body), done=0) if is_stream else respond(json.dumps(body).encode())
    part: dict[str, Any] = {"type": "output_text", "text": "Hi", "annotations": []}
    item = {"type": "message", "id": "m", "role": "assistant", "status": "completed"}
    body = {
        "id": "r",
        "object": "response",
        "status": "completed",
        "output": [{**item, "content": [part]}],
        "usage": {
            "input_tokens": 1000,
            "input_tokens_details": {"cached_tokens": 900},
            "output_tokens": 50,
            "total_tokens": 1050,
        },
    }
    if not is_stream:
        return respond(json.dumps(body).encode())
    return stream(event({"type": "response.completed", "response": body}), done=0)


@BOTH
@SURFACES
async def test_anthropics_cache_has_its_discount_and_its_surcharge(
    lab: Lab, surface: str, *, is_stream: bool
) -> None:
    """BerriAI/litellm#11364: what was read from the cache was charged in full.

    Unlike OpenAI's, `input_tokens` holds neither what was read from the cache nor written to it.
    """
    counts = {
        "input_tokens": 100,
        "cache_read_input_tokens": 900,
        "cache_creation_input_tokens": 200,
        "output_tokens": 50,
    }
    said = {"type": "text", "text": "Hi"}
    server = await lab.vendor(claude(said, counts=counts, is_stream=is_stream))
    await lab.house(endpoint(server, dialect="anthropic-messages"))
    answer = await ask(lab, surface, is_stream=is_stream)
    assert await cost_nusd(lab, answer) == 100 * 1000 + 900 * 100 + 200 * 1250 + 50 * 4000


@BOTH
@SURFACES
async def test_what_a_cache_keeps_for_an_hour_has_the_price_of_that(
    lab: Lab, surface: str, *, is_stream: bool
) -> None:
    """BerriAI/litellm#11364, the other half: all that is written has not the same price."""
    counts: dict[str, Any] = {
        "input_tokens": 100,
        "cache_creation_input_tokens": 200,
        "cache_creation": {"ephemeral_5m_input_tokens": 50, "ephemeral_1h_input_tokens": 150},
        "output_tokens": 50,
    }
    said = {"type": "text", "text": "Hi"}
    server = await lab.vendor(claude(said, counts=counts, is_stream=is_stream))
    price = msgspec.structs.replace(PRICE, cache_write_1h_per_mtok=Decimal(2))
    await lab.house(endpoint(server, dialect="anthropic-messages", price=price))
    answer = await ask(lab, surface, is_stream=is_stream)
    assert await cost_nusd(lab, answer) == 100 * 1000 + 50 * 1250 + 150 * 2000 + 50 * 4000


@BOTH
async def test_tokens_of_a_modality_are_not_added_to_the_total_that_holds_them(
    lab: Lab, *, is_stream: bool
) -> None:
    """BerriAI/litellm#37407: text, audio and image tokens overlapped with those cached."""
    details = {"cached_tokens": 600, "audio_tokens": 300, "text_tokens": 700, "image_tokens": 0}
    spoken = {"reasoning_tokens": 0, "audio_tokens": 20, "text_tokens": 30}
    counts = usage(1000, 50, prompt_tokens_details=details, completion_tokens_details=spoken)
    server = await lab.vendor(counting(counts, is_stream=is_stream))
    await lab.house(endpoint(server))
    answer = await lab.chat(stream=is_stream)
    assert await cost_nusd(lab, answer) == 400 * 1000 + 600 * 100 + 50 * 4000


@BOTH
@SURFACES
async def test_answer_and_reasoning_are_both_billed_and_neither_twice(
    lab: Lab, surface: str, *, is_stream: bool
) -> None:
    """BerriAI/litellm#18599: only reasoning was; Aider-AI/aider#5516: it was added once more."""
    counts = usage(10, 100, completion_tokens_details={"reasoning_tokens": 60})
    server = await lab.vendor(counting(counts, is_stream=is_stream))
    await lab.house(endpoint(server))
    answer = await ask(lab, surface, is_stream=is_stream)
    receipt = await lab.receipt(answer)
    assert (receipt["usage"]["output"], receipt["usage"]["reasoning"]) == (40, 60)
    assert receipt["cost"]["nusd"] == 10 * 1000 + 100 * 4000


@BOTH
@SURFACES
async def test_what_is_part_of_another_count_is_taken_out_of_it(
    lab: Lab, surface: str, *, is_stream: bool
) -> None:
    """latitude-dev/latitude-llm#4051: 34 603 tokens were booked as 43 043, at twice the cost.

    Cached tokens are some of the prompt's, and reasoning some of the answer's.
    """
    counts = usage(
        30_000,
        4_603,
        prompt_tokens_details={"cached_tokens": 6_400},
        completion_tokens_details={"reasoning_tokens": 2_040},
    )
    server = await lab.vendor(counting(counts, is_stream=is_stream))
    await lab.house(endpoint(server))
    receipt = await lab.receipt(await ask(lab, surface, is_stream=is_stream))
    used = receipt["usage"]
    buckets = [used[name] for name in ("input", "cache_read", "output", "reasoning")]
    assert buckets == [23_600, 6_400, 2_563, 2_040]
    assert receipt["cost"]["nusd"] == 23_600 * 1000 + 6_400 * 100 + 4_603 * 4000


@BOTH
async def test_reasoning_that_comes_on_top_of_the_answer_is_counted_on_top(
    lab: Lab, *, is_stream: bool
) -> None:
    """BerriAI/litellm#18599 for Gemini, which counts thoughts beside its candidates."""
    content = {"role": "model", "parts": [{"text": "Hi"}]}
    counts = {
        "promptTokenCount": 10,
        "candidatesTokenCount": 40,
        "thoughtsTokenCount": 60,
        "totalTokenCount": 110,
    }
    candidate = {"content": content, "index": 0, "finishReason": "STOP"}
    body = {"candidates": [candidate], "usageMetadata": counts}
    reply = stream(event(body), done=0) if is_stream else respond(json.dumps(body).encode())
    server = await lab.vendor(reply)
    await lab.house(endpoint(server, dialect="gemini"))
    answer = await lab.chat(stream=is_stream)
    assert await cost_nusd(lab, answer) == 10 * 1000 + 100 * 4000


@BOTH
async def test_a_model_without_a_price_has_an_unknown_cost_and_not_none(
    lab: Lab, *, is_stream: bool
) -> None:
    """BerriAI/litellm#37110: what was not in the price file cost $0, and no budget ever ended."""
    server = await lab.vendor(counting(usage(1000, 50), is_stream=is_stream))
    await lab.house(endpoint(server, price=None, place="US"))
    answer = await lab.chat(stream=is_stream)
    cost = (await lab.receipt(answer))["cost"]
    assert "nusd" not in cost
    assert "no price" in cost["why"]
    assert b'"cost_nusd":null' in answer.body or '"cost_nusd":null' in answer.headers.get(
        "x-jevons-receipt", ""
    )


async def test_an_endpoint_without_a_price_is_tried_after_those_that_have_one(lab: Lab) -> None:
    """BerriAI/litellm#37110, the other half: an unknown cost is not the lowest."""
    unknown, known = await lab.vendor(whole("unknown")), await lab.vendor(whole("known"))
    await lab.house(
        endpoint(unknown, "unknown", price=None, place="US"), endpoint(known, "known", place="US")
    )
    answer = await lab.chat()
    assert answer.json["choices"][0]["message"]["content"] == "known"


@BOTH
@SURFACES
async def test_an_answer_whose_usage_never_comes_is_not_free(
    lab: Lab, surface: str, *, is_stream: bool
) -> None:
    """QuantumNous/new-api#6825: a usage that is not there was a way past the quota."""
    server = await lab.vendor(counting(None, is_stream=is_stream))
    await lab.house(endpoint(server))
    answer = await ask(lab, surface, is_stream=is_stream)
    receipt = await lab.receipt(answer)
    if is_stream:
        assert receipt["usage"]["counted_by"] == "guess"
        assert receipt["cost"]["nusd"] >= 2 * 4000
    else:
        assert receipt["usage"]["counted_by"] == "nobody"
        assert "did not report" in receipt["cost"]["why"], "unknown, and says so"


@BOTH
async def test_several_choices_are_billed_as_upstream_counts_them(
    lab: Lab, *, is_stream: bool
) -> None:
    """QuantumNous/new-api#6825: `n` was left out of the reckoning."""
    choices = [
        {"index": index, "message": {"content": "Hi"}, "finish_reason": "stop"}
        for index in range(3)
    ]
    pieces = [chunk("Hi", index=index, finish="stop") for index in range(3)]
    counts = usage(10, 90)
    reply = (
        stream(*pieces, event({"choices": [], "usage": counts}))
        if is_stream
        else whole(choices=choices, counted=counts)
    )
    server = await lab.vendor(reply)
    await lab.house(endpoint(server, can=("text", "n")))
    answer = await lab.chat(stream=is_stream, n=3)
    assert await cost_nusd(lab, answer) == 10 * 1000 + 90 * 4000
    assert json.loads(server.heard[0].body)["n"] == 3


@BOTH
async def test_cached_tokens_without_a_price_of_their_own_are_never_free(
    lab: Lab, *, is_stream: bool
) -> None:
    """anomalyco/opencode#41976: 359 million of them were booked at $0."""
    counts = usage(1000, 50, prompt_tokens_details={"cached_tokens": 900})
    server = await lab.vendor(counting(counts, is_stream=is_stream))
    await lab.house(
        endpoint(server, price=msgspec.structs.replace(PRICE, cache_read_per_mtok=None))
    )
    answer = await lab.chat(stream=is_stream)
    assert await cost_nusd(lab, answer) == 1000 * 1000 + 50 * 4000


async def test_the_parts_of_a_nano_dollar_of_many_tokens_are_not_lost(lab: Lab) -> None:
    """anomalyco/opencode#41976: a price of parts of a nano-dollar a token is not 0."""
    cheap = msgspec.structs.replace(PRICE, cache_read_per_mtok=Decimal("0.00005"))
    counts = usage(359_000_000, 0, prompt_tokens_details={"cached_tokens": 359_000_000})
    server = await lab.vendor(counting(counts, is_stream=False))
    await lab.house(endpoint(server, price=cheap))
    assert await cost_nusd(lab, await lab.chat()) == 359_000_000 * 5 // 100


@BOTH
@SURFACES
async def test_what_an_answer_cost_reaches_the_counters_whole(
    lab: Lab, surface: str, *, is_stream: bool
) -> None:
    """envoyproxy/ai-gateway#2248: the cost was known, and each answer was counted as 1.

    envoyproxy/ai-gateway#1754: what was left never got less.
    """
    server = await lab.vendor(counting(usage(10, 90), is_stream=is_stream))
    await lab.house(endpoint(server))
    each = 10 * 1000 + 90 * 4000
    for count in range(1, 4):
        assert await cost_nusd(lab, await ask(lab, surface, is_stream=is_stream)) == each
        spent = await lab.metrics('jevons_cost_nusd_total{endpoint="far",finish="stop"}')
        assert spent == count * each


async def test_the_cost_is_in_the_books_before_an_answer_has_ended(lab: Lab) -> None:
    """envoyproxy/ai-gateway#1786: where the end came before the cost, the cost was never taken."""
    server = await lab.vendor(counting(usage(10, 90), is_stream=True))
    await lab.house(endpoint(server))
    for _ in range(20):
        answers = await asyncio.gather(*[lab.chat(stream=True) for _ in range(5)])
        receipts = await asyncio.gather(*[lab.receipt_at_once(answer) for answer in answers])
        assert [receipt["cost"]["nusd"] for receipt in receipts] == [10 * 1000 + 90 * 4000] * 5
