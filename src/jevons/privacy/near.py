"""Words that say what a number beside them is."""

from __future__ import annotations

import re

from jevons.privacy.fold import lowered

__all__ = ("PARTED", "words_around")

PARTED = "\n\x1e"
"""What parts texts that have nothing to say of each other, when they are looked at together."""

_PARTED = PARTED[-1]
_BEFORE = 48
"""Characters from a number's start back to where a word may begin: half a line."""
_AFTER = 36
"""Characters from there on to where one may end, as in `555 0100 office`."""

_WORD = re.compile(r"[^\W_]++")
_ASCII_WORD = re.compile(r"[a-z]++")


def words_around(text: str, start: int, unspaced: tuple[str, ...] = ()) -> list[str]:
    """List the words, in small letters, that stand close to a number.

    Args:
        text: In plain characters.
        start: Of the number.
        unspaced: Words of scripts that put no space between them.
    """
    around = text[max(0, start - _BEFORE) : start + _AFTER]
    if _PARTED in around:
        here = min(start, _BEFORE)
        around = around[around.rfind(_PARTED, 0, here) + 1 :].partition(_PARTED)[0]
    around = lowered(around)
    if around.isascii():
        return _ASCII_WORD.findall(around)
    return _WORD.findall(around) + [word for word in unspaced if word in around]
