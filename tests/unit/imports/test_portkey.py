"""What Portkey was told does the same here, or the report says what is otherwise."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from jevons.imports import Imported, import_portkey
from jevons.imports.portkey.provider import PROVIDERS

URL = "http://10.0.0.5:8000/v1"


class Moved:
    """An import, taken apart."""

    def __init__(self, imported: Imported) -> None:
        self.imported = imported
        self.settings: dict[str, Any] = tomllib.loads(imported.toml)
        self.endpoints: list[dict[str, Any]] = self.settings.get("endpoint", [])
        self.fates = {fate.path: (fate.state, fate.says) for fate in imported.fates}
        self.needed = [each.name for each in imported.needed]

    def states(self, *paths: str) -> list[str]:
        return [self.fates[path][0] for path in paths]


def move(config: dict[str, Any], **providers: str) -> Moved:
    text = json.dumps(config)
    return Moved(import_portkey(text, environ={}, today="2026-11-24", providers=providers))


def target(provider: str = "openai", model: str = "gpt-4.1", **said: Any) -> dict[str, Any]:
    return {"provider": provider, "override_params": {"model": model}, **said}


def test_a_provider_and_a_model_are_an_endpoint() -> None:
    moved = move(target(api_key="sk-very-secret"))
    assert moved.endpoints == [
        {"name": "gpt-4.1", "model": "openai/gpt-4.1", "vendor": "openai",
         "api_key": "env:OPENAI_API_KEY"}
    ]  # fmt: skip
    assert moved.needed == ["OPENAI_API_KEY"]
    assert moved.states("provider", "override_params.model", "api_key") == [
        "carried", "carried", "changed",
    ]  # fmt: skip
    assert "secret" not in moved.imported.toml + repr(moved.imported)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_becomes_an_endpoint(provider: str) -> None:
    more = {"vertex_project_id": "p", "vertex_region": "eu", "azure_resource_name": "r"}
    (made,) = move(target(provider, "vendor/name", **more)).endpoints
    assert made["name"] == "vendor/name"
    assert made.get("vendor") or made["url"]


def test_a_provider_without_a_model_is_a_row_for_each_that_is_known() -> None:
    moved = move({"provider": "deepseek"})
    assert {"deepseek-flash", "deepseek-v4-pro"} <= {made["name"] for made in moved.endpoints}
    assert moved.states("provider") == ["changed"]
    assert moved.needed == ["DEEPSEEK_API_KEY"]


def test_targets_of_one_model_share_its_name() -> None:
    moved = move(
        {
            "strategy": {"mode": "fallback", "on_status_codes": [429]},
            "targets": [
                target(api_key="one", weight=0.7),
                {"strategy": {"mode": "loadbalance"}, "targets": [target(api_key="two")]},
                target("azure-openai", azureResourceName="r", azure_deployment_id="d"),
            ],
        }
    )
    assert [made["aliases"] for made in moved.endpoints] == [["gpt-4.1"]] * 3
    assert [made.get("api_key") for made in moved.endpoints] == [
        "env:OPENAI_API_KEY", "env:OPENAI_API_KEY_2", None,
    ]  # fmt: skip
    assert moved.endpoints[2]["upstream_model"] == "d"
    assert moved.endpoints[2]["url"] == "https://r.openai.azure.com/openai/v1"
    assert moved.states(
        "strategy.mode", "strategy.on_status_codes[0]", "targets[0].weight",
        "targets[1].strategy.mode", "targets[2].azureResourceName",
    ) == ["changed", "left", "left", "changed", "carried"]  # fmt: skip


def test_what_a_target_does_not_say_it_takes_from_around_it() -> None:
    moved = move(
        {
            "strategy": {"mode": "loadbalance"},
            "requestTimeout": 10_000,
            "customHost": URL,
            "overrideParams": {"model": "a/m", "temperature": 0},
            "targets": [{"provider": "openai"}, {"provider": "openai", "request_timeout": 500}],
        }
    )
    assert [made["first_byte_timeout_s"] for made in moved.endpoints] == [10.0, 0.5]
    assert {made["url"] for made in moved.endpoints} == {URL}
    assert {made["model"] for made in moved.endpoints} == {"a/m"}
    assert moved.states(
        "requestTimeout", "customHost", "overrideParams.model", "overrideParams.temperature",
    ) == ["changed", "changed", "carried", "left"]  # fmt: skip


def test_a_virtual_key_beside_a_provider_is_a_variable() -> None:
    moved = move(target(virtual_key="openai-ab12"))
    assert moved.endpoints[0]["api_key"] == "env:OPENAI_API_KEY"
    assert moved.imported.needed[0].why == "the key of openai, which Portkey keeps"
    assert moved.states("virtual_key") == ["changed"]


def test_a_key_of_its_own_comes_before_a_virtual_one() -> None:
    moved = move(target(api_key="k", virtual_key="v"))
    assert moved.states("api_key", "virtual_key") == ["changed", "left"]


def test_a_key_in_the_file_gets_no_variable_that_holds_callers() -> None:
    moved = move({"targets": [target(api_key="k"), target()]})
    assert moved.needed == ["OPENAI_API_KEY_2", "OPENAI_API_KEY"]


def test_a_placeholder_is_no_key() -> None:
    moved = move(target("ollama", "llama3", api_key="dummy", custom_host="http://rack:11434"))
    (made,) = moved.endpoints
    assert made == {
        "name": "llama3", "model": "ollama/llama3", "vendor": "ollama", "dialect": "ollama",
        "url": "http://rack:11434", "place": "unknown",
    }  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        {"virtual_key": "slug", "override_params": {"model": "gpt-4.1"}},
        {"provider": "@slug", "override_params": {"model": "gpt-4.1"}},
        {"override_params": {"model": "@slug/gpt-4.1"}},
    ],
)
def test_what_a_slug_stands_for_can_be_said(said: dict[str, Any]) -> None:
    assert move(said, slug="openai").endpoints[0]["vendor"] == "openai"
    unsaid = move(said)
    assert unsaid.endpoints == []
    assert all("--provider" in why for _, why in unsaid.fates.values())


def test_vertex_is_asked_where_project_and_region_say() -> None:
    moved = move(target("vertex-ai", "gemini-3", vertex_project_id="p", vertex_region="us"))
    assert moved.endpoints[0]["url"].startswith("https://aiplatform.us.rep.googleapis.com/v1")


def test_a_deployment_is_called_by_its_model_if_that_is_said() -> None:
    azure = {"provider": "azure-openai", "resource_name": "r", "deployment_id": "d"}
    assert move({**azure, "azure_model_name": "gpt-4.1"}).endpoints[0]["name"] == "gpt-4.1"
    (alone,) = move(azure).endpoints
    assert (alone["name"], alone["model"]) == ("d", "azure/d")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"override_params": {"model": "m"}}, "it names no provider"),
        ({"provider": "bedrock"}, "does not know the provider 'bedrock'"),
        ({"provider": "groq"}, "it names no model"),
        ({"provider": "openai", "custom_host": "nowhere"}, "custom_host is no URL"),
        ({"provider": "azure-openai"}, "it needs azure_resource_name"),
        ({"provider": "azure-openai", "resource_name": "r"}, "it needs azure_deployment_id"),
        ({"provider": "vertex-ai"}, "it needs vertex_project_id and vertex_region"),
        ({"retry": {"attempts": 2}}, "it names no provider"),
    ],
)
def test_what_cannot_be_an_endpoint_is_left_whole(said: dict[str, Any], says: str) -> None:
    moved = move({"targets": [said]})
    assert moved.endpoints == []
    assert all(says in why for _, why in moved.fates.values())


def test_a_target_that_is_given_up_takes_nothing_around_it_along() -> None:
    moved = move({"custom_host": URL, "targets": [{"provider": "openai"}]})
    assert moved.states("custom_host") == ["left"]


def test_one_number_of_retries_holds_for_all() -> None:
    moved = move(
        {
            "retry": {"attempts": 3, "on_status_codes": [429], "use_retry_after_header": True},
            "targets": [
                target(retry={"attempts": 3}),
                target(retry={"attempts": 5, "useRetryAfterHeader": False}),
                target(retry={"attempts": -1}),
                target(retry={"attempts": "many"}),
            ],
        }
    )
    assert moved.settings["retries"] == {"tries": 3}
    assert moved.states(
        "retry.attempts", "retry.on_status_codes[0]", "retry.use_retry_after_header",
        "targets[0].retry.attempts", "targets[1].retry.attempts",
        "targets[1].retry.useRetryAfterHeader", "targets[2].retry.attempts",
    ) == ["changed", "left", "carried", "changed", "left", "left", "left"]  # fmt: skip


def test_what_has_no_place_here_is_left_with_the_reason() -> None:
    moved = move(
        target(
            strategy={"mode": "conditional", "conditions": [{"query": {}, "then": "a"}]},
            cache={"mode": "semantic", "max_age": 10},
            input_guardrails=[{"deny": True}],
            forwardHeaders=["authorization"],
            name="a",
            invented=1,
        )
    )
    left = {path: says for path, (state, says) in moved.fates.items() if state == "left"}
    assert "keeps no answers" in left["cache.mode"]
    assert "guard" in left["input_guardrails[0].deny"]
    assert "no headers" in left["forwardHeaders[0]"]
    assert "by model, price and policy" in left["strategy.mode"]
    assert "by model, price and policy" in left["strategy.conditions[0].then"]
    assert left["invented"] == "jevons has no such setting"
