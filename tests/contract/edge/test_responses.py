"""Callers of OpenAI's Responses dialect, by its own SDK: whole, streamed, with tools, refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, AuthenticationError, BadRequestError, NotFoundError

from jevons.types.account import Receipt
from jevons.types.errors import ProviderTruncated
from jevons.types.event import ReasoningDelta, TextDelta, ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from openai.types.responses import FunctionToolParam

    from conftest import House

pytestmark = pytest.mark.anyio

WEATHER: FunctionToolParam = {
    "type": "function",
    "name": "weather",
    "description": "The weather somewhere.",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    "strict": False,
}


@pytest.fixture
async def client(house: House) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=house.url, api_key=house.key, max_retries=0) as it:
        yield it


async def test_a_whole_answer(client: AsyncOpenAI, house: House) -> None:
    answer = await client.responses.create(model="here", input="Hi", instructions="Be brief.")
    assert answer.output_text == "Hello"
    assert answer.status == "completed"
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (5, 2)
    (asked,) = house.stage.heard
    instructions, question = asked.messages
    assert instructions.role in {"system", "developer"}
    assert question.role == "user"


async def test_a_stream(client: AsyncOpenAI, house: House) -> None:
    stream = await client.responses.create(model="here", input="Hi", stream=True)
    events = [event async for event in stream]
    assert events[0].type == "response.created"
    text = "".join([each.delta for each in events if each.type == "response.output_text.delta"])
    assert text == "Hello"
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == "Hello"
    assert [each.sequence_number for each in events] == [*range(len(events))]
    (receipt,) = [record for record in house.book.records if isinstance(record, Receipt)]
    assert receipt.answer is not None


async def test_the_receipt_comes_before_the_last_event(house: House) -> None:
    body = json.dumps({"model": "here", "input": "Hi", "stream": True}).encode()
    reply = await house.ask("POST", "/v1/responses", body, key=house.key)
    *_, line, last, end = reply.body.split(b"\n\n")
    assert line.startswith(b": jevons {")
    assert last.startswith(b"event: response.completed\n")
    assert end == b""


async def test_tools_and_reasoning(client: AsyncOpenAI, house: House) -> None:
    house.stage.act = house.answers(
        ReasoningDelta("hm", owner="openai", opaque="sealed"),
        ToolCallDelta(index=0, id="call_1", name="weather", arguments='{"place":'),
        ToolCallDelta(index=0, arguments='"Here"}'),
        finish="tool_calls",
    )
    answer = await client.responses.create(model="here", input="Weather?", tools=[WEATHER])
    reasoning, call = answer.output
    assert reasoning.type == "reasoning"
    assert call.type == "function_call"
    assert (call.call_id, call.name) == ("call_1", "weather")
    assert json.loads(call.arguments) == {"place": "Here"}


async def test_what_is_wrong_is_said_in_its_shape(client: AsyncOpenAI, house: House) -> None:
    with pytest.raises(NotFoundError):
        await client.responses.create(model="nothing", input="Hi")
    with pytest.raises(BadRequestError) as caught:
        await client.responses.create(model="here", input="Hi", temperature=9)
    assert caught.value.param == "temperature"
    async with AsyncOpenAI(base_url=house.url, api_key="jv_wrong", max_retries=0) as stranger:
        with pytest.raises(AuthenticationError):
            await stranger.responses.create(model="here", input="Hi")


async def test_a_stream_that_broke_off_ends_in_an_error_event(house: House) -> None:
    house.stage.act = house.fails(ProviderTruncated("it broke off"), after="Hel")
    body = json.dumps({"model": "here", "input": "Hi", "stream": True}).encode()
    reply = await house.ask("POST", "/v1/responses", body, key=house.key)
    last: Any = reply.body.rstrip().split(b"\n\n")[-1]
    assert last.startswith(b"event: error\n")
    assert b"response.completed" not in reply.body


async def test_the_same_request_can_be_asked_again_with_what_was_answered(
    client: AsyncOpenAI, house: House
) -> None:
    house.stage.act = house.answers(TextDelta("Fine"))
    first = await client.responses.create(model="here", input="How are you?")
    await client.responses.create(
        model="here",
        input=[
            {"role": "user", "content": "How are you?"},
            *[each.to_dict() for each in first.output],  # type: ignore[list-item]  # pyright: ignore[reportArgumentType] what it answered is what it takes
            {"role": "user", "content": "Good."},
        ],
    )
    asked = house.stage.heard[-1]
    assert [message.role for message in asked.messages] == ["user", "assistant", "user"]
