"""JSON values, a line each, put together from bytes as they are read.

Rule 1: only whole lines come out. The beginning of one is kept until its end comes.
Rule 2: what is kept is bounded, and looked at once, however small the reads are.
Rule 3: lines end in LF or CRLF; a line of white space says nothing.

Source: ndjson-spec, version 1.0.0 (github.com/ndjson/ndjson-spec).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.errors import ProviderGarbled

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Framing", "split")

_LIMIT_BYTES = 8 * 1024 * 1024  # an answer of a million tokens in one line, twice over
_BOM = b"\xef\xbb\xbf"


class Framing:
    """One stream under way.

    Args:
        limit_bytes: Longest line.
    """

    __slots__ = ("_limit_bytes", "_rest")

    def __init__(self, *, limit_bytes: int = _LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._rest = bytearray()

    @property
    def rest(self) -> bytes:
        """The beginning of a line that has not ended."""
        return bytes(self._rest)

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they were read; return all that belongs to whole lines.

        Raises:
            ProviderGarbled: A line is longer than the limit.
        """
        rest = self._rest
        end = data.rfind(b"\n") + 1
        if not end:
            rest += data
            whole = b""
        elif rest:
            whole = bytes(rest) + data[:end]
            rest[:] = data[end:]
        else:
            whole = data[:end]
            rest += data[end:]
        if len(rest) > self._limit_bytes:
            message = f"a line is longer than {self._limit_bytes} bytes"
            raise ProviderGarbled(message)
        return whole


def split(whole: bytes) -> Iterator[bytes]:
    """Yield the values of what `Framing.feed` gave, each without its end."""
    for line in whole.split(b"\n"):
        value = line.removeprefix(_BOM).strip()
        if value:
            yield value
