"""A stream of OpenAI's chat dialect, passed on as it came and read only where it must be.

A relay is fed what was read from an endpoint and gives back what may go to the caller at
once. What ends the answer it keeps, for the corridor to send once the receipt is durable.

Rule 1: only whole events go on. A truncated one never leaves.
Rule 2: an event is decoded only if a cheap look says that it ends something, or is not
    plainly a chunk: decoding each would cost more than relaying it.
Rule 3: from the first event that ends the answer on, nothing goes; order is kept.
Rule 4: an answer without a finish reason is truncated, whatever followed it.

Source: WHATWG HTML Living Standard §9.2.6, parsing an event stream; OpenAI API reference,
"Chat Completions", streaming.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import JevonsError, ProviderGarbled, ProviderTruncated, ProviderUnavailable
from jevons.wire.openai_answer import read_chunk

if TYPE_CHECKING:
    from jevons.types.account import Usage

__all__ = ("Relay",)

_BLANK = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINES = re.compile(rb"\r\n|\n|\r")

_DONE = b"data: [DONE]\n\n"


class Relay:
    """One answer under way.

    Args:
        choices: How many choices were asked for; the answer ends when all have.
        want_usage: Whether the caller asked for the chunk of usage at the end.
        limit_bytes: Longest event.
    """

    def __init__(
        self, *, choices: int, want_usage: bool, limit_bytes: int = 8 * 1024 * 1024
    ) -> None:
        self.usage: Usage | None = None
        self.finish: str | None = None
        self.error: JevonsError | None = None
        """What went wrong; nothing more goes on once it is set."""
        self._pieces = 0
        self._unfinished = choices
        self._want_usage = want_usage
        self._limit_bytes = limit_bytes
        self._rest = b""
        self._closing: list[bytes] = []
        self._done = False

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they were read; return the whole events that may go on."""
        if self._rest:
            data = self._rest + data
        end = data.rfind(b"\n\n") + 2
        if self._unfinished and self.error is None and end > 1:
            whole = data[:end]
            count = _plain_events(whole)
            if count:
                self._pieces += count
                self._keep_rest(data[end:])
                return whole
        return self._take_apart(data)

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        rest = self._rest.strip()
        if rest == b"data: [DONE]":  # some servers forget the last blank line
            self._done = True
        elif rest:
            self._fail(ProviderTruncated("the stream ended inside an event"))
        if self.error is None and self._unfinished:
            self.error = ProviderTruncated("the stream ended without a finish reason")
        return self.error

    @property
    def closing(self) -> bytes:
        """What ends the answer, `[DONE]` included."""
        body = b"".join(self._closing)
        return body if self._done else body + _DONE

    @property
    def pieces(self) -> int:
        """Chunks that carried an answer: tokens at least, where nobody counted them."""
        return self._pieces

    def _take_apart(self, data: bytes) -> bytes:
        """Split what is here into events, and look at each."""
        passed: list[bytes] = []
        begin = 0
        for blank in _BLANK.finditer(data):
            event = data[begin : blank.end()]
            begin = blank.end()
            if self._take(event):
                passed.append(event)
        self._keep_rest(data[begin:])
        return b"".join(passed)

    def _keep_rest(self, rest: bytes) -> None:
        """Keep the beginning of an event until the rest of it comes."""
        self._rest = rest
        if len(rest) > self._limit_bytes:
            self._fail(ProviderGarbled(f"an event is longer than {self._limit_bytes} bytes"))

    def _take(self, event: bytes) -> bool:
        """Look at one whole event; say whether it may go on now."""
        if self.error is not None or self._done:
            return False
        if not self._read(event):
            return False
        if self._unfinished:
            return True
        self._closing.append(event)
        return False

    def _read(self, event: bytes) -> bool:
        """Take from an event what the books need; say whether the caller should have it."""
        if _plain_events(event):
            self._pieces += 1
            return True
        data = _data(event)
        if data is None:
            return True
        if data == b"[DONE]":
            self._done = True
            return not self._unfinished
        try:
            said = read_chunk(data)
        except msgspec.MsgspecError as error:
            return self._fail(ProviderGarbled(f"an event is not a chunk: {error}"))
        if said.error is not None:
            return self._fail(ProviderUnavailable(f"in the middle of the answer: {said.error}"))
        self._pieces += said.choices > 0
        self.usage = said.usage or self.usage
        if said.finishes:
            self.finish = said.finishes[-1]
            self._unfinished = max(self._unfinished - len(said.finishes), 0)
        return bool(said.choices or said.usage is None or self._want_usage)

    def _fail(self, error: JevonsError) -> bool:
        self.error = self.error or error
        return False


def _plain_events(block: bytes) -> int:
    """Count the events of a block of which each is plainly a chunk that ends nothing; else 0."""
    count = block.count(b"\n\n")
    plain = (
        block.startswith(b'data: {"')
        and block.endswith(b"}\n\n")
        and (count == 1 or block.count(b'}\n\ndata: {"') == count - 1)
        and not _may_end(block)
    )
    return count if plain else 0


def _may_end(event: bytes) -> bool:
    """Whether an event looks as if it ended something, or failed.

    Six searches for literals take a sixth of the time of one regular expression (2026-11).
    Inside text quotes are escaped, so they do not match there; if one did, the event would
    be decoded for nothing.
    """
    return (
        b'reason":"' in event
        or b'reason": "' in event
        or b'usage":{' in event
        or b'usage": {' in event
        or b'"error"' in event
        or b"[DONE]" in event
    )


def _data(event: bytes) -> bytes | None:
    """Join an event's data lines; None if it has none, as a comment has."""
    lines = [
        line[5:].removeprefix(b" ")
        for line in _LINES.split(event.removeprefix(b"\xef\xbb\xbf"))
        if line.startswith(b"data:")
    ]
    return b"\n".join(lines) if lines else None
