"""Giving an answer again in the form that this caller hears: another dialect, whole or as a stream.

Rule 1: in the form that it was heard in, it goes as it came, byte for byte.
Rule 2: in another form it is read from its bytes as if they came from an endpoint. What cannot be
    read so is not given again; nor is thinking, whose owner its bytes do not name.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec.structs import replace

from jevons.types.errors import JevonsError
from jevons.types.event import Finished, Frame, ReasoningDelta, Started, TextDelta, Vector
from jevons.wire import messages, openai_chat, responses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jevons.types.decision import Remembered
    from jevons.types.event import Event
    from jevons.types.request import Dialect, Generate
    from jevons.wire.whole import Whole

__all__ = ("as_asked", "text_of")


class _Reads(Protocol):
    """Reads a stream, to its end."""

    def feed(self, data: bytes, /) -> Sequence[Event]:
        """Take bytes; return what they say."""
        ...

    def end(self) -> JevonsError | None:
        """Say that there are no more."""
        ...

    @property
    def closing(self) -> tuple[Event, ...]:
        """What ends the answer."""
        ...


class _Codec(NamedTuple):
    reader: Callable[[], _Reads]
    read_whole: Callable[[bytes], Whole]


_CODECS: Mapping[Dialect, _Codec] = MappingProxyType(
    {
        "openai-chat": _Codec(openai_chat.Reader, openai_chat.read_whole),
        "anthropic-messages": _Codec(messages.Reader, messages.read_whole),
        "openai-responses": _Codec(responses.Reader, responses.read_whole),
    }
)


def as_asked(answer: Remembered, request: Generate) -> Remembered | None:
    """Put an answer into the form that a request asks for.

    Args:
        answer: As it was heard.
        request: Means the same as the one that it was given to.

    Returns:
        The same where the form is the same; None if it cannot be told so.
    """
    dialect, said = request.source.dialect, (*answer.events, *answer.closing)
    form = (answer.dialect, answer.stream, answer.want_usage and answer.stream)
    if form == (dialect, request.stream, request.want_usage and request.stream):
        return answer
    if any(isinstance(each, Frame) for each in said):
        read = _read(answer, said)
        if read is None:
            return None
        said = read
    ends = next((at for at, each in enumerate(said) if isinstance(each, Finished)), len(said))
    return replace(answer, events=said[:ends], closing=said[ends:])


def text_of(answer: Remembered) -> str | None:
    """Read what was said; None if it is not text alone."""
    said: tuple[Event, ...] | None = (*answer.events, *answer.closing)
    if any(isinstance(each, Frame) for each in said):
        said = _read(answer, said)
    if said is None or not all(isinstance(each, Started | TextDelta | Finished) for each in said):
        return None
    return "".join([each.text for each in said if isinstance(each, TextDelta)])


def _read(answer: Remembered, said: tuple[Event, ...]) -> tuple[Event, ...] | None:
    """Read an answer that was heard as bytes."""
    codec = _CODECS.get(answer.dialect)
    if codec is None or not all(isinstance(each, Frame) for each in said):
        return None
    body = b"".join([each.body for each in said if isinstance(each, Frame)])
    try:
        read = _stream(codec, body) if answer.stream else _whole(codec, body)
    except JevonsError:
        return None
    if any(isinstance(each, ReasoningDelta | Vector) for each in read):
        return None
    return tuple(
        [replace(each, usage=answer.usage) if isinstance(each, Finished) else each for each in read]
    )


def _stream(codec: _Codec, body: bytes) -> tuple[Event, ...]:
    reader = codec.reader()
    events = [*reader.feed(body)]
    error = reader.end()
    if error is not None:
        raise error
    return (*events, *reader.closing)


def _whole(codec: _Codec, body: bytes) -> tuple[Event, ...]:
    whole = codec.read_whole(body)
    if whole.error is not None:
        raise whole.error
    return whole.events
