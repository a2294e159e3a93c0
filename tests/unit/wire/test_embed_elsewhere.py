"""Dialects that are not OpenAI's are asked for vectors in their own words, and understood."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jevons.types.account import Usage
from jevons.types.errors import ProviderGarbled, ProviderThrottled, ProviderUnavailable, Unsupported
from jevons.types.event import Vector
from jevons.wire import gemini, ollama
from jevons.wire.embedding import parse_request
from jevons.wire.vector import in_numbers

BOTH = pytest.mark.parametrize("codec", [gemini, ollama])


def asked(said: Any = ("a", "b"), **fields: Any) -> Any:
    body = msgspec.json.encode({"model": "a/model", "input": said, **fields})
    return parse_request(body, id="req_1", at_ms=0, actor=None)


def rendered(codec: Any, *args: Any, **fields: Any) -> tuple[Any, tuple[str, ...]]:
    body, changed = codec.render_embed(asked(*args, **fields), model="m")
    return msgspec.json.decode(body), changed


def numbers(events: Any) -> list[Any]:
    return [msgspec.json.decode(in_numbers(each)) for each in events if isinstance(each, Vector)]


def test_gemini_is_asked_for_each_text() -> None:
    said, changed = rendered(gemini, dimensions=2, taskType="RETRIEVAL_QUERY", user="u")
    same = {"model": "models/m", "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 2}
    assert said == {
        "requests": [{**same, "content": {"parts": [{"text": text}]}} for text in ("a", "b")]
    }
    assert changed == ("user: dropped, Gemini's dialect has no such field",)


def test_ollama_is_asked_not_to_cut_texts_short() -> None:
    said, changed = rendered(ollama, dimensions=2, keep_alive="1h", new=1, encoding_format="float")
    assert said == {
        "model": "m", "input": ["a", "b"], "truncate": False, "dimensions": 2, "keep_alive": "1h",
    }  # fmt: skip
    assert changed == ("new: dropped, Ollama's dialect has no such field",)


def test_ollama_cuts_texts_short_for_who_asks_for_that() -> None:
    said, changed = rendered(ollama, "a", truncate=True)
    assert said == {"model": "m", "input": ["a"], "truncate": True}
    assert changed == ()


def test_gemini_is_told_no_length_that_nobody_asked_for() -> None:
    said, _ = rendered(gemini, "a")
    assert said["requests"] == [{"model": "models/m", "content": {"parts": [{"text": "a"}]}}]


@BOTH
def test_ids_of_tokens_are_refused_where_only_text_is_taken(codec: Any) -> None:
    with pytest.raises(Unsupported, match=r"input\[1\] is ids of tokens") as refused:
        rendered(codec, ["a", [1, 2]])
    assert refused.value.param == "input"


@BOTH
def test_what_asks_for_more_than_a_dialect_can_say_is_refused(codec: Any) -> None:
    with pytest.raises(Unsupported) as refused:
        rendered(codec, "a", service_tier="priority")
    assert refused.value.param == "service_tier"


def test_what_gemini_answers_is_understood() -> None:
    body = (
        b'{"embeddings":[{"values":[0.1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":7}}'
    )
    whole = gemini.read_vectors(asked(), body)
    assert numbers(whole.events) == [[0.1], [2]]
    assert whole.usage == Usage(input=7, counted_by="endpoint")
    plain = b'{"embeddings":[{"values":[0.1]},{"values":[2]}]}'
    assert gemini.read_vectors(asked(), plain).usage is None


def test_what_ollama_answers_is_understood() -> None:
    body = b'{"model":"m","embeddings":[[0.1],[2]],"total_duration":5,"prompt_eval_count":7}'
    whole = ollama.read_vectors(asked(), body)
    assert numbers(whole.events) == [[0.1], [2]]
    assert whole.usage == Usage(input=7, counted_by="endpoint")
    assert ollama.read_vectors(asked(), b'{"embeddings":[[0.1],[2]]}').usage is None


def test_an_error_with_200_is_an_error() -> None:
    throttled = b'{"error":{"code":429,"message":"no","status":"RESOURCE_EXHAUSTED"}}'
    assert isinstance(gemini.read_vectors(asked(), throttled).error, ProviderThrottled)
    gone = ollama.read_vectors(asked(), b'{"error":"the runner stopped"}').error
    assert isinstance(gone, ProviderUnavailable)
    assert "the runner stopped" in str(gone)


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"nonsense", b'{"embeddings":null}', b'{"embeddings":[[]]}',
        b'{"embeddings":[[1],[NaN]]}', b'{"embeddings":[{"values":[1]}]}',
        b'{"embeddings":[{"values":[1]},{"values":[1,2]}]}', b'{"embeddings":[[1],[1],[1]]}',
        b'{"error":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)  # fmt: skip
def test_what_is_not_the_answer_to_the_request_is_garbled(codec: Any, body: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        codec.read_vectors(asked(), body)
