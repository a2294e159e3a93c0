"""How each dialect is spoken to a server: where it is asked, with which key, and what reads it.

Rule 1: an answer for a caller of the same dialect is passed on as it came; for another it
    is read into events, and where tokens in it have to be turned back.
Rule 2: a stream is heard through one shape, whatever reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

import msgspec

from jevons.types.errors import ProviderGarbled, ProviderTruncated
from jevons.types.event import Frame
from jevons.wire import embedding, gemini, messages, ollama, openai_chat, responses
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jevons.catalog.vendor import Replay as Rule
    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event
    from jevons.types.request import Dialect, Generate
    from jevons.wire.openai_chat import Replayed
    from jevons.wire.rendered import Rendered

__all__ = ("COUNTERS", "EMBEDDERS", "SPEECHES", "Hearing", "Listen", "Read", "Render", "Speech")


class Hearing(Protocol):
    """A stream under way."""

    @property
    def error(self) -> JevonsError | None:
        """What went wrong; nothing more is heard once it is set."""
        ...

    @property
    def done(self) -> bool:
        """Whether its last word came; nothing after it is heard."""
        ...

    @property
    def usage(self) -> Usage | None:
        """Usage, as far as the endpoint reported it."""
        ...

    @property
    def finish(self) -> str:
        """Why the answer ended; `error` until it has."""
        ...

    @property
    def pieces(self) -> int:
        """About how many tokens came, where nobody counted."""
        ...

    @property
    def closing(self) -> bytes | tuple[Event, ...]:
        """What ends the answer; bytes go on as they are."""
        ...

    def feed(self, data: bytes) -> bytes | Sequence[Event]:
        """Take bytes as they were read; return what may go on at once, bytes as they are."""
        ...

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        ...


class Render(Protocol):
    """Writes the body of a request."""

    def __call__(self, request: Generate, *, model: str, owner: str) -> Rendered:
        """Raises `Unsupported`: the dialect cannot say what was asked."""
        ...


class Read(Protocol):
    """Reads a whole answer."""

    def __call__(self, body: bytes, *, owner: str) -> Whole:
        """Raises `ProviderGarbled`: it is none."""
        ...


class Listen(Protocol):
    """Reads a stream."""

    def __call__(self, *, owner: str) -> Hearing:
        """Begin, for a stream of this owner of reasoning."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """One dialect, as servers are asked in it."""

    dialect: Dialect
    target: Callable[[Generate, str], str]
    """Path below the base URL, for what is asked and a model."""
    head: Callable[[str], tuple[str, ...]]
    """Header lines that the dialect asks for, a key among them unless it is empty."""
    render: Render
    listen: Listen
    read_whole: Read
    relay: Callable[[Generate, str], Hearing] | None = None
    """Passes a stream on to a caller of the same dialect, where callers may speak it."""
    own: Callable[[bytes, str], bytes] | None = None
    """Says in a whole answer for such a caller whose its thinking is."""
    glance: Callable[[bytes], Whole] | None = None
    """Reads no more of such an answer than the books need."""
    replay: Callable[[Mapping[str, msgspec.Raw], Rule], Replayed] | None = None
    """Makes thinking in earlier messages what a model wants of it."""
    read_held: Callable[[Generate, bytes], Whole] | None = None
    """Reads a whole answer that has to be held against what was asked."""
    streams_as: bytes = b"text/event-stream"
    """Content type of a stream."""

    def lines(self, request: Generate) -> tuple[str, ...]:
        """Write a caller's header lines that its dialect has a meaning for, if it is this one."""
        if request.source.dialect != self.dialect:
            return ()
        return tuple([f"{name}: {value}" for name, value in request.source.headers])

    def hear(self, request: Generate, owner: str) -> Hearing:
        """Begin to hear a stream."""
        if self.relay is not None and self._passes_on(request):
            return self.relay(request, owner)
        return self.listen(owner=owner)

    def read(self, request: Generate, body: bytes, owner: str) -> Whole:
        """Read a whole answer; to a caller of the same dialect it goes as it came.

        Raises:
            ProviderGarbled: It is none.
        """
        if self.read_held is not None:
            return self.read_held(request, body)
        if not self._passes_on(request):
            return self.read_whole(body, owner=owner)
        glance = self.glance
        whole = self.read_whole(body, owner=owner) if glance is None else glance(body)
        if whole.error is None and self.own is not None and owner:
            body = _owned(self.own, body, owner)
        return whole._replace(events=(Frame(body),))

    def _passes_on(self, request: Generate) -> bool:
        """Whether an answer goes on as it came."""
        if request.source.dialect != self.dialect:
            return False
        return request.inspected is None or not request.inspected.is_veiled


def _owned(own: Callable[[bytes, str], bytes], body: bytes, owner: str) -> bytes:
    try:
        return own(body, owner)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"thinking that is not of its dialect: {error}"
        raise ProviderGarbled(message) from None


def _glance(body: bytes) -> Whole:
    read = openai_chat.read_answer(body)
    error = read.error
    if error is None and read.finish is None:
        error = ProviderTruncated("the answer has no finish reason")
    return Whole((), read.finish, read.usage, error)


def _relay_chat(request: Generate, owner: str) -> Hearing:
    return openai_chat.Relay(choices=request.sampling.n, want_usage=request.want_usage, owner=owner)


def _always(path: str) -> Callable[[Generate, str], str]:
    return lambda _request, _model: path


def _gemini_target(request: Generate, model: str) -> str:
    path = f"/models/{quote(model, safe='-._~/')}"
    return f"{path}:streamGenerateContent?alt=sse" if request.stream else f"{path}:generateContent"


def _gemini_count(_request: Generate, model: str) -> str:
    return f"/models/{quote(model, safe='-._~/')}:countTokens"


def _gemini_embed(_request: Generate, model: str) -> str:
    return f"/models/{quote(model, safe='-._~/')}:batchEmbedContents"


def _bearer(key: str) -> tuple[str, ...]:
    return (f"authorization: Bearer {key}",) if key else ()


def _versioned(key: str) -> tuple[str, ...]:
    """Show a key both ways: Anthropic reads `x-api-key`, others who speak its dialect `authorization`."""
    key_lines = (f"x-api-key: {key}", f"authorization: Bearer {key}") if key else ()
    return (f"anthropic-version: {messages.VERSION}", *key_lines)


_CHAT = Speech(
    dialect="openai-chat",
    target=_always("/chat/completions"),
    head=_bearer,
    render=openai_chat.render_request,
    listen=openai_chat.Reader,
    read_whole=openai_chat.read_whole,
    relay=_relay_chat,
    own=openai_chat.own_answer,
    replay=openai_chat.replay,
    glance=_glance,
)
_RESPONSES = Speech(
    dialect="openai-responses",
    target=_always("/responses"),
    head=_bearer,
    render=responses.render_request,
    listen=responses.Reader,
    read_whole=responses.read_whole,
    relay=lambda _, owner: responses.Relay(owner=owner),
    own=responses.own_answer,
)
_MESSAGES = Speech(
    dialect="anthropic-messages",
    target=_always("/v1/messages"),
    head=_versioned,
    render=messages.render_request,
    listen=messages.Reader,
    read_whole=messages.read_whole,
    relay=lambda _, owner: messages.Relay(owner=owner),
    own=messages.own_answer,
)
_GEMINI = Speech(
    dialect="gemini",
    target=_gemini_target,
    head=lambda key: (f"x-goog-api-key: {key}",) if key else (),
    render=gemini.render_request,
    listen=gemini.Reader,
    read_whole=gemini.read_whole,
)
_OLLAMA = Speech(
    dialect="ollama",
    target=_always("/api/chat"),
    head=_bearer,
    render=ollama.render_request,
    listen=ollama.Reader,
    read_whole=ollama.read_whole,
    streams_as=b"application/x-ndjson",
)
SPEECHES: Mapping[Dialect, Speech] = MappingProxyType(
    {each.dialect: each for each in (_CHAT, _RESPONSES, _MESSAGES, _GEMINI, _OLLAMA)}
)
COUNTERS: Mapping[Dialect, Speech] = MappingProxyType(
    {
        each.dialect: replace(
            each, target=target, render=codec.render_count, read_whole=codec.read_count,
            relay=None, own=None, glance=None, replay=None,
        )
        for each, codec, target in (
            (_RESPONSES, responses, _always("/responses/input_tokens")),
            (_MESSAGES, messages, _always("/v1/messages/count_tokens")),
            (_GEMINI, gemini, _gemini_count),
        )
    }
)  # fmt: skip
"""How the tokens of a prompt are counted, in the dialects that can be asked to."""
EMBEDDERS: Mapping[Dialect, Speech] = MappingProxyType(
    {
        each.dialect: replace(each, target=target, render=render, read_held=read)
        for each, target, render, read in (
            (_CHAT, _always("/embeddings"), embedding.render_request, embedding.read_answer),
            (_RESPONSES, _always("/embeddings"), embedding.render_request, embedding.read_answer),
            (_GEMINI, _gemini_embed, gemini.render_embed, gemini.read_vectors),
            (_OLLAMA, _always("/api/embed"), ollama.render_embed, ollama.read_vectors),
        )
    }
)
"""How texts are made vectors, in the dialects that can be asked to."""
