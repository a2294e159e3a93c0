"""Whatever a server says when it refuses, its words are found and nothing breaks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.wire.refusal import Refusal, heard, read

SAID: dict[str, tuple[bytes, str]] = {
    "an object": (b'{"error":{"message":"said"}}', "said"),
    "a string": (b'{"error":"said","code":"x"}', "said"),
    "flat": (b'{"object":"error","message":"said"}', "said"),
    "flat, natively": (b'{"code":"InvalidApiKey","message":"said","request_id":"r"}', "said"),
    "only a detail": (b'{"detail":"said"}\n', "said"),
    "in a list": (b'[{"error":{"message":"said"}}]', "said"),
    "a list of fields": (
        b'{"detail":[{"loc":["body","messages",0],"msg":"is wrong"},{"loc":["body"],"msg":"too"}]}',
        "body.messages.0: is wrong; body: too",
    ),
    "an object as message": (
        b'{"object":"error","message":{"detail":[{"loc":["body"],"msg":"is wrong"}]}}',
        "body: is wrong",
    ),
    "a list of errors": (b'{"errors":[{"message":"this"},{"message":"that"}]}', "this; that"),
    "from behind another": (
        b'{"error":{"message":"Provider said no","metadata":{"raw":"slow down","n":1}}}',
        "Provider said no: slow down",
    ),
    "a failed response": (b'{"response":{"error":{"message":"said"}}}', "said"),
    "MiniMax's own": (b'{"base_resp":{"status_code":1008,"status_msg":"said"}}', "said"),
    "an event": (b'event:error\ndata:{"code":"x","message":"said"}\n\n', "said"),
    "an event after others": (b': hi\ndata: [1]\ndata: {"message":"said"}\n\n', "said"),
    "plain words": (b" said\n", "said"),
    "a page": (b"<html><head><TITLE>\n 504 Gateway </TITLE></head><body>x</body></html>", "504 Gateway"),
    "a page without a title": (b"<html>oops</html>", "<html>oops</html>"),
    "JSON that says nothing": (b'{"ok":false}', '{"ok":false}'),
    "a message that is empty": (b'{"message":"","error":{"message":"said"}}', "said"),
    "not UTF-8": (b"\xff said", "� said"),
    "nothing": (b"", ""),
    "null": (b"null", "null"),
    "a number": (b"5", "5"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_what_it_says_is_found_in_any_envelope(name: str) -> None:
    body, sentence = SAID[name]
    assert read(body).sentence == sentence


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"error": {"code": "A", "type": "b", "message": "m"}}, {"a", "b"}),
        ({"error": {"code": 401, "message": "m"}}, {"401"}),
        ({"error": {"code": None, "type": ""}}, {""}),
        ({"code": "invalid-argument", "error": "m"}, {"invalid-argument"}),
        ({"error": {"details": [{"reason": "R"}, 1], "status": "S"}}, {"r", "s"}),
        ({"error": {"innererror": {"code": "Deep"}}}, {"deep"}),
        ({"error_type": "TOO_MANY_TOKENS", "message": "m"}, {"too_many_tokens"}),
        ({"type": "error", "error": {"type": "overloaded_error"}}, {"error", "overloaded_error"}),
        ({"error": {"code": "1113", "message": "m"}}, {"1113", "error.1113"}),
        ({"base_resp": {"status_code": 1008}}, {"base_resp.1008"}),
        ({"base_resp": {"status_code": 0}}, set[str]()),
        ({"error": {"code": True, "type": ["x"]}}, set[str]()),
        (["x"], set[str]()),
    ],
)
def test_every_code_is_found(said: Any, codes: set[str]) -> None:
    assert heard(said).codes == codes


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ({"error": {"message": "m", "details": [{"x": 1}, {"retryDelay": "34.4s"}]}}, 34.4),
        ([{"error": {"details": [{"retryDelay": "0s"}]}}], 0.0),
        ({"error": {"message": "try again after 2 seconds", "details": [{"retryDelay": 3}]}}, 2.0),
        ({"error": {"message": "later"}}, None),
    ],
)
def test_a_wait_in_the_body_is_found(said: Any, wait_s: float | None) -> None:
    assert heard(said).wait_s == wait_s


def test_plain_words_may_ask_to_wait() -> None:
    assert read(b"Slow down and retry in 5s") == Refusal(
        sentence="Slow down and retry in 5s", wait_s=5.0
    )


def test_what_is_read_is_bounded() -> None:
    deep: Any = "x"
    for _ in range(50):
        deep = {"error": [deep], "details": [deep], "code": "c"}
    assert heard(deep) == Refusal(frozenset({"c"}))
    assert len(read(b'{"message":"' + b"x" * 10_000 + b'"}').sentence) == 4096
    assert len(read(b"x" * 10_000).sentence) == 4096
    assert read(b"[" * 100_000).codes == frozenset()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "detail", "details", "loc", "base_resp"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_json_breaks_it(said: Any) -> None:
    assert read(msgspec.json.encode(said)).codes == heard(said).codes


@given(st.binary(max_size=60))
def test_no_bytes_break_it(body: bytes) -> None:
    assert isinstance(read(body), Refusal)
    assert isinstance(read(b"data:" + body), Refusal)
