"""What a span says has the conventions' names, and leaves out what is not known."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv.attributes import error_attributes, server_attributes

from jevons import spans
from jevons.spans import Known, Peer, after_attempt, after_request, before_attempt, before_request
from jevons.testing.make import a_receipt, a_request, an_endpoint, an_outcome
from jevons.types.account import Usage, Veil
from jevons.types.custody import DataClass, Label
from jevons.types.decision import Attempt, Candidate
from jevons.types.errors import (
    CallerLeft,
    Forbidden,
    ProviderTimeout,
    RateLimited,
    Unauthenticated,
)
from jevons.types.request import Embed, Sampling
from jevons.types.units import Estimate, Priced, Unknown

ASK = a_request()
WRITTEN = ("here", "whatever a caller pastes")
HALF = Estimate(p05=1.0, p50=2.5, p95=4.0, method="made up", source="a test")
HERE = Peer("deepseek", "deepseek.example", 443)
KNOWN = Known({"here": HERE}, frozenset({"here"}))
NONE = Known({}, frozenset())


def known_names() -> set[str]:
    modules = (gen_ai_attributes, error_attributes, server_attributes)
    return {
        value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }


def everything() -> dict[str, Any]:
    receipt = a_receipt(
        endpoint="here",
        stream=True,
        first_byte_ms=20.0,
        usage=Usage(input=1, output=2, counted_by="endpoint"),
        veil=Veil(hidden=3, restored=2, unrestored=1),
        cost=Priced(nusd=7, method="price-row", source="a test"),
        energy_mj=HALF,
        carbon_mg=HALF,
    )
    request = replace(ASK, sampling=Sampling(max_tokens=9))
    attempt = Attempt(number=1, candidate=Candidate(endpoint=an_endpoint(), why="only one"))
    return {
        **before_request(request),
        **after_request(request, receipt, None, KNOWN),
        **before_attempt(request, attempt, HERE),
        **after_attempt(an_outcome(error=ProviderTimeout("x"))),
    }


def test_every_name_is_the_conventions_or_says_that_it_is_ours() -> None:
    said = everything()
    assert [each for each in said if not each.startswith("jevons.")]
    strange = [each for each in said if not each.startswith("jevons.")]
    assert set(strange) <= known_names()


def test_figures_are_as_the_receipt_has_them() -> None:
    said = everything()
    assert said["jevons.cost_nusd"] == 7
    assert said["jevons.energy_mj"] == said["jevons.carbon_mg"] == 2.5
    assert (said["jevons.energy_mj_p05"], said["jevons.energy_mj_p95"]) == (HALF.p05, HALF.p95)
    assert said["jevons.energy_method"] == HALF.method
    assert said["gen_ai.response.time_to_first_chunk"] == 0.02
    assert (said["jevons.veil.hidden"], said["jevons.veil.unrestored"]) == (3, 1)


def test_tokens_are_summed_as_the_conventions_count_them() -> None:
    usage = Usage(
        input=1, cache_read=2, cache_write=4, output=8, reasoning=16, counted_by="endpoint"
    )
    said = after_request(ASK, a_receipt(usage=usage), None, NONE)
    assert said["gen_ai.usage.input_tokens"] == 7
    assert said["gen_ai.usage.output_tokens"] == 24
    assert said["gen_ai.usage.cache_read.input_tokens"] == 2
    assert said["gen_ai.usage.cache_creation.input_tokens"] == 4
    assert said["gen_ai.usage.reasoning.output_tokens"] == 16


def test_what_is_not_known_is_not_said() -> None:
    unknown = Unknown(why="nobody knows")
    receipt = a_receipt(
        endpoint=None, model=None, place=None, error="exhausted", usage=Usage(),
        cost=unknown, energy_mj=unknown, carbon_mg=unknown,
    )  # fmt: skip
    said = after_request(ASK, receipt, None, KNOWN)
    assert set(said) == {
        "gen_ai.provider.name", "gen_ai.request.model", "jevons.policy", "jevons.data_class",
        "jevons.attempts",
    }  # fmt: skip


def test_a_refusal_says_its_rule_and_what_the_data_was_taken_to_be() -> None:
    refusal = Forbidden("no", rule="endpoint")
    refusal.policy, refusal.label = "ab", Label(data_class=DataClass.SPECIAL)
    said = after_request(ASK, None, refusal, NONE)
    assert said["error.type"] == "forbidden"
    assert (said["jevons.rule"], said["jevons.policy"]) == ("endpoint", "ab")
    assert said["jevons.data_class"] == "special"
    assert "jevons.policy" not in after_request(ASK, None, Unauthenticated("no", rule="key"), NONE)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (CallerLeft("gone"), "caller_left"),
        (asyncio.CancelledError(), "abandoned"),
        (ZeroDivisionError("the prompt"), "bug"),
    ],
)
def test_a_failure_is_told_by_its_kind(error: BaseException, kind: str) -> None:
    assert after_request(ASK, None, error, NONE)["error.type"] == kind


def test_a_model_is_named_once_it_is_known_to_be_one_and_a_long_name_is_cut() -> None:
    refusal = RateLimited("later")
    told = [after_request(replace(ASK, model=name), None, refusal, KNOWN) for name in WRITTEN]
    assert [each.get("gen_ai.request.model") for each in told] == ["here", None]
    long = after_request(replace(ASK, model="m" * 500), a_receipt(), None, KNOWN)
    assert long["gen_ai.request.model"] == "m" * 200


@pytest.mark.parametrize(
    ("fields", "name"),
    [({}, "chat"), ({"embed": Embed()}, "embeddings"), ({"counts": True}, "count_tokens")],
)
def test_what_is_asked_has_the_conventions_word(fields: dict[str, Any], name: str) -> None:
    assert before_request(replace(ASK, **fields))["gen_ai.operation.name"] == name


@pytest.mark.parametrize(
    ("vendor", "name"),
    [("deepseek", "deepseek"), ("mistral", "mistral_ai"), ("xai", "x_ai"), ("", "unknown")],
)
def test_a_vendor_has_the_conventions_word(vendor: str, name: str) -> None:
    assert spans.provider_of(vendor) == name


def test_this_process_has_no_address() -> None:
    attempt = Attempt(number=1, candidate=Candidate(endpoint=an_endpoint(), why="only one"))
    said = before_attempt(ASK, attempt, Peer("jevons"))
    assert said["gen_ai.provider.name"] == "jevons"
    assert "server.address" not in said
    assert before_attempt(ASK, attempt, None)["gen_ai.provider.name"] == "unknown"


def test_an_attempt_that_answered_says_why_it_ended() -> None:
    assert after_attempt(an_outcome(finish="stop")) == {"gen_ai.response.finish_reasons": ("stop",)}
