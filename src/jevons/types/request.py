"""What was asked."""

from __future__ import annotations

from typing import Literal

import msgspec

from jevons.types.actor import Actor
from jevons.types.custody import DataClass
from jevons.types.message import Extra, Message

__all__ = (
    "Dialect",
    "Effort",
    "Embed",
    "Generate",
    "HostedTool",
    "Inspected",
    "Need",
    "Output",
    "Sampling",
    "Source",
    "Thinking",
    "Tool",
)

Dialect = Literal["openai-chat", "openai-responses", "anthropic-messages", "gemini", "ollama"]
"""Wire formats that we speak, on either side."""

Need = Literal[
    "text", "image", "audio", "file", "speech", "search",
    "tools", "json", "json_schema", "logprobs", "n", "embedding",
]  # fmt: skip
"""What an endpoint must be able to do to serve a request. `audio` is heard, `speech` spoken."""

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
"""How hard to think, least first."""


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How to draw the answer. None leaves it to the endpoint."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    """Most tokens of answer, reasoning included."""
    stop: tuple[str, ...] = ()
    seed: int | None = None
    n: int = 1
    logprobs: bool = False
    top_logprobs: int | None = None


class Thinking(msgspec.Struct, frozen=True, kw_only=True):
    """How much to think before the answer. None leaves it to the endpoint."""

    effort: Effort | None = None
    on: bool | None = None
    """Whether it was told to think without a word of how hard; not to is effort `none`."""
    budget_tokens: int | None = None
    """Most tokens of reasoning."""
    visible: bool | None = None
    """Whether the caller wants to see it."""
    extra: Extra = None


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function the model may ask for."""

    name: str
    description: str = ""
    parameters: msgspec.Raw = msgspec.Raw(b"{}")
    """JSON Schema."""
    strict: bool | None = None
    extra: Extra = None


class HostedTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that the endpoint itself runs, as web search: only its dialect has a meaning for it."""

    kind: str
    """What the dialect calls it."""
    fields: dict[str, msgspec.Raw]
    """All of it."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """The shape the answer must have."""

    kind: Literal["text", "json", "json_schema"] = "text"
    name: str = ""
    schema: msgspec.Raw = msgspec.Raw(b"{}")
    """JSON Schema, when `kind` is `json_schema`."""
    strict: bool | None = None


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """What came of looking through a request for what identifies people."""

    found: tuple[str, ...] = ()
    """Kinds of identifiers, in order, each once."""
    data_class: DataClass = DataClass.PUBLIC
    """What those make of its data, at least."""
    unread: tuple[str, ...] = ()
    """What cannot be looked through: `image`, `audio`, `file`, in order, each once."""
    is_veiled: bool = False
    """Whether tokens stand for the identifiers that were found."""


class Embed(msgspec.Struct, frozen=True, kw_only=True):
    """How texts are to become vectors. The texts are the messages of the request, one each."""

    dimensions: int | None = None
    """Numbers in each vector; None leaves it to the model."""
    encoding: Literal["float", "base64"] = "float"
    """How the caller wants a vector written."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The request as it came, so that what we do not know can pass through."""

    dialect: Dialect
    fields: dict[str, msgspec.Raw]
    """Every top-level field, undecoded."""
    digest: bytes
    """SHA-256 of the body's bytes."""
    size_bytes: int
    headers: tuple[tuple[str, str], ...] = ()
    """Header lines that its dialect has a meaning for: names and values."""


class Generate(msgspec.Struct, frozen=True, kw_only=True):
    """Ask a language model for an answer."""

    id: str
    """`req_` and a ULID."""
    at_ms: int
    """When it arrived, Unix milliseconds."""
    actor: Actor | None
    """None when no key, or no known key, came with it: a rule refuses that."""
    model: str
    """As the caller wrote it: an endpoint, a model or an alias."""
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    thinking: Thinking = Thinking()
    tools: tuple[Tool | HostedTool, ...] = ()
    tool_choice: Literal["auto", "none", "required", "named"] = "auto"
    tool: str = ""
    """The tool that must be called, when `tool_choice` is `named`."""
    parallel_tools: bool | None = None
    """Whether several tools may be called at once."""
    output: Output = Output()
    stream: bool = False
    want_usage: bool = False
    """Whether the caller asked for usage at the end of a stream."""
    needs: frozenset[Need] = frozenset()
    keep: bool = False
    """Whether the caller wants the answer kept, and what it answers with it."""
    previous: str = ""
    """The kept answer that this goes on from; what was said until then is in `messages`."""
    counts: bool = False
    """Whether only the tokens of its prompt are to be counted, and nothing is to be written."""
    embed: Embed | None = None
    """Set if its texts are to become vectors, and nothing is to be written."""
    arm: str = ""
    """The arm that is to serve it where `auto` is asked for; empty leaves that to `auto`."""
    traffic: str = ""
    """Name of the class of traffic that it is of where `auto` is asked for, as the caller says."""
    data_class: DataClass = DataClass.PUBLIC
    """What its data is at least, as the caller says."""
    identifiers: tuple[str, ...] = ()
    """What identifies people in it besides, as the caller says."""
    inspected: Inspected | None = None
    """None while nobody has looked."""
    cache: Literal["use", "renew", "never"] = "use"
    """Whether an answer that was given may be given again: `renew` asks anew, and has that answer
    given again; `never` neither takes one nor leaves one."""
    traceparent: str = ""
    """The trace that it is part of, as its caller wrote it (W3C Trace Context); empty if there is
    none, or nobody is told of it."""
    source: Source
