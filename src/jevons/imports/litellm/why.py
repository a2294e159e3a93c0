"""Why what LiteLLM can be told is not carried: one sentence for each name.

Source of the names: docs.litellm.ai/docs/proxy/config_settings, read 2026-11-24.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("GENERAL", "INFO", "LITELLM", "PARAMS", "ROUTER", "SECTIONS", "UNKNOWN")

UNKNOWN = "jevons has no such setting"

_CALLERS = "jevons sends what callers ask for and nothing of its own; let callers send it"
_RATE = "limits are of keys and accounts here, not of endpoints; `jevons limits set` sets one"
_ORDER = "among endpoints of one model jevons asks own hardware first, then the cheapest"
_OTHER_MODEL = "jevons answers with the model that was asked for, or with an error"
_WATCH = "jevons reports by /metrics, its log and the ledger, and calls nobody"
_CACHE = "jevons keeps no answers to give them to others"
_KEYS = "keys are jevons' own, made with `jevons keys create`, and are in the ledger's file"
_DATABASE = "jevons keeps its books in one file under data_dir, and needs no database"
_BUDGET = "budgets are kept in the books, of keys and accounts; `jevons budgets set` sets one"
_REST = "jevons asks an endpoint again at once or when it said to; none is put aside for a time"
_GUARD = "jevons has no such guard; [policy] says which data may go where"

PARAMS: Mapping[str, str] = MappingProxyType(
    {
        "rpm": _RATE,
        "tpm": _RATE,
        "itpm": _RATE,
        "otpm": _RATE,
        "weight": _ORDER,
        "order": _ORDER,
        "max_retries": "retries are counted over all endpoints of a request: [retries] tries",
        "num_retries": "retries are counted over all endpoints of a request: [retries] tries",
        "stream_timeout": "one limit holds for streams and whole answers: first_byte_timeout_s",
        "organization": "jevons sends no such header; a key of a project says the same",
        "extra_headers": "jevons sends no headers of yours upstream",
        "headers": "jevons sends no headers of yours upstream",
        "extra_body": _CALLERS,
        "temperature": _CALLERS,
        "top_p": _CALLERS,
        "top_k": _CALLERS,
        "max_tokens": _CALLERS,
        "max_completion_tokens": _CALLERS,
        "seed": _CALLERS,
        "stop": _CALLERS,
        "n": _CALLERS,
        "stream": _CALLERS,
        "thinking": _CALLERS,
        "reasoning_effort": _CALLERS,
        "max_budget": _BUDGET,
        "budget_duration": _BUDGET,
        "mock_response": "jevons never makes up an answer",
        "tags": "a key can be limited to endpoints: `jevons keys create --endpoint`",
        "cooldown_time": _REST,
    }
)

INFO: Mapping[str, str] = MappingProxyType(
    {
        "id": "an endpoint is called by its name",
        "max_tokens": "it says nothing of the context, and callers set how much they want",
        "max_output_tokens": "callers set how much they want",
        "access_groups": "a key can be limited to endpoints: `jevons keys create --endpoint`",
        "team_id": "a key can be limited to endpoints: `jevons keys create --endpoint`",
    }
)

ROUTER: Mapping[str, str] = MappingProxyType(
    {
        "routing_strategy": _ORDER,
        "routing_strategy_args": _ORDER,
        "fallbacks": _OTHER_MODEL,
        "default_fallbacks": _OTHER_MODEL,
        "context_window_fallbacks": _OTHER_MODEL,
        "content_policy_fallbacks": _OTHER_MODEL,
        "max_fallbacks": _OTHER_MODEL,
        "stream_timeout": PARAMS["stream_timeout"],
        "allowed_fails": _REST,
        "allowed_fails_policy": _REST,
        "cooldown_time": _REST,
        "disable_cooldowns": _REST,
        "retry_policy": "what can be tried again is decided by kind of failure, for all alike",
        "model_group_retry_policy": "what can be tried again is decided by kind of failure",
        "retry_after": "jevons waits as long as the endpoint says, else half a second and more",
        "enable_pre_call_checks": "jevons always checks what a prompt needs against its endpoints",
        "enable_tag_filtering": PARAMS["tags"],
        "redis_host": "jevons is one process, and shares its state with no other",
        "redis_port": "jevons is one process, and shares its state with no other",
        "redis_password": "jevons is one process, and shares its state with no other",
        "redis_url": "jevons is one process, and shares its state with no other",
        "cache_responses": _CACHE,
        "cache_kwargs": _CACHE,
        "default_litellm_params": _CALLERS,
        "provider_budget_config": _BUDGET,
    }
)

LITELLM: Mapping[str, str] = MappingProxyType(
    {
        **ROUTER,
        "callbacks": _WATCH,
        "success_callback": _WATCH,
        "failure_callback": _WATCH,
        "service_callbacks": _WATCH,
        "audit_log_callbacks": _WATCH,
        "langfuse_default_tags": _WATCH,
        "turn_off_message_logging": "jevons logs no messages: its ledger has commitments to them",
        "redact_user_api_key_info": "jevons logs no keys",
        "redact_messages_in_exceptions": "jevons logs no messages",
        "cache": _CACHE,
        "cache_params": _CACHE,
        "enable_caching_on_provider_specific_optional_params": _CACHE,
        "max_budget": _BUDGET,
        "budget_duration": _BUDGET,
        "set_verbose": "jevons logs one line a request",
        "json_logs": "jevons logs JSON where nobody reads along",
        "guardrails": _GUARD,
        "telemetry": "jevons reports to nobody",
        "ssl_verify": "certificates are always checked",
        "modify_params": "jevons changes only what a vendor's row says it would refuse",
        "enable_json_schema_validation": "jevons hands an answer on as it came",
        "default_team_settings": _KEYS,
        "key_generation_settings": _KEYS,
        "default_internal_user_params": _KEYS,
        "mcp_aliases": "jevons serves no MCP",
    }
)

GENERAL: Mapping[str, str] = MappingProxyType(
    {
        "master_key": _KEYS,
        "custom_auth": _KEYS,
        "enable_jwt_auth": _KEYS,
        "litellm_jwtauth": _KEYS,
        "key_management_system": "jevons reads keys from the environment only",
        "key_management_settings": "jevons reads keys from the environment only",
        "database_url": _DATABASE,
        "database_connection_pool_limit": _DATABASE,
        "database_connection_timeout": _DATABASE,
        "store_model_in_db": _DATABASE,
        "allow_requests_on_db_unavailable": "an answer without a receipt does not exist here",
        "store_prompts_in_spend_logs": "jevons keeps only what callers ask to have kept",
        "disable_spend_logs": "every request has a receipt",
        "alerting": _WATCH,
        "alerting_threshold": _WATCH,
        "alert_types": _WATCH,
        "spend_report_frequency": _WATCH,
        "background_health_checks": "jevons asks no endpoint by itself: it would cost money",
        "health_check_interval": "jevons asks no endpoint by itself: it would cost money",
        "max_parallel_requests": "each endpoint has its own max_connections",
        "global_max_parallel_requests": "each endpoint has its own max_connections",
        "completion_model": "a request names its model",
        "forward_client_headers_to_llm_api": "jevons sends no headers of callers upstream",
        "allowed_routes": "every key may use every path",
        "pass_through_endpoints": "nothing passes but through the corridor",
        "max_request_size_mb": "set [server] max_body_bytes",
    }
)

SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "guardrails": _GUARD,
        "callback_settings": _WATCH,
        "mcp_servers": "jevons serves no MCP",
        "files_settings": "jevons serves no files",
        "finetune_settings": "jevons serves no fine-tuning",
        "vector_store_registry": "jevons serves no vector stores",
        "search_tools": "jevons serves no search",
        "include": "only this file was read; import the others one by one",
        "router_settings": UNKNOWN,
        "litellm_settings": UNKNOWN,
        "general_settings": UNKNOWN,
    }
)
