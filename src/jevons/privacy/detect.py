"""Looking for all of it at once."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from jevons.privacy.address import ips, mails, pages
from jevons.privacy.finding import Finding, merged
from jevons.privacy.fold import fold
from jevons.privacy.national import REGIONS
from jevons.privacy.number import Numbers
from jevons.privacy.secret import secrets
from jevons.privacy.term import Terms

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Detector",)


class Detector:
    """Finds what in a text tells of a person, or opens a door.

    Args:
        regions: Countries, ISO 3166-1 alpha-2, whose national numbers are found with no word
            beside them that says what they are: more is found, and more that is none.
        dictionary: Identifiers of one's own, found wherever they stand as words, in either case.

    Raises:
        ValueError: A region's numbers are not known, or a term is no identifier.
    """

    def __init__(self, regions: Iterable[str] = (), dictionary: Iterable[str] = ()) -> None:
        asked = frozenset(regions)
        if not asked <= REGIONS:
            message = f"{sorted(asked - REGIONS)!r} are not among {sorted(REGIONS)}"
            raise ValueError(message)
        self._numbers = Numbers(asked)
        self._dictionary = tuple(dictionary)
        self._terms = Terms(self._dictionary)

    def knowing(self, values: Iterable[str]) -> Detector:
        """Make one that finds the same and these besides, wherever they stand as words.

        Args:
            values: Of which those that are no identifiers, as a row of dots, are left out.
        """
        other = copy(self)
        other._terms = Terms([*self._dictionary, *filter(Terms.takes, values)])  # noqa: SLF001 its own copy
        return other

    def find(self, text: str) -> list[Finding]:
        """Find everything, in order, nothing twice; in time that grows with the text alone."""
        folded = fold(text)
        plain = folded.text
        found = [
            *mails(plain),
            *pages(plain),
            *ips(plain),
            *self._numbers.find(plain),
            *secrets(plain),
            *self._terms.find(plain),
        ]
        origin = folded.origin
        return [Finding(origin(one.start), origin(one.end), one.kind) for one in merged(found)]
