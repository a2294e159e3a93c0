"""Whatever dialect an endpoint speaks, its vectors are those of the texts that were asked about, or an error."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
from msgspec import structs
from tests.contract.providers.tongues import ATTEMPT, Line

from jevons.catalog.vendor import Rule
from jevons.edge.surface import EMBEDDINGS
from jevons.providers import Remote
from jevons.testing import Clock, Listener, Vendor, let_through
from jevons.testing.make import an_actor
from jevons.testing.reply import refusal, respond
from jevons.types.account import Usage
from jevons.types.errors import (
    ProviderGarbled,
    ProviderRejected,
    ProviderThrottled,
    ProviderTruncated,
    ProviderUnavailable,
    Unsupported,
)
from jevons.types.event import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.types.decision import Outcome
    from jevons.types.request import Dialect, Generate

pytestmark = pytest.mark.anyio

OPENAI = {
    "object": "list",
    "data": [
        {"object": "embedding", "index": 0, "embedding": [0.0023064255, -0.009327292]},
        {"object": "embedding", "index": 1, "embedding": [-0.0028842222, 1]},
    ],
    "model": "upstream/model",
    "usage": {"prompt_tokens": 8, "total_tokens": 8},
}
"""The example of OpenAI's API reference, "Create embeddings", made shorter, with another text."""
GEMINI = {
    "embeddings": [
        {"values": [0.0023064255, -0.009327292]},
        {"values": [-0.0028842222, 1]},
    ],
    "usageMetadata": {"promptTokenCount": 8},
}
OLLAMA = {
    "model": "upstream/model",
    "embeddings": [[0.0023064255, -0.009327292], [-0.0028842222, 1]],
    "total_duration": 14143917,
    "load_duration": 1019500,
    "prompt_eval_count": 8,
}
NUMBERS = [[0.0023064255, -0.009327292], [-0.0028842222, 1]]

SPOKEN: dict[Dialect, tuple[str, Any]] = {
    "openai-chat": ("/v1/embeddings", OPENAI),
    "openai-responses": ("/v1/embeddings", OPENAI),
    "gemini": ("/v1/models/upstream/model:batchEmbedContents", GEMINI),
    "ollama": ("/v1/api/embed", OLLAMA),
}
EACH = pytest.mark.parametrize("spoken", SPOKEN)


def asking(**fields: Any) -> Generate:
    body = {"model": "a/model", "input": ["Hi", "there"], **fields}
    raw = msgspec.json.encode(body)
    return EMBEDDINGS.parse(raw, id="req_1", at_ms=0, actor=an_actor())


async def asked(spoken: Dialect, answer: Any, **fields: Any) -> Outcome:
    body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
    async with Vendor(respond(body)) as vendor:
        return await Line(vendor, spoken).ask(asking(**fields))


def told(outcome: Outcome, **fields: Any) -> Any:
    assert outcome.error is None
    return msgspec.json.decode(EMBEDDINGS.answer(outcome.closing, asking(**fields)))


@EACH
async def test_vectors_come_in_order_with_what_they_used(spoken: Dialect) -> None:
    path, answer = SPOKEN[spoken]
    async with Vendor(respond(msgspec.json.encode(answer))) as vendor:
        outcome = await Line(vendor, spoken).ask(asking())
    said = told(outcome)
    assert [each["embedding"] for each in said["data"]] == NUMBERS
    assert [each["index"] for each in said["data"]] == [0, 1]
    assert said["usage"] == {"prompt_tokens": 8, "total_tokens": 8}
    assert outcome.usage == Usage(input=8, counted_by="endpoint")
    assert outcome.finish == "stop"
    assert vendor.heard[0].path == path
    assert "sk-very-secret" not in vendor.heard[0].body.decode()


@EACH
async def test_either_encoding_says_the_same(spoken: Dialect) -> None:
    _, answer = SPOKEN[spoken]
    wanted = {"encoding_format": "base64"}
    outcome = await asked(spoken, answer, **wanted)
    texts = [each["embedding"] for each in told(outcome, **wanted)["data"]]
    assert all(isinstance(text, str) for text in texts)
    data = [{"index": index, "embedding": text} for index, text in enumerate(texts)]
    again = await asked("openai-chat", {"data": data})
    numbers = [each["embedding"] for each in told(again)["data"]]
    assert [pytest.approx(each, rel=2**-24) for each in NUMBERS] == numbers


@pytest.mark.parametrize("spoken", ["openai-chat", "openai-responses"])
async def test_an_answer_of_the_callers_dialect_goes_on_as_it_came(spoken: Dialect) -> None:
    body = msgspec.json.encode({**OPENAI, "new_field": 1})
    outcome = await asked(spoken, body)
    assert outcome.closing == (Frame(body),)
    outcome = await asked(spoken, body, dimensions=2)
    assert outcome.closing == (Frame(body),)


SPOILT: dict[str, Callable[[list[Any]], list[Any]]] = {
    "one too few": lambda said: said[:1],
    "one too many": lambda said: [*said, said[0]],
    "none": lambda said: [],
    "one shorter": lambda said: [said[0], shortened(said[1])],
}


def shortened(entry: Any) -> Any:
    """Take a number out of a vector, however it is held."""
    if isinstance(entry, dict):
        return {name: shortened(value) for name, value in cast("dict[str, Any]", entry).items()}
    return cast("list[Any]", entry)[:-1] if isinstance(entry, list) else entry


@EACH
@pytest.mark.parametrize("how", SPOILT)
async def test_vectors_that_are_not_those_asked_for_are_no_answer(
    spoken: Dialect, how: str
) -> None:
    answer = SPOKEN[spoken][1]
    where = "data" if "data" in answer else "embeddings"
    outcome = await asked(spoken, {**answer, where: SPOILT[how](answer[where])})
    assert isinstance(outcome.error, ProviderGarbled)
    assert outcome.closing == ()
    assert outcome.usage == Usage()


@EACH
async def test_vectors_of_another_length_than_asked_are_no_answer(spoken: Dialect) -> None:
    """Servers that do not know `dimensions` leave it out and say nothing."""
    outcome = await asked(spoken, SPOKEN[spoken][1], dimensions=1)
    assert isinstance(outcome.error, ProviderGarbled)
    assert "2 dimensions; 1 were asked for" in str(outcome.error)


@EACH
@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"null", b"1e39"])
async def test_what_is_no_number_is_no_answer(spoken: Dialect, number: bytes) -> None:
    body = msgspec.json.encode(SPOKEN[spoken][1])
    outcome = await asked(spoken, body.replace(b"0.0023064255", number))
    assert isinstance(outcome.error, ProviderGarbled)


@EACH
async def test_an_error_with_200_is_an_error(spoken: Dialect) -> None:
    envelope = {"error": {"message": "overloaded", "code": 503, "status": "UNAVAILABLE"}}
    outcome = await asked(spoken, envelope)
    assert isinstance(outcome.error, ProviderUnavailable)
    assert "overloaded" in str(outcome.error)


@EACH
async def test_a_refusal_is_told_in_the_words_of_whoever_refused(spoken: Dialect) -> None:
    """A vendor that takes ten texts at once says so; what was asked is not cut into pieces."""
    said = "batch size is invalid, it should not be larger than 10"
    refused = refusal(400, said, code="InvalidParameter")
    async with Vendor(refused, refusal(429, "slow down")) as vendor:
        line = Line(vendor, spoken)
        outcome = await line.ask(asking(input=["x"] * 11))
        later = await line.ask(asking())
    assert isinstance(outcome.error, ProviderRejected)
    assert said in str(outcome.error)
    assert isinstance(later.error, ProviderThrottled)


@EACH
async def test_an_answer_that_breaks_off_is_no_answer(spoken: Dialect) -> None:
    reply = respond(msgspec.json.encode(SPOKEN[spoken][1]))
    async with Vendor(reply.cut(at=len(reply.raw) - 5)) as vendor:
        outcome = await Line(vendor, spoken).ask(asking())
    assert isinstance(outcome.error, ProviderTruncated)


async def test_a_long_answer_is_read_beside_the_loop() -> None:
    vectors = [[0.5] * 1024] * 100
    body = {"data": [{"index": at, "embedding": each} for at, each in enumerate(vectors)]}
    before = set(threading.enumerate())
    short = await asked("openai-chat", OPENAI)
    assert short.error is None
    assert set(threading.enumerate()) == before
    long = await asked("openai-chat", body, input=["x"] * 100)
    assert long.error is None
    assert set(threading.enumerate()) > before


async def test_nothing_leaves_for_a_dialect_without_embeddings() -> None:
    async with Vendor() as vendor:
        outcome = await Line(vendor, "anthropic-messages").ask(asking())
    assert isinstance(outcome.error, Unsupported)
    assert "anthropic-messages cannot be asked to make embeddings" in str(outcome.error)
    assert not vendor.heard


async def test_rules_about_answers_are_not_about_embeddings_and_the_other_way_round() -> None:
    usual: Any = {"models": "*", "do": "rename", "why": "so here", "source": "docs"}
    rules = (
        Rule(field="dimensions", to="output_dimension", asks="embedding", **usual),
        Rule(field="user", to="safety_identifier", **usual),
    )
    async with Vendor(respond(msgspec.json.encode(OPENAI))) as vendor:
        provider = Remote(url=vendor.url, admit=let_through, rules=rules, clock=Clock())
        outcome = await provider.serve(ATTEMPT, asking(dimensions=2, user="u"), Listener())
        chat = structs.replace(asking(dimensions=2, user="u"), embed=None)
        await provider.serve(ATTEMPT, chat, Listener())
        provider.close()
    assert outcome.error is None
    assert outcome.changed == ("dimensions: renamed to output_dimension, so here",)
    first, second = [msgspec.json.decode(heard.body) for heard in vendor.heard]
    assert {"output_dimension", "user"} <= first.keys()
    assert {"dimensions", "safety_identifier"} <= second.keys()
