"""Numbers of payment cards and of bank accounts."""

from __future__ import annotations

import re
from types import MappingProxyType

from jevons.privacy.checksum import luhn, ninety_seven

__all__ = ("CARD_WORDS", "card_end", "iban_end")

# Source: ISO/IEC 7812-1; the networks' ranges as they publish them, read 2026-11-24: American
# Express 34, 37; Diners 30, 36, 38, 39; Discover 6011, 644-649, 65; JCB 35, once 1800 and
# 2131; Maestro 50, 56-58, 6304, 6390, 67, and once 0604; Mastercard 51-55, 2221-2720;
# Mir 2200-2204; RuPay 60, 81, 82, 508; Troy 9792; Humo 9860; UnionPay 62; Verve 506; Visa 4.
_RANGE = r"(?=3[04-9]|4|5[0-8]|6|8[12]|22[0-9]|2[3-6]|27[012]|1800|2131|0604|9792|9860)"
_LENGTHS = (
    r"(?:[0-9]{12,19}"
    r"|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3})?"
    r"|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})"
)
_ANY_CARD = re.compile(rf"{_LENGTHS}(?![0-9A-Za-z]|[.-][0-9])")
_CARD = re.compile(rf"{_RANGE}{_ANY_CARD.pattern}")
CARD_WORDS = frozenset(("card", "cards", "cc", "credit", "debit", "karte", "carte", "tarjeta"))
"""Words beside which a card's number may be of any range."""

# Source: the SWIFT IBAN Registry, release 100, swift.com, read 2026-11-24: characters in all.
_IBAN_LENGTHS = MappingProxyType(
    {
        country: length
        for length, countries in {
            15: "NO",
            16: "BE",
            18: "DK FI FO GL NL SD FK",
            19: "MK SI",
            20: "AT BA EE KZ LT LU XK MN",
            21: "CH HR LI LV",
            22: "BG BH CR DE GB GE IE ME RS VA",
            23: "AE GI IL IQ OM SO TL",
            24: "AD CZ ES MD PK RO SA SE SK TN VG",
            25: "LY PT ST",
            26: "IS TR",
            27: "BI DJ FR GR IT MC MR SM HN",
            28: "AL AZ BY CY DO GT HU LB NI PL SV",
            29: "BR EG PS QA UA",
            30: "JO KW MU YE",
            31: "MT SC",
            32: "LC",
            33: "RU",
        }.items()
        for country in countries.split()
    }
)
_IBAN = re.compile(r"[A-Za-z]{2}[0-9]{2}(?:[ -]?[0-9A-Za-z]){10,30}")
_WHOLE = re.compile(r"[A-Za-z]{2}[0-9]{2}[0-9A-Za-z]{10,30}(?![0-9A-Za-z])")
_GAPS = MappingProxyType(str.maketrans("", "", " -"))


def card_end(text: str, start: int, said: list[str]) -> int:
    """Say where a card's number ends; `start` if none begins there.

    Beside a word that says so, a number of a range that nobody has published is one as well.
    """
    found = (_CARD if CARD_WORDS.isdisjoint(said) else _ANY_CARD).match(text, start)
    return found.end() if found and luhn(found.group().translate(_GAPS)) else start


def iban_end(text: str, start: int) -> int:
    """Say where an account's number ends; `start` if none begins there.

    Where gaps are in it, its country says how long it is. One without gaps is as long as its
    letters and digits go on: there are countries that use such numbers and are not registered.
    """
    found = _IBAN.match(text, start)
    if found is None:
        return start
    whole = _WHOLE.match(text, start)
    length = _IBAN_LENGTHS.get(text[start : start + 2].upper(), 0)
    end = whole.end() if whole else _end_of(text, start, length)
    if not length and not whole:
        return start
    is_ended = end <= found.end() and not text[end : end + 1].isalnum()
    return end if is_ended and ninety_seven(text[start:end].translate(_GAPS)) else start


def _end_of(text: str, start: int, length: int) -> int:
    """Walk past so many characters that are no gap, at most one gap after each."""
    end = start
    for _ in range(length):
        end += 1 + text.startswith((" ", "-"), end)
    return end
