"""Bytes come out as the events they went in as, whatever the reads they came in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.errors import ProviderGarbled
from jevons.wire.sse import Framing, one_line, read_event, split

ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
LINES = st.lists(
    st.binary(min_size=1, max_size=12).map(lambda each: each.translate(None, b"\r\n") or b"x"),
    min_size=1,
    max_size=4,
)


def cut(body: bytes, sizes: list[int]) -> list[bytes]:
    """Cut bytes into reads."""
    reads: list[bytes] = []
    for size in sizes:
        reads.append(body[:size])
        body = body[size:]
    return [each for each in (*reads, body) if each]


@given(st.lists(LINES, max_size=5), ENDS, st.lists(st.integers(1, 9), max_size=40))
def test_events_are_the_same_whatever_the_reads(
    events: list[list[bytes]], end: bytes, sizes: list[int]
) -> None:
    sent = [end.join(lines) + end + end for lines in events]
    framing = Framing()
    heard = [list(split(framing.feed(read))) for read in cut(b"".join(sent), sizes)]
    assert [event for each in heard for event in each] == sent
    assert framing.rest == b""


@given(st.binary(max_size=60), st.lists(st.integers(1, 9), max_size=40))
def test_no_byte_is_lost_or_changed(body: bytes, sizes: list[int]) -> None:
    framing = Framing()
    heard = b"".join([framing.feed(read) for read in cut(body, sizes)])
    assert heard + framing.rest == body
    assert b"".join(split(heard)) == heard


def test_the_beginning_of_an_event_is_kept_until_its_blank_line() -> None:
    framing = Framing()
    assert framing.feed(b"data: a\n\ndata: b") == b"data: a\n\n"
    assert framing.rest == b"data: b"
    assert framing.feed(b"\n") == b""
    assert framing.feed(b"\n") == b"data: b\n\n"


def test_a_blank_line_may_be_of_any_two_ends_of_lines() -> None:
    assert list(split(b"a\n\r\nb\r\n\nc\r\n\r\n")) == [b"a\n\r\n", b"b\r\n\n", b"c\r\n\r\n"]


def test_an_event_without_end_is_refused_at_its_bound() -> None:
    framing = Framing(limit_bytes=10)
    assert framing.feed(b"0123456789") == b""
    with pytest.raises(ProviderGarbled, match="longer than 10 bytes"):
        framing.feed(b"0")


def test_a_long_event_in_small_reads_is_searched_once() -> None:
    framing = Framing()
    for _ in range(20_000):
        framing.feed(b"x" * 50)
    assert framing.feed(b"\n\n") == b"x" * 1_000_000 + b"\n\n"


@pytest.mark.parametrize(
    ("event", "name", "data"),
    [
        (b"data: a\n\n", b"", b"a"),
        (b"data:a\r\n\r\n", b"", b"a"),
        (b"data: a\r\r", b"", b"a"),
        (b"data:  a\n\n", b"", b" a"),
        (b"data: a\ndata: b\n\n", b"", b"a\nb"),
        (b"data\n\n", b"", b""),
        (b"\xef\xbb\xbfdata: a\n\n", b"", b"a"),
        (b": a comment\n\n", b"", None),
        (b": a comment\ndata: a\n\n", b"", b"a"),
        (b"event: error\nid: 1\nretry: 5\ndata: a\n\n", b"error", b"a"),
        (b"datum: a\n\n", b"", None),
        (b"\n\n", b"", None),
    ],
)
def test_an_event_is_read_as_the_standard_says(
    event: bytes, name: bytes, data: bytes | None
) -> None:
    assert read_event(event) == (name, data)


def test_json_of_others_is_put_on_one_line() -> None:
    assert one_line(b'{"a":1}') == b'{"a":1}'
    assert one_line(b'{\r\n "a": "b\\n"\n}') == b'{   "a": "b\\n" }'
