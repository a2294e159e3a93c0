"""What an answer said, read off its events, also where they are the wire's own bytes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jevons.types.errors import ProviderGarbled
from jevons.types.event import (
    Finished,
    Frame,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from jevons.wire import messages, openai_chat, responses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jevons.types.event import Event
    from jevons.types.request import Dialect, Generate
    from jevons.wire.stream_reader import StreamReader
    from jevons.wire.whole import Whole

__all__ = ("Heard", "heard")


class Heard(NamedTuple):
    """What an answer said."""

    text: str
    calls: tuple[tuple[str, str], ...] = ()
    """Name and arguments of each call to a tool, in order; arguments are JSON text."""
    is_plain: bool = True
    """Whether it was nothing else: no refusal, and no block that only one dialect knows."""


def heard(events: Sequence[Event], request: Generate) -> Heard:
    """Read an answer.

    Args:
        events: All of it, in order, what ends it included.
        request: What was asked: frames are of its dialect.
    """
    frames = b"".join([event.body for event in events if isinstance(event, Frame)])
    if frames:
        events = _read(frames, request)
    texts: list[str] = []
    calls: dict[int, list[str]] = {}
    is_plain = bool(events)
    for event in events:
        match event:
            case TextDelta():
                texts.append(event.text)
            case ToolCallDelta():
                name, *arguments = calls.get(event.index, [""])
                calls[event.index] = [name or event.name, *arguments, event.arguments]
            case Started() | ReasoningDelta() | Finished():
                pass
            case _:
                is_plain = False
    called = [(name, "".join(arguments)) for _, (name, *arguments) in sorted(calls.items())]
    return Heard("".join(texts), tuple(called), is_plain)


def _read(frames: bytes, request: Generate) -> Sequence[Event]:
    """Read frames into events; none if they are no answer."""
    listen, read_whole = _READERS[request.source.dialect]
    if not request.stream:
        try:
            whole = read_whole(frames)
        except ProviderGarbled:
            return ()
        return () if whole.error else whole.events
    reader = listen()
    events = reader.feed(frames)
    return () if reader.end() else (*events, *reader.closing)


_READERS: Mapping[Dialect, tuple[Callable[[], StreamReader], Callable[[bytes], Whole]]] = (
    MappingProxyType(
        {
            "openai-chat": (openai_chat.Reader, openai_chat.read_whole),
            "openai-responses": (responses.Reader, responses.read_whole),
            "anthropic-messages": (messages.Reader, messages.read_whole),
        }
    )
)
"""Of the dialects that callers speak."""
