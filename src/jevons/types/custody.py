"""What kind of data is sent, and who could get at it where it goes."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Literal

import msgspec

__all__ = (
    "OWN",
    "PLACE",
    "REGION",
    "UNKNOWN_PLACE",
    "UNLABELLED",
    "Basis",
    "Custody",
    "DataClass",
    "Label",
    "PerClass",
)

UNKNOWN_PLACE = "unknown"
"""A place that nobody knows: rules take it for the worst there is."""

PLACE = "^(on-prem|house|nowhere|unknown|[A-Z]{2})$"
"""Shape of a place. What has another is not in any group that a law names, as `China` or `cn`, so
it is refused where it is set."""

REGION = "^(EEA|unknown|[A-Z]{2})$"
"""Shape of a region."""

Basis = Literal["none", "dpf", "scc-tia"]
"""What makes a transfer out of the EEA lawful where no adequacy decision does: the vendor is
certified under the EU-US Data Privacy Framework, or standard contractual clauses were signed and
the transfer's impact was assessed. GDPR, articles 45 and 46."""


class DataClass(IntEnum):
    """What sort of data a request holds; a request's class only ever rises."""

    PUBLIC = 0
    INTERNAL = 1
    PERSONAL = 2
    """About a person who can be told. Data under pseudonyms still is (GDPR, article 4(5))."""
    SPECIAL = 3
    """Health, belief, origin and the like (GDPR, article 9), secrets, and what is as grave."""

    @property
    def word(self) -> str:
        """What people call it, and the books."""
        return _WORDS[self]


_WORDS = tuple(each.name.lower() for each in DataClass)


class PerClass(msgspec.Struct, frozen=True, kw_only=True):
    """A number for each class of data."""

    public: int = 0
    internal: int = 0
    personal: int = 0
    special: int = 0

    @classmethod
    def all(cls, number: int) -> PerClass:
        """Make one of the same number for every class."""
        return cls(public=number, internal=number, personal=number, special=number)

    def of(self, data_class: DataClass) -> int:
        """Give the number of a class."""
        return (self.public, self.internal, self.personal, self.special)[data_class]


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the data in a request."""

    data_class: DataClass = DataClass.PUBLIC
    region: str = UNKNOWN_PLACE
    """Where the people live whom it is about: `EEA`, ISO 3166-1 alpha-2, or `unknown`. Only who
    runs the house says so, for all or for a key: a caller could wish rules away with it."""
    unread: bool = False
    """Whether some of it could not be looked through, as a picture, or none of it was."""
    veiled: bool = False
    """Whether every identifier that was found in it stands replaced. It does not lower the class:
    pseudonymised data are personal data (GDPR, recital 26)."""


UNLABELLED = Label()
"""Of data that nobody has said anything about, in a house without a profile."""


_Place = Annotated[str, msgspec.Meta(pattern=PLACE)]


class Custody(msgspec.Struct, frozen=True, kw_only=True):
    """Who could get at what an endpoint is sent. What is not known is taken at its worst."""

    owner: _Place = UNKNOWN_PLACE
    """Jurisdiction of the ultimate owner of whoever runs it, ISO 3166-1 alpha-2; `house` for
    hardware of one's own."""
    storage: _Place = UNKNOWN_PLACE
    """Where it is stored: a place, `nowhere`, or `unknown`."""
    access: tuple[_Place, ...] | None = None
    """Places whose staff can reach in from afar; None is not known."""
    retention_days: int | None = None
    """Days for which it is kept; None is not known."""
    trains: bool | None = None
    """Whether models may be trained on it; None is not known."""
    basis: Basis = "none"
    """Under which contract or finding it may be sent abroad: the EU-US Data Privacy Framework, or
    standard contractual clauses with an assessment of the transfer."""
    basis_until: str | None = None
    """Last day on which `basis` holds, `YYYY-MM-DD`; None while nobody has said otherwise."""
    source: str = ""
    """Where this was read, and when."""


OWN = Custody(
    owner="house", storage="on-prem", access=(), retention_days=0, trains=False, source="one's own"
)
"""Of what runs on premises of one's own."""
