"""The official `openai` package gets embeddings through the whole corridor: priced, in the books, in order.

Tests of what went wrong in other gateways name the public thread in which it was reported.
"""

from __future__ import annotations

import struct
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import msgspec
import openai
import pytest
from openai import AsyncOpenAI
from tests.contract.regressions.corridor import endpoint

from jevons.testing.reply import respond

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.contract.regressions.corridor import Lab

    from jevons.testing import Reply, Vendor

pytestmark = pytest.mark.anyio

NUMBERS = [[0.0023064255, -0.009327292], [-0.0028842222, 1.0]]
EXACT = [list(struct.unpack("<2f", struct.pack("<2f", *each))) for each in NUMBERS]
"""The same, as binary32 holds them."""


def answering(vectors: Sequence[Any] = NUMBERS, *, order: Sequence[int] = (0, 1)) -> Reply:
    """An answer of OpenAI's embeddings dialect, its entries in any order."""
    data = [{"object": "embedding", "index": at, "embedding": vectors[at]} for at in order]
    counts = {"prompt_tokens": 8, "total_tokens": 8}
    body = {"object": "list", "data": data, "model": "upstream/model", "usage": counts}
    return respond(msgspec.json.encode(body))


async def served(lab: Lab, *replies: Reply, **fields: Any) -> Vendor:
    server = await lab.vendor(*replies)
    await lab.house(endpoint(server, can=("embedding",), **fields))
    return server


def client(lab: Lab, **fields: Any) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=lab.url, api_key=lab.key, max_retries=0, **fields)


async def test_the_package_asks_for_base64_unasked_and_is_given_it(lab: Lab) -> None:
    """garrytan/gbrain#220, ai-forever/gpt2giga#108: numbers came, and were read as base64."""
    server = await served(lab, answering())
    async with client(lab) as sdk:
        answer = await sdk.embeddings.create(model="a/model", input=["Hi", "there"])
    assert [each.embedding for each in answer.data] == EXACT
    assert [each.index for each in answer.data] == [0, 1]
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (8, 8)
    assert msgspec.json.decode(server.heard[0].body)["encoding_format"] == "base64"


async def test_numbers_come_as_they_were_for_who_asks_for_those(lab: Lab) -> None:
    server = await served(lab, answering())
    async with client(lab) as sdk:
        answer = await sdk.embeddings.create(
            model="a/model",
            input=[[1, 2], [3]],
            dimensions=2,
            encoding_format="float",
            user="u",
            extra_body={"input_type": "query"},
        )
    assert [each.embedding for each in answer.data] == NUMBERS
    assert msgspec.json.decode(server.heard[0].body) == {
        "model": "a/model", "input": [[1, 2], [3]], "dimensions": 2, "encoding_format": "float",
        "user": "u", "input_type": "query",
    }  # fmt: skip


async def test_base64_on_the_wire_is_little_endian_binary32(lab: Lab) -> None:
    await served(lab, answering())
    answer = await lab.post("/v1/embeddings", input=["Hi", "there"], encoding_format="base64")
    said = [b64decode(each["embedding"]) for each in answer.json["data"]]
    assert [list(struct.unpack("<2f", each)) for each in said] == EXACT


@pytest.mark.parametrize("encoding", ["float", "base64"])
async def test_vectors_that_come_out_of_order_are_put_in_order(lab: Lab, encoding: str) -> None:
    """pydantic/pydantic-ai#7284, chroma-core/chroma#344: read by place, they are other texts'."""
    await served(lab, answering(order=(1, 0)))
    async with client(lab) as sdk:
        answer = await sdk.embeddings.create(
            model="a/model",
            input=["Hi", "there"],
            encoding_format="base64" if encoding == "base64" else "float",
        )
    assert [each.index for each in answer.data] == [0, 1]
    first: Any = answer.data[0].embedding  # as it came where that was asked for, whatever it says
    said = first if encoding == "float" else struct.unpack("<2f", b64decode(first))
    assert list(said) == pytest.approx(NUMBERS[0])


async def test_tokens_that_were_read_are_charged_and_are_in_the_books(lab: Lab) -> None:
    await served(lab, answering())
    answer = await lab.post("/v1/embeddings", input=["Hi", "there"])
    assert "x-jevons-receipt" in answer.headers
    receipt = await lab.receipt(answer)
    assert receipt["cost"]["nusd"] == 8 * 1000
    assert (receipt["usage"]["input"], receipt["usage"]["output"]) == (8, 0)
    assert (receipt["endpoint"], receipt["finish"], receipt["stream"]) == ("far", "stop", False)
    assert receipt["answer"]


async def test_what_another_dialect_has_no_field_for_is_named_in_the_receipt(lab: Lab) -> None:
    body = {"embeddings": NUMBERS, "prompt_eval_count": 8}
    await served(lab, respond(msgspec.json.encode(body)), dialect="ollama")
    answer = await lab.post("/v1/embeddings", input=["Hi", "there"], user="u")
    receipt = await lab.receipt(answer)
    assert receipt["changed"] == ["user: dropped, Ollama's dialect has no such field"]
    assert [each["embedding"] for each in answer.json["data"]] == NUMBERS


async def test_the_class_of_data_is_heeded(lab: Lab) -> None:
    await served(lab, answering())
    headers = {"x-jevons-data-class": "personal"}
    async with client(lab, default_headers=headers) as sdk:
        raw = await sdk.embeddings.with_raw_response.create(model="a/model", input=["a", "b"])
    assert (await lab.receipt(raw.headers["x-request-id"]))["data_class"] == "personal"


async def test_an_endpoint_that_can_only_write_is_refused_with_the_reason(lab: Lab) -> None:
    server = await lab.vendor(answering())
    await lab.house(endpoint(server))
    async with client(lab) as sdk:
        with pytest.raises(openai.UnprocessableEntityError, match="cannot do 'embedding'"):
            await sdk.embeddings.create(model="a/model", input="Hi")
    assert not server.heard


async def test_an_endpoint_that_can_only_embed_writes_no_answers(lab: Lab) -> None:
    server = await served(lab, answering())
    answer = await lab.chat()
    assert answer.status == 422
    assert "cannot do 'text'" in answer.error["message"]
    assert not server.heard


@pytest.mark.parametrize(("said", "param"), [("", "input"), (["a", ""], "input[1]")])
async def test_nothing_to_embed_is_refused(lab: Lab, said: Any, param: str) -> None:
    server = await served(lab, answering())
    async with client(lab) as sdk:
        with pytest.raises(openai.BadRequestError) as refused:
            await sdk.embeddings.create(model="a/model", input=said)
    assert (refused.value.param, refused.value.code) == (param, "malformed")
    assert not server.heard


async def test_a_text_that_was_left_out_is_an_error_with_its_own_receipt(lab: Lab) -> None:
    await served(lab, answering(order=(0,)))
    answer = await lab.post("/v1/embeddings", input=["Hi", "there"])
    assert (answer.status, answer.error["code"]) == (502, "provider_garbled")
    receipt = await lab.receipt(answer)
    assert (receipt["error"], receipt["answer"]) == ("provider_garbled", None)


async def test_another_endpoint_answers_where_one_garbled(lab: Lab) -> None:
    garbled = await lab.vendor(answering(order=(0,)))
    sound = await lab.vendor(answering())
    can = ("embedding",)
    await lab.house(endpoint(garbled, "a", can=can), endpoint(sound, "b", can=can))
    answer = await lab.post("/v1/embeddings", input=["Hi", "there"])
    assert [each["embedding"] for each in answer.json["data"]] == NUMBERS
    assert [each["endpoint"] for each in (await lab.receipt(answer))["tried"]] == ["a", "b"]
