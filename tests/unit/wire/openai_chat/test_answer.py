"""What the books need is read off an answer, whoever wrote it; any bytes are read or garbled."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.types.account import Media, Usage
from jevons.types.errors import (
    ProviderDenied,
    ProviderError,
    ProviderGarbled,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnavailable,
    ProviderUnpaid,
)
from jevons.wire.openai_chat import read_answer, read_chunk

COUNTS = st.none() | st.integers(-5, 1000)


def said(**fields: Any) -> bytes:
    return msgspec.json.encode(fields)


def counted(**usage: Any) -> Usage | None:
    return read_chunk(said(choices=[], usage=usage)).usage


def used(**buckets: Any) -> Usage:
    return Usage(**buckets, counted_by="endpoint")


@pytest.mark.parametrize(
    ("usage", "buckets"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 3}, {"input": 7, "output": 3}),
        (
            {
                "prompt_tokens": 7,
                "completion_tokens": 9,
                "prompt_tokens_details": {"cached_tokens": 5},
                "completion_tokens_details": {"reasoning_tokens": 4},
            },
            {"input": 2, "cache_read": 5, "output": 5, "reasoning": 4},
        ),
        (
            {"prompt_tokens": 7, "completion_tokens": 3, "prompt_cache_hit_tokens": 6},
            {"input": 1, "cache_read": 6, "output": 3},
        ),
        (
            {"prompt_tokens": 7, "completion_tokens": 3, "cached_tokens": 2},
            {"input": 5, "cache_read": 2, "output": 3},
        ),
        (  # reasoning beside the completion, as the total tells
            {
                "prompt_tokens": 7,
                "completion_tokens": 3,
                "total_tokens": 30,
                "completion_tokens_details": {"reasoning_tokens": 20},
            },
            {"input": 7, "output": 3, "reasoning": 20},
        ),
        (  # more than can be
            {
                "prompt_tokens": 7,
                "completion_tokens": 3,
                "prompt_tokens_details": {"cached_tokens": 9},
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            {"cache_read": 7, "reasoning": 3},
        ),
        ({"prompt_tokens": 7, "completion_tokens": None}, {"input": 7}),
    ],
)
def test_usage_comes_out_in_buckets_that_do_not_overlap(
    usage: dict[str, Any], buckets: dict[str, int]
) -> None:
    assert counted(**usage) == used(**buckets)


@settings(deadline=None)
@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_no_bucket_is_negative_and_nothing_is_counted_twice(
    prompt: int | None,
    completion: int | None,
    total: int | None,
    cached: int | None,
    reasoning: int | None,
) -> None:
    usage = counted(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total,
        prompt_tokens_details={"cached_tokens": cached},
        completion_tokens_details={"reasoning_tokens": reasoning},
    )
    if usage is None:
        assert max(prompt or 0, completion or 0) <= 0
        return
    buckets = (usage.input, usage.cache_read, usage.output, usage.reasoning)
    assert min(buckets) >= 0
    assert usage.input + usage.cache_read == max(prompt or 0, 0)
    written = usage.output + usage.reasoning
    assert written == max(completion or 0, 0) or sum(buckets) == total


@pytest.mark.parametrize(
    ("details", "written"),
    [({"cache_write_tokens": 4}, 4), ({"cache_creation_input_tokens": 3}, 3), ({}, 0)],
)
def test_tokens_written_to_a_cache_have_a_bucket_of_their_own(
    details: dict[str, int], written: int
) -> None:
    usage = counted(prompt_tokens=7, completion_tokens=1, prompt_tokens_details=details)
    assert usage == used(input=7 - written, cache_write=written, output=1)


def test_tokens_that_are_no_text_are_told_apart() -> None:
    usage = counted(
        prompt_tokens=20,
        completion_tokens=9,
        prompt_tokens_details={"cached_tokens": 8, "audio_tokens": 10, "image_tokens": 4},
        completion_tokens_details={"audio_tokens": 6, "text_tokens": 3},
    )
    media = Media(input_audio=10, input_image=2, output_audio=6)
    assert usage == used(input=12, cache_read=8, output=9, media=media)


def test_usage_is_found_where_mistral_and_groq_put_it() -> None:
    counts = {"prompt_tokens": 7, "completion_tokens": 3}
    assert counted(**counts, num_cached_tokens=2) == used(input=5, cache_read=2, output=3)
    groq = read_chunk(said(choices=[], usage=None, x_groq={"usage": counts}))
    assert groq.usage == used(input=7, output=3)


def test_usage_that_counts_nothing_is_unknown_and_not_zero() -> None:
    assert counted(prompt_tokens=0, completion_tokens=0, total_tokens=0) is None
    assert counted() is None
    assert counted(prompt_tokens=None, total_tokens=3) is None
    assert read_chunk(b'{"choices":[],"usage":null}').usage is None


def test_usage_is_found_inside_a_choice() -> None:
    choices = [{"index": 0}, {"index": 1, "usage": {"prompt_tokens": 1, "completion_tokens": 2}}]
    assert read_chunk(said(choices=choices)).usage == used(input=1, output=2)


def test_each_choice_that_ends_is_named() -> None:
    chunk = read_chunk(
        said(
            choices=[
                {"index": 0, "finish_reason": None},
                {"index": 1, "finish_reason": "length"},
                {"index": 2, "finish_reason": ""},
                {"index": None, "finish_reason": "stop"},
            ]
        )
    )
    assert (chunk.choices, chunk.finished, chunk.finish) == (4, (1, 0), "stop")


@pytest.mark.parametrize("choices", [b"null", b"[]"])
def test_a_chunk_without_choices_says_none(choices: bytes) -> None:
    assert read_chunk(b'{"choices":%b}' % choices) == (0, (), None, None, None)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ({"message": "too busy", "code": "busy"}, "too busy"),
        ({"code": 503}, "503"),
        ({"other": 1}, "an error without a message"),
        ("plain", "plain"),
        (False, "an error without a message"),
        (["a"], "a"),
    ],
)
def test_an_error_envelope_of_any_shape_is_heard(error: Any, sentence: str) -> None:
    answer = read_answer(said(error=error))
    assert (answer.finish, answer.usage, str(answer.error)) == (None, None, sentence)
    assert type(answer.error) is ProviderUnavailable


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "slow down", "code": 429}, ProviderThrottled),
        ({"message": "slow down", "type": "rate_limit_error"}, ProviderThrottled),
        ({"message": "slow down", "code": "RateLimitReached"}, ProviderThrottled),
        ({"message": "no key", "type": "authentication_error", "code": None}, ProviderDenied),
        ({"message": "no money", "code": "insufficient_quota"}, ProviderUnpaid),
        ({"message": "tool failed", "status_code": 400}, ProviderRejected),
        ({"message": "too busy", "type": "overloaded_error"}, ProviderUnavailable),
    ],
)
def test_an_error_that_plainly_says_what_it_is_is_heard_as_that(
    error: Any, kind: type[ProviderError]
) -> None:
    assert type(read_chunk(said(error=error)).error) is kind


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("model_length", "length"),
        ("MAX_TOKENS", "length"),
        ("function_call", "tool_calls"),
        ("sensitive", "content_filter"),
    ],
)
def test_the_ways_to_come_to_a_good_end_have_four_names(native: str, reason: str) -> None:
    assert read_answer(said(choices=[{"finish_reason": native}])).finish == reason


def test_minimax_says_of_every_answer_how_it_went() -> None:
    poor = read_chunk(said(choices=None, base_resp={"status_code": 1008, "status_msg": "no money"}))
    assert type(poor.error) is ProviderUnpaid
    assert str(poor.error) == "no money"
    assert read_chunk(said(choices=[], base_resp={"status_code": 0})).error is None


def test_how_long_to_wait_is_heard() -> None:
    error = read_chunk(said(error={"message": "try again after 3 seconds", "code": 429})).error
    assert isinstance(error, ProviderThrottled)
    assert error.retry_after_s == 3


def test_an_error_that_is_null_is_none() -> None:
    assert read_chunk(b'{"choices":[],"error": null}').error is None


@pytest.mark.parametrize(
    "reason",
    [
        "abort",
        "aborted",
        "error",
        "insufficient_system_resource",
        "MALFORMED_FUNCTION_CALL",
        "network_error",
    ],
)
def test_a_server_that_gave_up_has_not_finished(reason: str) -> None:
    answer = read_answer(said(choices=[{"finish_reason": reason}]))
    assert type(answer.error) is ProviderUnavailable
    assert reason in str(answer.error)


@settings(deadline=None)
@given(st.binary(max_size=120) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_an_answer_or_garbled(body: bytes) -> None:
    with suppress(ProviderGarbled):
        read_answer(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"choices":3}',
        b'{"choices":[{"finish_reason":"\xff"}]}',
        b'{"choices":[],"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"error":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"error":"\xff"}',
    ],
)
def test_what_is_not_the_dialect_is_garbled(body: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read_answer(body)


def test_a_whole_answer_may_end_for_an_empty_reason_and_a_chunk_may_not() -> None:
    """Snowflake's answers do; one without a reason is broken off."""
    body = said(choices=[{"index": 0, "finish_reason": "", "message": {"content": "a"}}])
    assert read_answer(body).finish == "stop"
    assert read_chunk(body).finish is None


def test_a_whole_answer_that_is_counted_may_lack_a_reason_and_not_say_that_it_has_none() -> None:
    """Hosts behind OpenRouter leave the field out; null is said where an answer broke off."""
    choice: dict[str, Any] = {"index": 0, "message": {"content": "a"}}
    counts = {"prompt_tokens": 1, "completion_tokens": 1}
    assert read_answer(said(choices=[choice], usage=counts)).finish == "stop"
    assert read_chunk(said(choices=[choice], usage=counts)).finish is None
    assert read_answer(said(choices=[choice])).finish is None
    broken = {**choice, "finish_reason": None}
    assert read_answer(said(choices=[broken], usage=counts)).finish is None
