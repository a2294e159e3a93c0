"""What LiteLLM was told does the same here, or the report says what is otherwise."""

from __future__ import annotations

import tomllib
from textwrap import dedent
from typing import Any

import pytest

from jevons.imports import Imported, import_litellm
from jevons.imports.litellm.prefix import PREFIXES

TODAY = "2026-11-24"
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


def move(text: str, **environ: str) -> Moved:
    return Moved(import_litellm(dedent(text), environ=environ, today=TODAY))


def entry(params: str, *more: str, name: str = "chat") -> Moved:
    """Import one entry."""
    lines = [f"model_list: [{{model_name: {name!r}, litellm_params: {{{params}}}}}]", *more]
    return move("\n".join(lines))


def test_an_entry_becomes_an_endpoint_of_its_name() -> None:
    moved = entry("model: deepseek/deepseek-flash, api_key: os.environ/KEY")
    assert moved.endpoints == [
        {
            "name": "chat",
            "model": "deepseek/deepseek-flash",
            "vendor": "deepseek",
            "api_key": "env:KEY",
        }
    ]
    assert moved.needed == ["KEY"]
    assert {state for state, _ in moved.fates.values()} == {"carried"}
    assert moved.settings["engine"] == {"enabled": False}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_prefix_becomes_an_endpoint(prefix: str) -> None:
    where = "vertex_project: p-1, vertex_location: eu" if prefix == "vertex_ai" else ""
    where = f"api_base: {URL}" if PREFIXES[prefix].needs_url else where
    moved = entry(f"model: {prefix}/vendor/name, {where}")
    (made,) = moved.endpoints
    assert made["name"] == "chat"
    assert made.get("vendor") or made["url"]


def test_a_key_that_stands_in_the_file_is_named_and_not_written() -> None:
    moved = entry("model: openai/gpt-4.1, api_key: sk-very-secret")
    assert moved.endpoints[0]["api_key"] == "env:CHAT_API_KEY"
    assert moved.needed == ["CHAT_API_KEY"]
    assert "secret" not in repr(moved.imported.fates) + moved.imported.toml
    assert moved.states("model_list[0].litellm_params.api_key") == ["changed"]


def test_a_key_in_the_file_gets_no_variable_that_holds_another() -> None:
    moved = move("""
    model_list:
      - {model_name: a, litellm_params: {model: openai/gpt-4.1, api_key: sk-1}}
      - {model_name: openai, litellm_params: {model: openai/gpt-4.1, api_key: sk-2}}
      - {model_name: b, litellm_params: {model: openai/gpt-4.1, api_key: os.environ/A_API_KEY}}
      - {model_name: c, litellm_params: {model: openai/gpt-4.1}}
    """)
    assert moved.needed == ["A_API_KEY_2", "OPENAI_API_KEY_2", "A_API_KEY", "OPENAI_API_KEY"]


def test_a_placeholder_is_no_key() -> None:
    moved = entry(f"model: openai/opt, api_key: none, api_base: {URL}")
    assert "api_key" not in moved.endpoints[0]
    assert moved.needed == []


@pytest.mark.parametrize(
    ("prefix", "needed"),
    [("volcengine", "VOLCENGINE_API_KEY"), ("deepseek", "DEEPSEEK_API_KEY"), ("ollama", None)],
)
def test_a_key_that_is_not_spoken_of_is_looked_for_where_it_was(
    prefix: str, needed: str | None
) -> None:
    moved = entry(f"model: {prefix}/m")
    assert moved.needed == ([needed] if needed else [])
    assert ("api_key" in moved.endpoints[0]) is (prefix == "volcengine")


def test_an_address_that_is_a_vendors_makes_it_the_vendors() -> None:
    moved = entry(
        "model: openai/qwen3-max, api_key: os.environ/K, "
        "api_base: 'https://dashscope.aliyuncs.com/compatible-mode/v1'"
    )
    (made,) = moved.endpoints
    assert (made["vendor"], made["vendor_host"]) == ("alibaba", "alibaba-cn")
    assert made["model"] == "alibaba/qwen3-max"
    assert "url" not in made


def test_an_address_that_is_nobodys_makes_nothing_known() -> None:
    moved = entry(f"model: deepseek/deepseek-flash, api_base: {URL}")
    (made,) = moved.endpoints
    assert made == {
        "name": "chat",
        "model": "unknown/deepseek-flash",
        "upstream_model": "deepseek-flash",
        "url": URL,
        "dialect": "openai-chat",
    }
    assert moved.states("model_list[0].litellm_params.api_base") == ["changed"]


def test_a_proxy_of_anthropics_is_asked_in_its_dialect() -> None:
    moved = entry("model: anthropic/claude-opus-5, base_url: 'https://proxy.example.org/v1'")
    (made,) = moved.endpoints
    assert (made["dialect"], made["url"]) == ("anthropic-messages", "https://proxy.example.org")


def test_geminis_base_has_its_version() -> None:
    moved = entry("model: gemini/gemini-3, api_base: 'https://proxy.example.org'")
    assert moved.endpoints[0]["url"] == "https://proxy.example.org/v1beta"


def test_another_path_at_a_vendors_host_is_carried() -> None:
    moved = entry("model: deepseek/deepseek-flash, api_base: 'https://api.deepseek.com/v1'")
    assert moved.endpoints[0]["url"] == "https://api.deepseek.com/v1"
    assert moved.states("model_list[0].litellm_params.api_base") == ["carried"]


def test_a_server_of_ones_own_is_here_only_if_it_is() -> None:
    away = entry(f"model: hosted_vllm/Qwen/Qwen3-32B, api_base: {URL}")
    here = entry("model: hosted_vllm/Qwen/Qwen3-32B, api_base: 'http://127.0.0.1:8000/v1'")
    assert away.endpoints[0]["place"] == "unknown"
    assert "place" not in here.endpoints[0]
    assert away.endpoints[0]["model"] == "Qwen/Qwen3-32B"


def test_an_address_in_the_environment_is_taken_from_there() -> None:
    text = """
    model_list:
      - model_name: chat
        litellm_params: {model: openai/opt, api_base: os.environ/BASE}
    """
    assert move(text, BASE=URL).endpoints[0]["url"] == URL
    missing = move(text)
    assert missing.endpoints == []
    says = missing.fates["model_list[0].litellm_params.api_base"][1]
    assert says == "api_base is no URL: set BASE and import again"


def test_an_address_in_its_own_variables_is_taken_from_there() -> None:
    moved = move(f"""
    environment_variables: {{BASE: '{URL}', KEY: secret, OTHER: x}}
    model_list:
      - model_name: chat
        litellm_params: {{model: openai/opt, api_base: os.environ/BASE, api_key: os.environ/KEY}}
    """)
    assert moved.endpoints[0]["url"] == URL
    assert moved.states("environment_variables.KEY", "environment_variables.OTHER") == [
        "changed",
        "left",
    ]
    assert "secret" not in moved.imported.toml + repr(moved.imported)


def test_what_may_be_secret_in_an_address_is_left_out() -> None:
    moved = entry("model: openai/opt, api_base: 'https://me:hidden@host/v1?k=hidden'")
    assert moved.endpoints[0]["url"] == "https://host/v1"
    assert "hidden" not in moved.imported.toml + repr(moved.imported.fates)


def test_azure_is_asked_without_deployments_and_versions_in_the_path() -> None:
    moved = move("""
    model_list:
      - model_name: team
        litellm_params:
          model: azure/eu-2
          api_base: https://r.openai.azure.com/
          api_version: 2024-02-01
        model_info: {base_model: azure/gpt-4.1}
      - model_name: other
        litellm_params: {model: azure/o_series/dep, api_base: 'https://r.openai.azure.com'}
    """)
    first, second = moved.endpoints
    assert first["url"] == "https://r.openai.azure.com/openai/v1"
    assert (first["model"], first["upstream_model"]) == ("openai/gpt-4.1", "eu-2")
    assert first["api_key"] == "env:AZURE_API_KEY"
    assert (second["model"], second["upstream_model"]) == ("azure/other", "dep")
    assert moved.states("model_list[0].litellm_params.api_version") == ["changed"]


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("global", "https://aiplatform.googleapis.com/v1/projects/p/locations/global"),
        ("europe-west4", "https://europe-west4-aiplatform.googleapis.com/v1/projects/p"),
    ],
)
def test_vertex_is_asked_where_project_and_location_say(location: str, url: str) -> None:
    moved = entry(
        f"model: vertex_ai/gemini-3, vertex_project: p, vertex_location: {location}, "
        "vertex_credentials: secret.json"
    )
    assert moved.endpoints[0]["url"].startswith(url)
    assert moved.states("model_list[0].litellm_params.vertex_credentials") == ["left"]


def test_a_route_of_litellms_own_is_a_dialect() -> None:
    (made,) = entry("model: openai/responses/gpt-4.1").endpoints
    assert (made["dialect"], made["model"]) == ("openai-responses", "openai/gpt-4.1")


def test_others_models_keep_their_makers() -> None:
    assert entry("model: openrouter/z-ai/glm-5").endpoints[0]["model"] == "z-ai/glm-5"
    found = entry("model: fireworks_ai/accounts/fireworks/models/glm-5").endpoints[0]
    assert found["model"] == "fireworks/glm-5"
    assert found["upstream_model"] == "accounts/fireworks/models/glm-5"


def test_a_base_model_says_what_a_deployment_is() -> None:
    moved = move("""
    model_list:
      - model_name: a
        litellm_params: {model: openai/tuned, api_base: 'http://h/v1'}
        model_info: {base_model: mistral/small, id: mine}
    """)
    assert moved.endpoints[0]["model"] == "mistral/small"


def test_entries_of_one_name_and_model_share_it() -> None:
    moved = move(f"""
    model_list:
      - {{model_name: big, litellm_params: {{model: openai/gpt-4.1}}, model_info: {{id: first}}}}
      - {{model_name: big, litellm_params: {{model: openai/gpt-4.1, api_base: {URL}}}}}
    """)
    assert [made["name"] for made in moved.endpoints] == ["first", "big-1"]
    assert [made["aliases"] for made in moved.endpoints] == [["big"], ["big"]]
    assert {made["model"] for made in moved.endpoints} == {"openai/gpt-4.1"}


def test_entries_of_one_name_and_two_models_are_told_apart() -> None:
    moved = move("""
    model_list:
      - {model_name: chat, litellm_params: {model: openai/gpt-4.1}}
      - {model_name: chat, litellm_params: {model: anthropic/claude-opus-5}}
    """)
    assert [made["name"] for made in moved.endpoints] == ["chat", "chat-1"]
    assert moved.states("model_list[0].model_name", "model_list[1].model_name") == [
        "carried", "changed",
    ]  # fmt: skip


def test_a_pattern_becomes_a_row_for_each_model_that_is_known() -> None:
    moved = move("""
    model_list:
      - {model_name: 'ds/*', litellm_params: {model: 'deepseek/*'}, model_info: {supports_vision: true}}
      - {model_name: ds/deepseek-flash, litellm_params: {model: deepseek/deepseek-flash}}
    """)
    names = [made["name"] for made in moved.endpoints]
    assert "ds/deepseek-v4-pro" in names
    assert names.count("ds/deepseek-flash") == 1
    assert not any("chat" in name for name in names)  # retired
    assert moved.states("model_list[0].litellm_params.model") == ["changed"]


def test_a_pattern_of_which_every_model_has_an_entry_of_its_own_adds_none() -> None:
    moved = move("""
    model_list:
      - {model_name: 'x-*', litellm_params: {model: 'deepseek/deepseek-fl*'}}
      - {model_name: x-ash, litellm_params: {model: deepseek/deepseek-flash}}
    """)
    assert [made["name"] for made in moved.endpoints] == ["x-ash"]
    assert moved.fates["model_list[0].model_name"] == ("carried", "each has an entry of its own")


@pytest.mark.parametrize(
    ("params", "name", "says"),
    [
        ("model: bedrock/x", "chat", "does not know the provider 'bedrock'"),
        ("model: llama", "chat", "does not say the provider"),
        ("model: '*'", "*", "does not say the provider"),
        ("model: openai/gpt-4.1", "openai/*", "its name is a pattern"),
        ("model: 'openai/*'", "chat", "has no patterns"),
        ("model: 'groq/*'", "groq/*", "has no patterns"),
        ("model: 'openai/*-*'", "*", "has no patterns"),
        ("model: 'perplexity/*'", "*", "has no patterns"),
        ("model: azure/x", "chat", "needs api_base"),
        ("model: openai/x, api_base: nowhere", "chat", "api_base is no URL"),
        ("model: vertex_ai/gemini-3", "chat", "needs vertex_project and vertex_location"),
        ("api_key: secret", "chat", "needs model_name and litellm_params.model"),
        ("model: openai/x", "", "needs model_name and litellm_params.model"),
    ],
)
def test_what_cannot_be_an_endpoint_is_left_whole(params: str, name: str, says: str) -> None:
    moved = entry(params, name=name)
    assert moved.endpoints == []
    assert {state for state, _ in moved.fates.values()} == {"left"}
    assert all(says in why for _, why in moved.fates.values())
    assert moved.needed == []


def test_a_mode_other_than_text_is_left_whole() -> None:
    moved = move("""
    model_list:
      - model_name: a
        litellm_params: {model: openai/dall-e-3}
        model_info: {mode: image_generation}
      - model_name: b
        litellm_params: {model: openai/gpt-4.1}
        model_info: {mode: chat}
    """)
    assert [made["name"] for made in moved.endpoints] == ["b"]
    assert moved.states("model_list[1].model_info.mode") == ["carried"]


def test_a_model_for_embeddings_is_one_here() -> None:
    moved = move(f"""
    model_list:
      - model_name: known
        litellm_params: {{model: openai/text-embedding-3-small}}
        model_info: {{mode: embedding}}
      - model_name: own
        litellm_params: {{model: openai/bge, api_base: '{URL}', input_cost_per_token: 0.000001}}
        model_info: {{mode: embedding, supports_vision: true}}
    """)
    known, own = moved.endpoints
    assert "can" not in known
    assert own["can"] == ["embedding"]
    assert own["price"]["output_per_mtok"] == "0"
    assert moved.states("model_list[1].model_info.mode") == ["carried"]


def test_limits_and_abilities_are_carried() -> None:
    moved = move(f"""
    model_list:
      - model_name: a
        tpm: 5
        litellm_params:
          model: openai/opt
          api_base: {URL}
          timeout: 7
          stream_timeout: 1
          max_parallel_requests: 3
          rpm: 6
          temperature: 0.2
          drop_params: true
          invented: 1
        model_info:
          max_input_tokens: 4096
          supports_vision: true
          supports_function_calling: false
          supports_pdf_input: maybe
          input_cost_per_token: 0.000001
          output_cost_per_token: 0.000002
          license: x
    """)
    (made,) = moved.endpoints
    assert made["first_byte_timeout_s"] == 7.0
    assert made["max_connections"] == 3
    assert made["context_tokens"] == 4096
    assert made["can"] == ["text", "json", "json_schema", "logprobs", "image"]
    assert made["price"]["input_per_mtok"] == "1"
    base = "model_list[0].litellm_params."
    assert (
        moved.states(*[f"{base}{name}" for name in ("timeout", "drop_params")]) == ["changed"] * 2
    )
    left = ("stream_timeout", "rpm", "temperature", "invented")
    assert moved.states(*[f"{base}{name}" for name in left]) == ["left"] * 4
    assert moved.states("model_list[0].tpm") == ["left"]


@pytest.mark.parametrize("figure", ["-1", "0", "soon", "true", "[]"])
def test_a_limit_that_cannot_be_one_is_left(figure: str) -> None:
    moved = entry(f"model: openai/gpt-4.1, timeout: {figure}, max_parallel_requests: {figure}")
    assert moved.endpoints[0].keys() <= {"name", "model", "vendor"}


def test_a_price_that_is_none_is_left_for_one_that_is() -> None:
    moved = move("""
    model_list:
      - model_name: a
        litellm_params: {model: openai/gpt-4.1, input_cost_per_token: 1}
        model_info: {input_cost_per_token: 0.1, output_cost_per_token: 0.1}
    """)
    assert moved.endpoints[0]["price"]["input_per_mtok"] == "100000"
    assert moved.states(
        "model_list[0].litellm_params.input_cost_per_token",
        "model_list[0].model_info.input_cost_per_token",
    ) == ["left", "changed"]


def test_abilities_that_are_known_anyway_are_not_written() -> None:
    moved = move("""
    model_list:
      - model_name: a
        litellm_params: {model: deepseek/deepseek-flash}
        model_info: {supports_function_calling: true}
    """)
    assert "can" not in moved.endpoints[0]


def test_a_credential_is_taken_for_those_who_name_it() -> None:
    moved = move(f"""
    credential_list:
      - credential_name: shared
        credential_values: {{api_key: os.environ/K, api_base: '{URL}'}}
      - credential_name: idle
        credential_values: {{api_key: secret}}
    model_list:
      - model_name: a
        litellm_params: {{model: openai/opt, litellm_credential_name: shared}}
    """)
    assert moved.endpoints[0]["api_key"] == "env:K"
    assert moved.endpoints[0]["url"] == URL
    assert moved.states(
        "credential_list[0].credential_values.api_key",
        "credential_list[0].credential_name",
        "credential_list[1].credential_values.api_key",
        "model_list[0].litellm_params.litellm_credential_name",
    ) == ["carried", "carried", "left", "carried"]


def test_defaults_hold_where_an_entry_says_nothing() -> None:
    moved = move("""
    model_list:
      - {model_name: a, litellm_params: {model: openai/gpt-4.1, timeout: 5}}
      - {model_name: b, litellm_params: {model: openai/gpt-5}}
    router_settings: {num_retries: 4, timeout: 30}
    litellm_settings: {num_retries: 1, request_timeout: 600, drop_params: true, cache: true}
    """)
    assert moved.settings["retries"] == {"tries": 4}
    assert [made["first_byte_timeout_s"] for made in moved.endpoints] == [5.0, 30.0]
    assert moved.states(
        "router_settings.num_retries", "litellm_settings.num_retries",
        "router_settings.timeout", "litellm_settings.request_timeout",
        "litellm_settings.drop_params", "litellm_settings.cache",
    ) == ["changed", "left", "changed", "left", "changed", "left"]  # fmt: skip
    assert not any("timeout" in note for note in moved.imported.notes)


def test_a_number_of_retries_that_cannot_be_one_is_left_for_the_next() -> None:
    moved = entry(
        "model: openai/gpt-4.1",
        "router_settings: {num_retries: -1}",
        "litellm_settings: {num_retries: 2, request_timeout: 9}",
    )
    assert moved.settings["retries"] == {"tries": 2}
    assert moved.states("router_settings.num_retries", "litellm_settings.num_retries") == [
        "left", "changed",
    ]  # fmt: skip


def test_without_a_timeout_it_says_how_long_each_waits() -> None:
    assert any("6000 s" in note for note in entry("model: openai/gpt-4.1").imported.notes)


def test_aliases_of_groups_are_carried() -> None:
    moved = entry(
        "model: openai/gpt-4.1",
        "router_settings:",
        "  model_group_alias: {old: chat, chat: chat, gone: nowhere, h: {model: chat, hidden: true}}",
    )
    assert moved.endpoints[0]["aliases"] == ["old", "h"]
    base = "router_settings.model_group_alias"
    assert moved.states(*[f"{base}.{name}" for name in ("old", "chat", "gone")]) == [
        "carried", "left", "left",
    ]  # fmt: skip
    assert moved.states(f"{base}.h.model", f"{base}.h.hidden") == ["carried", "left"]


def test_a_fallback_to_another_server_of_the_model_is_an_alias() -> None:
    moved = move(f"""
    model_list:
      - {{model_name: a, litellm_params: {{model: openai/gpt-4.1}}}}
      - {{model_name: b, litellm_params: {{model: openai/gpt-4.1, api_base: '{URL}'}}}}
      - {{model_name: c, litellm_params: {{model: openai/gpt-5}}}}
      - {{model_name: d, litellm_params: {{model: azure/x, api_base: '{URL}'}}}}
    router_settings: {{fallbacks: [{{a: [b, c, nowhere]}}, {{d: d}}]}}
    litellm_settings: {{fallbacks: [{{a: b}}], context_window_fallbacks: [{{a: [c]}}]}}
    """)
    assert [made.get("aliases") for made in moved.endpoints[:2]] == [["a"], ["a"]]
    assert moved.endpoints[1]["name"] == "b"
    assert moved.states(
        "router_settings.fallbacks[0].a[0]", "router_settings.fallbacks[0].a[1]",
        "router_settings.fallbacks[0].a[2]", "router_settings.fallbacks[1].d",
        "litellm_settings.fallbacks[0].a", "litellm_settings.context_window_fallbacks[0].a[0]",
    ) == ["changed", "left", "left", "left", "changed", "left"]  # fmt: skip


def test_what_has_no_place_here_is_left_with_the_reason() -> None:
    moved = entry(
        "model: openai/gpt-4.1",
        "general_settings: {master_key: sk-secret, database_url: 'postgres://secret'}",
        "litellm_settings: {callbacks: [langfuse], invented: 1}",
        "router_settings: {routing_strategy: least-busy}",
        "guardrails: [{guardrail_name: pii}]",
        "invented: {deep: 1}",
    )
    left = {path: says for path, (state, says) in moved.fates.items() if state == "left"}
    assert "keys are jevons' own" in left["general_settings.master_key"]
    assert "needs no database" in left["general_settings.database_url"]
    assert "/metrics" in left["litellm_settings.callbacks[0]"]
    assert "cheapest" in left["router_settings.routing_strategy"]
    assert "guard" in left["guardrails[0].guardrail_name"]
    assert (
        left["invented.deep"] == left["litellm_settings.invented"] == "jevons has no such setting"
    )
    assert "secret" not in moved.imported.toml + repr(moved.imported)
