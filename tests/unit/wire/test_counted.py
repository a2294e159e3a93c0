"""A count says how many tokens a prompt has, asks of an answer nothing, and uses nothing itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled
from jevons.types.event import Finished, Frame, TextDelta
from jevons.wire import gemini, messages, responses

BODY = {
    "model": "a/model",
    "system": "Be brief.",
    "messages": [{"role": "user", "content": "Hi"}],
    "tools": [{"name": "weather", "input_schema": {"type": "object"}}],
}


def asked(**fields: Any) -> Any:
    body = msgspec.json.encode({**BODY, **fields})
    return messages.parse_count(body, id="req_1", at_ms=0, actor=None)


def written(codec: Any, **fields: Any) -> dict[str, Any]:
    return msgspec.json.decode(codec.render_count(asked(**fields), model="m").body)


def test_a_count_needs_no_limit_and_is_known_as_one() -> None:
    assert asked().counts
    assert not messages.parse_request(
        msgspec.json.encode({**BODY, "max_tokens": 5}), id="req_1", at_ms=0, actor=None
    ).counts


def test_what_is_about_an_answer_is_left_out() -> None:
    said = written(messages, max_tokens=5, temperature=0.5, stream=True, metadata={})
    assert said == {**BODY, "model": "m"}


def test_other_dialects_are_asked_in_their_own_words() -> None:
    said = written(responses)
    assert {"model", "instructions", "input", "tools"} >= said.keys() >= {"model", "input"}
    inside = written(gemini)["generateContentRequest"]
    assert inside["model"] == "models/m"
    assert inside.keys() == {"model", "contents", "systemInstruction", "tools"}


@pytest.mark.parametrize(
    ("codec", "body"),
    [
        (messages, b'{"input_tokens":7}'),
        (responses, b'{"object":"response.input_tokens","input_tokens":7}'),
        (gemini, b'{"totalTokens":7,"promptTokensDetails":[]}'),
    ],
)
def test_a_count_is_read_and_uses_nothing(codec: Any, body: bytes) -> None:
    whole = codec.read_count(body, owner="")
    assert whole.events == (Finished(reason="stop", usage=Usage(input=7, counted_by="endpoint")),)
    assert whole.usage == Usage(counted_by="endpoint")
    assert messages.render_counted(whole.events, asked()) == b'{"input_tokens":7}'


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"input_tokens":"7"}', b'{"input_tokens":\xff}']
)
def test_what_is_no_count_is_garbled(body: bytes) -> None:
    with pytest.raises(ProviderGarbled, match="input_tokens"):
        messages.read_count(body)


def test_a_count_of_the_callers_dialect_is_rendered_already() -> None:
    assert messages.render_counted([Frame(b'{"input_tokens":1}')], asked()) == b'{"input_tokens":1}'
    assert messages.render_counted([TextDelta("x")], asked()) == b'{"input_tokens":0}'
