"""What goes on is a prefix of the answer in whole events; what ends it is kept; the rest fails."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.messages.stream import block, delta, ended, event, message, started, stopped

from jevons.types.account import Usage
from jevons.types.errors import (
    JevonsError,
    ProviderDenied,
    ProviderGarbled,
    ProviderThrottled,
    ProviderTruncated,
    ProviderUnavailable,
)
from jevons.wire.messages import Reader, Relay, relay

if TYPE_CHECKING:
    from collections.abc import Callable

BEGIN = started() + event("content_block_start", index=0, content_block={"type": "text"})
TEXT = delta("hel") + delta('lo "error" \n\n') + delta('"message_stop"') + stopped(0)
END = ended()
COUNTED = Usage(input=5, output=2, counted_by="endpoint")


def play(it: Relay, body: bytes, size: int = 100_000) -> bytes:
    return b"".join([it.feed(body[at : at + size]) for at in range(0, len(body), size)])


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """All that a relay decodes."""
    seen: list[bytes] = []
    decode: Callable[[bytes], Any] = vars(relay)["_EVENT"].decode

    class Counting:
        def decode(self, data: bytes) -> Any:
            seen.append(data)
            return decode(data)

    monkeypatch.setattr(relay, "_EVENT", Counting())
    return seen


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_all_goes_on_as_it_came_and_the_end_is_kept(size: int, line_end: bytes) -> None:
    before, end = ((each.replace(b"\n", line_end)) for each in (BEGIN + TEXT, END))
    it = Relay()
    assert play(it, before + end, size) == before
    assert it.end() is None
    assert it.closing == end
    assert (it.finish, it.usage, it.done, it.error) == ("stop", COUNTED, True, None)
    assert it.pieces == 3


@pytest.mark.parametrize(
    "piece",
    [
        delta("a"),
        delta("a") + delta("b"),
        delta("a").partition(b"\n")[2],
        delta('{"error":1}', kind="input_json_delta"),
        delta("hm", kind="thinking_delta"),
        delta("sig", kind="signature_delta"),
        delta("a")[:-3] + b"    }\n\n",
    ],
)
@pytest.mark.parametrize("owner", ["", "anthropic"])
def test_a_plain_delta_is_not_decoded(piece: bytes, owner: str, decoded: list[bytes]) -> None:
    it = Relay(owner=owner)
    assert it.feed(piece) == piece
    assert it.feed(BEGIN + piece) == BEGIN + piece
    assert len(decoded) == 2
    assert it.pieces == 2 * piece.count(b"\n\n")


def test_where_thinking_is_sealed_only_signatures_are_decoded(decoded: list[bytes]) -> None:
    it = Relay(owner="minimax")
    words = delta("hm", kind="thinking_delta") + delta("a")
    assert it.feed(words) == words
    assert decoded == []
    assert it.feed(delta("sig", kind="signature_delta")) != b""
    assert len(decoded) == 1


def test_a_comment_goes_on_and_nothing_goes_on_after_the_end() -> None:
    it = Relay()
    comment = b": waiting\n\ndata:\n\n" + event("ping")
    assert play(it, comment + BEGIN + END + delta("late")) == comment + BEGIN
    assert it.feed(delta("later")) == b""
    assert (it.end(), it.closing) == (None, END)


def test_from_the_reason_on_all_is_kept_in_order() -> None:
    reason, stop = END.split(b"\n\n")[:2]
    odd = delta("a") + event("ping")
    it = Relay()
    end = reason + b"\n\n" + odd + stop + b"\n\n"
    assert it.feed(BEGIN) + it.feed(end) == BEGIN
    assert (it.end(), it.closing) == (None, end)


def test_a_count_without_a_reason_goes_on() -> None:
    count = event("message_delta", delta={"stop_reason": None}, usage={"output_tokens": 1})
    bare = event("message_delta", delta=None)
    assert Relay().feed(count + bare) == count + bare


def test_nothing_goes_on_after_done() -> None:
    it = Relay()
    assert it.feed(b"data: [DONE]\n\n") == b""
    assert it.feed(delta("late") + END) == b""
    assert isinstance(it.end(), ProviderTruncated)


@pytest.mark.parametrize(
    "end",
    [
        event("message_delta", delta={"stop_reason": "content_block_delta"}),
        event("message_delta", delta={"stop_reason": "x", "stop_sequence": "content_block_delta"}),
        event("error", error={"type": "api_error", "message": "content_block_delta"}),
        b'data: {"error":{"type":"content_block_delta"}}\n\n',
    ],
)
def test_an_end_is_one_though_it_looks_like_a_delta(end: bytes) -> None:
    it = Relay()
    assert it.feed(end) == b""
    assert it.closing == end or it.error is not None


def test_an_answer_that_begins_whole_is_kept_whole() -> None:
    call: dict[str, Any] = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
    whole = message(call, stop_reason="stop")
    body = event("message_start", message=whole) + event("message_stop")
    it = Relay()
    assert it.feed(body) == b""
    assert (it.end(), it.closing) == (None, body)
    assert (it.finish, it.usage) == ("tool_calls", COUNTED)


@pytest.mark.parametrize(
    "before", [delta("a"), block(0, type="text"), event("message_start", message=message({}))]
)
def test_another_message_in_the_midst_of_one_is_a_truncated_one(before: bytes) -> None:
    it = Relay()
    it.feed(started() + before)
    assert it.feed(started(id="other") + delta("b") + END) == b""
    assert isinstance(it.end(), ProviderTruncated)


def test_a_beginning_may_be_told_twice() -> None:
    it = Relay()
    assert it.feed(started() + started(id="other")) == started() + started(id="other")
    assert it.feed(delta("a") + started(id="other")) == delta("a") + started(id="other")


def test_an_answer_that_calls_a_tool_ends_with_it() -> None:
    it = Relay()
    it.feed(block(0, type="tool_use", id="t1", name="f", input={}) + ended("stop"))
    assert (it.end(), it.finish) == (None, "tool_calls")


def test_an_answer_that_is_cut_short_says_why() -> None:
    it = Relay()
    it.feed(started() + ended("max_tokens"))
    assert (it.end(), it.finish) == (None, "length")


def test_an_answer_whose_end_was_not_counted_is_guessed_by_its_pieces() -> None:
    it = Relay()
    it.feed(BEGIN + TEXT)
    assert it.usage == Usage(input=5, output=3, counted_by="guess")
    assert Relay().usage is None


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "before"),
        (TEXT, "before"),
        (TEXT + END[:-1], "inside"),
        (TEXT + END.partition(b"event: message_stop")[0], "before"),
        (TEXT + event("message_stop"), "no stop reason"),
    ],
)
def test_a_stream_that_stops_before_its_end_is_truncated(body: bytes, where: str) -> None:
    it = Relay()
    play(it, body)
    error = it.end()
    assert isinstance(error, ProviderTruncated)
    assert where in str(error)
    assert it.finish == "error"


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (event("error", error={"type": "overloaded_error"}), ProviderUnavailable),
        (event("error", error={"type": "rate_limit_error"}), ProviderThrottled),
        (event("error", message="no"), ProviderUnavailable),
        (event("odd", error={"type": "authentication_error"}), ProviderDenied),
        (b'data: {"error":{"message":"no"}}\n\n', ProviderUnavailable),
        (ended("network_error"), ProviderUnavailable),
        (b"data: {}\n\n", ProviderGarbled),
        (b'data: {"choices":[]}\n\n', ProviderGarbled),
        (b"data: <html>\n\n", ProviderGarbled),
        (event("message_start"), ProviderGarbled),
        (b"data: " + b"[" * 9_000_000, ProviderGarbled),
    ],
)
def test_what_is_wrong_is_said_and_nothing_goes_on(end: bytes, kind: type[JevonsError]) -> None:
    it = Relay()
    assert it.feed(TEXT + end) in {TEXT, b""}
    assert it.feed(delta("late") + END) == b""
    assert type(it.end()) is kind
    assert it.finish == "error"


STREAM = b"".join(
    [
        BEGIN,
        TEXT,
        event("ping"),
        block(1, delta("hm", at=1, kind="thinking_delta"), type="thinking", thinking=""),
        block(2, delta("s", at=2, kind="signature_delta"), type="thinking", thinking="hm"),
        block(3, delta("{}", at=3, kind="input_json_delta"), type="tool_use", id="t", name="f"),
        ended("tool_use"),
    ]
)


@given(st.lists(st.integers(0, len(STREAM))), st.sampled_from(["", "anthropic", "minimax"]))
def test_what_goes_on_is_the_same_however_it_is_cut(cuts: list[int], owner: str) -> None:
    places = sorted({0, len(STREAM), *cuts})
    it, once = Relay(owner=owner), Relay(owner=owner)
    passed = b"".join([it.feed(STREAM[at:to]) for at, to in pairwise(places)])
    assert passed == once.feed(STREAM)
    assert it.end() is None
    assert (it.closing, it.pieces, it.usage, it.finish) == (
        once.closing,
        once.pieces,
        once.usage,
        "tool_calls",
    )


@given(st.binary() | st.lists(st.sampled_from(STREAM.split(b"\n\n"))).map(b"\n\n".join))
def test_any_bytes_are_a_success_here_and_there_or_nowhere(body: bytes) -> None:
    it, reader = Relay(), Reader()
    passed = it.feed(body)
    reader.feed(body)
    assert body.startswith(passed)
    assert (it.end() is None) == (reader.end() is None)
    assert (it.usage, it.pieces, it.finish) == (reader.usage, reader.pieces, reader.finish)
