"""Telephone numbers, as they are written.

A number that says so itself is one: a country's code, an area in brackets, the leading zero of
long distance, three groups as in North America. Any other takes a word beside it.

Source: ITU-T E.164 (at most 15 digits, country codes) and E.123 (how they are written); the
North American Numbering Plan; read 2026-11-24.
"""

from __future__ import annotations

import re
from types import MappingProxyType

__all__ = ("UNSPACED_WORDS", "WORDS", "date_end", "phone_end")

_LEAST = 7
_LEAST_ABROAD = 8  # country code included
_LEAST_TRUNK = 9  # with fewer, `05 12 2020` would be one
_MOST = 15  # E.164, section 6.1

_COUNTRY = (
    r"(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2[1-689][0-9]|3[578][0-9]|42[0-9]|5[09][0-9]|6[789][0-9]|8[0578][0-9]|9[679][0-9])"
)
_EXTENSION = r"(?:[ ,]{0,2}(?:x|ext\.?|#)[ .]?[0-9]{1,6})?"
_END = r"(?![0-9A-Za-z]|[./-][0-9])"

_ABROAD = re.compile(
    rf"\(?(?:\+ ?\(?|00(?![0-9]+(?![ ./(-]?[0-9]))-?){_COUNTRY}\)?(?:[ ./-]{{0,3}}(?:\([0-9]{{1,5}}\)|[0-9])){{5,14}}"
    rf"{_EXTENSION}{_END}"
)
_AREA = re.compile(
    r"\((?!(?:19|20)[0-9][0-9]\))[0-9]{2,5}\)"
    rf"[ /-]{{0,2}}[0-9]{{2,9}}(?:[ -][0-9]{{2,5}}){{0,3}}{_EXTENSION}{_END}"
)
_AMERICA = re.compile(
    r"(?:1[ .-])?(?:[0-9]{3}([.-])[0-9]{3}\1[0-9]{4}|[2-9][0-9]{2} [2-9][0-9]{2}[ -][0-9]{4})"
    rf"{_EXTENSION}{_END}"
)
_TRUNK = re.compile(
    r"(?<![0-9] )0[1-9][0-9]{0,4}(?:[ /-][0-9]{2,}|\.[0-9]{2}(?=\.))(?:[ ./-][0-9]{2,}){0,4}"
    rf"{_END}(?! [0-9]{{2}}(?![0-9]))"
)
_BRITISH_MOBILE = re.compile(rf"07[0-9]{{9}}{_END}")
_LOOSE = re.compile(
    rf"\+?\(?[0-9]{{1,15}}\)?(?:[ ./-]{{1,2}}\(?[0-9]{{1,11}}\)?){{0,4}}{_EXTENSION}"
    r"(?![0-9]|[A-Za-z]?[0-9])"
)
# Six digits are enough in a few countries, such as Greenland; only in pairs are they told from others.
_PAIRS = re.compile(rf"[0-9]{{2}}( |-)[0-9]{{2}}\1[0-9]{{2}}{_END}(?! [0-9])")
_NAME = re.compile(r" ([A-Z][a-z]+)")

_DATE = re.compile(
    r"(?:(?:19|20)[0-9]{2}([./-])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])"
    r"|(?:0?[1-9]|[12][0-9]|3[01])([./-])(?:0?[1-9]|[12][0-9]|3[01])\2(?:19|20)?[0-9]{2})"
    r"(?![0-9]|[./-][0-9])"
)

_SAID = """
    phone phones tel telephone telephones cell cells cellphone cellular mobile mobiles fax faxes
    handy call calls called calling caller dial dialled ring sms texted whatsapp signal telegram
    reach reached answering message messages contact hotline landline voicemail office desk
    telefon telefone telefono telefonnummer telefonnr rufnummer handynummer mobil mobiltelefon
    mobilnummer anrufen erreichbar durchwahl rückruf téléphone tél portable appeler appelez joindre
    teléfono móvil celular llamar llame cellulare chiamare chiamami ligar telemóvel bellen
    telefoonnummer mobiel zadzwoń telefonu komórka ringa puhelin puh телефон тел моб звоните
    τηλέφωνο τηλ κινητό
"""
UNSPACED_WORDS = (
    "电话",
    "電話",
    "手机",
    "手機",
    "携帯",
    "致电",
    "传真",
    "전화",
    "휴대폰",
    "핸드폰",
)
WORDS = frozenset(_SAID.split()).union(UNSPACED_WORDS)
"""Words beside which any number of fitting length is taken for a telephone's."""

_DIGIT = re.compile(r"[0-9]")


def date_end(text: str, start: int) -> int:
    """Say where a date in digits ends; `start` if none begins there."""
    found = _DATE.match(text, start)
    return found.end() if found else start


def phone_end(text: str, start: int, said: list[str]) -> int:
    """Say where a telephone number ends; `start` if none begins there.

    Args:
        text: In plain characters.
        start: Of a digit, or of `+` or `(` before one, with no letter or digit in front.
        said: Words that stand beside it.
    """
    if start > 1 and text[start - 1] in ".,/-" and text[start - 2].isdigit():
        return start
    for pattern, least in _FORMS.get(text[start], _ANY_FORMS):
        found = pattern.match(text, start)
        if found and least <= _count(found) <= _MOST:
            return found.end()
    return start if WORDS.isdisjoint(said) else _loose_end(text, start)


def _loose_end(text: str, start: int) -> int:
    """Say where a number ends that nothing but a word beside it tells for one.

    With a name behind it, it is a house's: `the office is at 945 0323 Maple Street`.
    """
    found = _LOOSE.match(text, start)
    if found and _LEAST <= _count(found) <= _MOST:
        name = _NAME.match(text, found.end())
        return found.end() if not name or name[1].lower() in WORDS else start
    pairs = _PAIRS.match(text, start)
    return pairs.end() if pairs else start


def _count(found: re.Match[str]) -> int:
    """Count the digits before an extension, and without the two zeros of a call abroad."""
    digits = found.group()
    for sign in "x#e":
        digits = digits.partition(sign)[0]
    return len(_DIGIT.findall(digits)) - 2 * digits.startswith("00")


_ANY_FORMS = ((_AMERICA, 10),)
_FORMS = MappingProxyType(
    {
        "+": ((_ABROAD, _LEAST_ABROAD),),
        "(": ((_ABROAD, _LEAST_ABROAD), (_AREA, _LEAST_ABROAD)),
        "0": (
            (_ABROAD, _LEAST_ABROAD),
            (_TRUNK, _LEAST_TRUNK),
            (_BRITISH_MOBILE, _LEAST_TRUNK),
            *_ANY_FORMS,
        ),
    }
)
