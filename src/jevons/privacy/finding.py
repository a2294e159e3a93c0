"""What can be found in text, and how grave each of it is.

Rule 1: the list of kinds stands here and nowhere else; each has a class, and each class its
    ground.
Rule 2: a kind is named for what it is, never for who looks for it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from jevons.types.custody import DataClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("CLASSES", "Finder", "Finding", "Kind", "class_of", "is_identifier")

Kind = Literal[
    "email",
    "phone",
    "ip",
    "url",
    "iban",
    "card",
    "ssn",
    "national_id",
    "tax_id",
    "health_id",
    "passport",
    "driving_licence",
    "api_key",
    "private_key",
    "token",
    "password",
    "term",
]


class Finding(NamedTuple):
    """Something found in a text."""

    start: int
    """Of its first character in the text as it was given."""
    end: int
    """Past its last."""
    kind: Kind


class Finder(Protocol):
    """Looks for some of it. May be asked in several threads at once."""

    def find(self, text: str) -> list[Finding]:
        """Find it, in order, nothing twice.

        Raises:
            Exception: It could not look: what was to be looked through is then refused.
        """
        ...


_PERSONAL = DataClass.PERSONAL
_GRAVE = DataClass.SPECIAL

# Source: Regulation (EU) 2016/679, eur-lex.europa.eu/eli/reg/2016/679/oj, read 2026-11-24.
CLASSES: Mapping[Kind, DataClass] = MappingProxyType(
    {
        # Article 4(1): identifiers of a person who can be told by them.
        "email": _PERSONAL,
        "phone": _PERSONAL,
        # An identifier online, even one that changes: recital 30, and Court of Justice, C-582/14.
        "ip": _PERSONAL,
        # The address of a thing: it raises nothing by itself. What in it tells of a person, such
        # as a password or a mail address, is found beside it.
        "url": DataClass.PUBLIC,
        # Article 4(1), by an account. Money is not among the categories of article 9.
        "iban": _PERSONAL,
        "card": _PERSONAL,
        # Article 4(1) "an identification number"; national numbers have article 87 besides.
        "ssn": _PERSONAL,
        "national_id": _PERSONAL,
        "tax_id": _PERSONAL,
        # Says that somebody is insured, which nearly everybody is, and nothing of their health:
        # article 4(15) begins with what reveals it.
        "health_id": _PERSONAL,
        "passport": _PERSONAL,
        "driving_licence": _PERSONAL,
        # Secrets open what they guard to whoever reads them: article 32(1)(b), confidentiality.
        "api_key": _GRAVE,
        "private_key": _GRAVE,
        "token": _GRAVE,
        "password": _GRAVE,
        # Who runs the house named it as an identifier: article 4(1).
        "term": _PERSONAL,
    }
)
"""The class to which each kind raises what holds it."""


def class_of(findings: Iterable[Finding]) -> DataClass:
    """Name the class that findings raise a request to; `PUBLIC` raises nothing."""
    return max((CLASSES[each.kind] for each in findings), default=DataClass.PUBLIC)


def is_identifier(finding: Finding) -> bool:
    """Whether it tells of a person or opens a door, and so is to be hidden."""
    return CLASSES[finding.kind] > DataClass.INTERNAL
