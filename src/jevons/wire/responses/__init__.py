"""OpenAI's Responses dialect, whole: what a surface or a provider needs of it.

Sources, read 2026-11: OpenAI API reference, "Responses" and "Streaming events";
openresponses.org, specification.
"""

from jevons.wire.responses.count import read_count, render_count
from jevons.wire.responses.owned import own_answer
from jevons.wire.responses.past import go_on, input_items, keepsake
from jevons.wire.responses.reader import Reader, read_whole
from jevons.wire.responses.relay import Relay
from jevons.wire.responses.render import (
    Chunks,
    render_answer,
    render_error,
    render_error_after,
    render_error_event,
)
from jevons.wire.responses.request import parse_request
from jevons.wire.responses.write import render_request

__all__ = (
    "Chunks",
    "Reader",
    "Relay",
    "go_on",
    "input_items",
    "keepsake",
    "own_answer",
    "parse_request",
    "read_count",
    "read_whole",
    "render_answer",
    "render_count",
    "render_error",
    "render_error_after",
    "render_error_event",
    "render_request",
)
