"""An answer is whole only when the server has said so, and a receipt is what its leaf says."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec
import pytest

from jevons.cli.reply import (
    Answer,
    Models,
    Unanswered,
    read,
    read_error,
    read_found,
    read_stream,
    read_whole,
)
from jevons.ledger.record import encode
from jevons.types.account import Receipt, Usage
from jevons.types.units import Unknown

UNKNOWN = Unknown(why="a test")
RECEIPT = Receipt(
    id="req_1",
    at_ms=1,
    key="key_1",
    asked="small",
    endpoint="here",
    model="a/b",
    host="this machine",
    place="on-prem",
    why="the only one",
    rules=(),
    policy="",
    stream=False,
    first_byte_ms=1.0,
    total_ms=2.0,
    usage=Usage(),
    cost=UNKNOWN,
    energy_mj=UNKNOWN,
    carbon_mg=UNKNOWN,
    finish="stop",
    request="",
    answer=None,
)


def chunk(text: str | None = None, finish: str | None = None) -> bytes:
    delta = {} if text is None else {"content": text}
    body = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + msgspec.json.encode(body) + b"\n"


def test_each_piece_is_said_as_it_comes_and_all_of_them_are_the_answer() -> None:
    said = list[str]()
    lines = [chunk("he"), b"\n", chunk("llo"), b"\n", chunk(finish="stop"), b"data: [DONE]\n"]
    assert read_stream(lines, "req_1", said.append) == Answer("hello", "req_1", "stop")
    assert said == ["he", "llo"]


def test_passes_over_comments_and_chunks_without_choices() -> None:
    usage = b'data: {"choices": [], "usage": {"total_tokens": 3}}\n'
    lines = [b': jevons {"receipt":"req_1"}\n', usage, chunk("a"), b"data: [DONE]\n"]
    assert read_stream(lines, "req_1", len) == Answer("a", "req_1", None)


def test_an_answer_that_ends_without_done_is_an_error_and_names_its_receipt() -> None:
    with pytest.raises(Unanswered, match="jevons receipt req_1"):
        read_stream([chunk("half of")], "req_1", len)


def test_an_error_in_the_stream_is_raised_in_its_own_words_with_its_own_code() -> None:
    error = b'{"message": "upstream fell silent", "param": null, "code": "provider_timeout"}'
    with pytest.raises(Unanswered, match="upstream fell silent") as caught:
        read_stream([chunk("half"), b'data: {"error": %s}\n' % error], "req_1", len)
    assert (caught.value.code, caught.value.details) == ("provider_timeout", {})


def test_a_whole_answer_is_said_once() -> None:
    said = list[str]()
    choice = {"message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
    body = msgspec.json.encode({"choices": [choice]})
    assert read_whole(body, "req_1", said.append) == Answer("hello", "req_1", "stop")
    assert said == ["hello"]


def test_an_answer_without_a_message_is_none() -> None:
    with pytest.raises(Unanswered, match="without a message"):
        read_whole(b'{"choices": []}', "req_1", len)


@pytest.mark.parametrize("content", [b"<html>", b"{}", b'{"data": "none"}', b"\xff"])
def test_what_is_not_jevons_s_is_said_to_be_something_else(content: bytes) -> None:
    with pytest.raises(Unanswered, match="not jevons") as caught:
        read(content, Models)
    assert caught.value.code == "no_answer"


@pytest.mark.parametrize("content", [b"<html>", b"{}", b'{"error": "no"}', b"\xff"])
def test_an_error_in_a_shape_of_its_own_has_its_status(content: bytes) -> None:
    assert "status 502" in read_error(502, content).message


def test_a_refusal_keeps_its_code_and_its_rule_and_says_what_to_do() -> None:
    body = b'{"error": {"message": "no such key", "code": "unauthenticated", "rule": "key-valid"}}'
    error = read_error(401, body)
    assert (error.code, error.details) == ("unauthenticated", {"rule": "key-valid"})
    assert "JEVONS_API_KEY" in error.message


def found(shown: Receipt, leaf: Receipt) -> bytes:
    body: dict[str, Any] = {
        "receipt": shown,
        "leaf": b64encode(encode(leaf)).decode(),
        "leaf_hash": "",
        "salt": "",
        "inclusion": None,
    }
    return msgspec.json.encode(body)


def test_a_receipt_is_what_its_leaf_says() -> None:
    assert read_found(found(RECEIPT, RECEIPT), "req_1").receipt == RECEIPT


@pytest.mark.parametrize(
    "changed",
    [msgspec.structs.replace(RECEIPT, place="CH"), msgspec.structs.replace(RECEIPT, id="req_2")],
)
def test_a_receipt_that_its_leaf_does_not_say_is_refused(changed: Receipt) -> None:
    with pytest.raises(Unanswered) as caught:
        read_found(found(changed, RECEIPT), "req_1")
    assert caught.value.code == "other_receipt"


def test_the_receipt_of_another_request_is_refused() -> None:
    with pytest.raises(Unanswered) as caught:
        read_found(found(RECEIPT, RECEIPT), "req_2")
    assert caught.value.code == "other_receipt"
