"""A stream of OpenAI's chat dialect, passed on as it came and read only where it must be.

A relay is fed what was read from an endpoint and gives back what may go to the caller at
once. What ends the answer it keeps, for the corridor to send once the receipt is durable.

Rule 1: only whole events go on. A truncated one never leaves.
Rule 2: an event is decoded only if a cheap look says that it ends something, or is not
    plainly a chunk: decoding each would cost more than relaying it.
Rule 3: from the first event that ends the answer on, nothing goes; order is kept.
Rule 4: an answer ends when each choice that was asked for has a finish reason. One that
    stops before is truncated, whatever followed it.
Rule 5: endpoints are always asked for usage; a caller who did not ask never sees the chunk
    that holds nothing else.
Rule 6: an answer that began with thinking says before its end whose it was, if that is known.

Source: OpenAI API reference, "Chat Completions", streaming, read 2026-11.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec

from jevons.types.errors import ProviderGarbled, ProviderTruncated, ProviderUnavailable
from jevons.wire.openai_chat.answer import garbled_by, read_chunk
from jevons.wire.openai_chat.owned import has_thinking, mark_event
from jevons.wire.sse import Framing, read_event, split

if TYPE_CHECKING:
    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError
    from jevons.wire.openai_chat.answer import Said

__all__ = ("Relay",)

_DONE = b"data: [DONE]\n\n"
_OPENING = re.compile(rb'"delta": ?\{(?:"\w+": ?(?:"assistant"|""|null|\[\])(?:, ?)?)*\}')
"""A delta that says no more than who speaks."""
_BEGINNING = 8  # chunks: one that only says who speaks, and some that are empty


class Relay:
    """One answer under way.

    Args:
        choices: How many choices were asked for; the answer ends when all have.
        want_usage: Whether the caller asked for the chunk of usage at the end.
        owner: Vendor that writes it; empty if nobody knows.
    """

    def __init__(self, *, choices: int, want_usage: bool, owner: str = "") -> None:
        self.usage: Usage | None = None
        """The last usage that came; it is cumulative where there are several."""
        self.finish = "error"
        """Why the last choice ended; `error` until it has."""
        self.error: JevonsError | None = None
        """What went wrong; nothing more goes on once it is set."""
        self.pieces = 0
        """Chunks so far, from the first that says something: about one a token, and the guess
        where nobody counted."""
        self.done = False
        """Whether `[DONE]` came; nothing after it is read."""
        self._choices = choices
        self._want_usage = want_usage
        self._owner = owner
        self._looks = bool(owner)
        self._thinks = False
        self._framing = Framing()
        self._finished: frozenset[int] = frozenset()
        self._ended = False
        self._closing: list[bytes] = []

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they were read; return the whole events that may go on."""
        try:
            whole = self._framing.feed(data)
        except ProviderGarbled as error:
            self._fail(error)
            return b""
        if not self._ended and self.error is None:
            count = _plain_events(whole)
            if count:
                if self._looks:
                    self._look(whole)
                self._count(whole, count)
                return whole
        return b"".join([event for event in split(whole) if self._goes_on(event)])

    def end(self) -> JevonsError | None:
        """Say that the body ended cleanly; return what is wrong with that, if anything."""
        rest = self._framing.rest
        if not self.done and self.error is None and rest.strip():
            if read_event(rest).data == b"[DONE]":  # some servers forget the last blank line
                self._take_done()
            else:
                self._fail(ProviderTruncated("the stream ended inside an event"))
        if not self._ended:
            self._fail(ProviderTruncated("the stream ended without a finish reason"))
        return self.error

    @property
    def closing(self) -> bytes:
        """What ends the answer, `[DONE]` included."""
        return b"".join([*self._closing, _DONE])

    def _goes_on(self, event: bytes) -> bool:
        """Look at one event; keep it for the end, or say whether it may go on now."""
        if self.error is not None or self.done or not self._is_for_caller(event):
            return False
        if self._ended:
            self._closing.append(event)
            return False
        return True

    def _is_for_caller(self, event: bytes) -> bool:
        """Take from an event what the books need; say whether the caller should have it."""
        if self._looks:
            self._look(event)
        if _plain_events(event):
            self._count(event, 1)
            return True
        name, data = read_event(event)
        if data == b"[DONE]":
            return self._take_done()
        if not data:
            return True
        try:
            said = read_chunk(data)
        except ProviderGarbled as error:
            return self._fail(error)
        if said.error is not None or name == b"error":
            return self._fail(said.error or ProviderUnavailable(data.decode("utf-8", "replace")))
        return self._note(said, data)

    def _count(self, block: bytes, count: int) -> None:
        if not self.pieces:
            count -= sum(1 for _ in takewhile(_OPENING.search, split(block)))
        self.pieces += count

    def _look(self, block: bytes) -> None:
        """Look whether an answer begins with thinking; that comes before all else."""
        self._thinks = has_thinking(block, self._owner)
        self._looks = not self._thinks and self.pieces < _BEGINNING

    def _note(self, said: Said, data: bytes) -> bool:
        if said.choices and (self.pieces or not _OPENING.search(data)):
            self.pieces += 1
        self.usage = said.usage or self.usage
        if said.finish is not None:
            self.finish = said.finish
            self._finished = self._finished.union(said.finished)
            self._ended = len(self._finished) >= self._choices
            if self._ended and self._thinks:
                self._mark(data)
        return bool(said.choices or said.usage is None or self._want_usage)

    def _mark(self, data: bytes) -> None:
        """Say before the end whose the thinking was."""
        self._thinks = False
        try:
            self._closing.append(mark_event(data, self._owner, choices=self._choices))
        except (msgspec.MsgspecError, UnicodeDecodeError) as garbled:
            self._fail(garbled_by(garbled))

    def _take_done(self) -> bool:
        self.done = True
        if not self._ended:
            self._fail(ProviderTruncated("[DONE] came before a finish reason"))
        return False

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
