"""The arithmetic that tells a number of some kind from one that only looks like it.

Every function takes digits alone, in ASCII, and is as cheap as a look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = (
    "ean",
    "eleven_ten",
    "eleven_two",
    "is_day",
    "luhn",
    "ninety_seven",
    "verhoeff",
    "weighted",
)

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_MIRROR = 5
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def luhn(digits: str) -> bool:
    """Check the last digit by ISO/IEC 7812-1, annex B."""
    plain = sum(map(int, digits[-1::-2]))
    doubled = sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])
    return (plain + doubled) % 10 == 0


def weighted(digits: str, weights: Sequence[int]) -> int:
    """Add up the digits, each times its weight; the shorter of both ends it."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def ean(digits: str) -> bool:
    """Check the last of thirteen digits by the GS1 General Specifications, section 7.9."""
    return weighted(digits, (1, 3) * 6 + (1,)) % 10 == 0


def eleven_ten(digits: str) -> bool:
    """Check the last digit by ISO 7064, MOD 11,10."""
    product = 10
    for digit in digits[:-1]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (product + int(digits[-1])) % 10 == 1


def eleven_two(digits: str) -> bool:
    """Check the last character, a digit or `X`, by ISO 7064, MOD 11-2."""
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2 % 11
    last = 10 if digits[-1] in "xX" else int(digits[-1])
    return (total + last) % 11 == 1


def ninety_seven(text: str) -> bool:
    """Check digits and letters by ISO 7064, MOD 97-10, the first four moved to the end."""
    return int("".join(str(int(each, 36)) for each in text[4:] + text[:4])) % 97 == 1


def verhoeff(digits: str) -> bool:
    """Check the last digit by the dihedral group of order ten; Verhoeff, 1969."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        turned = int(digit)
        for _ in range(place % 8):
            turned = _TURN[turned]
        check = _after(check, turned)
    return check == 0


def _after(first: int, then: int) -> int:
    """Turn a pentagon twice; from 5 on it is mirrored as well."""
    sign = 1 if first < _MIRROR else -1
    turned = (first + sign * then) % _MIRROR
    return turned + _MIRROR * ((first >= _MIRROR) != (then >= _MIRROR))


def is_day(day: str, month: str) -> bool:
    """Say whether a day exists in some year."""
    return 1 <= int(month) <= len(_DAYS) and 1 <= int(day) <= _DAYS[int(month) - 1]
