"""Cutting a long text where it can be cut, so that others have their turn between two pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Piece", "pieces")

_CUTS = ("\n\n", "\n", ". ", "\u3002", " ")
"""Where to cut, the best first."""


class Piece(NamedTuple):
    """A part of a text."""

    start: int
    end: int
    """Past its last character; the next piece begins there."""


def pieces(text: str, most: int) -> Iterator[Piece]:
    """Cut a text behind paragraphs, lines, sentences or words, none longer than `most` characters.

    No piece but the last is shorter than half of that.
    """
    start = 0
    while len(text) - start > most:
        end = _cut(text, start + most // 2, start + most)
        yield Piece(start, end)
        start = end
    if start < len(text):
        yield Piece(start, len(text))


def _cut(text: str, least: int, most: int) -> int:
    for sign in _CUTS:
        at = text.rfind(sign, least, most)
        if at >= 0:
            return at + len(sign)
    return most
