"""A plainer view of a text, in which what was hidden can be seen.

Numbers are written in digits of other scripts or in full width, names are split by characters
of no width, `@` hides in `%40` or in an escape of JSON. All of it is told apart by machines and
read alike by people, so it is looked at alike.

Rule 1: the view is for looking only; every place in it maps back to the text as it was given.
Rule 2: what the view leaves out belongs to what stands before it: nothing is left beside a
    finding's end.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from types import MappingProxyType
from typing import NamedTuple

__all__ = ("Folded", "fold", "lowered")

# Source: the Unicode Standard 15.0, DerivedGeneralCategory.txt, unicode.org, read 2026-11-24:
# of every script, the zero that nine further decimal digits follow.
_ZEROS = (
    "\u0660\u06f0\u07c0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66\u0de6\u0e50\u0ed0"
    "\u0f20\u1040\u1090\u17e0\u1810\u1946\u19d0\u1a80\u1a90\u1b50\u1bb0\u1c40\u1c50\ua620\ua8d0"
    "\ua900\ua9d0\ua9f0\uaa50\uabf0\uff10\U000104a0\U0001d7ce\U0001d7d8\U0001d7e2\U0001d7ec"
    "\U0001d7f6\U0001fbf0"
)
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DASHES = "\u058a\u05be\u2010-\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_AT_SIGNS = "\ufe6b"

# Default_Ignorable_Code_Point, of the same standard.
_IGNORED = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_IGNORED_ASTRAL = "\U000e0000-\U000e0fff"
_COMBINING = "\u0300-\u034e\u0350-\u036f"


def _edits(ignored: str) -> re.Pattern[str]:
    """Compile what the view writes otherwise; a set of characters first, to which `re` skips."""
    hidden = f"[{ignored}{_COMBINING}]"
    return re.compile(
        rf"[%\\&{ignored}{_COMBINING}](?:"
        r"(?<=%)[2-7][0-9A-Fa-f]"  # RFC 3986, section 2.1
        r"|(?<=\\)(?:u00[2-7][0-9A-Fa-f]|[nrt])"  # RFC 8259, section 7
        r"|(?<=&)#(?:[0-9]{2,3}|[xX][0-9A-Fa-f]{2});"  # HTML, section 13.1.4
        rf"|(?<={hidden}){hidden}*+)"
    )


# A set without characters beyond the first plane is a table to `re`, and ten times as fast.
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_EDITS = _edits(_IGNORED)
_ASTRAL_EDITS = _edits(_IGNORED + _IGNORED_ASTRAL)
_ESCAPE_SIGNS = ("%", "\\", "&#")
_HIDDEN = re.compile(f"[{_IGNORED}{_IGNORED_ASTRAL}]+")


class Folded(NamedTuple):
    """A view of a text, and the way back from it."""

    text: str
    marks: tuple[int, ...] = ()
    """Places in the view after each of which it is shifted anew, ascending."""
    shifts: tuple[int, ...] = ()
    """How far from there on the text as it was given is ahead of the view."""

    def origin(self, place: int) -> int:
        """Say where a place in the view lies in the text as it was given."""
        mark = bisect_right(self.marks, place)
        return place + self.shifts[mark - 1] if mark else place


def fold(text: str) -> Folded:
    """View a text as if its digits, dashes, spaces and escapes were plain; linear."""
    if text.isascii():
        has_escape = any(sign in text for sign in _ESCAPE_SIGNS)
        return _edited(text, _EDITS) if has_escape else Folded(text)
    is_astral = _ASTRAL.search(text) is not None
    folded = _edited(text, _ASTRAL_EDITS if is_astral else _EDITS)
    if is_astral or _SWAPPED.search(folded.text):
        return folded._replace(text=folded.text.translate(_PLAIN))
    return folded


def lowered(text: str) -> str:
    """Make letters small, each in its place."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(low if len(low := each.lower()) == 1 else each for each in text)


def _edited(text: str, edits: re.Pattern[str]) -> Folded:
    pieces: list[str] = []
    marks: list[int] = []
    shifts: list[int] = []
    done = size = 0
    for edit in edits.finditer(text):
        start, end = edit.span()
        if text[start] not in "%\\&" and start > done:
            start -= 1  # with the letter that its marks belong to
        plain = _plain(text[start:end])
        pieces += (text[done:start], plain)
        size += start - done + len(plain)
        done = end
        marks.append(size)
        shifts.append(end - size)
    if not done:
        return Folded(text)
    pieces.append(text[done:])
    return Folded("".join(pieces), tuple(marks), tuple(shifts))


def _plain(found: str) -> str:
    if found[0] == "%" and found[1:].isalnum():
        return chr(int(found[1:], 16))
    if found[0] == "\\" and found[1].isalnum():
        return chr(int(f"0x{found[2:]}", 0)) if found[1] == "u" else "\n"
    if found[0] == "&" and found[1] == "#":
        number = found[2:-1]
        return chr(int(f"0{number}", 0) if number[0] in "xX" else int(number))
    return unicodedata.normalize("NFC", _HIDDEN.sub("", found))


def _span(ranges: str) -> list[int]:
    """Spell out `a-c` within a string of characters."""
    return [
        code
        for first, last in re.findall(r"(.)(?:-(.))?", ranges)
        for code in range(ord(first), ord(last or first) + 1)
    ]


_PLAIN = MappingProxyType(
    {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | {ord(zero) + digit: str(digit) for zero in _ZEROS for digit in range(10)}
    | dict.fromkeys(_span(_SPACES), " ")
    | dict.fromkeys(_span(_DASHES), "-")
    | dict.fromkeys(_span(_AT_SIGNS), "@")
)
_SWAPPED = re.compile(f"[{_ASTRAL.sub('', ''.join(map(chr, _PLAIN)))}]")
