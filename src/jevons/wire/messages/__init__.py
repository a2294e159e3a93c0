"""Anthropic's Messages dialect, whole: what a surface or a provider needs of it.

Source: Anthropic API reference, "Messages" and "Streaming Messages", read 2026-11.
"""

from jevons.wire.messages.count import read_count, render_count, render_counted
from jevons.wire.messages.headers import VERSION, read_headers
from jevons.wire.messages.owned import own_answer
from jevons.wire.messages.reader import Reader, read_whole
from jevons.wire.messages.relay import Relay
from jevons.wire.messages.render import (
    Chunks,
    render_answer,
    render_error,
    render_error_event,
)
from jevons.wire.messages.request import parse_count, parse_request
from jevons.wire.messages.room import write_rooms
from jevons.wire.messages.write import render_request

__all__ = (
    "VERSION",
    "Chunks",
    "Reader",
    "Relay",
    "own_answer",
    "parse_count",
    "parse_request",
    "read_count",
    "read_headers",
    "read_whole",
    "render_answer",
    "render_count",
    "render_counted",
    "render_error",
    "render_error_event",
    "render_request",
    "write_rooms",
)
