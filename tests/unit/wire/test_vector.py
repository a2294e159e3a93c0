"""A vector is what its endpoint said, number for number, in either encoding, or no answer at all."""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.testing.make import a_request
from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled
from jevons.types.event import Finished, Vector
from jevons.types.message import Message, Text
from jevons.types.request import Embed
from jevons.wire.vector import in_base64, in_numbers, read_vector, whole_vectors

SAID = Message(role="user", parts=(Text(text="Hi"),))


def packed(*numbers: float) -> str:
    return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def asking(count: int = 1, dimensions: int | None = None) -> Any:
    return a_request(messages=(SAID,) * count, embed=Embed(dimensions=dimensions))


def test_numbers_go_on_as_they_came() -> None:
    """0.1 is no number of binary32: what came as JSON is not cut to that."""
    said = msgspec.Raw(b"[0.1, -2, 1e-3]")
    vector = read_vector(said)
    assert bytes(in_numbers(vector)) == bytes(said)
    assert in_base64(vector) == packed(0.1, -2.0, 1e-3)


def test_base64_goes_on_as_it_came() -> None:
    said = packed(0.1, -2.0)
    vector = read_vector(raw(said))
    assert in_base64(vector) == said
    numbers = msgspec.json.decode(in_numbers(vector))
    assert struct.pack("<2f", *numbers) == struct.pack("<2f", 0.1, -2.0)


def test_bytes_are_little_endian() -> None:
    assert in_base64(read_vector(raw([1.0]))) == b64encode(b"\x00\x00\x80\x3f").decode()


@pytest.mark.parametrize(
    "said",
    [
        b"[]", b"[NaN]", b"[1e39]", b"[-1e39]", b"[1e999]", b"[null]", b'["1"]', b"[[1.0]]",
        b"null", b"5", b"{}", b'""', b'"AAA"', b'"AAAA"', b'"!!!!AAAA"', b'"\\ud800"', b"",
        raw(packed(1.0, float("nan"))), raw(packed(float("inf"))),
        raw(packed(float("inf"), float("-inf"))),
    ],
    ids=lambda said: repr(bytes(said)),
)  # fmt: skip
def test_what_is_no_row_of_finite_numbers_is_garbled(said: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read_vector(msgspec.Raw(said))


def test_the_greatest_numbers_that_there_are_are_finite() -> None:
    most = (2 - 2**-23) * 2.0**127
    vector = read_vector(raw(packed(*[most] * 4096)))
    assert set(msgspec.json.decode(in_numbers(vector))) == {most}


def test_an_answer_ends_with_what_it_used() -> None:
    vectors, used = [read_vector(raw([1.0]))] * 2, Usage(input=7, counted_by="endpoint")
    whole = whole_vectors(vectors, asking(2), used)
    assert whole.events == (*vectors, Finished(reason="stop", usage=used))
    assert (whole.finish, whole.usage, whole.error) == ("stop", used, None)
    assert whole_vectors(vectors, asking(2, dimensions=1), None).usage is None


@pytest.mark.parametrize(
    ("lengths", "count", "dimensions", "says"),
    [
        ([], 1, None, "1 embeddings were asked for, 0 came"),
        ([2], 2, None, "2 embeddings were asked for, 1 came"),
        ([2, 2], 1, None, "1 embeddings were asked for, 2 came"),
        ([2, 3], 2, None, "have 2, 3 dimensions; all have as many"),
        ([3], 1, 2, "have 3 dimensions; 2 were asked for"),
    ],
)
def test_what_is_not_as_many_or_as_long_as_asked_is_garbled(
    lengths: list[int], count: int, dimensions: int | None, says: str
) -> None:
    vectors = [Vector(values=bytes(4 * length)) for length in lengths]
    with pytest.raises(ProviderGarbled, match=says):
        whole_vectors(vectors, asking(count, dimensions), None)


def test_a_request_that_says_nothing_of_vectors_asks_for_any_length() -> None:
    assert whole_vectors([Vector(values=bytes(8))], a_request(), None).error is None


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_either_encoding_holds_what_the_other_held(numbers: list[float]) -> None:
    for said in (raw(numbers), raw(packed(*numbers))):
        vector = read_vector(said)
        assert msgspec.json.decode(in_numbers(vector)) == numbers
        assert in_base64(vector) == packed(*numbers)
