"""Configurations of other gateways, drawn at random: right ones, odd ones, wrong ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from jevons.imports.litellm.prefix import PREFIXES
from jevons.imports.litellm.why import GENERAL, INFO, LITELLM, PARAMS, ROUTER
from jevons.imports.portkey.provider import PROVIDERS
from jevons.imports.portkey.why import WHY

__all__ = ("SECRET", "litellm", "portkey")

SECRET = "hush-hush-7d1f"
"""Part of every key that is drawn; of nothing else."""

words: Any = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)
scalars: Any = st.none() | st.booleans() | st.integers(-5, 10**6) | st.floats() | words
anything: Any = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
names: Any = st.sampled_from(["a", "b", "openai/m", "gpt-4.1", "x/*", "*", "local", "deepseek/*"])
models: Any = st.sampled_from(
    ["m", "gpt-4.1", "a/m", "*", "deepseek-*", "deepseek-flash", "responses/m", "M"]
)
keys: Any = st.sampled_from(
    [f"sk-{SECRET}", f"{SECRET}-2", "os.environ/KEY", "os.environ/KEY_2", "none", "", 7, None]
)
urls: Any = st.sampled_from(
    ["http://10.0.0.5:8000/v1", "https://api.deepseek.com/v1", "https://r.openai.azure.com/",
     f"https://me:{SECRET}@host/v1", "os.environ/BASE", "os.environ/GONE", "nowhere", 3,
     f"https://host/v1?key={SECRET}", "https://dashscope.aliyuncs.com/compatible-mode/v1"]
)  # fmt: skip
numbers: Any = st.integers(-1, 99) | st.floats(0, 9) | st.sampled_from(["5", "1e-6", "x", True])


def some(fixed: dict[str, Any], known: Any = (), drawn: Any = anything) -> Any:
    """Draw some of these fields, some that are known by name, and some that nobody knows."""
    fields = st.fixed_dictionaries({}, optional=fixed)
    named = st.dictionaries(st.sampled_from(sorted({*known, "invented"})), drawn, max_size=2)
    return st.tuples(named, fields).map(lambda both: both[0] | both[1])


params: Any = some(
    {
        "api_key": keys,
        "api_base": urls,
        "timeout": numbers,
        "max_parallel_requests": numbers,
        "input_cost_per_token": numbers,
        "output_cost_per_token": numbers,
        "api_version": words,
        "vertex_project": st.just("p"),
        "vertex_location": st.sampled_from(["eu", "global", "x y"]),
        "litellm_credential_name": st.sampled_from(["shared", "gone"]),
    },
    PARAMS,
)
prefixes: Any = st.sampled_from([*PREFIXES, "bedrock", "claude-"])
theirs: Any = st.builds("{}/{}".format, prefixes, models) | models
info: Any = some(
    {
        "mode": st.sampled_from(["chat", "embedding", "image_generation", 1]),
        "base_model": st.sampled_from(["azure/gpt-4.1", "gpt-4.1", "mistral/small"]),
        "id": words,
        "max_input_tokens": numbers,
        "supports_vision": st.booleans(),
        "input_cost_per_token": numbers,
        "output_cost_per_token": numbers,
    },
    INFO,
)


def entry(name: Any, model: Any, said: Any, about: Any) -> dict[str, Any]:
    """Write an entry of a `model_list`."""
    return {
        "model_name": name,
        "litellm_params": {"model": model, **said},
        "model_info": about,
    }


entries: Any = st.builds(entry, names, theirs, params, info)
aliases: Any = st.dictionaries(names, names | st.fixed_dictionaries({"model": names}), max_size=2)
fallbacks: Any = st.lists(
    st.dictionaries(names, st.lists(names, max_size=2), max_size=2), max_size=2
)
router: Any = some(
    {"num_retries": numbers, "timeout": numbers, "fallbacks": fallbacks | anything,
     "model_group_alias": aliases | anything},
    ROUTER,
)  # fmt: skip
litellm: Any = some(
    {
        "model_list": st.lists(entries | anything, max_size=4),
        "router_settings": router | anything,
        "litellm_settings": some({"num_retries": numbers, "request_timeout": numbers}, LITELLM),
        "general_settings": some({"master_key": keys, "database_url": keys}, GENERAL),
        "environment_variables": st.dictionaries(
            st.sampled_from(["BASE", "KEY", "OTHER"]), st.just(SECRET), max_size=2
        ),
        "credential_list": st.lists(
            st.fixed_dictionaries(
                {"credential_name": st.just("shared"), "credential_values": params}
            ),
            max_size=1,
        ),
    }
).filter(bool)
"""What could stand in a `config.yaml`."""

providers: Any = st.sampled_from([*PROVIDERS, "bedrock", "@slug", "@other", ""])
said: Any = {
    "provider": providers,
    "api_key": keys,
    "virtual_key": st.sampled_from(["slug", f"vk-{SECRET}"]),
    "override_params": st.fixed_dictionaries(
        {}, optional={"model": models | st.just("@slug/m"), "temperature": numbers}
    )
    | anything,
    "retry": st.fixed_dictionaries({}, optional={"attempts": numbers, "on_status_codes": anything}),
    "request_timeout": numbers,
    "custom_host": urls,
    "strategy": st.fixed_dictionaries({"mode": st.sampled_from(["fallback", "odd", 1])}) | anything,
    "azure_resource_name": st.just("r"),
    "azureDeploymentId": st.just("d"),
    "azure_model_name": models,
    "vertex_project_id": st.just("p"),
    "vertex_region": st.just("eu"),
}
targets: Any = st.recursive(
    some(said, WHY),
    lambda inner: some({**said, "targets": st.lists(inner | anything, max_size=3)}, WHY),
    max_leaves=5,
)
portkey: Any = targets.filter(bool)
"""What could be a config of Portkey's."""
