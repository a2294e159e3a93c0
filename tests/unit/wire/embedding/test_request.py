"""A body of `POST /v1/embeddings` is read whole, whichever way it says what to embed, or refused with its place."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.testing.make import an_actor
from jevons.types.errors import Malformed
from jevons.types.message import Opaque, Text
from jevons.types.request import Embed
from jevons.wire.embedding import parse_request

if TYPE_CHECKING:
    from jevons.types.request import Generate


def parsed(body: bytes) -> Generate:
    return parse_request(body, id="req_1", at_ms=5, actor=an_actor())


def asked(said: Any = "Hi", **fields: Any) -> Generate:
    return parsed(msgspec.json.encode({"model": "a/model", "input": said, **fields}))


def refused(body: bytes) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parsed(body)
    return caught.value


def inputs(request: Generate) -> list[Any]:
    said: list[Any] = []
    for message in request.messages:
        (part,) = message.parts
        is_text = isinstance(part, Text)
        assert is_text or isinstance(part, Opaque)
        said.append(part.text if is_text else msgspec.json.decode(part.fields["tokens"]))
    return said


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Hi", ["Hi"]),
        (["Hi"], ["Hi"]),
        (["Hi", "there"], ["Hi", "there"]),
        ([1, 2, 3], [[1, 2, 3]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        (["Hi", [3]], ["Hi", [3]]),
        (["x"] * 2048, ["x"] * 2048),
        ([7] * 3000, [[7] * 3000]),
        (" ", [" "]),
    ],
    ids=["string", "one", "strings", "ids", "lists of ids", "both", "most", "long", "blank"],
)
def test_each_input_is_a_message_of_its_own(said: Any, expected: list[Any]) -> None:
    assert inputs(asked(said)) == expected


def test_a_request_knows_that_it_is_for_vectors_and_who_asked_what() -> None:
    body = b'{"model":"a/model","input":"Hi","user":"u","new_field":[1]}'
    request = parsed(body)
    assert request.needs == {"embedding"}
    assert request.embed == Embed(dimensions=None, encoding="float")
    assert (request.id, request.at_ms, request.model) == ("req_1", 5, "a/model")
    assert request.actor == an_actor()
    assert not request.stream
    assert {message.role for message in request.messages} == {"user"}
    assert request.source.fields.keys() == {"model", "input", "user", "new_field"}
    assert request.source.digest == sha256(body).digest()
    assert request.source.size_bytes == len(body)


def test_how_vectors_are_to_be_is_read() -> None:
    assert asked(dimensions=256, encoding_format="base64").embed == Embed(
        dimensions=256, encoding="base64"
    )
    assert asked(dimensions=None, encoding_format=None).embed == Embed()


@pytest.mark.parametrize(
    ("said", "where", "says"),
    [
        ("", "input", "is empty"),
        ([], "input", "holds 0 inputs; it may hold 1 to 2048"),
        (["x"] * 2049, "input", "holds 2049 inputs"),
        (["Hi", ""], "input[1]", "is empty"),
        ([[1], []], "input[1]", "is empty"),
        (["Hi", 5], "input", "mixes ids"),
        ([5, [5]], "input", "mixes ids"),
        (None, "input", "got `null`"),
        ({"text": "Hi"}, "input", "got `object`"),
        ([-1], "input[0]", ">= 0"),
        ([True], "input[0]", "got `bool`"),
        ([["Hi"]], "input[0][0]", "got `str`"),
        ([1.5], "input[0]", "got `float`"),
    ],
)
def test_what_cannot_be_embedded_is_refused_with_its_place(
    said: Any, where: str, says: str
) -> None:
    error = refused(msgspec.json.encode({"model": "a/model", "input": said}))
    assert error.param == where
    assert says in str(error)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": "256"}, "dimensions"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"model": 5}, "model"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(fields: Any, where: str) -> None:
    body = {"model": "a/model", "input": "Hi", **fields}
    assert refused(msgspec.json.encode(body)).param == where


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"nonsense", b'{"model":"a"}', b'{"input":"Hi"}', b"\xff",
        b'{"model":"a","input":"Hi","x":"\xff"}',
        b'{"model":"a","input":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)  # fmt: skip
def test_whatever_is_not_this_dialect_is_malformed(body: bytes) -> None:
    refused(body)


@given(st.one_of(st.text(min_size=1), st.lists(st.text(min_size=1), min_size=1, max_size=5)))
def test_every_text_comes_out_as_it_was_put_in(said: str | list[str]) -> None:
    assert inputs(asked(said)) == ([said] if isinstance(said, str) else said)


FIELDS = st.sampled_from(["model", "input", "dimensions", "encoding_format", "user"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS | st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(FIELDS, JSON).map(lambda said: {"model": "a/model", "input": "Hi", **said}))
def test_whatever_stands_in_the_fields_is_read_or_malformed(said: dict[str, Any]) -> None:
    try:
        request = parsed(msgspec.json.encode(said))
    except Malformed:
        return
    assert request.messages
    assert request.model == said["model"]


@given(st.binary(max_size=50))
def test_no_bytes_are_a_request(body: bytes) -> None:
    refused(body)
