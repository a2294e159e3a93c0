"""What goes on is a prefix of the answer in whole events; what ends it is kept; the rest fails."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.testing.reply import DONE, chunk, event, usage
from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled, ProviderTruncated, ProviderUnavailable
from jevons.wire.openai_chat.relay import Relay

TEXT = (chunk("", role="assistant"), chunk("Hel"), chunk('lo "finish"'))
FINISH = chunk(finish="stop")
USAGE = event({"choices": [], "usage": usage(5, 2)})
COUNTED = Usage(input=5, output=2, counted_by="endpoint")
COMMENT = b": still here\n\n"


def relay(*, choices: int = 1, want_usage: bool = False) -> Relay:
    return Relay(choices=choices, want_usage=want_usage)


def play(it: Relay, *reads: bytes) -> bytes:
    return b"".join([it.feed(read) for read in reads])


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_text_goes_on_as_it_came_and_what_ends_it_is_kept(size: int, line_end: bytes) -> None:
    text, finish, extra, done = (
        each.replace(b"\n", line_end) for each in (b"".join(TEXT), FINISH, USAGE, DONE)
    )
    it = relay()
    assert play(it, *cut(text + finish + extra + done, size)) == text
    assert it.end() is None
    assert it.closing == finish + DONE
    assert (it.finish, it.usage, it.pieces, it.done) == ("stop", COUNTED, 3, True)


def decodes(it: Relay, read: bytes) -> int:
    """Count the JSON decodes that one read takes."""
    count = 0

    def look(_frame: object, event: str, called: object) -> None:
        nonlocal count
        count += event == "c_call" and getattr(called, "__qualname__", "") == "Decoder.decode"

    sys.setprofile(look)
    try:
        it.feed(read)
    finally:
        sys.setprofile(None)
    return count


def test_a_plain_chunk_is_relayed_without_a_decode() -> None:
    it = relay()
    assert [decodes(it, each) for each in (*TEXT, b"".join(TEXT))] == [0, 0, 0, 0]
    assert decodes(it, chunk("", reasoning_content="hm")) == 0
    assert decodes(it, FINISH) == 1


def test_usage_is_shown_to_who_asked_for_it() -> None:
    it = relay(want_usage=True)
    assert play(it, *TEXT, FINISH, USAGE, DONE) == b"".join(TEXT)
    assert it.closing == FINISH + USAGE + DONE


def test_usage_beside_text_stays_where_it_is_and_the_last_counts() -> None:
    running = chunk("Hel", counted=usage(5, 1))
    both = chunk("lo", finish="length", counted=usage(5, 2))
    it = relay()
    assert play(it, running, both, DONE) == running
    assert it.closing == both + DONE
    assert (it.finish, it.usage) == ("length", COUNTED)


def test_an_event_that_says_nothing_about_choices_goes_on() -> None:
    filter_results = event({"choices": [], "prompt_filter_results": []})
    it = relay()
    assert play(it, COMMENT, filter_results, *TEXT) == COMMENT + filter_results + b"".join(TEXT)


def test_what_comes_after_the_finish_keeps_its_order() -> None:
    late = chunk("late")
    it = relay()
    assert play(it, *TEXT, FINISH, COMMENT, late) == b"".join(TEXT)
    assert it.closing == FINISH + COMMENT + late + DONE


@pytest.mark.parametrize("counted", [None, usage(5, 0)])
@pytest.mark.parametrize(
    ("delta", "pieces"),
    [
        ({"role": "assistant", "content": ""}, 0),
        ({"role": "assistant", "content": None, "tool_calls": [], "refusal": None}, 0),
        ({"role": "assistant"}, 0),
        ({}, 0),
        ({"role": "assistant", "content": "Hi"}, 1),
        ({"role": "assistant", "content": " "}, 1),
        ({"reasoning_content": "hm"}, 1),
        ({"tool_calls": [{"index": 0}]}, 1),
    ],
)
def test_a_chunk_that_only_says_who_speaks_is_no_piece_of_the_answer(
    delta: dict[str, object], pieces: int, counted: dict[str, object] | None
) -> None:
    it = relay()
    opening = event({"choices": [{"delta": delta, "finish_reason": None}], "usage": counted})
    assert it.feed(opening) == opening, "it goes on all the same"
    assert it.pieces == pieces
    it.feed(opening + chunk("Hel") + opening)
    assert it.pieces == 2 + 2 * pieces, "after the first piece each chunk counts"


def test_nothing_is_read_after_done() -> None:
    it = relay()
    play(it, *TEXT, FINISH, DONE, DONE, chunk("more"), b"data: garbled\n\n", b"half")
    assert it.end() is None
    assert it.closing == FINISH + DONE


@pytest.mark.parametrize("last", [b"data: [DONE]", b"data: [DONE]\n", b"data:[DONE]\r\n", b" \n"])
def test_a_last_blank_line_may_be_missing(last: bytes) -> None:
    it = relay()
    play(it, *TEXT, FINISH, last)
    assert it.end() is None
    assert it.closing == FINISH + DONE


def test_an_answer_with_its_finish_reason_is_whole_without_done() -> None:
    it = relay()
    play(it, *TEXT, FINISH)
    assert it.end() is None
    assert it.closing == FINISH + DONE


@pytest.mark.parametrize("last", [b"", DONE, USAGE + DONE, FINISH[:-1], b"data: {", COMMENT])
def test_an_answer_without_a_finish_reason_is_truncated(last: bytes) -> None:
    it = relay()
    went = play(it, *TEXT, last)
    assert went.removesuffix(COMMENT) == b"".join(TEXT)
    assert isinstance(it.end(), ProviderTruncated)


def test_an_event_cut_off_after_the_finish_is_truncated_too() -> None:
    it = relay()
    play(it, *TEXT, FINISH, USAGE[:-5])
    assert isinstance(it.end(), ProviderTruncated)


def test_of_several_choices_the_last_to_finish_ends_the_answer() -> None:
    first, second = chunk(index=0, finish="stop"), chunk(index=1, finish="length")
    other = chunk("b", index=1)
    it = relay(choices=2)
    assert play(it, *TEXT, first, first, other, second, DONE) == b"".join(
        [*TEXT, first, first, other]
    )
    assert it.end() is None
    assert (it.closing, it.finish) == (second + DONE, "length")


def test_a_choice_that_never_finishes_makes_the_answer_truncated() -> None:
    it = relay(choices=2)
    play(it, *TEXT, chunk(index=0, finish="stop"), chunk("b", index=1), DONE)
    assert isinstance(it.error, ProviderTruncated)


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (b"data: not JSON\n\n", ProviderGarbled),
        (b'data: {"choices": [{"delta"\n\n', ProviderGarbled),
        (b'data: {"choices":3,"finish_reason":"stop"}\n\n', ProviderGarbled),
        (b'data: {"error":' + b"[" * 50_000 + b"\n\n", ProviderGarbled),
        (event({"error": {"message": "overloaded"}}), ProviderUnavailable),
        (b'event: error\ndata: {"message":"overloaded"}\n\n', ProviderUnavailable),
        (chunk(finish="network_error"), ProviderUnavailable),
    ],
)
def test_nothing_goes_on_after_a_fault(bad: bytes, kind: type[Exception]) -> None:
    it = relay()
    assert it.feed(b"".join([*TEXT, bad, *TEXT])) == b"".join(TEXT)
    assert play(it, *TEXT, FINISH, DONE) == b""
    assert isinstance(it.end(), kind)
    if kind is ProviderUnavailable:
        assert "overloaded" in str(it.error) or "network_error" in str(it.error)


def test_an_event_without_end_is_refused() -> None:
    it = relay()
    for _ in range(10):
        assert it.feed(b"data: " + b"x" * 1_000_000) == b""
    assert isinstance(it.end(), ProviderGarbled)


@given(st.lists(st.sampled_from([*TEXT, COMMENT]), max_size=5), st.integers(1, 400))
def test_the_size_of_reads_changes_nothing(events: list[bytes], size: int) -> None:
    body = b"".join([*events, FINISH, USAGE, DONE])
    one, many = relay(), relay()
    assert one.feed(body) == play(many, *cut(body, size)) == b"".join(events)
    assert (one.end(), one.closing, one.usage, one.pieces) == (
        many.end(),
        many.closing,
        many.usage,
        many.pieces,
    )


@given(st.integers(0, 10_000), st.integers(1, 300))
def test_a_cut_anywhere_gives_a_prefix_in_whole_events(at: int, size: int) -> None:
    body = b"".join([*TEXT, FINISH, USAGE, DONE])
    it = relay()
    went = play(it, *cut(body[:at], size))
    assert b"".join(TEXT).startswith(went)
    assert went == b"" or went.endswith(b"\n\n")
    if it.end() is None:
        assert went + it.closing == b"".join([*TEXT, FINISH, DONE])


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_end_in_an_answer_or_an_error(body: bytes, size: int) -> None:
    it = relay()
    play(it, *cut(body, size))
    assert isinstance(it.end(), ProviderTruncated | ProviderGarbled | ProviderUnavailable)


def test_a_chunk_that_is_an_error_says_nothing_else() -> None:
    """A finish reason beside it would let what had not begun go out."""
    relay = Relay(choices=1, want_usage=False)
    both = b'{"error":{"message":"busy"},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
    assert relay.feed(b"data: " + both + b"\n\n") == b""
    assert isinstance(relay.error, ProviderUnavailable)
    assert (relay.finish, relay.pieces) == ("error", 0)
