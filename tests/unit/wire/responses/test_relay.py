"""What goes on is a prefix of the answer in whole events; what ends it is kept; the rest fails."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.responses.stream import added, created, delta, done, ended, event, message

from jevons.types.account import Usage
from jevons.types.errors import (
    ProviderDenied,
    ProviderGarbled,
    ProviderTruncated,
    ProviderUnavailable,
)
from jevons.wire.responses import Reader, Relay, relay

BEGIN = created() + added(0, type="message", content=[])
TEXT = delta("hel") + delta('lo "error" \n\n') + delta("response.completed")
DONE = done(0, **message("hello"))
END = ended(message("hello"))
COUNTED = Usage(input=5, output=2, counted_by="endpoint")


def play(it: Relay, body: bytes, size: int = 100_000) -> bytes:
    return b"".join([it.feed(body[at : at + size]) for at in range(0, len(body), size)])


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_all_goes_on_as_it_came_and_the_end_is_kept(size: int, line_end: bytes) -> None:
    before, end = ((each.replace(b"\n", line_end)) for each in (BEGIN + TEXT + DONE, END))
    it = Relay()
    assert play(it, before + end, size) == before
    assert it.end() is None
    assert it.closing == end
    assert (it.finish, it.usage, it.done, it.error) == ("stop", COUNTED, True, None)


def test_pieces_are_counted_whatever_ends_their_lines() -> None:
    """A stream without pieces has not begun, and would be held back to its end."""
    it = Relay()
    play(it, (delta("a") + delta("b")).replace(b"\n", b"\r\n"))
    assert it.pieces == 2


def test_pieces_are_counted_however_they_come() -> None:
    once, bytewise = Relay(), Relay()
    play(once, delta("a") + delta("b"))
    play(bytewise, delta("a") + delta("b"), 1)
    assert once.pieces == bytewise.pieces == 2


@pytest.mark.parametrize(
    "block",
    [
        delta("a") + delta("b"),
        delta("a").partition(b"\n")[2],
        delta("{}", kind="function_call_arguments"),
        delta("a", kind="reasoning_summary_text", obfuscation="xyz"),
    ],
)
def test_a_plain_delta_is_not_decoded(block: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_EVENT", None)
    assert Relay().feed(block) == block


def test_a_comment_goes_on_and_nothing_goes_on_after_the_end() -> None:
    it = Relay()
    comment = b": waiting\n\ndata:\n\n"
    assert play(it, comment + created() + END + delta("late") + b"data: [DONE]\n\n") == (
        comment + created()
    )
    assert it.feed(delta("later")) == b""
    assert (it.end(), it.closing) == (None, END)


def test_nothing_goes_on_after_done() -> None:
    it = Relay()
    assert it.feed(b"data: [DONE]\n\n") == b""
    assert it.feed(delta("late") + END) == b""


@pytest.mark.parametrize(
    "end",
    [
        ended(),
        ended(kind="incomplete", incomplete_details={"reason": "content_filter"}),
        ended(kind="failed"),
        ended(kind="cancelled"),
        event("error", message="no"),
        b'data: {"error":{"code":"no"}}\n\n',
    ],
)
def test_an_end_is_one_though_it_looks_like_a_delta(end: bytes) -> None:
    it = Relay()
    assert it.feed(end[:-3] + b',"note":"some.delta"}\n\n') == b""
    assert it.done or it.error is not None


@pytest.mark.parametrize("seen", ["item", "end"])
def test_an_answer_that_calls_a_tool_ends_with_it(seen: str) -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    it = Relay()
    play(it, (added(0, **call) + ended()) if seen == "item" else ended(call))
    assert (it.end(), it.finish) == (None, "tool_calls")


def test_an_answer_that_is_cut_short_says_why() -> None:
    it = Relay()
    play(it, ended(kind="incomplete", incomplete_details={"reason": "max_output_tokens"}))
    assert (it.end(), it.finish) == (None, "length")


def test_the_type_of_an_end_stands_where_it_has_no_status() -> None:
    it = Relay()
    play(it, event("response.completed", response={"output": []}))
    assert (it.end(), it.finish) == (None, "stop")


@pytest.mark.parametrize(
    ("body", "where"),
    [(b"", "before"), (TEXT, "before"), (TEXT + END[:-1], "inside"), (b"data: [DONE]\n\n", "")],
)
def test_a_stream_that_stops_before_its_end_is_truncated(body: bytes, where: str) -> None:
    it = Relay()
    play(it, body)
    error = it.end()
    assert isinstance(error, ProviderTruncated)
    assert where in str(error)
    assert (it.finish, it.closing) == ("error", b"")


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (ended(kind="failed", error={"code": "server_error"}), ProviderUnavailable),
        (ended(kind="cancelled"), ProviderUnavailable),
        (event("response.failed"), ProviderUnavailable),
        (event("error", code="invalid_api_key", message="no"), ProviderDenied),
        (event("error", error={"message": "no"}), ProviderUnavailable),
        (b'data: {"error":{"message":"no"}}\n\n', ProviderUnavailable),
        (b"data: {}\n\n", ProviderGarbled),
        (b'data: {"choices":[]}\n\n', ProviderGarbled),
        (b"data: <html>\n\n", ProviderGarbled),
        (b"data: \xff\n\n", ProviderGarbled),
        (b"data: " + b"[" * 100_000 + b"\n\n", ProviderGarbled),
    ],
)
def test_an_error_in_a_stream_is_an_error_and_nothing_goes_on_after_it(
    end: bytes, kind: type[Exception]
) -> None:
    it = Relay()
    assert it.feed(delta("half")) == delta("half")
    assert it.feed(end + delta("late") + END) == b""
    assert it.feed(delta("later")) == b""
    assert type(it.error) is kind
    assert it.end() is it.error
    assert it.finish == "error"


def test_an_event_that_never_ends_is_garbled() -> None:
    it = Relay()
    assert it.feed(b"data: " + b"x" * (8 * 1024 * 1024 + 1)) == b""
    assert isinstance(it.end(), ProviderGarbled)


STREAM = BEGIN + TEXT + DONE + END


@given(st.integers(0, len(STREAM)), st.integers(1, 400))
def test_no_cut_is_taken_for_a_success(size: int, step: int) -> None:
    it, reader = Relay(), Reader()
    gone = play(it, STREAM[:size], step)
    reader.feed(STREAM[:size])
    assert STREAM.startswith(gone)
    assert type(it.end()) is type(reader.end())
    assert (it.error is None) == (size == len(STREAM))


@given(st.binary())
def test_any_bytes_are_no_answer(body: bytes) -> None:
    it = Relay()
    it.feed(body)
    assert it.end() is not None


@given(
    st.dictionaries(st.sampled_from(["type", "error", "item", "response"]), st.text() | st.none())
)
def test_any_event_goes_on_or_fails(fields: dict[str, str | None]) -> None:
    it = Relay()
    body = b"data: " + msgspec.json.encode(fields) + b"\n\n"
    assert it.feed(body) in {body, b""}
    assert it.end() is not None
