"""A house's own identifiers: names of customers, projects, patients, as it lists them.

Rule 1: letters of either case are one; a term stands alone, as a word or words.
Rule 2: what a look costs does not grow with the number of terms: a text's words are looked up
    by the first word of each term, and then by each length that such terms have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jevons.privacy.finding import Finding
from jevons.privacy.fold import fold, lowered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ("Terms",)

# Scripts that put no space between words: there, each character is taken for a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W_])++")
_ASCII_WORD = re.compile(r"[a-z0-9]++")
_LEAST = 2


class Terms:
    """Identifiers, ready to be found.

    Args:
        terms: As they are written; spaces at their ends do not count.

    Raises:
        ValueError: A term is too short to mean anyone, or has no letter and no digit.
    """

    def __init__(self, terms: Iterable[str] = ()) -> None:
        self._terms = frozenset(lowered(fold(each.strip()).text) for each in terms)
        lengths: dict[str, set[tuple[int, int]]] = {}
        for term in self._terms:
            word = _word(term)
            if word is None:
                message = f"{term!r} is no identifier: it takes two characters, one of a word"
                raise ValueError(message)
            lengths.setdefault(word.group(), set()).add((word.start(), len(term)))
        self._lengths = {
            word: tuple(sorted(each, key=lambda pair: -pair[1])) for word, each in lengths.items()
        }

    @staticmethod
    def takes(term: str) -> bool:
        """Whether something is one."""
        return _word(lowered(fold(term.strip()).text)) is not None

    def find(self, text: str) -> Iterator[Finding]:
        """Find each term, the longest where several begin; `text` is folded already."""
        if not self._terms:
            return
        small = lowered(text)
        pattern = _ASCII_WORD if small.isascii() else _WORD
        if self._lengths.keys().isdisjoint(pattern.findall(small)):
            return
        done = 0
        for word in pattern.finditer(small):
            lengths = self._lengths.get(word.group())
            if lengths and word.start() >= done:
                for ahead, length in lengths:
                    start = word.start() - ahead
                    end = start + length
                    if start >= done and self._is_term(small, start, end):
                        yield Finding(start, end, "term")
                        done = end
                        break

    def _is_term(self, small: str, start: int, end: int) -> bool:
        return small[start:end] in self._terms and not (
            _is_joined(small, start) or _is_joined(small, end)
        )


def _word(term: str) -> re.Match[str] | None:
    """Find the first word of a term; None if it is too short to mean anyone."""
    return _WORD.search(term) if len(term) >= _LEAST else None


def _is_joined(text: str, place: int) -> bool:
    """Say whether a word goes on across a place."""
    word = _WORD.match(text, place - 1, place + 1) if place else None
    return word is not None and word.end() > place
