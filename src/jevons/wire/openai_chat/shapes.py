"""Requests of OpenAI's chat dialect as they lie in JSON.

A plain request holds nothing of messages and tools but what is named here; then there is
nothing to keep beside, and reading it takes one pass. Any other is read as a free one.

Source: OpenAI API reference, "Create chat completion", read 2026-11.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from jevons.types.message import Role
from jevons.wire.openai_chat.reasoning import Detail

__all__ = (
    "AudioPart",
    "Call",
    "Choice",
    "Common",
    "Fields",
    "FilePart",
    "Format",
    "Free",
    "FreeTurn",
    "Function",
    "ImagePart",
    "Mode",
    "Part",
    "Plain",
    "RefusalPart",
    "TextPart",
    "Tool",
    "Turn",
)

Fields = dict[str, msgspec.Raw]
Mode = Literal["auto", "none", "required"]


class _Named(msgspec.Struct, forbid_unknown_fields=True):
    """Holds what is named and nothing else."""


class _ImageUrl(msgspec.Struct):
    url: str
    detail: str | None = None


class _InputAudio(msgspec.Struct):
    data: str
    format: str


class _File(msgspec.Struct):
    file_data: str = ""
    file_id: str = ""
    filename: str = ""


class TextPart(_Named, tag_field="type", tag="text"):
    """Text."""

    text: str


class RefusalPart(_Named, tag_field="type", tag="refusal"):
    """The model's own words for not answering."""

    refusal: str


class ImagePart(_Named, tag_field="type", tag="image_url"):
    """A picture."""

    image_url: _ImageUrl | str
    """Mistral takes the address itself."""


class AudioPart(_Named, tag_field="type", tag="input_audio"):
    """Sound."""

    input_audio: _InputAudio


class FilePart(_Named, tag_field="type", tag="file"):
    """A document."""

    file: _File


Part = TextPart | RefusalPart | ImagePart | AudioPart | FilePart


class _Called(msgspec.Struct):
    name: str
    arguments: str = ""


class Call(_Named):
    """A call to a tool."""

    function: _Called
    id: str = ""
    type: Literal["function"] = "function"


class Turn(_Named):
    """A message."""

    role: Role
    content: str | list[Part] | None = None
    name: str | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None


class Function(msgspec.Struct):
    """What a tool can do."""

    name: str
    description: str | None = None
    parameters: msgspec.Raw = msgspec.Raw(b"{}")
    strict: bool | None = None


class Tool(_Named):
    """A tool that the caller runs."""

    function: Function
    type: Literal["function"] = "function"


class _Chosen(msgspec.Struct):
    name: str


class Choice(msgspec.Struct):
    """The one tool that must be called."""

    function: _Chosen
    type: Literal["function"] = "function"


class _Schema(msgspec.Struct):
    name: str = ""
    schema: msgspec.Raw = msgspec.Raw(b"{}")
    strict: bool | None = None


class Format(msgspec.Struct):
    """The shape that the answer must have."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: _Schema | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class Common(msgspec.Struct, kw_only=True):
    """The fields beside messages and tools that we read. The rest stays in `Source.fields`."""

    model: str
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    parallel_tool_calls: bool | None = None
    response_format: Format | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    """0 is no limit, as some clients and engines have it."""
    max_completion_tokens: Annotated[int, Meta(ge=0)] | None = None
    top_k: int | None = None
    """Not the dialect's, but engines': -1 and 0 mean all."""
    stop: str | list[str] | None = None
    seed: int | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None


class Plain(Common, kw_only=True):
    """A request of which all is named."""

    messages: Annotated[list[Turn], Meta(min_length=1)]
    tools: list[Tool] | None = None
    tool_choice: Mode | Choice | None = None


class FreeTurn(msgspec.Struct):
    """A message that may hold more."""

    role: Role | Literal["function"]
    """`function` is what a tool was before it was called a tool."""
    content: str | list[Fields] | None = None
    name: str | None = None
    tool_calls: list[Fields] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    """What vLLM, Ollama, Groq and OpenRouter call it."""
    reasoning_details: list[Detail] | None = None
    refusal: str | None = None
    function_call: _Called | None = None


class Free(Common, kw_only=True):
    """A request that may hold more."""

    messages: Annotated[list[FreeTurn], Meta(min_length=1)]
    tools: list[Fields] | None = None
    tool_choice: msgspec.Raw = msgspec.Raw(b"null")
