"""Each way in which a known server says no has one meaning here."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.errors import (
    PromptTooLong,
    ProviderDenied,
    ProviderError,
    ProviderFiltered,
    ProviderGarbled,
    ProviderMissing,
    ProviderRejected,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnavailable,
    ProviderUnpaid,
)
from jevons.wire.blame import blame
from jevons.wire.refusal import Refusal, heard


def of(message: str = "no", **fields: Any) -> dict[str, Any]:
    """Write an error in the envelope that most use."""
    return {"error": {"message": message, **fields}}


UNPAID: dict[str, tuple[int, Any]] = {
    "DeepSeek": (402, of("Insufficient Balance", type="unknown_error")),
    "OpenRouter": (402, of("This request requires more credits", code=402)),
    "Moonshot": (429, of("your account is suspended", type="exceeded_current_quota_error")),
    "Alibaba": (400, of("Access denied", type="Arrearage", code="Arrearage")),
    "Alibaba, natively": (400, {"code": "Arrearage", "message": "Access denied"}),
    "Alibaba, quota": (429, of("you exceeded", type="insufficient_quota")),
    "Ark": (403, of("overdue", code="AccountOverdueError", type="Forbidden")),
    "OpenAI": (429, of("You exceeded", type="insufficient_quota", code="insufficient_quota")),
    "Anthropic": (402, {"type": "error", **of("no", type="billing_error")}),
    "Anthropic, in words": (
        400,
        of("Your credit balance is too low to access the API", type="invalid_request_error"),
    ),
    "MiniMax": (200, {"base_resp": {"status_code": 1008, "status_msg": "no"}}),
    "Z.ai": (429, of("recharge", code="1113")),
    "Alibaba, free": (403, of(code="AllocationQuota.FreeTierOnly")),
    "SiliconFlow": (403, {"code": 30001, "message": "Sorry, your account balance is insufficient"}),
}

DENIED: dict[str, tuple[int, Any]] = {
    "OpenAI": (401, of("Incorrect API key", type="invalid_request_error", code="invalid_api_key")),
    "Anthropic": (401, {"type": "error", **of("invalid x-api-key", type="authentication_error")}),
    "DeepSeek": (401, of("Fails", type="authentication_error", code="invalid_request_error")),
    "Gemini": (400, of(code=400, status="INVALID_ARGUMENT", details=[{"reason": "API_KEY_INVALID"}])),
    "Gemini, expired": (400, of("API key expired. Renew it.", status="INVALID_ARGUMENT")),
    "Gemini, elsewhere": (400, of("User location is not supported", status="FAILED_PRECONDITION")),
    "Mistral": (401, {"detail": "Invalid API Key"}),
    "xAI": (400, {"code": "invalid-argument", "error": "Incorrect API key provided."}),
    "Azure": (401, of("Access denied due to invalid subscription key", code="401")),
    "Bedrock": (403, {"message": "The security token included in the request is invalid."}),
    "OpenRouter": (401, of("Missing Authentication header", code=401)),
    "OpenRouter, in a stream": (200, of("Missing Authentication header", code=401)),
    "Perplexity": (401, of(type="invalid_api_key", code=401)),
    "Cohere": (401, {"id": "1", "message": "Incorrect API key provided: ***"}),
    "Ollama": (401, of("Unauthorized", type="api_error", code=None)),
    "Alibaba": (401, of(type="invalid_request_error", code="invalid_api_key")),
    "Alibaba, natively": (401, {"code": "InvalidApiKey", "message": "Invalid API-key"}),
    "Alibaba, no access": (403, {"code": "AccessDenied", "message": "no"}),
    "Ark": (401, of(code="AuthenticationError", type="Unauthorized", param="")),
    "Moonshot": (401, of("Invalid Authentication", type="invalid_authentication_error")),
    "Moonshot, no access": (403, of(type="permission_denied_error")),
    "MiniMax": (200, {"base_resp": {"status_code": 1004, "status_msg": "no"}}),
    "Z.ai": (401, of(code="1002")),
}  # fmt: skip

TOO_LONG: dict[str, tuple[int, Any]] = {
    "OpenAI": (400, of(code="context_length_exceeded", type="invalid_request_error")),
    "Anthropic": (400, of("prompt is too long: 3000 tokens > 200 maximum")),
    "Anthropic, in bytes": (413, of(type="request_too_large")),
    "DeepSeek": (400, of("This model's maximum context length is 9 tokens. You asked for 10.")),
    "Vertex": (400, of("The input token count (1250) exceeds the maximum number of tokens allowed")),
    "Ollama": (400, of("prompt too long; exceeded max context length by 7 tokens")),
    "Bedrock": (400, {"message": "Input Tokens Exceeded: Number of input tokens exceeds"}),
    "Cohere": (400, {"error_type": "TOO_MANY_TOKENS", "message": "too many tokens"}),
    "Perplexity": (400, of("All messages", type="too_many_prompt_tokens", code=400)),
    "OpenRouter": (400, of("This endpoint's maximum context length is 2000 tokens.", code=400)),
    "llama.cpp": (400, of(type="exceed_context_size_error", code=400)),
    "Moonshot": (400, of("Invalid request: Your request exceeded model token limit: 8192")),
    "Alibaba": (400, of("Range of input length should be [1, 30720]", code="InvalidParameter")),
    "xAI": (400, {"error": "This model's maximum prompt length is 10 but the request has 20"}),
    "SGLang": (400, of("The input (9 tokens) is longer than the model's context length (5 tokens)")),
    "Groq, in a minute": (413, of("Request too large for model `x`", code="rate_limit_exceeded")),
    "OpenAI, in a minute": (429, of("Request too large for gpt on tokens per min (TPM): Limit 9",
        code="rate_limit_exceeded")),
    "Z.ai": (400, of(code="1261")),
}  # fmt: skip

THROTTLED: dict[str, tuple[int, Any]] = {
    "too many at once": (429, of("Tokens per minute limit exceeded - too many tokens processed")),
    "OpenAI": (429, of("Rate limit reached for x on tokens per min", code="rate_limit_exceeded")),
    "Anthropic": (429, {"type": "error", **of(type="rate_limit_error")}),
    "Gemini": (429, of("You exceeded your current quota, please check your plan and billing details",
        code=429, status="RESOURCE_EXHAUSTED")),
    "Azure": (429, of(code="RateLimitReached")),
    "Alibaba": (429, {"code": "Throttling.RateQuota", "message": "no"}),
    "Alibaba, compatibly": (429, of(code="limit_requests", type="limit_requests")),
    "Ark": (429, of(code="RateLimitExceeded.EndpointRPMExceeded", type="TooManyRequests")),
    "Moonshot": (429, of(type="rate_limit_reached_error")),
    "Moonshot, busy": (429, of(type="engine_overloaded_error")),
    "OpenRouter": (429, of("Provider returned error", code=429)),
    "in a stream": (200, of(code=429)),
    "in a stream, in words": (200, of(code="rate_limit_exceeded")),
    "MiniMax": (200, {"base_resp": {"status_code": 1002}}),
    "Z.ai": (429, of(code="1302")),
    "Groq": (498, of("capacity")),
}  # fmt: skip

MISSING: dict[str, tuple[int, Any]] = {
    "OpenAI": (404, of("The model `x` does not exist", code="model_not_found")),
    "Anthropic": (404, {"type": "error", **of("model: x", type="not_found_error")}),
    "Ollama": (404, {"error": 'model "x" not found, try pulling it first'}),
    "DeepSeek": (400, of("Model Not Exist", type="invalid_request_error")),
    "OpenRouter": (400, of("x/y is not a valid model ID", code=400)),
    "Mistral": (400, {"object": "error", "message": "Invalid model: x", "type": "invalid_model"}),
    "Alibaba": (404, {"code": "ModelNotFound", "message": "Model can not be found."}),
    "Ark": (404, of(code="InvalidEndpointOrModel.NotFound", type="NotFound")),
    "Ark, not opened": (404, of(code="ModelNotOpen")),
    "Ark, closed": (400, of(code="InvalidEndpoint.ClosedEndpoint", type="BadRequest")),
    "Azure": (404, of(code="DeploymentNotFound")),
    "Moonshot": (404, of(type="resource_not_found_error")),
    "a wrong path": (404, None),
    "a retired model": (410, of("The model x has been retired")),
    "Z.ai": (400, of(code="1211")),
}

FILTERED: dict[str, tuple[int, Any]] = {
    "Alibaba": (400, of(code="data_inspection_failed")),
    "Alibaba, natively": (400, {"code": "DataInspectionFailed", "message": "no"}),
    "Ark": (400, of(code="SensitiveContentDetected.SevereViolation")),
    "Ark, input": (400, of(code="InputTextSensitiveContentDetected")),
    "Moonshot": (400, of(type="content_filter")),
    "Azure": (400, of(code="content_filter", innererror={"code": "ResponsibleAIPolicyViolation"})),
    "OpenAI": (400, of("flagged", code="invalid_prompt")),
    "OpenRouter": (403, of("x requires moderation on y. Your input was flagged", code=403)),
    "MiniMax": (200, {"base_resp": {"status_code": 1027}}),
    "Z.ai": (400, of(code="1301")),
}

REJECTED: dict[str, tuple[int, Any]] = {
    "OpenAI": (400, of("Invalid 'temperature'", code="decimal_below_min_value", param="x")),
    "vLLM": (400, of(type="BadRequestError", code=400)),
    "Mistral": (422, {"object": "error", "message": {"detail": [{"msg": "Field required"}]}}),
    "Alibaba": (400, of("This model only support stream mode", code="invalid_parameter_error")),
    "DeepSeek": (400, of("The reasoning_content in the thinking mode must be passed back")),
    "in a stream": (200, of(type="invalid_request_error", code=None)),
    "an answer that is not kept": (404, of("Response with id 'resp_1' not found.")),
    "a file": (404, of("No such file object: file-1")),
    "text that is too long": (400, of("Invalid 'user'", code="string_above_max_length")),
    "a field of old": (400, of("functions is no longer supported")),
}

UNAVAILABLE: dict[str, tuple[int, Any]] = {
    "Anthropic": (529, {"type": "error", **of(type="overloaded_error")}),
    "Anthropic, in a stream": (200, {"type": "error", **of(type="overloaded_error")}),
    "DeepSeek": (503, of("overloaded")),
    "llama.cpp": (503, of("Loading model", type="unavailable_error", code=503)),
    "Alibaba": (500, {"code": "InternalError.Algo", "message": "no"}),
    "nobody knows": (200, of("something")),
    "an odd number": (200, of(code=12)),
    "Moonshot": (499, of()),
    "Bedrock": (424, {"message": "the model failed"}),
}

LATE: dict[str, tuple[int, Any]] = {
    "a proxy": (504, None),
    "Anthropic": (504, of(type="timeout_error")),
    "in a stream": (200, of(type="timeout_error")),
    "MiniMax": (200, {"base_resp": {"status_code": 1001}}),
}

GARBLED: dict[str, tuple[int, Any]] = {
    "a redirect": (302, None),
    "early": (103, None),
    "Groq": (400, of("Failed to call a function", code="tool_use_failed")),
}

ALL: dict[type[ProviderError], dict[str, tuple[int, Any]]] = {
    ProviderUnpaid: UNPAID,
    ProviderDenied: DENIED,
    PromptTooLong: TOO_LONG,
    ProviderThrottled: THROTTLED,
    ProviderMissing: MISSING,
    ProviderFiltered: FILTERED,
    ProviderRejected: REJECTED,
    ProviderUnavailable: UNAVAILABLE,
    ProviderTimeout: LATE,
    ProviderGarbled: GARBLED,
}


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, rows in ALL.items() for name in rows],
    ids=lambda value: value if isinstance(value, str) else value.code,
)
def test_a_refusal_has_one_meaning(kind: type[ProviderError], name: str) -> None:
    status, said = ALL[kind][name]
    assert blame(heard(said), status=status) is kind


@given(
    st.builds(Refusal, st.frozensets(st.text(max_size=5), max_size=3), st.text(max_size=30)),
    st.integers(min_value=-1, max_value=10_000),
)
def test_every_refusal_is_some_error(refusal: Refusal, status: int) -> None:
    assert issubclass(blame(refusal, status=status), ProviderError)
