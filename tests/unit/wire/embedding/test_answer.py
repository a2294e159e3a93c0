"""An endpoint's vectors reach a caller in the order of the texts, as the caller wants them written."""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled, ProviderThrottled
from jevons.types.event import Finished, Frame, Vector
from jevons.wire.embedding import parse_request, read_answer, render_answer, render_request

USED = Usage(input=8, counted_by="endpoint")
COUNTS = {"prompt_tokens": 8, "total_tokens": 8}


def asked(*texts: str, **fields: Any) -> Any:
    body = {"model": "a/model", "input": [*texts] or ["Hi"], **fields}
    return parse_request(msgspec.json.encode(body), id="req_1", at_ms=0, actor=None)


def packed(*numbers: float) -> str:
    return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def answer(*items: dict[str, Any], **fields: Any) -> bytes:
    body = {"object": "list", "data": [*items], "model": "m", "usage": COUNTS, **fields}
    return msgspec.json.encode(body)


def item(embedding: Any, index: int | None = 0) -> dict[str, Any]:
    said = {"object": "embedding", "embedding": embedding}
    return said if index is None else {**said, "index": index}


def told(request: Any, body: bytes) -> dict[str, Any]:
    return msgspec.json.decode(render_answer(read_answer(request, body).events, request))


def test_a_request_goes_as_it_came_but_for_the_name_of_the_model() -> None:
    rendered = render_request(asked("Hi", user="u", new=[1], dimensions=2), model="up/m")
    assert msgspec.json.decode(rendered.body) == {
        "model": "up/m", "input": ["Hi"], "user": "u", "new": [1], "dimensions": 2,
    }  # fmt: skip
    assert rendered.changed == ()


@pytest.mark.parametrize(
    ("encoding", "embedding"), [("float", [0.1, 2]), ("base64", packed(0.1, 2.0))]
)
def test_an_answer_in_order_and_as_wanted_goes_on_as_it_came(encoding: str, embedding: Any) -> None:
    body = answer(item(embedding), new_field=True)
    whole = read_answer(asked(encoding_format=encoding), body)
    assert whole.events == (Frame(body),)
    assert (whole.finish, whole.usage, whole.error) == ("stop", USED, None)
    assert render_answer(whole.events, asked()) == body


def test_vectors_that_came_out_of_order_are_put_in_order() -> None:
    body = answer(item([2], 1), item([3], 2), item([1], 0))
    data = told(asked("a", "b", "c"), body)["data"]
    assert [(each["index"], each["embedding"]) for each in data] == [(0, [1]), (1, [2]), (2, [3])]


def test_vectors_that_nobody_numbered_are_in_order() -> None:
    data = told(asked("a", "b"), answer(item([1], None), item([2], None)))["data"]
    assert [(each["index"], each["embedding"]) for each in data] == [(0, [1]), (1, [2])]


def test_numbers_are_written_as_base64_for_who_wants_that() -> None:
    said = told(asked(encoding_format="base64"), answer(item([0.1, 2.0])))
    assert said == {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": packed(0.1, 2.0)}],
        "model": "a/model",
        "usage": COUNTS,
    }


def test_base64_is_written_as_numbers_for_who_wants_those() -> None:
    (said,) = told(asked(), answer(item(packed(0.5, -2.0))))["data"]
    assert said["embedding"] == [0.5, -2.0]


def test_what_nobody_counted_is_no_number() -> None:
    body = answer(item([1.0], None), usage=None)
    assert read_answer(asked(), body).usage is None
    assert told(asked(), body)["usage"] is None


def test_tokens_out_of_a_cache_were_read_too() -> None:
    used = Usage(input=5, cache_read=3, cache_write=1, counted_by="endpoint")
    said = render_answer((Vector(values=bytes(4)), Finished(reason="stop", usage=used)), asked())
    assert msgspec.json.decode(said)["usage"] == {"prompt_tokens": 9, "total_tokens": 9}


def test_an_answer_without_an_end_counts_nothing() -> None:
    assert msgspec.json.decode(render_answer((Vector(values=bytes(4)),), asked()))["usage"] is None


def test_an_error_with_200_is_an_error() -> None:
    envelope = {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}
    whole = read_answer(asked(), msgspec.json.encode(envelope))
    assert isinstance(whole.error, ProviderThrottled)
    assert whole.events == ()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"nonsense", b'{"data":null}', b'{"data":{}}', b'{"data":[{}]}',
        b'{"data":[{"index":0,"embedding":[1.0]}],"x":"\xff"}',
        b'{"error":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        answer(), answer(item([1.0], 1)), answer(item([1.0], -1)),
        answer(item([1.0]), item([1.0], 1)),
    ],
)  # fmt: skip
def test_what_is_not_the_answer_to_the_request_is_garbled(body: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        read_answer(asked(), body)


@pytest.mark.parametrize("indices", [(0, 0), (0, 2), (None, 0), (1, None)])
def test_indices_that_are_not_each_there_once_are_garbled(
    indices: tuple[int | None, int | None],
) -> None:
    with pytest.raises(ProviderGarbled, match="each once"):
        read_answer(asked("a", "b"), answer(*[item([1.0], index) for index in indices]))


ORDERS = st.integers(1, 6).flatmap(lambda size: st.permutations(range(size)))


@given(ORDERS, st.sampled_from(["float", "base64"]), st.sampled_from(["float", "base64"]))
def test_in_whatever_order_and_encoding_they_came_each_text_has_its_own_vector(
    order: list[int], came: str, wanted: str
) -> None:
    numbers = [[float(at), -float(at)] for at in range(len(order))]
    items = [item(packed(*numbers[at]) if came == "base64" else numbers[at], at) for at in order]
    request = asked(*[f"text {at}" for at in order], encoding_format=wanted)
    said = told(request, answer(*items))["data"]
    expected = [packed(*each) for each in numbers] if wanted == "base64" else numbers
    assert [(each["index"], each["embedding"]) for each in said] == [*enumerate(expected)]
