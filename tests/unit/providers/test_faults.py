"""A refusal becomes the error it means, with upstream's words and the wait it asks for."""

from __future__ import annotations

import pytest

from jevons.providers.faults import fault_of
from jevons.types.errors import (
    PromptTooLong,
    ProviderError,
    ProviderMissing,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnavailable,
)

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
SLOW = b'{"error":{"message":"slow down","type":"rate_limit_error"}}'


def throttled(body: bytes = SLOW, **headers: str) -> float | None:
    """Refuse with 429 and these headers; return the wait that was read."""
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    error = fault_of(429, named, body, now_ms=NOW_MS)
    assert isinstance(error, ProviderThrottled)
    return error.retry_after_s


def test_what_upstream_says_is_passed_on() -> None:
    error = fault_of(404, {}, b'{"error":"model \\"x\\" not found"}', now_ms=0)
    assert type(error) is ProviderMissing
    assert str(error) == 'upstream answered 404: model "x" not found'
    assert str(fault_of(500, {}, b"", now_ms=0)) == "upstream answered 500"


def test_a_page_of_a_proxy_is_told_by_its_title() -> None:
    error = fault_of(504, {}, b"<html><title>504 Gateway Time-out</title>..", now_ms=0)
    assert type(error) is ProviderTimeout
    assert str(error) == "upstream answered 504: 504 Gateway Time-out"


def test_an_envelope_with_status_200_is_an_error_too() -> None:
    error = fault_of(200, {}, b'{"error":{"message":"busy"}}', now_ms=0)
    assert type(error) is ProviderUnavailable


def test_the_most_exact_wait_is_taken() -> None:
    assert throttled(retry_after_ms="1500", retry_after="2") == 1.5
    assert throttled(retry_after_ms="0", retry_after="1") == 1.0
    assert throttled(retry_after_ms="x", retry_after="0") == 0.0
    assert throttled(retry_after="0", x_ratelimit_reset_tokens="6m0s") == 360.0
    assert throttled(b"try again after 3 seconds", x_ratelimit_reset="9") == 3.0
    assert throttled() is None


def test_a_date_is_read_as_a_wait() -> None:
    assert throttled(retry_after="Thu, 01 Jan 2026 00:00:30 GMT") == 30.0
    assert throttled(retry_after="Wed, 31 Dec 2025 00:00:00 GMT") == 0.0
    assert throttled(retry_after="soon") is None


def test_google_says_it_in_the_body() -> None:
    body = b'[{"error":{"code":429,"details":[{"retryDelay":"34.4s"}]}}]'
    assert throttled(body) == 34.4


def test_the_last_limit_that_is_used_up_decides() -> None:
    assert (
        throttled(
            x_ratelimit_remaining_requests="0",
            x_ratelimit_reset_requests="20ms",
            x_ratelimit_remaining_tokens="0",
            x_ratelimit_reset_tokens="7.66s",
            x_ratelimit_remaining_images="5",
            x_ratelimit_reset_images="1h",
        )
        == 7.66
    )


def test_without_one_that_is_used_up_the_last_of_all_decides() -> None:
    assert (
        throttled(
            anthropic_ratelimit_requests_reset="2026-01-01T00:00:05Z",
            anthropic_ratelimit_tokens_reset="2026-01-01T00:00:10Z",
            anthropic_ratelimit_tokens_limit="1000",
            anthropic_ratelimit_input_tokens_reset="whenever",
        )
        == 10.0
    )


def test_a_prompt_longer_than_the_window_is_not_throttled_but_too_long() -> None:
    error = fault_of(429, {}, SLOW, now_ms=0, is_overlong=True)
    assert type(error) is PromptTooLong
    assert type(fault_of(503, {}, b"", now_ms=0, is_overlong=True)) is ProviderUnavailable


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 429, 500, 503, 529])
def test_no_money_is_never_taken_for_anything_else(status: int) -> None:
    body = b'{"error":{"message":"no","code":"insufficient_quota"}}'
    error = fault_of(status, {}, body, now_ms=0)
    assert isinstance(error, ProviderError)
    assert error.code == "provider_unpaid"
