"""Looking through a text for names, in pieces."""

from __future__ import annotations

import re
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.ner.model import load
from jevons.privacy import Finding, merged
from jevons.privacy.day import is_day_named
from jevons.privacy.fold import fold
from jevons.privacy.near import PARTED
from jevons.privacy.piece import pieces
from jevons.privacy.worded import worded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.ner.model import Pipeline
    from jevons.privacy import Kind

__all__ = ("Names",)

_PAGE = 4000
"""Characters that are searched for addresses, days and titles at once."""
_PIECE = 2000
"""Characters that the model reads at once: 40 ms of prose, and of anything at most 200."""

_WORD_MOST = 100
"""Characters of a word that a finding reaches to the end of."""

# OntoNotes 5.0, section 2.6. What is not here (numbers, money, works of art, laws, events) tells
# of nobody, and is more often wrong than right.
_KINDS: MappingProxyType[str, Kind] = MappingProxyType(
    {
        "PERSON": "person",
        "GPE": "place",
        "LOC": "place",
        "FAC": "place",
        "ORG": "organisation",
        "NORP": "group",
        "DATE": "date",
    }
)
_QUOTE = re.compile(r"(?m)^ ?[>?*|#]+(?=[ >\w])")
# What the model takes for names in code, in addresses and in tables.
_SHAPE = re.compile(r"[^\W\d_](?:[^\W_]|[\s.,&'\u2019/-]|\([^()\n]*\))*")
_CODE_BEFORE = re.compile(r"[._=@/\\(\[{<`]$")
_CODE_BEHIND = re.compile(r"[_=(\[{/\\]|[.:][\w:]")
_STOP = ".\n"
_LINE = re.compile(r"[^\W_](?:[^\n]*[^\s])?")
_DIGIT = re.compile(r"[0-9]")
_ABBREVIATION = re.compile(r"[A-Z]{2,5}s?")
_COMPOUND = re.compile(r"(?!Ma?c|De|Di|Fitz|La|Le|O|St|Van)\w*[a-z][A-Z]\w*")


class Names:
    """Finds names, places, organisations, and what else a text's words tell of.

    Loading takes a second or two and 250 MB. May be asked in several threads at once: they take
    turns at the model, one piece of a text each.

    Raises:
        Misconfigured: The model is not installed, or is not the one that was measured.
    """

    def __init__(self) -> None:
        self._model: Pipeline = load()
        self._turn = Lock()
        """Held while the model reads: what it remembers of a text's words is shared."""

    def find(self, text: str) -> list[Finding]:
        """Find them, in order, nothing twice; about 30 ms for a thousand characters."""
        folded = fold(text)
        plain = folded.text
        found: list[Finding] = []
        for page in pieces(plain, _PAGE):
            found += _moved(worded(plain[page.start : page.end]), page.start)
        for piece in pieces(plain, _PIECE):
            found += _moved(self._read(plain[piece.start : piece.end]), piece.start)
        whole = merged(each for one in found for each in _whole(plain, one))
        origin = folded.origin
        return [Finding(origin(one.start), origin(one.end), one.kind) for one in whole]

    def _read(self, text: str) -> Iterator[Finding]:
        # The signs in front of a quoted line are no part of its names, and a value ends as a
        # sentence does.
        plain = _QUOTE.sub(lambda sign: " " * len(sign.group()), text).replace(PARTED, _STOP)
        is_cased = not (text.islower() or text.isupper())
        # Outside a zone every new word would be remembered for good.
        with self._turn, self._model.memory_zone():
            for entity in self._model(plain).ents:
                start, end = entity.start_char, entity.end_char
                kind = _KINDS.get(entity.label_)
                if kind == "date":
                    # Not what only is like `last night`.
                    if is_day_named(plain[start:end]):
                        yield Finding(start, end, kind)
                elif kind:
                    for line in _LINE.finditer(plain, start, end):
                        one = Finding(line.start(), line.end(), kind)
                        if _is_name(plain, one, is_cased=is_cased):
                            yield one


def _is_name(text: str, found: Finding, *, is_cased: bool) -> bool:
    """Tell a name from a word of code, of which the model has seen little."""
    start, end, kind = found
    name = text[start:end]
    if not _SHAPE.fullmatch(name) or (kind == "person" and _DIGIT.search(name)):
        return False
    if _CODE_BEFORE.search(text, max(0, start - 1), start) or _CODE_BEHIND.match(text, end):
        return False
    is_short = kind != "place" and _ABBREVIATION.fullmatch(name)
    return not (_COMPOUND.fullmatch(name) or (is_cased and (name.islower() or is_short)))


def _whole(text: str, found: Finding) -> Iterator[Finding]:
    """Reach to the ends of words, and never across what parts two values of a request.

    Else what is found would not be hidden: it is looked for again as whole words of one value.
    """
    start = found.start
    for part in text[start : found.end].split(PARTED):
        first = start + len(part) - len(part.lstrip())
        last = start + len(part.rstrip())
        if first < last:
            yield Finding(_word_start(text, first), _word_end(text, last), found.kind)
        start += len(part) + len(PARTED)


def _word_start(text: str, place: int) -> int:
    least = max(0, place - _WORD_MOST)
    while place > least and text[place].isalnum() and text[place - 1].isalnum():
        place -= 1
    return place


def _word_end(text: str, place: int) -> int:
    most = min(len(text), place + _WORD_MOST)
    while place < most and text[place - 1].isalnum() and text[place].isalnum():
        place += 1
    return place


def _moved(found: Iterator[Finding], start: int) -> list[Finding]:
    return [Finding(one.start + start, one.end + start, one.kind) for one in found]
