"""Names of people, where what stands beside them says that they are.

Rule 1: a capital alone is no name. A title, a greeting, `my name is` before it make it one, and
    so does `said` behind it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jevons.privacy.finding import Finding
from jevons.privacy.letter import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("people",)

_TITLE = (
    r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Lady|Lord|Madam|Herrn?|Frau|Monsieur|Madame|Mme|Mlle"
    r"|Se\u00f1ora?|Sra?|Srta|Do\u00f1a|Don|Signora?|Sig|Pani?|Fru|Dhr|Mevr|Mevrouw|Meneer)\.?"
)
_LITTLE = r"(?:(?:de|del|della|di|da|dos|du|la|le|van|von|der|den|ten|ter|bin|al|el) ){0,2}"
_FULL = rf"(?:{NAME}(?: {_LITTLE}{NAME}){{0,3}})"
# Other words with a capital, as sentences begin with.
_NOBODY = (
    r"(?!(?:A|All|An|And|Any|Anybody|Anyone|As|At|But|By|Everybody|Everyone|For|From|Good|He|Here|How"
    r"|I|If|In|It|Its|My|No|Nobody|None|Not|Now|Of|On|One|Or|Our|Please|She|So|Some|Someone|Sorry"
    r"|Thanks?|That|The|Their|Then|There|These|They|This|Those|To|Users?|We|What|When|Where|Which|Who|Why"
    r"|With|You|Your|Team|Sirs?|All|Both|Customers?|Colleagues?)\b)"
)
_PATTERNS = (
    re.compile(rf"(?<![^\W_])(?P<name>{_TITLE} {_FULL})"),
    re.compile(
        r"(?i:\b(?:my|your|his|her|their|our|maiden|last|first|middle|family|full) (?:name|surname)"
        rf"(?: is| was|:|\?) ?:? ?){_NOBODY}(?P<name>{_FULL})"
    ),
    re.compile(
        r"(?i:\b(?:my name is|call me|people call me)) (?!(?i:a|an|at|back|if|on|the|when|not|later|now|today)\b)"
        r"(?P<name>[^\W\d_]{2,29})"
    ),
    re.compile(
        rf"\b(?:[Dd]ear|[Hh]i|[Hh]ello|[Hh]ey|HI|DEAR) {_NOBODY}(?P<name>{_FULL})(?=[ ]?[,!.:\n\u2013-]|$)"
    ),
    re.compile(
        r"\b(?:[Ss]incerely|[Rr]egards|[Cc]heers|[Yy]ours|[Bb]est(?: wishes)?|[Tt]hanks),?\s{1,3}"
        rf"{_NOBODY}(?P<name>{_FULL})(?=\s|$)"
    ),
    re.compile(
        rf"(?m:^)[ >]{{0,4}}(?i:(?:first |last |full |sur|user ?)?name) {{0,2}}[:=] {{0,8}}(?P<name>{_FULL})"
    ),
    re.compile(
        rf"(?<![^\W_])(?<![.'-])(?P<name>{_NOBODY}{_FULL}) (?:lives|lived|said|says|asked|shouted|whispered|told|wrote"
        r"|replied|answered|is married|was born|passed away)(?![^\W_])"
    ),
    re.compile(
        r"\b(?:[Dd]irected|[Ss]igned|[Ww]ritten|[Ss]ung) [Bb]y:?\s{1,6}"
        rf"{_NOBODY}(?P<name>{_FULL})"
    ),
)


def people(text: str) -> Iterator[Finding]:
    """Find names that something beside them says are people's."""
    for pattern in _PATTERNS:
        for found in pattern.finditer(text):
            yield Finding(*found.span("name"), "person")
