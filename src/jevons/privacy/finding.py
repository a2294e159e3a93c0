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

__all__ = ("CLASSES", "Finder", "Finding", "Kind", "class_of", "is_identifier", "merged")

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
    "person",
    "address",
    "birth_date",
    "place",
    "organisation",
    "group",
    "date",
    "age",
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
        # Article 4(1): a name, a location.
        "person": _PERSONAL,
        "address": _PERSONAL,
        # With a name or a town it tells one person from all others: article 4(1), recital 26.
        "birth_date": _PERSONAL,
        # What many share tells of nobody by itself. Beside a name it is that person's, and the
        # name has raised the class already: recital 26.
        "place": DataClass.PUBLIC,
        "date": DataClass.PUBLIC,
        "age": DataClass.PUBLIC,
        # Nations, faiths and parties, spoken of as such. That somebody belongs to one would be
        # article 9(1); no detector can tell, so whoever asks has to say so.
        "group": DataClass.PUBLIC,
        # The regulation does not cover legal persons: recital 14.
        "organisation": DataClass.PUBLIC,
    }
)
"""The class to which each kind raises what holds it."""


def class_of(kinds: Iterable[Kind]) -> DataClass:
    """Name the class that kinds raise what holds them to; `PUBLIC` raises nothing."""
    return max([CLASSES[kind] for kind in kinds], default=DataClass.PUBLIC)


_MISTAKEN: frozenset[Kind] = frozenset(("place", "organisation", "group"))
"""What a model often takes a person's name for: of a hundred that it calls so, ten to twenty."""


def is_identifier(finding: Finding) -> bool:
    """Whether it tells of a person or opens a door, or could, and so is to be hidden."""
    return CLASSES[finding.kind] > DataClass.INTERNAL or finding.kind in _MISTAKEN


def merged(found: Iterable[Finding]) -> list[Finding]:
    """Make one of those that overlap: all that they cover, and the gravest, longest kind."""
    merged: list[Finding] = []
    rank = -1, -1
    for one in sorted(found):
        own = CLASSES[one.kind], one.end - one.start
        if merged and one.start < merged[-1].end:
            last = merged[-1]
            kind = one.kind if own > rank else last.kind
            merged[-1] = Finding(last.start, max(last.end, one.end), kind)
            rank = max(rank, own)
        else:
            merged.append(one)
            rank = own
    return merged
