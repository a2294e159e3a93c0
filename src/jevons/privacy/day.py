"""Days and ages, as people write them.

Rule 1: a day on its own tells of nobody; behind a word for birth it is a `birth_date`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jevons.privacy.finding import Finding
from jevons.privacy.phone import date_end

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("ages", "days", "is_day_named")

_MONTH = (
    r"(?:jan(?:uar[yi]?|vier)?|feb(?:ruar[yi]?)?|f[ée]vr(?:ier)?|mar(?:ch|s|zo)?|m[äa]rz|maart|apr(?:il|ile)?|avril|abril"
    r"|ma[yi]|mayo|maggio|mei|june?|juni|juin|junio|giugno|jul[yi]?|juil(?:let)?|julio|luglio"
    r"|aug(?:ust|ustus)?|ao[uû]t|agosto|sept?(?:ember|embre)?|septiembre|settembre|o[ck]t(?:ober|obre)?|ottobre"
    r"|nov(?:ember|embre)?|noviembre|de[cz](?:ember)?|d[ée]cembre|diciembre|dicembre)\.?"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_YEAR = r"(?:1[89]|20)[0-9]{2}(?![0-9])"
_DAY = r"[0-3]?[0-9](?:st|nd|rd|th|\.|er|º)?(?![0-9])"
_WRITTEN = re.compile(
    rf"\b(?:{_DAY} (?:of |de )?{_MONTH}(?![^\W_])(?:,? (?:de )?{_YEAR})?"
    rf"|{_MONTH} {_DAY}(?![^\W_])(?:,? {_YEAR})?"
    rf"|{_MONTH},? {_YEAR})"
    r"|[12][0-9]{3}\u5e74[01]?[0-9]\u6708(?:[0-3]?[0-9]\u65e5)?",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?<![^\W_])(?<![0-9][./-])[0-9]{1,4}(?=[./-])")
_TIME = re.compile(r"[T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?")
_BIRTH = re.compile(
    r"(?:\bborn|birth|\bd\.?o\.?b\b|\bgeboren|\bgeb\.|\bn[ée]e? le|\bnacid[oa]|\bnat[oa] il|\u51fa\u751f|\u751f\u65e5)",
    re.IGNORECASE,
)
_BEFORE = 32
"""Characters from a day back to where a word for birth may begin."""
_AGE = re.compile(
    r"\b(?:aged?(?: of| is)?|turn(?:s|ed|ing)?|\u00e2g\u00e9e? de)[ :]{1,2}(?P<a>[0-9]{1,3})\b(?! ?%)"
    r"|(?<![^\W_])(?P<b>[0-9]{1,3})(?:[ -](?:years?|yrs?)[ -](?:old|of age)|[ -]?y/?o\b| jahre alt| a\u00f1os de edad|\u5c81)"
    r"|\bI(?:'m| am) (?P<c>[0-9]{2})(?=[.,;!?\n]|$| and\b)",
    re.IGNORECASE,
)
_NAMED = re.compile(rf"\b(?:{_MONTH}|{_WEEKDAY}|{_YEAR})(?![^\W_])", re.IGNORECASE)


def days(text: str) -> Iterator[Finding]:
    """Find days, of births and others."""
    for written in _WRITTEN.finditer(text):
        yield _day(text, written.start(), written.end())
    for numbered in _NUMBERED.finditer(text):
        end = date_end(text, numbered.start())
        if end > numbered.start():
            time = _TIME.match(text, end)
            yield _day(text, numbered.start(), time.end() if time else end)


def ages(text: str) -> Iterator[Finding]:
    """Find how old somebody is."""
    for found in _AGE.finditer(text):
        start, end = found.span(found.lastgroup or 0)
        yield Finding(start, end, "age")


def is_day_named(text: str) -> bool:
    """Say whether a text names a month, a weekday or a year, and not only `last night`."""
    return _NAMED.search(text) is not None


def _day(text: str, start: int, end: int) -> Finding:
    is_birth = _BIRTH.search(text, max(0, start - _BEFORE), start)
    return Finding(start, end, "birth_date" if is_birth else "date")
