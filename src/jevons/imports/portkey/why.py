"""Why what Portkey can be told is not carried: one sentence for each name.

Source of the names: portkey.ai/docs/api-reference/inference-api/config-object, read 2026-11-24.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("WHY",)

_GUARD = "jevons has no such guard; [policy] says which data may go where"
_ORDER = "among endpoints of one model jevons asks own hardware first, then the cheapest"
_HEADERS = "jevons sends no headers of yours upstream"
_TOKENS = "jevons sends the key that a variable holds, and fetches none"

WHY: Mapping[str, str] = MappingProxyType(
    {
        "cache": "jevons keeps no answers to give them to others",
        "weight": _ORDER,
        "name": "an endpoint is called by its model, or by that and its provider",
        "on_status_codes": "what is tried elsewhere is decided by kind of failure",
        "input_guardrails": _GUARD,
        "output_guardrails": _GUARD,
        "default_input_guardrails": _GUARD,
        "default_output_guardrails": _GUARD,
        "before_request_hooks": _GUARD,
        "after_request_hooks": _GUARD,
        "input_mutators": _GUARD,
        "output_mutators": _GUARD,
        "forward_headers": _HEADERS,
        "openai_organization": _HEADERS,
        "openai_project": _HEADERS,
        "openai_beta": _HEADERS,
        "anthropic_beta": _HEADERS,
        "anthropic_version": "jevons sends the version that its codec speaks",
        "strict_open_ai_compliance": "what upstream says beyond OpenAI's is always handed on",
        "metadata": "jevons keeps no labels of requests",
        "override_params": "jevons sends what callers ask for, and nothing of its own",
        "vertex_service_account_json": _TOKENS,
        "azure_auth_mode": _TOKENS,
        "azure_ad_token": _TOKENS,
        "azure_entra_client_id": _TOKENS,
        "azure_entra_client_secret": _TOKENS,
        "azure_entra_tenant_id": _TOKENS,
        "api_version": "Azure's /openai/v1 wants no version",
        "azure_api_version": "Azure's /openai/v1 wants no version",
    }
)
