"""Numbers: of cards, accounts, telephones, and those by which states know people.

Rule 1: only where enough digits stand close together is anything tried, and then from each
    group of digits once, with patterns of bounded length. So the work grows with the text and
    no faster, whatever is in it.
Rule 2: what has a checksum goes before what has a shape only.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.privacy.account import CARD_WORDS, card_end, iban_end
from jevons.privacy.finding import Finding
from jevons.privacy.fold import lowered
from jevons.privacy.national import LETTERED, NUMBERED
from jevons.privacy.near import words_around
from jevons.privacy.phone import UNSPACED_WORDS, WORDS, date_end, phone_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.privacy.finding import Kind
    from jevons.privacy.national import Shape

__all__ = ("Numbers",)

# Seven digits, with gaps: the shortest number that is looked for, but for three pairs; in Finland's
# a letter stands after six. It begins with a plain set of characters, to which `re` skips quickly;
# what stands before is looked at afterwards.
_START = re.compile(
    r"[0-9](?:[ ./()+-]{0,3}[0-9]){5}"
    r"(?:(?:[ ./()+-]{0,3}|[A-FU-Ya-fu-y])[0-9]|(?<=[0-9]{2}[ -][0-9]{2}[ -][0-9]{2}))"
)
_SIGNS_BACKWARDS = re.compile(r"\(?(?: ?\+\(?)?")
_GROUP = re.compile(r"[0-9]++")
_FRACTION = re.compile(r"(?<!\.)0\.[0-9]{4,}+(?!\.)")
_LETTERED = re.compile(r"[0-9](?<![^A-Za-z -][0-9])(?<![^A-Za-z][ -][0-9])(?=[0-9A-Za-z -]{6})")
_LETTERS_BACKWARDS = re.compile(r"(?:-?[A-Za-z]{1,6}| [A-Z]{2})(?![0-9A-Za-z])")
_LETTERS_MOST = 8
_GAPS = MappingProxyType(str.maketrans("", "", " .-/"))
_CARD_FIRSTS = frozenset({4, *range(12, 20)})

_PAPERS: tuple[tuple[str, Kind, re.Pattern[str]], ...] = (
    ("pass", "passport", re.compile(r"passports?|passeport|passaporto")),
    ("reisepass", "passport", re.compile(r"reisepass")),
    ("pasaporte", "passport", re.compile(r"pasaporte")),
    ("driv", "driving_licence", re.compile(r"driv(?:er|ing).{0,4}licen[cs]es?")),
    ("führerschein", "driving_licence", re.compile(r"führerschein")),
    ("permis de conduire", "driving_licence", re.compile(r"permis de conduire")),
)
# As long as any state's. Four digits tell one from a word; where it says `number is`, one does, or
# capitals alone, as New York and Washington give them.
_PAPER = re.compile(
    r"(?:[^\n]{0,24}?(?<![0-9A-Za-z])(?=(?:[A-Za-z-]{0,6}[0-9]){4})"
    r"|[ ,]{0,2}(?:(?:[Nn]umbers?|[Nn]o\.?|[Nn]r\.?|ID|#)[ :#.]{0,3}(?:is|was)?|is|was|:)[ :#]{1,3}"
    r"(?=[A-Za-z-]{0,18}[0-9]|[A-Z]{8,19}(?![0-9A-Za-z])))"
    r"([0-9A-Za-z](?:-?[0-9A-Za-z]){4,18}\*?)(?![0-9A-Za-z])"
)


class Numbers:
    """What numbers are looked for.

    Args:
        regions: Countries, ISO 3166-1 alpha-2, whose numbers take no word beside them.
    """

    def __init__(self, regions: frozenset[str] = frozenset()) -> None:
        numbered = [_at_home(shape, regions) for shape in NUMBERED]
        self._lettered = tuple(_at_home(shape, regions) for shape in LETTERED)
        self._numbered = _by_first(numbered)
        self._unsaid = _by_first([shape for shape in numbered if not shape.beside])
        self._words = WORDS.union(CARD_WORDS, *(shape.beside for shape in numbered))

    def find(self, text: str) -> Iterator[Finding]:
        """Find numbers; `text` is folded already."""
        yield from self._begun_by_digits(text)
        yield from self._begun_by_letters(text)
        yield from _papers(text)

    def _begun_by_digits(self, text: str) -> Iterator[Finding]:
        begun = _START.search(text)
        while begun:
            digit = begun.start()
            fraction = _FRACTION.match(text, digit) if text.startswith("0.", digit) else None
            found = None
            if not fraction and not _is_within_word(text, digit):
                found = self._number(text, digit)
            if found:
                yield found
            ended = found.end if found else fraction.end() if fraction else _past_group(text, digit)
            begun = _START.search(text, ended)

    def _number(self, text: str, digit: int) -> Finding | None:
        start = _signs_start(text, digit)
        said = words_around(text, start, UNSPACED_WORDS)
        # Nearly always nothing is said that any number asks for: then most of them are not tried.
        said = [] if self._words.isdisjoint(said) else said
        return (
            (_telephone(text, start, said) if "+" in text[start:digit] else None)
            or self._checked(text, digit, said)
            or (_telephone(text, start, said) if date_end(text, digit) == digit else None)
        )

    def _checked(self, text: str, digit: int, said: list[str]) -> Finding | None:
        first = _past(text, digit) - digit
        if first in _CARD_FIRSTS and (end := card_end(text, digit, said)) > digit:
            return Finding(digit, end, "card")
        shapes = self._numbered if said else self._unsaid
        return _shaped(shapes.get(first, ()), text, digit, said)

    def _begun_by_letters(self, text: str) -> Iterator[Finding]:
        for group in _LETTERED.finditer(text):
            start = _letters_start(text, group.start())
            if start < group.start():
                end = iban_end(text, start)
                found = Finding(start, end, "iban") if end > start else None
                found = found or _shaped(self._lettered, text, start, words_around(text, start))
                if found:
                    yield found


def _by_first(shapes: list[Shape]) -> dict[int, tuple[Shape, ...]]:
    return {
        first: tuple(shape for shape in shapes if first in shape.firsts)
        for first in {first for shape in shapes for first in shape.firsts}
    }


def _at_home(shape: Shape, regions: frozenset[str]) -> Shape:
    return shape._replace(beside=frozenset()) if shape.region in regions else shape


def _past(text: str, digit: int) -> int:
    """Say where the digits end that begin at a place."""
    group = _GROUP.match(text, digit)
    return group.end() if group else digit


def _past_group(text: str, digit: int) -> int:
    """Say where the next number could begin: past a date, or past these digits."""
    end = date_end(text, digit)
    return end if end > digit else _past(text, digit)


def _is_within_word(text: str, start: int) -> bool:
    """Say whether a letter or digit stands before; those of scripts without spaces do not count."""
    before = text[start - 1] if start else " "
    return before.isascii() and before.isalnum()


def _signs_start(text: str, digit: int) -> int:
    """Walk back to the `+` or the bracket that a number begins with."""
    if not text.startswith(("+", "(", " "), digit - 1 if digit else 0):
        return digit
    signs = _SIGNS_BACKWARDS.match(text[max(0, digit - 4) : digit][::-1])
    start = digit - signs.end() if signs else digit
    return digit if _is_within_word(text, start) else start


def _letters_start(text: str, digit: int) -> int:
    """Walk back to the first of the few letters that a number begins with."""
    letters = _LETTERS_BACKWARDS.match(text[max(0, digit - _LETTERS_MOST) : digit][::-1])
    return digit - letters.end() if letters else digit


def _shaped(shapes: tuple[Shape, ...], text: str, start: int, said: list[str]) -> Finding | None:
    for shape in shapes:
        if shape.beside and shape.beside.isdisjoint(said):
            continue
        found = shape.pattern.match(text, start)
        if found and shape.is_valid(found.group().translate(_GAPS).upper()):
            return Finding(start, found.end(), shape.kind)
    return None


def _telephone(text: str, start: int, said: list[str]) -> Finding | None:
    end = phone_end(text, start, said)
    return Finding(start, end, "phone") if end > start else None


def _papers(text: str) -> Iterator[Finding]:
    """Find numbers of papers, which have no shape of their own, behind what they are called."""
    small = lowered(text)
    for stem, kind, pattern in _PAPERS:
        at = small.find(stem)
        while at >= 0:
            named = pattern.match(small, at)
            paper = _PAPER.match(text, named.end()) if named else None
            if paper:
                yield Finding(paper.start(1), paper.end(1), kind)
            at = small.find(stem, at + len(stem))
