"""Putting back, in a text that comes piece by piece, what tokens stand for.

Models do not always repeat a token as it was given: they change its case, put spaces or quotation
marks into it, drop its brackets, translate the word in it. What cannot be mistaken is its tag, so
a token is known by that, and what belongs to the token goes with it.

Rule 1: whatever the pieces, together they read as the whole text would have.
Rule 2: only what could still become a token is held back, and no more than some seventy characters.
Rule 3: what cannot be told for certain is let be, and counted: better a token too many than a
    name that is wrong.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, get_args

from jevons.privacy.finding import Kind
from jevons.privacy.pseudonym import SPACED_TAG, TAG, TAG_BEGINNING

if TYPE_CHECKING:
    from jevons.privacy.pseudonym import Pseudonyms

__all__ = ("Restoration", "Tally")

_BODY = 64
"""Most characters between the brackets of a token."""

_GAP = r"[ _\\-]{0,3}"
_KINDS = tuple(sorted(get_args(Kind), key=len, reverse=True))
_WORD = "|".join([kind.replace("_", _GAP) for kind in _KINDS])


def _beginning(kind: str) -> str:
    """Write a pattern of the word for a kind of which not all has come yet."""
    atoms = [_GAP if letter == "_" else letter for letter in kind]
    return "(?:".join(atoms) + ")?" * (len(atoms) - 1)


# Brackets that a model may put in place of ours, and ours as JSON may escape them.
_OPEN = r"(?:[⟦〚【]|\\u27e6)"
_CLOSE = r"(?:[⟧〛】]|\\u27e7)"
_INSIDE = r"(?:(?!\\u27e[67])[^⟦⟧〚〛【】])"
# The letter of an escape in JSON belongs to no word.
_EDGE = r"(?:(?<![a-z0-9])|(?<=\\[bfnrt]))"
_TOKEN = re.compile(
    rf"{_OPEN}(?P<body>{_INSIDE}{{1,{_BODY}}}?){_CLOSE}"
    rf"|{_EDGE}(?P<word>(?:{_WORD}){_GAP})?(?P<tag>{TAG})(?![a-z0-9])",
    re.IGNORECASE,
)
_UNDECIDED = re.compile(
    rf"(?:{_OPEN}{_INSIDE}{{0,{_BODY + 5}}}"
    r"|\\(?:u(?:2(?:7(?:e)?)?)?)?"
    rf"|{_EDGE}(?:(?:{_WORD}){_GAP}(?:{TAG_BEGINNING})?|{TAG_BEGINNING}"
    rf"|{'|'.join(map(_beginning, _KINDS))}))\Z",
    re.IGNORECASE,
)
_LONGEST = 2 * _BODY
_BODY_WORDS = re.compile(
    rf"[\s\"'`*]*(?:[^\W\d_]{{1,24}}[\s\"'`*_\\-]{{0,3}}){{0,3}}(?P<tag>{SPACED_TAG})[\s\"'`*]*",
    re.IGNORECASE,
)
_BROKEN = re.compile(rf"[\s\"'`*]*(?:{_WORD}){_GAP}[a-z0-9\s]{{1,12}}[\s\"'`*]*", re.IGNORECASE)
_JOINING = frozenset("_-\\")


class Tally:
    """What became of the tokens in an answer."""

    __slots__ = ("restored", "unrestored")

    def __init__(self) -> None:
        self.restored = 0
        self.unrestored = 0


class Restoration:
    """One text under way.

    Args:
        pseudonyms: What tokens stand for.
        tally: Counts what becomes of them.
        is_json: Whether the text is JSON, in which a value has to be written as JSON would.
    """

    __slots__ = ("_before", "_held", "_is_json", "_pseudonyms", "_tally")

    def __init__(self, pseudonyms: Pseudonyms, tally: Tally, *, is_json: bool = False) -> None:
        self._pseudonyms = pseudonyms
        self._tally = tally
        self._is_json = is_json
        self._held = ""
        self._before = ""
        """The characters before what is held, which say whether a word begins there."""

    def feed(self, text: str) -> str:
        """Take some more of it; return what can be said now."""
        text = f"{self._before}{self._held}{text}"
        undecided = _UNDECIDED.search(text, max(len(self._before), len(text) - _LONGEST))
        return self._put_back(text, undecided.start() if undecided else len(text))

    def end(self) -> str:
        """Say that nothing follows; return what was held back."""
        text = f"{self._before}{self._held}"
        return self._put_back(text, len(text))

    def _put_back(self, text: str, until: int) -> str:
        pieces: list[str] = []
        done = at = len(self._before)
        while (found := _TOKEN.search(text, at)) is not None and found.start() < until:
            at = found.end()
            value = self._value(found, text)
            if value is not None:
                pieces += (text[done : found.start()], value)
                done = at
            elif found["body"] and not _BODY_WORDS.fullmatch(found["body"]):
                at = found.start("body")  # no token, but one may be in it
        until = max(until, done)
        pieces.append(text[done:until])
        self._held = text[until:]
        self._before = text[max(0, until - 2) : until]
        return "".join(pieces)

    def _value(self, found: re.Match[str], text: str) -> str | None:
        """Say what stands in a token's place; None if that is not certain."""
        tag, is_certain, is_token = found["tag"], True, found["word"] is not None
        if tag is None:
            inner = _BODY_WORDS.fullmatch(found["body"])
            if inner is None:
                self._tally.unrestored += _BROKEN.fullmatch(found["body"]) is not None
                return None
            tag, is_token = "".join(inner["tag"].split()), True
        elif not is_token:
            is_certain = text[found.start() - 1 : found.start()] not in _JOINING
        value = self._pseudonyms.value(tag)
        if value is not None and is_certain:
            self._tally.restored += 1
            return json.dumps(value, ensure_ascii=False)[1:-1] if self._is_json else value
        if value is not None or (is_token and not self._pseudonyms.is_said(tag)):
            self._tally.unrestored += 1
        return None
