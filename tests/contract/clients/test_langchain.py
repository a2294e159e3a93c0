"""LangChain's own standard tests pass with its OpenAI and Anthropic models in front of us.

What an endpoint lacks is in a table with the reason, and every entry of it has to fail.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from anthropic import UnprocessableEntityError as AnthropicUnprocessable
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests
from openai import UnprocessableEntityError
from tests.contract.clients.front import MODELS, SMALL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from langchain_core.language_models import BaseChatModel
    from tests.contract.clients.front import Front

pytestmark = [
    pytest.mark.anyio,
    # What follows is said about the suite's own questions, or by the client about its own objects.
    pytest.mark.filterwarnings("ignore:OpenAI may require a filename:UserWarning"),
    pytest.mark.filterwarnings("ignore:LANGCHAIN_TESTS_USER_AGENT:UserWarning"),
    pytest.mark.filterwarnings("ignore:Received a Pydantic BaseModel V1 schema:UserWarning"),
    pytest.mark.filterwarnings("ignore:Unrecognized structured output method:UserWarning"),
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning"),
]

LACKS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("gpt-5-responses", "test_stop_sequence"): "the Responses dialect has no stop sequences",
        ("claude-opus-messages", "test_json_mode"): (
            "Anthropic's dialect has no JSON without a schema"
        ),
        ("claude-opus-messages", "test_audio_inputs"): "Anthropic's dialect has no sound",
    }
)
"""What endpoints cannot do, whoever asks: it is refused with 422 and this reason."""

SMALL_LACKS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(["test_tool_calling", "test_tool_calling_async"], "it does not copy the 3")
    | {"test_unicode_tool_call_integration": "it does not copy a name"}
    | {"test_agent_loop": "whether it calls a tool that it need not is chance"}
    | dict.fromkeys(
        [
            "test_bind_runnables_as_tools",
            "test_json_mode",
            "test_structured_output",
            "test_structured_output_async",
            "test_structured_output_optional_param",
            "test_structured_output_pydantic_2_v1",
            "test_tool_choice",
        ],
        "it does not come to the end of a string whose length nothing limits",
    )
)
"""What a model of 135 million parameters cannot, or only now and then."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Keep one event loop for the file: LangChain keeps its clients for the next model."""
    return "asyncio"


@pytest.fixture(scope="module", autouse=True)
async def one_loop(anyio_backend: str) -> AsyncIterator[None]:
    """Hold it open."""
    yield  # noqa: PT022 what ends here is the loop


@pytest.fixture
def benchmark() -> None:
    """Stand in for a plugin's fixture."""


@pytest.fixture
def vcr() -> None:
    """Stand in as above, for the one test that needs both."""
    pytest.skip("times a recording, and there is none")


@pytest.fixture(autouse=True)
def never_abroad(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the suite bytes where it would fetch a picture or a document from the Internet."""

    def get(url: str, **_: Any) -> httpx.Response:
        return httpx.Response(200, content=url.encode())

    monkeypatch.setattr(httpx, "get", get)


class Suite(ChatModelIntegrationTests):
    """What each client's have in common; `lacks` is what it cannot, or need not, ask for."""

    lacks: frozenset[str] = frozenset()

    @pytest.fixture(autouse=True, params=[*MODELS])
    def in_front(self, request: pytest.FixtureRequest, front: Front) -> None:
        self.front = front
        self.name: str = request.param
        test: str = request.function.__name__
        reason = LACKS.get((self.name, test))
        if reason is not None and test not in self.lacks:
            refusals = (UnprocessableEntityError, AnthropicUnprocessable)
            request.applymarker(pytest.mark.xfail(raises=refusals, reason=reason))

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_pdf_tool_message(self) -> bool:
        return True

    @property
    def supports_audio_inputs(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "claude-opus-messages"

    @property
    def supported_usage_metadata_details(self) -> Any:
        both = ["reasoning_output", "cache_read_input"]
        return {"invoke": both, "stream": both}

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        return ask(self.chat_model_class(**self.chat_model_params), stream=stream)

    def invoke_with_reasoning_output(self, *, stream: bool = False) -> AIMessage:
        thinks: Any = {"reasoning_effort": "low"}
        return ask(self.chat_model_class(**self.chat_model_params, **thinks), stream=stream)


class TestChatOpenAI(Suite):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        here = {"base_url": self.front.url, "api_key": self.front.key, "max_retries": 0}
        return {**here, "model": self.name, "stream_usage": True}


class TestChatOpenAIResponses(TestChatOpenAI):
    lacks = frozenset({"test_stop_sequence", "test_audio_inputs"})  # the client leaves both out

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {**super().chat_model_params, "use_responses_api": True}


class TestChatAnthropic(Suite):
    lacks = frozenset({"test_json_mode"})  # the client asks for a schema instead

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatAnthropic

    @property
    def chat_model_params(self) -> dict[str, Any]:
        here = {"base_url": self.front.root, "api_key": self.front.key, "max_retries": 0}
        return {**here, "model": self.name}

    @property
    def supports_audio_inputs(self) -> bool:
        return False  # the client refuses it itself

    def invoke_with_reasoning_output(self, *, stream: bool = False) -> AIMessage:
        thinks: Any = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
        return ask(self.chat_model_class(**self.chat_model_params, **thinks), stream=stream)


class TestTheEmbeddedModel(TestChatOpenAI):
    @pytest.fixture(autouse=True)
    def in_front(self, request: pytest.FixtureRequest, front: Front) -> None:
        self.front = front
        self.name = SMALL
        test: str = request.function.__name__
        # As many as a call without arguments takes; nothing else here has to be complete.
        self.most_tokens = 48 if "no_arguments" in test else 8
        if reason := SMALL_LACKS.get(test):
            request.applymarker(pytest.mark.xfail(run=False, reason=reason))

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {**super().chat_model_params, "temperature": 0, "max_tokens": self.most_tokens}

    @property
    def supports_image_inputs(self) -> bool:
        return False

    @property
    def supports_image_urls(self) -> bool:
        return False

    @property
    def supports_image_tool_message(self) -> bool:
        return False

    @property
    def supports_pdf_inputs(self) -> bool:
        return False

    @property
    def supports_pdf_tool_message(self) -> bool:
        return False

    @property
    def supports_audio_inputs(self) -> bool:
        return False

    @property
    def supported_usage_metadata_details(self) -> Any:
        return {"invoke": ["cache_read_input"], "stream": ["cache_read_input"]}


def ask(model: BaseChatModel, *, stream: bool) -> AIMessage:
    """Ask one thing, whole or in pieces."""
    if not stream:
        return model.invoke("Hello")
    full: AIMessageChunk | None = None
    for chunk in model.stream("Hello"):
        assert isinstance(chunk, AIMessageChunk)
        full = chunk if full is None else full + chunk
    assert full is not None
    return full
