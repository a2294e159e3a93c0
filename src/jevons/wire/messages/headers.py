"""Header lines that belong to a request of Anthropic's Messages dialect.

Rule 1: what they say is said to endpoints of this dialect and to no others.
Rule 2: a line that could be taken for another, or for the end of the head, is refused.
Rule 3: so is a version that we do not speak: the same words mean something else there.
Rule 4: a later version that only takes less means what the earlier does; what it no longer
    takes (`temperature`, `top_p`, `top_k`, and two kinds of block where they have no use) is
    taken here all the same, as other endpoints have a use for it.

Sources, read 2026-11: Anthropic API reference, "Beta headers", "Versions" and "Migrating to
API version 2026-10-21".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jevons.types.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("VERSION", "read_headers")

VERSION = "2023-06-01"
"""The one that endpoints are spoken to in: it takes what callers of either may say."""

_SPOKEN = (VERSION, "2026-10-21")

_BETA = b"anthropic-beta"
_VERSION = b"anthropic-version"
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")  # visible ASCII, blanks inside
_LONGEST = 2048
"""Characters of a value: some ten times what clients that know every beta send."""


def read_headers(lines: Sequence[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Find what a caller's header lines say beyond what every request does.

    Args:
        lines: Names, in small letters, and values as they came.

    Returns:
        Names and values; several lines of one name are one, as RFC 9110 §5.3 has it.

    Raises:
        Malformed: A value is too long or holds what no header line may, or the version is
            none of ours.
    """
    version = _value(lines, _VERSION)
    if version and version not in _SPOKEN:
        message = f"anthropic-version is {version[:40]!r}; {' and '.join(_SPOKEN)} are spoken here"
        raise Malformed(message, param="anthropic-version")
    beta = _value(lines, _BETA)
    if not beta:
        return ()
    if len(beta) > _LONGEST or not _VALUE.fullmatch(beta):
        message = f"anthropic-beta must be at most {_LONGEST} characters of visible ASCII"
        raise Malformed(message, param="anthropic-beta")
    return (("anthropic-beta", beta),)


def _value(lines: Sequence[tuple[bytes, bytes]], name: bytes) -> str:
    values = [value.decode("latin-1").strip() for key, value in lines if key == name]
    return ", ".join([value for value in values if value])
