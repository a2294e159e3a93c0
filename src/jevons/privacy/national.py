"""Numbers by which states know people, and what tells them from other numbers.

Rule 1: a number whose shape and checksum few others have is found wherever it stands; one that
    every tenth number passes for takes a word beside it, or a house that has named its country.
Rule 2: every checksum that a state has published is checked.

Source: where no other is named, each state's own rules as the European Commission collects
them (taxation-customs.ec.europa.eu, TIN algorithms, public), read 2026-11-24.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from jevons.privacy.checksum import (
    ean,
    eleven_ten,
    eleven_two,
    is_day,
    luhn,
    verhoeff,
    weighted,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.privacy.finding import Kind

__all__ = ("LETTERED", "NUMBERED", "REGIONS", "Shape")


class Shape(NamedTuple):
    """How numbers of one kind look."""

    region: str
    """Whose they are: ISO 3166-1 alpha-2."""
    kind: Kind
    firsts: tuple[int, ...]
    """How many digits it may begin with before anything else comes."""
    pattern: re.Pattern[str]
    """From their first character; what follows it may be no letter and no digit."""
    is_valid: Callable[[str], bool]
    """Asked of the characters without gaps, letters in capitals."""
    beside: frozenset[str] = frozenset()
    """Words of which one has to stand beside, in small letters; none asks for none."""


def _shape(
    region: str,
    kind: Kind,
    firsts: tuple[int, ...],
    pattern: str,
    is_valid: Callable[[str], bool],
    *beside: str,
) -> Shape:
    """Make a shape; in a pattern, `_` is a gap that may be there."""
    compiled = re.compile(pattern.replace("_", "[ .-]?") + r"(?![0-9A-Za-z]|[.-][0-9])")
    return Shape(region, kind, firsts, compiled, is_valid, frozenset(beside))


_NO_DIGIT = 10


def _any(number: str) -> bool:
    return True


def _at(number: str) -> bool:
    return weighted(number, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11 == int(number[3])


def _be(number: str) -> bool:
    body, check = int(number[:9]), int(number[9:])
    return check in {97 - body % 97, 97 - (body + 2_000_000_000) % 97}


def _bg(number: str) -> bool:
    month = int(number[2:4]) % 20
    is_right = weighted(number[:9], (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 == int(number[9])
    return is_right and is_day(number[4:6], f"{month}")


def _cy(number: str) -> bool:
    odd = sum(_IT_ODD[_rank(each)] for each in number[:8:2])
    even = sum(_rank(each) for each in number[1:8:2])
    return _rank(number[8]) == (odd + even) % 26


def _cz(number: str) -> bool:
    """Check a number of Czechia or Slovakia: of women 50 is added to the month, of some 20."""
    has_check = len(number) == len("YYMMDDSSSC")
    if has_check and int(number[:9]) % 11 % 10 != int(number[9]):
        return False
    return is_day(number[4:6], f"{int(number[2:4]) % 50 % 20}")


def _de_tax(number: str) -> bool:
    """Check a tax number: of its first ten digits one stands two or three times, others once."""
    counts = sorted(number.count(digit, 0, 10) for digit in set(number[:10]))
    return counts[-1] in {2, 3} and counts[-2] == 1 and eleven_ten(number)


def _de_health(number: str) -> bool:
    """Check a number of a person insured; GKV-Spitzenverband, section 290 SGB V."""
    spelt = f"{ord(number[0]) - 64:02}{number[1:]}"
    total = sum(
        sum(map(int, str(int(each) * (1 + place % 2)))) for place, each in enumerate(spelt[:-1])
    )
    return total % 10 == int(spelt[-1])


def _de_pension(number: str) -> bool:
    """Check a number of the pension insurance; VKVV, section 2."""
    spelt = f"{number[:8]}{ord(number[8]) - 64:02}{number[9:]}"
    total = sum(
        sum(map(int, str(int(each) * weight)))
        for each, weight in zip(spelt, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=False)
    )
    return total % 10 == int(number[-1])


def _dk(number: str) -> bool:
    return is_day(number[:2], number[2:4])


def _ee(number: str) -> bool:
    """Check a number of Estonia or Lithuania."""
    for weights in ((1, 2, 3, 4, 5, 6, 7, 8, 9, 1), (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)):
        check = weighted(number[:10], weights) % 11
        if check != _NO_DIGIT:
            break
    return check % _NO_DIGIT == int(number[10]) and is_day(number[5:7], number[3:5])


def _es(number: str) -> bool:
    digits = number[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23] == number[-1]


def _fi(number: str) -> bool:
    body = int(number[:6] + number[-4:-1])
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[body % 31] == number[-1] and _dk(number)


def _fr(number: str) -> bool:
    body = number[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(body) % 97 == int(number[13:])


def _fr_tax(number: str) -> bool:
    return int(number[:10]) % 511 == int(number[10:])


def _gb_health(number: str) -> bool:
    return weighted(number, (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def _gb_tax(number: str) -> bool:
    check = weighted(number[1:], (6, 7, 8, 9, 10, 5, 4, 3, 2)) % 11
    return "21987654321"[check] == number[0]


def _gr_tax(number: str) -> bool:
    body = weighted(number[:8], (256, 128, 64, 32, 16, 8, 4, 2))
    return body % 11 % 10 == int(number[8])


def _gr_social(number: str) -> bool:
    return luhn(number) and is_day(number[:2], number[2:4])


def _hu_tax(number: str) -> bool:
    return weighted(number[:9], range(1, 10)) % 11 == int(number[9])


def _hu_health(number: str) -> bool:
    return weighted(number[:8], (3, 7) * 4) % 10 == int(number[8])


def _hu_personal(number: str) -> bool:
    up, down = range(1, 11), range(10, 0, -1)
    is_right = any(weighted(number, way) % 11 == int(number[10]) for way in (up, down))
    return is_right and is_day(number[5:7], number[3:5])


def _ie(number: str) -> bool:
    ninth = "WABCDEFGHI".index(number[8:] or "W")
    total = weighted(number[:7], range(8, 1, -1)) + 9 * ninth
    return "WABCDEFGHIJKLMNOPQRSTUV"[total % 23] == number[7]


_IT_ODD = (
    1,
    0,
    5,
    7,
    9,
    13,
    15,
    17,
    19,
    21,
    2,
    4,
    18,
    20,
    11,
    3,
    6,
    8,
    12,
    14,
    16,
    10,
    22,
    25,
    24,
    23,
)


def _rank(each: str) -> int:
    """Count a digit for itself, a letter for its place."""
    return int(each) if each.isdigit() else ord(each) - ord("A")


def _it(number: str) -> bool:
    odd = sum(_IT_ODD[_rank(each)] for each in number[:15:2])
    even = sum(_rank(each) for each in number[1:15:2])
    return _rank(number[15]) == (odd + even) % 26


def _lu(number: str) -> bool:
    is_right = luhn(number[:12]) and verhoeff(number[:11] + number[12])
    return is_right and is_day(number[6:8], number[4:6])


def _lv(number: str) -> bool:
    if number.startswith("3"):
        return True
    check = (1101 - weighted(number[:10], (1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11
    return check % _NO_DIGIT == int(number[10]) and is_day(number[:2], number[2:4])


def _nl(number: str) -> bool:
    return weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and number.strip("0") != ""


def _no(number: str) -> bool:
    first = weighted(number, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    second = weighted(number, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11
    day = int(number[:2]) % 40
    return first == second == 0 and is_day(f"{day}", f"{int(number[2:4]) % 40}")


def _pl(number: str) -> bool:
    is_right = weighted(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0
    return is_right and is_day(number[4:6], f"{int(number[2:4]) % 20}")


def _pl_tax(number: str) -> bool:
    return weighted(number[:9], (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(number[9])


def _pt(number: str) -> bool:
    rest = weighted(number[:8], range(9, 1, -1)) % 11
    return (11 - rest if rest > 1 else 0) == int(number[8])


def _ro(number: str) -> bool:
    check = weighted(number[:12], (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return (1 if check == _NO_DIGIT else check) == int(number[12]) and is_day(
        number[5:7], number[3:5]
    )


def _se(number: str) -> bool:
    number = number.replace("+", "")[-10:]
    return luhn(number) and is_day(f"{int(number[4:6]) % 60}", number[2:4])


def _si(number: str) -> bool:
    check = -weighted(number[:12], (7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return check % _NO_DIGIT == int(number[12]) and is_day(number[:2], number[2:4])


def _ssn(number: str) -> bool:
    """Check an area, a group and a serial; ssa.gov, Social Security Number Randomization."""
    return number[:3] not in {"000", "666"} and number[3:5] != "00" and number[5:] != "0000"


_ID: Kind = "national_id"
_TAX: Kind = "tax_id"
_HEALTH: Kind = "health_id"
_FISCAL = ("fiscal", "fiscale", "spi", "impôt", "impôts", "impots", "tax")
_SVNR = ("svnr", "sv", "sozialversicherungsnummer", "versicherungsnummer")
_KVNR = ("kvnr", "krankenkasse", "krankenversicherung", "versichertennummer")
_BSN = ("bsn", "burgerservicenummer", "sofinummer")
_SSN = ("ssn", "ssns", "social")
_ITIN = r"9[0-9]{2}%s(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])%s[0-9]{4}"
_NIR = r"[1-478]_[0-9]{2}_[0-9]{2}_[0-9][0-9ABab]_[0-9]{3}_[0-9]{3}_[0-9]{2}"

# A name, a birthday, a town and a check; of namesakes, digits become letters (omocodia).
_CODICE = (
    r"[A-Za-z]{6}[0-9LMNP-Vlmnp-v]{2}[ABCDEHLMPRSTabcdehlmprst][0-9LMNP-Vlmnp-v]{2}"
    r"[A-Za-z][0-9LMNP-Vlmnp-v]{3}[A-Za-z]"
)
# gov.uk, National Insurance manual, NIM39110.
_NINO = (
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r" ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"
)

# What few other numbers pass for comes first.
NUMBERED = (
    _shape("CN", _ID, (17, 18), r"[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx]", eleven_two),
    _shape("FR", _ID, (1, 6, 15), _NIR, _fr),
    _shape("CH", _ID, (3, 13), r"756_[0-9]{4}_[0-9]{4}_[0-9]{2}", ean),
    _shape("RO", _ID, (13,), r"[1-9][0-9]{12}", _ro),
    _shape("SI", _ID, (13,), r"[0-3][0-9][01][0-9]{10}", _si),
    _shape("LU", _ID, (13,), r"(?:18|19|20)[0-9]{11}", _lu),
    _shape(
        "FR", _TAX, (2, 13), r"[0-3][0-9]_[0-9]{2}_[0-9]{3}_[0-9]{3}_[0-9]{3}", _fr_tax, *_FISCAL
    ),
    _shape("SE", _ID, (6, 8, 12), r"(?:(?:19|20)[0-9]{6}[-+]?|[0-9]{6}[-+])[0-9]{4}", _se),
    _shape("FI", _ID, (6,), r"[0-9]{6}[-+A-FU-Ya-fu-y][0-9]{3}[0-9A-Ya-y]", _fi),
    _shape("DK", _ID, (6,), r"[0-9]{6}-[0-9]{4}", _dk),
    _shape("LV", _ID, (6,), r"[0-9]{6}-[0-9]{5}", _lv),
    _shape("CZ", _ID, (6,), r"[0-9]{6}/[0-9]{3,4}", _cz),
    _shape("BE", _ID, (2, 6, 11), r"[0-9]{2}_[0-9]{2}_[0-9]{2}_[0-9]{3}_[0-9]{2}", _be),
    _shape("NO", _ID, (6, 11), r"[0-9]{6} ?[0-9]{5}", _no),
    _shape("DE", _TAX, (2, 11), r"[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}", _de_tax),
    _shape("EE", _ID, (11,), r"[1-8][0-9]{10}", _ee),
    _shape("PL", _ID, (11,), r"[0-9]{11}", _pl),
    _shape("GR", _HEALTH, (11,), r"[0-9]{11}", _gr_social),
    _shape("DE", _ID, (2, 8), r"[0-9]{2} ?[0-9]{6} ?[A-Za-z] ?[0-9]{3}", _de_pension),
    _shape("ES", _ID, (8,), r"[0-9]{8}[ -]?[A-Za-z]", _es),
    _shape("IE", _ID, (7,), r"[0-9]{7}[A-Wa-w][A-IWa-iw]?", _ie),
    _shape("US", "ssn", (3,), r"[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}", _ssn),
    _shape("US", _TAX, (3,), _ITIN % ("-", "-"), _any),
    _shape("HR", _ID, (11,), r"[0-9]{11}", eleven_ten, "oib"),
    _shape("HU", _ID, (1, 11), r"[1-8][ -]?[0-9]{6}[ -]?[0-9]{4}", _hu_personal, "személyi"),
    _shape("SE", _ID, (10,), r"[0-9]{10}", _se, "personnummer", "personnr", "samordningsnummer"),
    _shape("DK", _ID, (6, 10), r"[0-9]{6} ?[0-9]{4}", _dk, "cpr"),
    _shape("CZ", _ID, (9, 10), r"[0-9]{9,10}", _cz, "rodné", "rodne", "rč", "rc"),
    _shape("AT", _ID, (4, 10), r"[1-9][0-9]{3} ?[0-9]{6}", _at, *_SVNR),
    _shape("BG", _ID, (10,), r"[0-9]{10}", _bg, "egn", "егн"),
    _shape("HU", _TAX, (10,), r"8[0-9]{9}", _hu_tax, "adóazonosító", "adó", "tax"),
    _shape("PL", _TAX, (3, 10), r"[0-9]{3}_[0-9]{3}_[0-9]{2}_[0-9]{2}", _pl_tax, "nip"),
    _shape("GB", _HEALTH, (3, 10), r"[0-9]{3}_[0-9]{3}_[0-9]{4}", _gb_health, "nhs"),
    _shape("GB", _TAX, (10,), r"[0-9]{10}", _gb_tax, "utr", "taxpayer"),
    _shape("NL", _ID, (4, 9), r"[0-9]{4}_[0-9]{2}_[0-9]{3}", _nl, *_BSN),
    _shape("PT", _TAX, (3, 9), r"[1-3][0-9]{2} ?[0-9]{3} ?[0-9]{3}", _pt, "nif", "contribuinte"),
    _shape("GR", _TAX, (9,), r"[0-9]{9}", _gr_tax, "afm", "αφμ", "tax"),
    _shape("HU", _HEALTH, (3, 9), r"[0-9]{3}_[0-9]{3}_[0-9]{3}", _hu_health, "taj"),
    _shape("SK", _ID, (9, 10), r"[0-9]{9,10}", _cz, "rodné", "rodne", "rč", "rc"),
    _shape("LT", _ID, (11,), r"[1-8][0-9]{10}", _ee),
    _shape("US", "ssn", (3, 9), r"[0-8][0-9]{2} ?[0-9]{2} ?[0-9]{4}", _ssn, *_SSN),
    _shape("US", _TAX, (3, 9), _ITIN % (" ?", " ?"), _any, "itin", "taxpayer"),
    _shape("CY", _TAX, (8,), r"[0-9]{8}[A-Za-z]", _cy, "tic", "tin", "tax"),
    _shape("MT", _ID, (7,), r"[0-9]{7}[MGAPLHBZmgaplhbz]", _any, "malta", "maltese"),
)
"""Numbers that begin with a digit."""

LETTERED = (
    _shape("IT", _TAX, (), _CODICE, _it),
    _shape("ES", _ID, (), r"[XYZxyz]-?[0-9]{7}-?[A-Za-z]", _es),
    _shape("GB", _ID, (), _NINO, _any),
    _shape("DE", _HEALTH, (), r"[A-Za-z][0-9]{9}", _de_health, *_KVNR),
)
"""Numbers that begin with a letter."""

REGIONS = frozenset(shape.region for shape in (*NUMBERED, *LETTERED))
