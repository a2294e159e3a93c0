"""Whose move it is after a refusal, by its words and then by its status.

Rule 1: words beat the status: servers say "no money" with 400, 402, 403 and 429, and "bad key"
    with 400 and 401.
Rule 2: our own key, account or catalogue being wrong is never the caller's fault.
Rule 3: words are only those that servers are known to say; what nobody knows has its status.

Sources, read 2026-11: the error pages of the API references of OpenAI, Azure OpenAI, Anthropic,
Google, Mistral, xAI, Cohere, Perplexity, OpenRouter, Groq, DeepSeek, Moonshot,
Alibaba Cloud Model Studio ("Error codes"), Volcengine Ark ("Error codes"), Z.ai
(docs.bigmodel.cn, "API code") and MiniMax ("Error Codes"); Amazon Bedrock API reference;
vLLM, SGLang, llama.cpp and Ollama as they answer.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.types.errors import (
    PromptTooLong,
    ProviderDenied,
    ProviderFiltered,
    ProviderGarbled,
    ProviderMissing,
    ProviderRejected,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnavailable,
    ProviderUnpaid,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.errors import ProviderError
    from jevons.wire.refusal import Refusal

__all__ = ("blame", "told")

_OK = 200
_TOO_MANY = 429

# A number after `error.` is Z.ai's code, after `base_resp.` MiniMax's.
_UNPAID = """
    insufficient_quota exceeded_current_quota_error billing_error billing_not_active
    billing_hard_limit_reached arrearage allocationquota.freetieronly
    accountoverdueerror insufficient_balance insufficient_balance_error insufficient_credits
    insufficient_user_quota payment_required base_resp.1008 error.1113
"""
_FILTERED = """
    content_filter content_policy_violation content_policy moderation_blocked invalid_prompt
    responsibleaipolicyviolation datainspectionfailed data_inspection_failed
    sensitivecontentdetected inputtextsensitivecontentdetected
    inputimagesensitivecontentdetected inputvideosensitivecontentdetected
    inputaudiosensitivecontentdetected outputtextsensitivecontentdetected
    outputimagesensitivecontentdetected outputvideosensitivecontentdetected
    outputaudiosensitivecontentdetected inputtextriskdetection inputimageriskdetection
    outputtextriskdetection outputimageriskdetection base_resp.1027 error.1301
"""
_TOO_LONG = """
    context_length_exceeded context_window_exceeded exceed_context_size_error
    too_many_prompt_tokens too_many_tokens request_too_large error.1261
"""
_MISSING = """
    model_not_found modelnotfound model_not_exist modelnotopen unsupportedmodel invalid_model
    model_decommissioned model_terms_required deploymentnotfound invalidendpointormodel
    invalidendpoint error.1211 error.1221 error.1222
"""
_DENIED = """
    invalid_api_key api_key_invalid invalidapikey authentication_error authenticationerror
    invalid_authentication_error incorrect_api_key_error permission_error
    permission_denied_error permission_denied accessdenied access_denied unauthenticated
    unauthorized unsupported_country_region_territory base_resp.1004 error.1000 error.1001
    error.1002 error.1003 error.1004 error.1110 error.1111 error.1112 error.1121 error.1220
"""
# The model wrote something that its own server could not read: another try may differ.
_MANGLED = "tool_use_failed json_validate_failed output_parse_failed"
_THROTTLED = """
    rate_limit_exceeded rate_limit_error rate_limit_reached_error ratelimitreached rate_limited
    ratelimitexceeded ratelimiterror too_many_requests toomanyrequests throttling
    throttlingexception limit_requests limit_burst_rate resource_exhausted quotaexceeded
    setlimitexceeded modelaccountrpmratelimitexceeded modelaccounttpmratelimitexceeded
    base_resp.1002 error.1302 error.1303 error.1304 error.1305 error.1308 error.1310 error.1312
"""

# Only where the status says nothing, since servers write them beside any other.
_BUSY = "overloaded_error engine_overloaded_error serveroverloaded server_error api_error"
_LATE = "timeout_error requesttimeout request_timeout base_resp.1001"
_WRONG = """
    invalid_request_error invalid_parameter_error invalidparameter missingparameter
    invalid_argument invalid-argument badrequesterror bad_request unprocessable_entity
"""

_Words = tuple[tuple["type[ProviderError]", frozenset[str]], ...]

_PLAIN: _Words = tuple(
    (kind, frozenset(words.split()))
    for kind, words in (
        (ProviderUnpaid, _UNPAID),
        (ProviderFiltered, _FILTERED),
        (PromptTooLong, _TOO_LONG),
        (ProviderMissing, _MISSING),
        (ProviderDenied, _DENIED),
        (ProviderGarbled, _MANGLED),
    )
)
_RATE: _Words = ((ProviderThrottled, frozenset(_THROTTLED.split())),)
_FAINT: _Words = tuple(
    (kind, frozenset(words.split()))
    for kind, words in (
        (ProviderUnavailable, _BUSY),
        (ProviderTimeout, _LATE),
        (ProviderRejected, _WRONG),
    )
)

# For what servers say in sentences alone.
_SENTENCES: tuple[tuple[type[ProviderError], re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            ProviderUnpaid,
            (
                r"credit balance is too low|insufficient (?:account )?(?:balance|credits?|funds)"
                r"|balance is insufficient|overdue balance|account is in good standing|out of credits"
                r"|account is suspended due to insufficient balance"
            ),
        ),
        (
            ProviderFiltered,
            (
                r"flagged as potentially violating|requires moderation on"
                r"|content (?:filter|management policy)|violates? usage guidelines"
            ),
        ),
        (
            PromptTooLong,
            (
                r"(?:maximum|max|model'?s|available) context (?:length|size|window)"
                r"|exceeds? (?:the )?(?:\w+ )?context (?:length|size|window)"
                r"|(?:prompt|input|messages) (?:is|are) too long|prompt too long"
                r"|input tokens? exceeded|input token count .{0,40}exceeds"
                r"|too many (?:input |prompt )?tokens(?! per)|exceeded model token limit"
                r"|maximum prompt length|range of input length should be"
                r"|longer than the (?:maximum model|model'?s context) length"
            ),
        ),
        (
            ProviderMissing,
            (
                r"model.{0,120} (?:does not|doesn't|not) exist|model not exist"
                r"|not a valid model id|invalid model(?: name)?:|model.{0,120} not found"
                r"|model.{0,120} (?:has been (?:decommissioned|retired)|is no longer (?:supported|available))"
            ),
        ),
        (
            ProviderDenied,
            (
                r"(?:incorrect|invalid|expired|missing) api[ _-]?key"
                r"|api[ _-]?key (?:not valid|expired|is invalid|not found)"
                r"|location is not supported"
            ),
        ),
    )
)

# A limit for each minute that is smaller than the prompt can never be met by waiting: to us that
# prompt is too long. Other limits speak of too many tokens, and mean too many at once.
_NEVER_FITS = re.compile(r"request too large for", re.IGNORECASE)

# A 404 for something that the caller named, not for the model or the path.
_CALLERS_OWN = re.compile(
    r"\b(?:response|item|file|conversation|container|cached ?content|vector store|image)s?\b"
    r".{0,120} not found|no such file|previous_response_not_found",
    re.IGNORECASE,
)

_BY_STATUS: Mapping[int, type[ProviderError]] = MappingProxyType(
    {
        **dict.fromkeys((400, 409, 414, 415, 422, 431, 451), ProviderRejected),
        **dict.fromkeys((401, 403, 407), ProviderDenied),
        402: ProviderUnpaid,
        **dict.fromkeys((404, 405, 410), ProviderMissing),
        504: ProviderTimeout,
        413: PromptTooLong,
        # 498 is Groq's for a tier without capacity.
        **dict.fromkeys((408, 425, 429, 498), ProviderThrottled),
        # 424 is Bedrock's for a model that failed, 499 Moonshot's for a request it dropped.
        **dict.fromkeys((424, 499), ProviderUnavailable),
    }
)


def blame(refusal: Refusal, *, status: int = _OK) -> type[ProviderError]:
    """Say which error a refusal is.

    Args:
        refusal: What was said.
        status: HTTP status; 200 for an error in the middle of an answer.
    """
    rate = ProviderThrottled if status == _TOO_MANY else _coded(refusal, _RATE)
    said = _coded(refusal, _PLAIN) or _of_sentence(refusal, is_rate=bool(rate)) or rate
    if said is not None:
        return said
    if status == _OK:
        return _faint(refusal)
    kind = _by_status(status)
    is_callers = kind is ProviderMissing and _CALLERS_OWN.search(refusal.sentence)
    return ProviderRejected if is_callers else kind


def told(refusal: Refusal, *, before: str = "") -> ProviderError:
    """Make the error that a refusal in the body of an answer tells of.

    Args:
        refusal: What was said.
        before: Goes before its sentence.
    """
    kind = blame(refusal)
    codes = ", ".join(sorted(refusal.codes))
    message = before + (refusal.sentence or codes or "an error without a message")
    if kind is ProviderThrottled:
        return ProviderThrottled(message, retry_after_s=refusal.wait_s)
    return kind(message)


def _coded(refusal: Refusal, words: _Words) -> type[ProviderError] | None:
    """Look for a code, whole or up to its first dot: `Throttling.RateQuota` is throttling."""
    codes = refusal.codes | {code.partition(".")[0] for code in refusal.codes}
    return next((kind for kind, known in words if codes & known), None)


def _of_sentence(refusal: Refusal, *, is_rate: bool) -> type[ProviderError] | None:
    sentence = refusal.sentence
    if _NEVER_FITS.search(sentence):
        return PromptTooLong
    kind = next((kind for kind, pattern in _SENTENCES if pattern.search(sentence)), None)
    return None if is_rate and kind is PromptTooLong else kind


def _faint(refusal: Refusal) -> type[ProviderError]:
    """Tell by a code that is an HTTP status, or by words that say little."""
    for code in sorted(refusal.codes):
        if code.isdecimal() and len(code) == 3 and code[0] in "45":  # noqa: PLR2004 RFC 9110 §15
            return _by_status(int(code))
    return _coded(refusal, _FAINT) or ProviderUnavailable


def _by_status(status: int) -> type[ProviderError]:
    if status >= 500:  # noqa: PLR2004 RFC 9110 §15.6
        return _BY_STATUS.get(status, ProviderUnavailable)
    return _BY_STATUS.get(status, ProviderGarbled)
