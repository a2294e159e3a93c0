"""How each dialect is spoken to a server: where it is asked, with which key, and what reads it.

Rule 1: an answer for a caller of the same dialect is passed on as it came; for another it
    is read into events.
Rule 2: a stream is heard through one shape, whatever reads it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from jevons.types.errors import ProviderTruncated, ProviderUnavailable
from jevons.types.event import Frame
from jevons.wire import openai_chat
from jevons.wire.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event
    from jevons.types.request import Dialect, Generate
    from jevons.wire.rendered import Rendered

__all__ = ("SPEECHES", "Hearing", "Speech")


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


class Speech(NamedTuple):
    """One dialect, as servers are asked in it."""

    target: Callable[[Generate, str], str]
    """Path below the base URL, for what is asked and a model."""
    head: Callable[[str], tuple[str, ...]]
    """Header lines that the dialect asks for, a key among them unless it is empty."""
    render: Callable[[Generate, str, str], Rendered]
    """Body of a request, for a model, to an owner of reasoning. Raises `Unsupported`."""
    hear: Callable[[Generate, str], Hearing]
    """What hears a stream, for what was asked, from an owner of reasoning."""
    read: Callable[[Generate, bytes, str], Whole]
    """Read a whole answer. Raises `ProviderGarbled` if it is none."""
    streams_as: bytes = b"text/event-stream"
    """Content type of a stream."""


def _chat_target(_: Generate, __: str) -> str:
    return "/chat/completions"


def _render_chat(request: Generate, model: str, owner: str) -> Rendered:
    return openai_chat.render_request(request, model=model)


def _hear_chat(request: Generate, owner: str) -> Hearing:
    if request.source.dialect == "openai-chat":
        return openai_chat.Relay(choices=request.sampling.n, want_usage=request.want_usage)
    return openai_chat.Reader(owner=owner)


def _read_chat(request: Generate, body: bytes, owner: str) -> Whole:
    if request.source.dialect != "openai-chat":
        return openai_chat.read_whole(body, owner=owner)
    read = openai_chat.read_answer(body)
    error = None
    if read.error is not None:
        error = ProviderUnavailable(f"upstream answered 200: {read.error}")
    elif read.finish is None:
        error = ProviderTruncated("the answer has no finish reason")
    return Whole((Frame(body),), read.finish, read.usage, error)


def _bearer(key: str) -> tuple[str, ...]:
    return (f"authorization: Bearer {key}",) if key else ()


SPEECHES: Mapping[Dialect, Speech] = MappingProxyType(
    {
        "openai-chat": Speech(
            target=_chat_target, head=_bearer, render=_render_chat, hear=_hear_chat, read=_read_chat
        ),
    }
)
