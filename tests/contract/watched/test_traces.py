"""A collector is told how each request went, and never what was said in it."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec
import pytest
from tests.contract.watched.collecting import Collector

from jevons.boot import open_house
from jevons.settings import (
    EndpointSettings,
    EngineSettings,
    OtelSettings,
    PolicySettings,
    RetrySettings,
    Settings,
)
from jevons.testing import Vendor
from jevons.testing.make import a_footprint, a_price
from jevons.testing.reply import chunk, refusal, respond, stream, usage, whole
from jevons.types.custody import Custody
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.boot import House
    from jevons.testing import Heard
    from jevons.testing.reply import Reply

pytestmark = pytest.mark.anyio

PROMPT = "Whisper of the heron at quarter to nine"
ANSWER = "A cormorant sings back"
FAULT = "no: your prompt was " + PROMPT
CONTRACT = Custody(owner="US", storage="US", access=(), trains=False, basis="scc-tia")
KEPT = Custody(owner="DE", storage="DE", access=(), trains=False, retention_days=0)
COUNTED = usage(10, 20, prompt_tokens_details={"cached_tokens": 4})
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = f"00-{TRACE}-b7ad6b7169203331-01"
PRICED = a_price("1", "2")
FOOTPRINT = a_footprint()


@asynccontextmanager
async def opened(
    folder: Path, otel: OtelSettings, *endpoints: EndpointSettings, **fields: Any
) -> AsyncGenerator[tuple[House, httpx2.AsyncClient]]:
    """Open a house over HTTP, as its owner."""
    settings = Settings(
        data_dir=folder,
        engine=EngineSettings(enabled=False),
        retries=RetrySettings(tries=0),
        endpoint=endpoints,
        otel=otel,
        **fields,
    )
    async with open_house(settings) as house:
        key = (folder / "key").read_text().strip()
        transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] its own words for ASGI
        async with httpx2.AsyncClient(
            transport=transport,
            base_url="http://jevons",
            headers={"authorization": f"Bearer {key}"},
        ) as client:
            yield house, client


def far(server: Vendor, name: str = "far", **fields: Any) -> EndpointSettings:
    usual: dict[str, Any] = {"model": "a/model", "url": server.url, "place": "DE"}
    return EndpointSettings(name=name, **{**usual, **fields})


async def ask(
    client: httpx2.AsyncClient, model: str = "far", *, trace: str = "", **fields: Any
) -> httpx2.Response:
    asked = {"model": model, "messages": [{"role": "user", "content": PROMPT}], **fields}
    headers = {"traceparent": trace} if trace else {}
    return await client.post("/v1/chat/completions", json=asked, headers=headers)


async def test_an_answer_is_a_span_with_one_attempt_below_it(tmp_path: Path) -> None:
    async with (
        Vendor(whole(ANSWER, counted=COUNTED)) as vendor,
        Collector() as collector,
        opened(
            tmp_path,
            OtelSettings(url=collector.url, service="house"),
            far(
                vendor,
                price=PRICED,
                footprint=FOOTPRINT,
                grid="DE",
            ),
        ) as (_, client),
    ):
        answer = await ask(client, max_tokens=50)
        assert answer.status_code == 200, answer.text
        receipt = answer.headers["x-request-id"]
        port = vendor.port
    request, attempt = collector.spans(2)
    assert request.name == "chat far"
    assert (request.kind, request.parent, request.failed) == (2, "", False)
    assert request.said.pop("jevons.policy")
    low, middle, high = [request.said.pop(f"jevons.energy_mj{end}") for end in ("_p05", "", "_p95")]
    assert 0 < low < middle < high
    assert request.said.pop("jevons.energy_method") == "modelled-hosted"
    assert request.said.pop("jevons.carbon_mg") > 0
    assert request.said == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "unknown",
        "gen_ai.request.model": "far",
        "gen_ai.request.stream": False,
        "gen_ai.request.max_tokens": 50,
        "gen_ai.response.model": "a/model",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.cache_creation.input_tokens": 0,
        "gen_ai.usage.reasoning.output_tokens": 0,
        "server.address": "127.0.0.1",
        "server.port": port,
        "jevons.receipt": receipt,
        "jevons.dialect": "openai-chat",
        "jevons.data_class": "public",
        "jevons.endpoint": "far",
        "jevons.place": "DE",
        "jevons.attempts": 1,
        "jevons.counted_by": "endpoint",
        "jevons.cost_nusd": 50_000,
    }
    assert attempt.name == "chat a/model"
    assert (attempt.kind, attempt.parent, attempt.trace) == (3, request.id, request.trace)
    assert attempt.said == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "unknown",
        "gen_ai.request.model": "a/model",
        "gen_ai.response.finish_reasons": ["stop"],
        "server.address": "127.0.0.1",
        "server.port": port,
        "jevons.attempt": 1,
        "jevons.endpoint": "far",
        "jevons.place": "DE",
    }
    assert 0 < attempt.ms <= request.ms


async def test_nothing_that_was_said_or_that_an_endpoint_says_is_in_what_is_sent(
    tmp_path: Path,
) -> None:
    streamed = stream(chunk(ANSWER), chunk(finish="stop"))
    async with (
        Vendor(whole(ANSWER), streamed, refusal(400, FAULT), refusal(500, FAULT)) as vendor,
        Collector() as collector,
        opened(tmp_path, OtelSettings(url=collector.url), far(vendor)) as (_, client),
    ):
        for is_stream in (False, True, False, False):
            answer = await ask(client, stream=is_stream)
            assert PROMPT in answer.text or ANSWER in answer.text, "nothing to leak"
        unknown = await ask(client, model=PROMPT)
        assert unknown.status_code == 404
    spans = collector.spans(9)
    assert [each.said.get("error.type") for each in spans if not each.parent][-1] == "unknown_model"
    for words in (PROMPT, ANSWER, "heron", "cormorant", (tmp_path / "key").read_text().strip()):
        assert words.encode() not in collector.bytes


async def test_a_stream_says_when_its_first_piece_came(tmp_path: Path) -> None:
    said = stream(chunk(ANSWER), chunk(finish="length"), chunk(counted=usage(3, 4)))
    async with (
        Vendor(said) as vendor,
        Collector() as collector,
        opened(tmp_path, OtelSettings(url=collector.url), far(vendor, vendor="mistral")) as (
            _,
            client,
        ),
    ):
        answer = await ask(client, stream=True)
        assert "[DONE]" in answer.text
    request, _ = collector.spans(2)
    assert request.said["gen_ai.request.stream"] is True
    assert request.said["gen_ai.response.finish_reasons"] == ["length"]
    assert 0 < request.said["gen_ai.response.time_to_first_chunk"] * 1e3 <= request.ms
    assert request.said["gen_ai.provider.name"] == "mistral_ai"


async def test_a_refusal_is_a_span_that_names_its_rule_and_asks_nobody(tmp_path: Path) -> None:
    async with (
        Vendor(whole(ANSWER)) as vendor,
        Collector() as collector,
        opened(
            tmp_path,
            OtelSettings(url=collector.url, place="on-prem"),
            far(vendor),
            policy=PolicySettings(profile="air-gapped"),
        ) as (_, client),
    ):
        refused = await ask(client)
        assert refused.status_code == 403, refused.text
    (request,) = collector.spans(1)
    assert request.failed
    assert request.said["error.type"] == "egress_refused"
    assert request.said["jevons.rule"]
    assert request.said["jevons.data_class"]
    assert request.said["gen_ai.provider.name"] == "jevons"
    assert vendor.heard == []


async def test_a_failover_has_an_attempt_for_each_endpoint(tmp_path: Path) -> None:
    async with (
        Vendor(refusal(503, FAULT)) as down,
        Vendor(whole(ANSWER)) as up,
        Collector() as collector,
        opened(
            tmp_path,
            OtelSettings(url=collector.url),
            far(down, "down", aliases=("either",)),
            far(up, "up", aliases=("either",)),
        ) as (_, client),
    ):
        answer = await ask(client, model="either")
        assert answer.status_code == 200, answer.text
    request, first, second = collector.spans(3)
    assert not request.failed
    assert request.said["jevons.endpoint"] == "up"
    assert request.said["jevons.attempts"] == 2
    assert (first.said["jevons.endpoint"], first.said["jevons.attempt"]) == ("down", 1)
    assert (first.failed, first.said["error.type"]) == (True, "provider_unavailable")
    assert (second.said["jevons.endpoint"], second.said["jevons.attempt"]) == ("up", 2)
    assert {first.parent, second.parent} == {request.id}


async def test_a_veiled_request_tells_how_many_tokens_came_back(tmp_path: Path) -> None:
    def echo(heard: Heard) -> Reply:
        asked = msgspec.json.decode(heard.body)
        return whole(asked["messages"][0]["content"])

    async with (
        Vendor(echo) as vendor,
        Collector() as collector,
        opened(
            tmp_path,
            OtelSettings(url=collector.url, place="on-prem"),
            far(vendor, place="US", host="Far Inc.", custody=CONTRACT),
            policy=PolicySettings(profile="eu-gdpr", region="EEA"),
        ) as (_, client),
    ):
        said = "write to ada@lovelace.example"
        asked = {"model": "far", "messages": [{"role": "user", "content": said}]}
        answer = await client.post("/v1/chat/completions", json=asked)
        assert said in answer.text, answer.text
    assert b"lovelace" not in vendor.heard[0].body
    assert b"lovelace" not in collector.bytes
    request, _ = collector.spans(2)
    assert request.said["jevons.data_class"] == "personal"
    veil = {name: said for name, said in request.said.items() if name.startswith("jevons.veil.")}
    assert veil == {
        "jevons.veil.hidden": 1,
        "jevons.veil.restored": 1,
        "jevons.veil.unrestored": 0,
    }


@pytest.mark.parametrize(
    ("hand_on", "place", "is_told"),
    [
        ("never", "on-prem", False),
        ("on-prem", "DE", False),
        ("on-prem", "on-prem", True),
        ("everywhere", "DE", True),
    ],
)
async def test_a_caller_s_trace_goes_on_and_endpoints_learn_of_it_only_where_that_is_set(
    tmp_path: Path, hand_on: Any, place: str, *, is_told: bool
) -> None:
    async with (
        Vendor(whole(ANSWER)) as vendor,
        Collector() as collector,
        opened(
            tmp_path, OtelSettings(url=collector.url, hand_on=hand_on), far(vendor, place=place)
        ) as (_, client),
    ):
        await ask(client, trace=CALLER)
    request, attempt = collector.spans(2)
    assert (request.trace, request.parent) == (TRACE, "b7ad6b7169203331")
    told = vendor.heard[0].headers.get("traceparent")
    assert told == (f"00-{TRACE}-{attempt.id}-01" if is_told else None)


@pytest.mark.parametrize("trace", ["", "nonsense", f"00-{'0' * 32}-b7ad6b7169203331-01", "é"])
async def test_what_is_no_trace_begins_one(tmp_path: Path, trace: str) -> None:
    async with (
        Vendor(whole(ANSWER)) as vendor,
        Collector() as collector,
        opened(tmp_path, OtelSettings(url=collector.url), far(vendor)) as (_, client),
    ):
        headers = [(b"traceparent", trace.encode())]
        asked = {"model": "far", "messages": [{"role": "user", "content": PROMPT}]}
        answer = await client.post("/v1/chat/completions", json=asked, headers=headers)
        assert answer.status_code == 200
    request, _ = collector.spans(2)
    assert request.parent == ""


async def test_a_share_of_nothing_sends_only_what_callers_trace(tmp_path: Path) -> None:
    async with (
        Vendor(whole(ANSWER)) as vendor,
        Collector() as collector,
        opened(tmp_path, OtelSettings(url=collector.url, share=0), far(vendor)) as (house, client),
    ):
        assert (await ask(client)).status_code == 200
        assert (await ask(client, trace=CALLER.replace("-01", "-00"))).status_code == 200
        assert house.metrics.spans_made == 0
        assert (await ask(client, trace=CALLER)).status_code == 200
    request, _ = collector.spans(2)
    assert request.trace == TRACE


async def test_headers_for_the_collector_come_out_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLECTOR_TOKEN", "Bearer of a token")
    headers = ("authorization: env:COLLECTOR_TOKEN",)
    async with (
        Vendor(whole(ANSWER)) as vendor,
        Collector() as collector,
        opened(tmp_path, OtelSettings(url=collector.url, headers=headers), far(vendor)) as (
            _,
            client,
        ),
    ):
        await ask(client)
    assert len(collector.spans(2)) == 2
    assert collector.heard[0].path == "/v1/traces"
    assert collector.heard[0].headers["authorization"] == "Bearer of a token"
    assert collector.heard[0].headers["content-type"] == "application/x-protobuf"


async def test_no_variable_sends_spans_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "said=elsewhere")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "said=elsewhere")
    async with (
        Vendor(whole(ANSWER)) as vendor,
        Collector() as collector,
        opened(tmp_path, OtelSettings(url=collector.url), far(vendor)) as (_, client),
    ):
        await ask(client)
    assert len(collector.spans(2)) == 2
    assert b"elsewhere" not in collector.bytes


async def test_a_house_that_closes_sends_what_it_still_has(tmp_path: Path) -> None:
    async with (
        Vendor(whole(ANSWER)) as vendor,
        Collector() as collector,
        opened(tmp_path, OtelSettings(url=collector.url), far(vendor)) as (_, client),
    ):
        await ask(client)
        assert collector.heard == []
    assert len(collector.spans(2)) == 2


@pytest.mark.parametrize("fault", ["nobody", "silent", "refuses", "elsewhere", "no name"])
async def test_a_collector_in_trouble_fails_and_holds_up_no_answer(
    tmp_path: Path, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    replies = {
        "nobody": respond(),
        "silent": respond().stall(at=0),
        "refuses": respond(status=503),
        "no name": respond(),
        "elsewhere": respond(status=307, headers={"location": "http://127.0.0.1:1/v1/traces"}),
    }
    async with Vendor(whole(ANSWER)) as vendor, Collector(replies[fault]) as collector:
        nowhere = {"nobody": "http://127.0.0.1:1", "no name": "http://a..b"}
        url = nowhere.get(fault, collector.url)
        async with opened(tmp_path, OtelSettings(url=url, timeout_s=0.5), far(vendor)) as (
            house,
            client,
        ):
            for _ in range(3):
                answer = await ask(client)
                assert answer.status_code == 200
                assert ANSWER in answer.text
            metrics = house.metrics
        assert (metrics.spans_made, metrics.spans_sent, metrics.spans_lost) == (6, 0, 6)
        assert len(collector.heard) == (0 if fault in nowhere else 1)
    text = house.metrics.render().decode()
    assert 'jevons_spans_total{became="lost"} 6.0' in text
    assert capsys.readouterr().err.count("otel.lost") == 1


@pytest.mark.parametrize(
    ("said", "profile", "is_open"),
    [
        ({"place": "on-prem"}, "air-gapped", True),
        ({"place": "DE", "custody": KEPT}, "air-gapped", False),
        ({}, "air-gapped", False),
        ({"place": "DE"}, "eu-gdpr", False),
        ({"place": "DE", "custody": KEPT}, "eu-gdpr", True),
        ({}, "", True),
    ],
)
async def test_a_collector_is_judged_by_the_profile_as_one_that_is_told_of_the_house(
    tmp_path: Path, said: dict[str, Any], profile: str, *, is_open: bool
) -> None:
    otel = OtelSettings(url="http://127.0.0.1:1", **said)
    policy = PolicySettings(profile=profile)
    if is_open:
        async with opened(tmp_path, otel, policy=policy) as (house, _):
            assert house.rooms.traces is not None
        return
    with pytest.raises(Misconfigured, match="internal data may not go to 'otel:127"):
        async with opened(tmp_path, otel, policy=policy):
            pass


@pytest.mark.parametrize(
    ("otel", "match"),
    [
        (OtelSettings(url="collector:4318"), "otel url is"),
        (OtelSettings(url="http://127.0.0.1:1", headers=("authorization: abc",)), "env:NAME"),
        (OtelSettings(url="http://127.0.0.1:1", headers=("a: env:NOWHERE_AT_ALL",)), "env:NAME"),
        (OtelSettings(url="http://127.0.0.1:1", headers=("a b: env:PATH",)), "env:NAME"),
    ],
)
async def test_a_setting_that_cannot_be_stops_the_start(
    tmp_path: Path, otel: OtelSettings, match: str
) -> None:
    with pytest.raises(Misconfigured, match=match):
        async with opened(tmp_path, otel):
            pass


@pytest.mark.parametrize(
    "missing", ["opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.common"]
)
async def test_a_house_without_the_extra_says_what_to_install(
    tmp_path: Path, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(f"{missing}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)  # as the import system marks what is not there
    with pytest.raises(Misconfigured, match=r"pip install -e '\.\[otel\]'"):
        async with opened(tmp_path, OtelSettings(url="http://127.0.0.1:1")):
            pass


async def test_a_house_without_a_collector_tells_nobody(tmp_path: Path) -> None:
    async with (
        Vendor(whole(ANSWER)) as vendor,
        opened(tmp_path, OtelSettings(), far(vendor)) as (house, client),
    ):
        assert (await ask(client, trace=CALLER)).status_code == 200
        assert house.rooms.traces is None
    assert "traceparent" not in vendor.heard[0].headers
