"""Only whole lines come out, the same ones however they are cut, and what is kept is bounded."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.errors import ProviderGarbled
from jevons.wire.ndjson import Framing, split


def test_only_whole_lines_come_out() -> None:
    framing = Framing()
    assert framing.feed(b'{"a":') == b""
    assert framing.rest == b'{"a":'
    assert framing.feed(b'1}\n{"b"') == b'{"a":1}\n'
    assert framing.feed(b":2}\r\n") == b'{"b":2}\r\n'
    assert framing.rest == b""
    assert framing.feed(b"1\n2\n3") == b"1\n2\n"
    assert framing.rest == b"3"


def test_lines_are_split_without_their_ends_and_blank_ones_say_nothing() -> None:
    assert list(split(b'\xef\xbb\xbf{"a":1}\r\n\n \r\n2\n')) == [b'{"a":1}', b"2"]


def test_a_line_longer_than_the_limit_is_garbled() -> None:
    framing = Framing(limit_bytes=3)
    assert framing.feed(b"abcdef\nabc") == b"abcdef\n"
    with pytest.raises(ProviderGarbled):
        framing.feed(b"d")


@given(
    st.lists(st.binary(max_size=6), max_size=6).map(b"\n".join),
    st.lists(st.integers(0, 40), max_size=6),
)
def test_any_cuts_give_the_same_lines(data: bytes, cuts: list[int]) -> None:
    framing = Framing()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    whole = b"".join([framing.feed(data[begin:end]) for begin, end in pairwise(edges)])
    assert whole + framing.rest == data
    assert b"\n" not in framing.rest
