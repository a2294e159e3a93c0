"""Server-sent events, put together from bytes as they are read.

Rule 1: only whole events come out. The beginning of one is kept until its blank line comes.
Rule 2: what is kept is bounded, and looked at once, however small the reads are.
Rule 3: lines end in LF, CRLF or CR. A blank line of LF and a bare CR after it, which no
    server writes, is not taken for one.

Source: WHATWG HTML Living Standard §9.2.5 and §9.2.6, read 2026-11.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from jevons.types.errors import ProviderGarbled

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Framing", "Message", "one_line", "read_event", "split")

_LIMIT_BYTES = 8 * 1024 * 1024  # an answer of a million tokens in one event, twice over
_BLANK = re.compile(rb"\n\n|\n\r\n|\r\r")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_LONGEST_BLANK = 3
_BOM = b"\xef\xbb\xbf"


class Message(NamedTuple):
    """What one event says."""

    name: bytes
    """The event's type; empty if it has none."""
    data: bytes | None
    """Its data lines, joined by LF; None if it has none, as a comment has."""


class Framing:
    """One stream under way.

    Args:
        limit_bytes: Longest event.
    """

    __slots__ = ("_limit_bytes", "_rest", "_searched")

    def __init__(self, *, limit_bytes: int = _LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._rest = bytearray()
        self._searched = 0

    @property
    def rest(self) -> bytes:
        """The beginning of an event that has not ended."""
        return bytes(self._rest)

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they were read; return all that belongs to whole events.

        Raises:
            ProviderGarbled: An event is longer than the limit.
        """
        if not self._rest and data.endswith(b"\n\n"):
            return data
        rest = self._rest
        rest += data
        end = _end_of_last(rest, max(self._searched - _LONGEST_BLANK + 1, 0))
        whole = bytes(rest[:end])
        del rest[:end]
        self._searched = len(rest)
        if len(rest) > self._limit_bytes:
            message = f"an event is longer than {self._limit_bytes} bytes"
            raise ProviderGarbled(message)
        return whole


def split(whole: bytes) -> Iterator[bytes]:
    """Yield the events of what `Framing.feed` gave, each with its blank line."""
    begin = 0
    for blank in _BLANK.finditer(whole):
        yield whole[begin : blank.end()]
        begin = blank.end()


def read_event(event: bytes) -> Message:
    """Take one event apart. Fields but `event` and `data` say nothing to us."""
    name = b""
    lines: list[bytes] = []
    for line in _LINE_END.split(event.removeprefix(_BOM)):
        field, _, value = line.partition(b":")
        if field == b"data":
            lines.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return Message(name, b"\n".join(lines) if lines else None)


def one_line(data: bytes) -> bytes:
    """Put JSON of others on one line, as an event's data must be: no string in it holds a break."""
    if b"\n" not in data and b"\r" not in data:
        return data
    return data.replace(b"\n", b" ").replace(b"\r", b" ")


def _end_of_last(block: bytearray, begin: int) -> int:
    """Find where the last whole event ends; 0 if none does."""
    end = 0
    for blank in _BLANK.finditer(block, begin):
        end = blank.end()
    return end
