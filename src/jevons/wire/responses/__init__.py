"""OpenAI's Responses dialect, whole: what a surface or a provider needs of it.

Sources, read 2026-11: OpenAI API reference, "Responses" and "Streaming events";
openresponses.org, specification.
"""

from jevons.wire.responses.reader import Reader, read_whole
from jevons.wire.responses.relay import Relay
from jevons.wire.responses.request import parse_request

__all__ = (
    "Reader",
    "Relay",
    "parse_request",
    "read_whole",
)
