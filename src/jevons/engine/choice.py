"""What the model chose, read while it is still writing it.

The schema of `jevons.engine.tools` makes it write `{"tool": NAME, "arguments": {…}}` or
`{"tool": "none", "reply": "…"}`. The arguments, or the reply, reach the caller as they
come, as they would from a model that calls tools by itself.

Rule 1: nothing is made up. An answer that was cut short leaves the caller with the start
    of a reply or of a call, and the reason `length`.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import TYPE_CHECKING

from jevons.types.event import TextDelta, ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jevons.types.event import Event

__all__ = ("Choice",)

_HEAD = re.compile(
    r'\s*\{\s*"tool"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*(?:"reply"\s*:\s*"|"arguments"\s*:\s*(?=\{))'
)

_WHOLE = re.compile(
    r"""(?: [^"\\]                                          # a character as it is
        | \\[^u]                                            # an escape of one character
        | \\u(?![dD][89abAB])[0-9a-fA-F]{4}                 # of a code point
        | \\u[dD][89abAB][0-9a-fA-F]{2}\\u[0-9a-fA-F]{4}    # of a pair of surrogates
        | \\u[dD][89abAB][0-9a-fA-F]{2}(?=[^\\]|\\[^u])     # of half a pair
        )*""",
    re.VERBOSE,
)
"""As much of a JSON string as can be decoded without what follows."""


class Choice:
    """Reads one choice.

    Args:
        new_id: Names a call.
    """

    def __init__(self, new_id: Callable[[], str] | None = None) -> None:
        self.called = False
        """Whether it is a call; known once the tool's name is."""
        self._new_id = new_id or _random_id
        self._text = ""
        self._nesting = _Nesting()
        self._read = self._head

    def feed(self, text: str) -> Iterator[Event]:
        """Take what the model wrote next; yield what the caller is to hear of it."""
        self._text += text
        before = None
        while self._read != before:
            before = self._read
            yield from self._read()

    def _head(self) -> Iterator[Event]:
        """Wait for the tool's name."""
        found = _HEAD.match(self._text)
        if found is None:
            return
        self._text = self._text[found.end() :]
        if found[0].endswith('"'):
            self._read = self._reply
            return
        self.called = True
        self._read = self._arguments
        yield ToolCallDelta(index=0, id=self._new_id(), name=json.loads(found[1]))

    def _reply(self) -> Iterator[Event]:
        """Pass a string on, decoded, to its closing quote."""
        found = _WHOLE.match(self._text)
        end = found.end() if found else 0
        whole, self._text = self._text[:end], self._text[end:]
        if self._text.startswith('"'):
            self._read = self._done
        if whole:
            yield TextDelta(_decoded(whole))

    def _arguments(self) -> Iterator[Event]:
        """Pass an object on, as it is, to the brace that closes it."""
        end = self._nesting.closes(self._text)
        if end is not None:
            self._read = self._done
        piece, self._text = self._text[:end], ""
        if piece:
            yield ToolCallDelta(index=0, arguments=piece)

    def _done(self) -> Iterator[Event]:
        """Pass nothing on: what is left closes the outer object."""
        self._text = ""
        yield from ()


class _Nesting:
    """Follows an object to its end, piece by piece."""

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def closes(self, text: str) -> int | None:
        """Tell where in `text` the object ends; None if it does not yet."""
        for at, mark in enumerate(text, start=1):
            if self._escaped:
                self._escaped = False
            elif self._quoted:
                self._escaped = mark == "\\"
                self._quoted = mark != '"'
            elif mark == '"':
                self._quoted = True
            else:
                self._depth += (mark in "{[") - (mark in "}]")
                if mark == "}" and not self._depth:
                    return at
        return None


def _decoded(text: str) -> str:
    """Decode the inside of a JSON string; half a surrogate pair becomes U+FFFD."""
    decoded: str = json.loads(f'"{text}"', strict=False)
    return decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _random_id() -> str:
    return f"call_{secrets.token_hex(12)}"
