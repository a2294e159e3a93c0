"""Usage, finish and faults of an answer mean one thing, however its endpoint says them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.wire.responses.stream import message, response

from jevons.types.account import Usage
from jevons.types.errors import (
    ProviderDenied,
    ProviderGarbled,
    ProviderThrottled,
    ProviderTruncated,
    ProviderUnavailable,
)
from jevons.types.event import Finished, Started, TextDelta
from jevons.wire.responses import read_whole

CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}


def whole(*output: Any, **fields: Any) -> Any:
    return read_whole(msgspec.json.encode(response(*output, **fields)))


def usage(**counts: Any) -> Usage | None:
    return whole(usage=counts).usage


def test_an_answer_in_one_piece_is_its_events() -> None:
    read = whole(message("hello"))
    counted = Usage(input=5, output=2, counted_by="endpoint")
    assert read.events == (
        Started(id="resp_far", model="model-1"),
        TextDelta("hello"),
        Finished(reason="stop", usage=counted, native="completed"),
    )
    assert (read.finish, read.usage, read.error) == ("stop", counted, None)


def test_usage_comes_in_buckets_that_do_not_overlap() -> None:
    assert usage(
        input_tokens=100,
        input_tokens_details={"cached_tokens": 60, "cache_write_tokens": 30},
        output_tokens=50,
        output_tokens_details={"reasoning_tokens": 20},
        total_tokens=150,
    ) == Usage(
        input=10, cache_read=60, cache_write=30, output=30, reasoning=20, counted_by="endpoint"
    )


def test_reasoning_beside_the_output_is_added_if_the_total_says_so() -> None:
    counts = {"output_tokens_details": {"reasoning_tokens": 20}, "input_tokens": 5}
    beside = usage(**counts, output_tokens=1, total_tokens=26)
    assert beside is not None
    assert (beside.output, beside.reasoning) == (1, 20)
    within = usage(**counts, output_tokens=21, total_tokens=26)
    assert within is not None
    assert (within.output, within.reasoning) == (1, 20)


def test_counts_that_cannot_be_are_cut() -> None:
    assert usage(
        input_tokens=5,
        input_tokens_details={"cached_tokens": 9, "cache_write_tokens": 9},
        output_tokens=-1,
        output_tokens_details={"reasoning_tokens": 3},
    ) == Usage(cache_read=5, counted_by="endpoint")


@pytest.mark.parametrize("counts", [None, {}, {"input_tokens": 0, "output_tokens": 0}])
def test_usage_that_counts_nothing_is_unknown(counts: Any) -> None:
    read = whole(usage=counts)
    assert read.usage is None
    assert read.events[-1].usage == Usage()


@pytest.mark.parametrize("status", ["completed", "complete"])
def test_an_answer_that_calls_a_tool_ends_with_it(status: str) -> None:
    assert whole(message("x"), status=status).finish == "stop"
    assert whole(message("x"), CALL, status=status).finish == "tool_calls"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter")],
)
def test_an_answer_that_is_cut_short_says_why(reason: str, finish: str) -> None:
    read = whole(message("x"), status="incomplete", incomplete_details={"reason": reason})
    assert (read.finish, read.events[-1].native) == (finish, reason)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "incomplete", "incomplete_details": {"reason": "waiting_for_input"}},
        {"status": "incomplete", "incomplete_details": None},
        {"status": "incomplete"},
        {"status": "failed"},
        {"status": "cancelled"},
        {"status": None},
    ],
)
def test_an_answer_that_gave_up_is_no_success(fields: dict[str, Any]) -> None:
    read = whole(message("half"), **fields)
    assert isinstance(read.error, ProviderUnavailable)
    assert read.finish is None
    assert not any(isinstance(event, Finished) for event in read.events)


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_an_answer_that_is_still_under_way_is_no_success(status: str) -> None:
    assert isinstance(whole(status=status).error, ProviderTruncated)


def test_a_reason_that_we_do_not_know_is_said() -> None:
    error = whole(status="incomplete", incomplete_details={"reason": "tired"}).error
    assert "'incomplete'" in str(error)
    assert "'tired'" in str(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "server_error", "message": "sorry"}, ProviderUnavailable),
        ({"code": "invalid_api_key", "message": "sorry"}, ProviderDenied),
        ("sorry", ProviderUnavailable),
    ],
)
def test_an_error_in_an_answer_is_an_error_in_upstreams_words(
    error: Any, kind: type[Exception]
) -> None:
    read = whole(message("half"), error=error)
    assert type(read.error) is kind
    assert "sorry" in str(read.error)


def test_an_error_that_asks_to_wait_says_how_long() -> None:
    said = {"code": "rate_limit_exceeded", "message": "Please try again in 1.5s."}
    error = whole(error=said).error
    assert isinstance(error, ProviderThrottled)
    assert error.retry_after_s == 1.5


def test_an_error_without_words_is_an_error() -> None:
    assert str(whole(error={}).error) == "an error without a message"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"output":null}', b"\xff", b'{"output":5}', b"[" * 100_000]
)
def test_what_is_no_answer_is_garbled(body: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read_whole(body)


def test_an_item_that_is_none_is_garbled() -> None:
    with pytest.raises(ProviderGarbled):
        whole(5)


def test_blank_lines_and_a_mark_of_order_before_an_answer_say_nothing() -> None:
    body = b"\xef\xbb\xbf\r\n\r\n" + msgspec.json.encode(response(message("x")))
    assert read_whole(body).finish == "stop"


def test_what_has_no_name_of_ours_comes_with_the_end() -> None:
    counts = {"input_tokens": 1, "output_tokens": 1, "cost": 0.5}
    finished = whole(billing={"payer": "p"}, usage=counts, moderation=None, tools=[]).events[-1]
    extra = msgspec.json.decode(msgspec.json.encode(finished.extra))
    assert extra == {"billing": {"payer": "p"}, "usage": {"cost": 0.5}}
