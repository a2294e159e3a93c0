"""Tokens that stand for what identifies people, in one request and the answer to it.

A token reads `⟦EMAIL_k3fq2dm⟧`: what kind of thing it stands for, and a tag. The tag is drawn
from a secret of the conversation and from the very letters that it stands for. So the same
letters have the same token in every turn, another conversation has others, and a token tells
nothing to whoever sees it.

Rule 1: nothing is stored. What a token stands for is known while its request is under way, and
    known again when the next turn brings the same letters. There is no vault to steal or erase.
Rule 2: a tag belongs to one value, and to none that was said before it was drawn: what only
    looks like a token is never taken for one.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("SPACED_TAG", "TAG", "TAG_BEGINNING", "Pseudonyms")

# Without letters that are taken for digits, or that make words. A tag has two digits, so that no
# detector takes it for a number, and no word of a language is one.
_LETTERS = "abcdefghjkmnpqrstvwxyz"
_DIGITS = "23456789"
_SHAPE = (_LETTERS, _DIGITS, _LETTERS, _LETTERS, _DIGITS, _LETTERS, _LETTERS)
TAG = "".join([f"[{characters}]" for characters in _SHAPE])
"""Pattern of a tag, in small letters: 330 million of them."""
SPACED_TAG = r"\s?".join([f"[{characters}]" for characters in _SHAPE])
"""The same with white space in it."""
TAG_BEGINNING = "(?:".join([f"[{characters}]" for characters in _SHAPE]) + ")?" * (len(_SHAPE) - 1)
"""Pattern of a tag of which not all has come yet."""

_TOKEN = re.compile(f"⟦[A-Z_]+_({TAG})⟧")
_TAG = re.compile(rf"(?<![a-z0-9]){TAG}(?![a-z0-9])", re.IGNORECASE)


class Pseudonyms:
    """The tokens of one request.

    Args:
        secret: Of the conversation, 32 bytes.
        texts: All that was said: no tag that is among it is given.
    """

    def __init__(self, secret: bytes, texts: Iterable[str] = ()) -> None:
        self._secret = secret
        self._said = frozenset([tag.lower() for text in texts for tag in _TAG.findall(text)])
        self._tokens: dict[str, str] = {}
        self._values: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    def token(self, kind: str, value: str) -> str:
        """Give the token of a value, the same each time.

        Args:
            kind: What it is, as `email`; a value keeps its first.
            value: Letter by letter as it was said: it comes back so.
        """
        token = self._tokens.get(value)
        if token is None:
            tag = self._draw(value)
            token = self._tokens[value] = f"⟦{kind.upper()}_{tag}⟧"
            self._values[tag] = value
        return token

    def value(self, tag: str) -> str | None:
        """Say what a tag stands for, in letters of either case; None if it stands for nothing."""
        return self._values.get(tag.lower())

    def without(self, text: str) -> str:
        """Take every token out of a text."""
        return _TOKEN.sub(lambda found: found[0] if self.value(found[1]) is None else " ", text)

    def is_said(self, tag: str) -> bool:
        """Whether a tag was in what was said, and so is nobody's."""
        return tag.lower() in self._said

    def _draw(self, value: str) -> str:
        draw = 0
        while True:
            tag = self._drawn(value, draw)
            if tag not in self._values and tag not in self._said:
                return tag
            draw += 1

    def _drawn(self, value: str, draw: int) -> str:
        said = value.encode("utf-8", "surrogatepass")
        salt = draw.to_bytes(16, "big")
        digest = blake2b(said, key=self._secret, salt=salt, digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        tag = ""
        for characters in _SHAPE:
            number, at = divmod(number, len(characters))
            tag += characters[at]
        return tag
