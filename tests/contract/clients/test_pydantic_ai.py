"""pydantic-ai's agents run on our three surfaces, whatever the endpoint behind them speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, ModelHTTPError, NativeOutput
from pydantic_ai.messages import ThinkingPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from tests.contract.clients.front import MODELS, SMALL
from tests.contract.clients.obliging import THOUGHT, WORDS
from tests.contract.clients.reading import COUNTED, WRITTEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic_ai.models import Model
    from tests.contract.clients.front import Front

pytestmark = pytest.mark.anyio


_SHAPES: Any = {"supports_json_schema_output": True}  # the client knows it of its own models
_THINKS: Any = {
    "openai_reasoning_effort": "low",
    "anthropic_thinking": {"type": "enabled", "budget_tokens": 1024},
    "max_tokens": 2000,
}


class Surface:
    """One of ours, as the client calls models on it."""

    def __init__(self, name: str, openai: AsyncOpenAI, anthropic: AsyncAnthropic) -> None:
        self.name = name
        self._openai = OpenAIProvider(openai_client=openai)
        self._anthropic = AnthropicProvider(anthropic_client=anthropic)

    def model(self, name: str) -> Model:
        match self.name:
            case "chat":
                return OpenAIChatModel(name, provider=self._openai)
            case "responses":
                return OpenAIResponsesModel(name, provider=self._openai)
            case _:
                return AnthropicModel(name, provider=self._anthropic, profile=_SHAPES)


@pytest.fixture(params=["chat", "responses", "messages"])
async def surface(request: pytest.FixtureRequest, front: Front) -> AsyncIterator[Surface]:
    key: Any = {"api_key": front.key, "max_retries": 0}
    async with (
        AsyncOpenAI(base_url=front.url, **key) as openai,
        AsyncAnthropic(base_url=front.root, **key) as anthropic,
    ):
        yield Surface(request.param, openai, anthropic)


@pytest.fixture(params=[*MODELS])
def model(request: pytest.FixtureRequest, surface: Surface) -> Model:
    """Each endpoint behind each surface."""
    return surface.model(request.param)


class City(BaseModel):
    """What is told of a city."""

    name: str
    people: int


class Choice(BaseModel):
    """What even the smallest model comes to the end of."""

    city: Literal["Bath", "Rome"]
    is_old: bool


async def test_an_answer_and_what_it_used(model: Model) -> None:
    result = await Agent(model, instructions="Be kind.").run("Hi")
    assert result.output == WORDS
    assert (result.usage.input_tokens, result.usage.output_tokens) == (COUNTED, WRITTEN)


async def test_a_stream_says_the_same(model: Model) -> None:
    async with Agent(model).run_stream("Hi") as result:
        pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
    assert len(pieces) > 1
    assert "".join(pieces) == WORDS
    assert (result.usage.input_tokens, result.usage.output_tokens) == (COUNTED, WRITTEN)


async def test_a_tool_is_called_and_its_result_is_answered(model: Model) -> None:
    agent = Agent(model)
    asked: list[str] = []

    @agent.tool_plain
    def weather(place: str) -> str:
        """Tell the weather."""
        asked.append(place)
        return "sunny"

    result = await agent.run("How is it in 'Bath'?")
    assert (asked, result.output) == (["Bath"], WORDS)
    said = [part for message in result.all_messages() for part in message.parts]
    (call,) = [part for part in said if isinstance(part, ToolCallPart)]
    (back,) = [part for part in said if isinstance(part, ToolReturnPart)]
    assert call.tool_call_id == back.tool_call_id
    again = await agent.run("And now?", message_history=result.all_messages())
    assert again.output == WORDS


async def test_a_stream_calls_a_tool_too(model: Model) -> None:
    agent = Agent(model)

    @agent.tool_plain
    def weather(place: str) -> str:
        """Tell the weather."""
        return f"sunny in {place}"

    async with agent.run_stream("How is it in 'Bath'?") as result:
        assert await result.get_output() == WORDS
    returned = [part for each in result.all_messages() for part in each.parts]
    assert [part.content for part in returned if isinstance(part, ToolReturnPart)] == [
        "sunny in Bath"
    ]


@pytest.mark.parametrize("native", [True, False], ids=["schema", "tool"])
async def test_an_answer_has_the_shape_that_was_asked_for(model: Model, *, native: bool) -> None:
    shape: Any = NativeOutput(City) if native else City
    result = await Agent(model, output_type=shape).run("Who lives in 'Bath'? (7)")
    assert result.output == City(name="Bath", people=7)


async def test_thinking_comes_and_is_handed_back(model: Model) -> None:
    agent = Agent(model, model_settings=_THINKS)
    result = await agent.run("Hi")
    thoughts = [part for part in result.response.parts if isinstance(part, ThinkingPart)]
    assert [thought_of(part) for part in thoughts] == [THOUGHT]
    assert result.output == WORDS
    again = await agent.run("And now?", message_history=result.all_messages())
    assert again.output == WORDS


async def test_a_model_that_is_not_there_is_an_error_with_its_status(surface: Surface) -> None:
    with pytest.raises(ModelHTTPError) as caught:
        await Agent(surface.model("gpt-5-nowhere")).run("Hi")
    assert caught.value.status_code == 404
    assert "unknown_model" in str(caught.value.body)


async def test_the_embedded_model_answers_whole_and_in_pieces(surface: Surface) -> None:
    agent = Agent(surface.model(SMALL), model_settings={"temperature": 0, "max_tokens": 8})
    whole = await agent.run("Say hello.")
    assert whole.output
    async with agent.run_stream("Say hello.") as result:
        assert await result.get_output() == whole.output
    assert result.usage.output_tokens == whole.usage.output_tokens == 8


async def test_the_embedded_model_keeps_to_a_shape(surface: Surface) -> None:
    agent = Agent(
        surface.model(SMALL),
        output_type=NativeOutput(Choice),
        model_settings={"temperature": 0, "max_tokens": 60},
    )
    result = await agent.run("Bath or Rome?")
    assert result.output.city in {"Bath", "Rome"}


def thought_of(part: ThinkingPart) -> str:
    """Read thinking: the client keeps what is no summary beside it."""
    raw: list[str] = (part.provider_details or {}).get("raw_content", [])
    return part.content or "".join(raw)
