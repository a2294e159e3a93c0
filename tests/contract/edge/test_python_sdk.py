"""The official `openai` package for Python talks to us unmodified."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncOpenAI

from jevons.types.errors import ProviderThrottled, ProviderTruncated
from jevons.types.event import TextDelta, ToolCallDelta
from jevons.types.request import Tool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conftest import House

pytestmark = pytest.mark.anyio

HELLO: Any = [{"role": "user", "content": "Hi"}]
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}
SCHEMA: Any = {
    "type": "json_schema",
    "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
}
CALLS = (
    ToolCallDelta(index=0, id="call_1", name="weather"),
    ToolCallDelta(index=0, arguments='{"place":'),
    ToolCallDelta(index=0, arguments='"Here"}'),
)


@pytest.fixture
async def client(house: House) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=house.url, api_key=house.key, max_retries=0) as it:
        yield it


async def test_chat(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="here", messages=HELLO)
    assert answer.choices[0].message.content == "Hello"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (5, 2)
    named = answer._request_id  # pyright: ignore[reportPrivateUsage] public, says its README
    assert named is not None
    assert named.startswith("req_")


async def test_stream(client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="here", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    text = "".join([chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices])
    assert text == "Hello"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 7


async def test_tools(client: AsyncOpenAI, house: House) -> None:
    house.stage.act = house.answers(*CALLS, finish="tool_calls")
    answer = await client.chat.completions.create(model="here", messages=HELLO, tools=[WEATHER])
    (call,) = answer.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert call.function.name == "weather"
    assert json.loads(call.function.arguments) == {"place": "Here"}
    (heard,) = house.stage.heard[0].tools
    assert isinstance(heard, Tool)
    assert heard.name == "weather"


async def test_tools_in_a_stream(client: AsyncOpenAI, house: House) -> None:
    house.stage.act = house.answers(*CALLS, finish="tool_calls")
    async with client.chat.completions.stream(
        model="here", messages=HELLO, tools=[WEATHER]
    ) as stream:
        answer = await stream.get_final_completion()
    (call,) = answer.choices[0].message.tool_calls or []
    assert json.loads(call.function.arguments) == {"place": "Here"}


async def test_a_json_schema(client: AsyncOpenAI, house: House) -> None:
    house.stage.act = house.answers(TextDelta(text='{"total": 7}'))
    answer = await client.chat.completions.create(
        model="here", messages=HELLO, response_format=SCHEMA
    )
    assert json.loads(answer.choices[0].message.content or "") == {"total": 7}
    assert house.stage.heard[0].output.kind == "json_schema"


async def test_models(client: AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == ["here"]
    assert (await client.models.retrieve("here")).owned_by == "this machine"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("nothing")


async def test_errors_are_of_the_classes_that_the_package_has_for_them(
    client: AsyncOpenAI, house: House
) -> None:
    with pytest.raises(openai.AuthenticationError) as unknown:
        await client.with_options(api_key="jv_no").models.list()
    assert unknown.value.code == "unauthenticated"
    with pytest.raises(openai.NotFoundError) as named:
        await client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert named.value.code == "unknown_model"
    with pytest.raises(openai.BadRequestError) as wrong:
        await client.chat.completions.create(model="here", messages=HELLO, temperature="hot")  # type: ignore[call-overload]
    assert wrong.value.param == "temperature"
    house.stage.act = house.fails(ProviderThrottled("later", retry_after_s=3))
    with pytest.raises(openai.RateLimitError) as throttled:
        await client.chat.completions.create(model="here", messages=HELLO)
    assert throttled.value.response.headers["retry-after"] == "3"


async def test_a_stream_that_broke_off_raises(client: AsyncOpenAI, house: House) -> None:
    house.stage.act = house.fails(ProviderTruncated("cut off"), after="Hel")
    stream = await client.chat.completions.create(model="here", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError, match="cut off"):
        async for _ in stream:
            pass


@pytest.mark.parametrize("size", [200_000, 5_000_000])
async def test_a_body_that_is_too_long_is_answered_while_it_is_still_being_sent(
    client: AsyncOpenAI, size: int
) -> None:
    long: Any = [{"role": "user", "content": "x" * size}]
    with pytest.raises(openai.APIStatusError) as refused:
        await client.chat.completions.create(model="here", messages=long)
    assert refused.value.status_code == 413
    assert [model.id async for model in client.models.list()] == ["here"]
