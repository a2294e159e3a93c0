"""What a surface needs of its dialect: requests in, answers and errors out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from jevons.wire import embedding, messages, openai_chat, responses

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jevons.edge.asgi import Headers
    from jevons.types.actor import Actor
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event
    from jevons.types.pace import Room
    from jevons.types.request import Generate

__all__ = (
    "CHAT",
    "COUNT",
    "EMBEDDINGS",
    "MESSAGES",
    "RESPONSES",
    "Parse",
    "Rendering",
    "Surface",
    "WriteRooms",
)


class Rendering(Protocol):
    """One answer, rendered as a stream."""

    def event(self, event: Event) -> bytes:
        """Render one event; a `Frame` is rendered already."""
        ...

    def closing(self, events: tuple[Event, ...]) -> tuple[bytes, bytes]:
        """Render what ends an answer, and its very last event apart."""
        ...


class Parse(Protocol):
    """Reads the body of a request."""

    def __call__(self, body: bytes, *, id: str, at_ms: int, actor: Actor | None) -> Generate:  # noqa: A002 the field's name
        """Raises `Malformed`: it is not of this dialect."""
        ...


class WriteRooms(Protocol):
    """Writes header lines."""

    def __call__(self, rooms: Sequence[Room], *, now_ms: int) -> Headers:
        """Write what is left of a caller's limits."""
        ...


class Surface(NamedTuple):
    """One dialect that callers speak."""

    parse: Parse
    stream: Callable[[Generate], Rendering]
    answer: Callable[[Sequence[Event], Generate], bytes]
    """Render a whole answer."""
    error: Callable[[JevonsError], bytes]
    """Render an error in place of an answer."""
    error_event: Callable[[JevonsError], bytes]
    """Render an error in the middle of a stream."""
    error_after: Callable[[JevonsError, bytes], bytes] | None = None
    """The same where a dialect numbers its events: given also what went out last."""
    headers: Callable[[Headers], tuple[tuple[str, str], ...]] | None = None
    """Read the header lines that a dialect has of its own; raises `Malformed`."""
    rooms: WriteRooms = openai_chat.write_rooms
    """Write what is left of the caller's limits."""
    names: tuple[bytes, ...] = (b"x-request-id",)
    """Headers that say the request's id: ours, and the one that the dialect's own clients read."""

    def named(self, request: str) -> Headers:
        """Write a request's id as headers."""
        return [(name, request.encode()) for name in self.names]


CHAT = Surface(
    parse=openai_chat.parse_request,
    stream=openai_chat.Chunks,
    answer=openai_chat.render_answer,
    error=openai_chat.render_error,
    error_event=openai_chat.render_error_event,
)

EMBEDDINGS = CHAT._replace(parse=embedding.parse_request, answer=embedding.render_answer)
"""Asking for vectors in place of words."""

MESSAGES = Surface(
    parse=messages.parse_request,
    stream=messages.Chunks,
    answer=messages.render_answer,
    error=messages.render_error,
    error_event=messages.render_error_event,
    headers=messages.read_headers,
    names=(b"x-request-id", b"request-id"),
    rooms=messages.write_rooms,
)

COUNT = MESSAGES._replace(parse=messages.parse_count, answer=messages.render_counted)
"""Counting the tokens of a prompt."""

RESPONSES = Surface(
    parse=responses.parse_request,
    stream=responses.Chunks,
    answer=responses.render_answer,
    error=responses.render_error,
    error_event=responses.render_error_event,
    error_after=responses.render_error_after,
)
