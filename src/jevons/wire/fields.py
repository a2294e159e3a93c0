"""A JSON object that is being read, and that knows where in the body it is.

Rule 1: what is taken out is understood; what is left over is kept as it came.
Rule 2: whatever is wrong is said with its path, in the caller's words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import msgspec

from jevons.types.errors import Malformed

if TYPE_CHECKING:
    from jevons.types.message import Extra

__all__ = ("OBJECT", "STRING", "WRONG", "Fields", "malformed", "read")

WRONG = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises: not JSON or not its type, not UTF-8, nested too deeply."""

STRING = msgspec.json.Decoder(str | None)
OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])

T = TypeVar("T")

_PATH = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")


class Fields:
    """One object under way.

    Args:
        raw: The object.
        where: Its path in the body.

    Raises:
        Malformed: It is not an object.
    """

    __slots__ = ("_fields", "where")

    def __init__(self, raw: msgspec.Raw, where: str) -> None:
        self._fields = read(OBJECT, raw, where)
        self.where = where

    def take(self, name: str, decoder: msgspec.json.Decoder[T]) -> T | None:
        """Take a field out; None if it is absent.

        Raises:
            Malformed: It is not of the decoder's type.
        """
        raw = self._fields.pop(name, None)
        return None if raw is None else read(decoder, raw, f"{self.where}.{name}")

    def text(self, name: str) -> str:
        """Take a string out; empty if it is absent or null."""
        return self.take(name, STRING) or ""

    def need(self, name: str) -> str:
        """Take a string out that must be there.

        Raises:
            Malformed: It is absent, or not a string.
        """
        found = self.take(name, STRING)
        if found is None:
            message = f"{self.where}.{name} is missing; a string is needed"
            raise Malformed(message, param=f"{self.where}.{name}")
        return found

    def raw(self, name: str) -> msgspec.Raw | None:
        """Take a field out undecoded; None if it is absent or null."""
        raw = self._fields.pop(name, None)
        return None if raw is None or bytes(raw) == b"null" else raw

    @property
    def extra(self) -> Extra:
        """What is left over."""
        return self._fields or None

    @property
    def left(self) -> dict[str, msgspec.Raw]:
        """What is left over, as an object."""
        return self._fields


def read(decoder: msgspec.json.Decoder[T], raw: msgspec.Raw | bytes, where: str) -> T:
    """Decode what is at a path.

    Raises:
        Malformed: It cannot be.
    """
    try:
        return decoder.decode(raw)
    except WRONG as error:
        raise malformed(error, where) from None


def malformed(error: Exception, where: str = "") -> Malformed:
    """Say what is wrong, and where."""
    if isinstance(error, RecursionError):
        return Malformed("the body is nested too deeply", param=where or None)
    text = str(error)
    found = _PATH.search(text)
    if found is None and not where:
        return Malformed(f"the body is not JSON of this dialect: {text}")
    inside = found["path"].replace("[...]", "[]") if found else ""
    path = (where + inside).lstrip(".")
    said = text[: found.start()] if found else text
    return Malformed(f"{path or 'body'}: {said}", param=path or None)
