"""OpenAI's chat dialect, whole: what a surface or a provider needs of it.

Source: OpenAI API reference, "Chat Completions", read 2026-11.
"""

from jevons.wire.openai_chat.answer import Read, Said, read_answer, read_chunk
from jevons.wire.openai_chat.history import Replayed, replay
from jevons.wire.openai_chat.knob import KNOBS
from jevons.wire.openai_chat.owned import own_answer
from jevons.wire.openai_chat.reader import Reader, read_whole
from jevons.wire.openai_chat.relay import Relay
from jevons.wire.openai_chat.render import (
    Chunks,
    render_answer,
    render_error,
    render_error_event,
    render_models,
)
from jevons.wire.openai_chat.request import parse_request
from jevons.wire.openai_chat.room import write_rooms
from jevons.wire.openai_chat.sent import render_request

__all__ = (
    "KNOBS",
    "Chunks",
    "Read",
    "Reader",
    "Relay",
    "Replayed",
    "Said",
    "own_answer",
    "parse_request",
    "read_answer",
    "read_chunk",
    "read_whole",
    "render_answer",
    "render_error",
    "render_error_event",
    "render_models",
    "render_request",
    "replay",
    "write_rooms",
)
