"""Where people live: streets, houses, boxes, and the town behind them.

Rule 1: a house is looked for from a number, a street from the word that says it is one. What is
    read from there on has a bounded number of words, so the work grows with the text alone.
Rule 2: the lines below a house that look like a town, a country or a postal code belong to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jevons.privacy.finding import Finding
from jevons.privacy.letter import CAPITAL, NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("houses",)

# Source: USPS Publication 28, appendix C1 (suffixes of streets) and C2 (units), pe.usps.com; the
# words for a street in the languages of the European Union; read 2026-11-24.
_SURE = (
    "street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|highway|hwy|terrace|crescent"
    "|parkway|pkwy|turnpike|esplanade|str"
)
"""Behind a name, in either case."""
_SUFFIXES = (
    "Alley|Annex|Arcade|Bayou|Beach|Bend|Bluffs?|Bottom|Branch|Bridge|Brooks?|Burgs?|Bypass|Camp"
    "|Canyon|Cape|Causeway|Cent(?:er|re)s?|Circles?|Cliffs?|Close|Club|Common|Corners?|Course"
    "|Courts?|Ct|Coves?|Creek|Crest|Crossing|Crossroads?|Curve|Dale|Dam|Divide|Estates?"
    "|Expressway|Extensions?|Falls?|Ferry|Fields?|Flats?|Fords?|Forest|Forges?|Forks?|Fort"
    "|Freeway|Gardens?|Gateway|Glens?|Greens?|Groves?|Harbors?|Haven|Heights|Hills?|Hollow|Inlet"
    "|Islands?|Isle|Junctions?|Keys?|Knolls?|Lakes?|Land|Landing|Lights?|Loaf|Locks?|Lodge|Loop"
    "|Mall|Manors?|Meadows?|Mews|Mills?|Mission|Motorway|Mount(?:ain|ains)?|Neck|Orchard|Oval"
    "|Overpass|Parks?|Pass(?:age)?|Path|Pike|Pines?|Place|Pl|Plains?|Plaza|Points?|Ports?|Prairie"
    "|Radial|Ramp|Ranch|Rapids?|Rest|Ridges?|River|Roads|Route|Row|Run|Shoals?|Shores?|Skyway"
    "|Springs?|Spurs?|Squares?|Sq|Station|Stravenue|Stream|Streets|Summit|Throughway|Trace|Track"
    "|Trafficway|Trail|Tunnel|Unions?|Valleys?|Viaduct|Views?|Villages?|Ville|Vista|Walks?|Wall"
    "|Ways?|Wells?"
)
"""Behind a name that has a capital."""
_PREFIXES = (
    r"rue|avenue|av\.|boulevard|bd|chemin|impasse|all[ée]e|mont[ée]e|quai|place|route|via|viale"
    r"|piazza|corso|vicolo|largo|borgo|strada|stradă|contrada|calle|c/|avenida|avda\.?|paseo"
    r"|pasaje|plaza|glorieta|ronda|camino|carretera|rambla|rua|travessa|praça|estrada|alameda"
    r"|rodovia|ul\.|ulica|aleja|al\.|os\.|plac|pl\.|str\.|bulevardul|calea|intrarea|aleea|ulice"
    r"|trg|leof\.|jalan|jl\.|gang"
)
"""Before a name, in either case."""
_WORDS_BEHIND = (
    r"tér|tere|utca|u\.|út|útja|köz|ulica|námestie|náměstí|trg|cesta|terrasse|plass|plads"
)
_ENDINGS = (
    r"straße|strasse|str\.|weg|wegen|gasse|platz|allee|damm|ufer|chaussee|straat|laan|plein|gracht"
    r"|kade|dijk|singel|gatan|gränd|vägen|stigen|gata|gate|vegen|veien|vei|vej|gade|stræde|toften"
    r"|toft|katu|kuja|tie|polku|götu|stræti|straeti|vegur|braut|iela|gatvė|tänav|tee|mnt"
    r"|tér|tere|utca|útja"
)
"""Of a word that is a street's name."""

_LITTLE = (
    "(?:de|del|della|delle|dei|di|da|do|dos|das|du|des|la|le|les|los|der|den|am|an|im|van|von|of"
    "|the|och|og|i)"
)
_ORDINAL = "[0-9]{1,3}(?:st|nd|rd|th|e|º|ª)"
_NAMES = rf"(?:(?:{_LITTLE}|{_ORDINAL}|{NAME}) ){{0,4}}"
_WORD = r"[^\W\d_][\w'.-]{0,29}"
_PLAIN_WORD = (
    r"(?!(?:a|an|and|are|as|at|by|for|in|is|of|on|one|or|the|to|was|with)\b)[^\W\d_]{2,29}"
)
_NUMBER = (
    r"(?:(?i:nr|no|n[°º]|č)\.? ?)?[0-9]{1,6}[A-Ha-h]?(?:[/-][0-9]{1,4}[A-Ha-h]?)?(?![^\W_])\.?"
)
_UNIT = (
    r"(?i:apartment|apt|suite|ste|appartement|appt|wohnung|flat)"
    r"\.? ?#?[0-9]{1,5}[A-Za-z]?(?![^\W_])"
)
_PART = (
    r"(?i:unit|room|floor|building|bldg|lot|dept|piso|piano|puerta|stiege|top|box|bl|sc|ap|et|esc)"
    r"\.? ?#?[0-9]{1,5}[A-Za-z]?(?![^\W_])"
)
"""Of a house that was found; alone it could be of anything."""
_BOX = (
    r"(?:(?i:p\.? ?o\.? ?box|postfach|casilla|apartado(?: de correos)?|bo[iî]te postale|postbus"
    r"|postboks|caixa postal) ?[0-9]{1,6}"
    r"|(?i:psc|cmr|unit) [0-9]{1,5},? (?i:box) [0-9]{1,5})"
)
_CODE = (
    r"(?:[0-9]{4,6}(?:-[0-9]{3,4})?(?![ -]?[0-9])|[0-9]{3} [0-9]{2}(?! ?[0-9])"
    r"|[0-9]{2}-[0-9]{3}(?!-?[0-9])|[0-9]{4} ?[A-Z]{2}"
    r"|[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9])(?![^\W_])"
)
"""A postal code."""
_PLACE = rf"(?:(?:{_LITTLE}|{NAME}) ){{0,4}}{NAME}(?: \([^)\n]{{2,20}}\))?"
_REGION = r"[^\W\d_]{2,3}"
_BREAK = r"[ \t]{0,4}(?:,? ?\r?\n[ \t>?*|#]{0,12})"
_LINE_ENDS = r"(?=[ \t]{0,4}(?:[.,;?!]|\r?\n|$)| [0-9])"

_START = re.compile(r"(?<![^\W_])(?<![0-9][.,:/-])(?<![$€£#])[0-9]")
_HOUSES = (
    re.compile(
        rf"{_NUMBER},? (?:{_NUMBER},? )?"
        # 12 Saint Mary Street
        rf"(?:{_NAMES}(?:{NAME}|{_ORDINAL}) (?i:{_SURE}|{_SUFFIXES})\b\.?"
        # 12 mary street
        rf"|(?:{_PLAIN_WORD} ){{1,3}}(?i:{_SURE})\b\.?"
        # 12 rue de la paix 3, and whatever its line holds
        rf"|(?i:{_PREFIXES}) (?:{_WORD} ){{0,4}}?{_WORD}(?:,? {_NUMBER}|(?=[,\n]|$))"
        rf"|(?i:{_PREFIXES}) (?:(?:{_LITTLE}|{NAME}) ){{0,4}}{NAME}"
        # 12 Petőfi Sándor utca 3
        rf"|{_NAMES}{NAME} (?:{_WORDS_BEHIND})(?![^\W_])(?: {_NUMBER})?"
        # 12 Hauptstraße 3
        rf"|{_NAMES}[^\W\d_]{{2,29}}(?:{_ENDINGS})(?![^\W_])(?: {_NUMBER})?"
        # 12 Koivu 3
        rf"|{_NAMES}{NAME} {_NUMBER})"
    ),
    re.compile(
        # Whatever stands between a number and a flat; two numbers before a name.
        rf"{_NUMBER} (?:(?:[^\W_][\w'.-]{{0,29}},? ){{1,6}}?{_UNIT}|{_NAMES}{NAME},?\n ?{_UNIT}"
        rf"|{_NUMBER} {_NAMES}{NAME})"
    ),
)
"""Tried in this order from the number of a house."""
_STREETS = (
    # Apt. 12, P.O. Box 34; the corner of two; a postal code that says so
    re.compile(
        rf"(?<![^\W_])(?:{_UNIT}|{_BOX}"
        rf"|(?i:corner|intersection|junction) of [^\n]{{3,40}}? and {_NAMES}(?:{NAME}|[^\W\d_]{{3,29}})"
        rf"(?: {_NUMBER})?"
        rf"|(?i:zip|zip code|postal code|postcode|plz|code postal|c\.a\.p\.)(?: is| code)?[ :#]{{1,3}}{_CODE})"
    ),
    # via Roma 12, Hauptstraße 12
    re.compile(
        rf"(?<![^\W_])(?:(?i:{_PREFIXES}) (?:(?:{_LITTLE}|{NAME}) ){{0,3}}{NAME},? {_NUMBER}"
        rf"|{CAPITAL}[^\W\d_]{{1,29}}(?:{_ENDINGS}) [0-9]{{1,4}}[A-Za-z]?(?![^\W_]))"
    ),
    # lives on Koivu 12
    re.compile(
        r"(?i:\b(?:li(?:ves?|ved|ving)|resid(?:es?|ed|ing)|located|moved|address(?: is)?|office is"
        r"|meet (?:me|you)|drops? you off|delivered|shipped|returns?)"
        r" (?:at |on |in |to )?(?:the )?(?:[a-z]{1,8} side of )?(?:the )?)"
        rf"(?P<street>{_NAMES}{NAME} {_NUMBER})"
    ),
    # of the United States abroad
    re.compile(
        r"(?:(?i:USS|USNS|USCGC|USNV) (?:[^\W\d_]{1,29}[ \n]){1,3})?"
        r"(?i:[ADF]PO,? A[AEP]),? [0-9]{5}(?:-[0-9]{4})?(?![0-9])"
    ),
)
_TAIL = re.compile(
    rf"(?:[ ,]{{1,2}}|{_BREAK}){{1,2}},? ?(?:{_UNIT}|{_PART}|{_BOX})"
    rf"|{_BREAK}{{1,2}},? ?(?:{_CODE}"
    rf"|(?:{_CODE} )?(?:{_PLACE}|{_REGION}){_LINE_ENDS}(?: {_CODE})?)"
    rf"|,? (?:{_CODE}|(?:{_CODE} )?{_PLACE}(?: {_CODE})?)"
    rf"|,? {_REGION} {_CODE}"
    rf"|{_BREAK}(?:[^\W\d_][\w'.-]{{1,29}} ?){{1,4}},? {_REGION} {_CODE}"
)
_TAILS_MOST = 7
_DAY = re.compile(
    r"[0-9]{1,4}(?:st|nd|rd|th)?[. ]{1,2}"
    r"(?:jan|feb|m[aä]r|apr|ma[iyj]|jun|jul|aug|sep|o[ck]t|nov|de[cz])",
    re.IGNORECASE,
)


def houses(text: str) -> Iterator[Finding]:
    """Find addresses of houses, each with the town behind it."""
    done = 0
    for begun in _START.finditer(text):
        start = begun.start()
        end = _house_end(text, start) if start >= done else start
        if end > start:
            done = _tail_end(text, end)
            yield Finding(start, done, "address")
    for pattern in _STREETS:
        for found in pattern.finditer(text):
            start = found.start(found.lastgroup or 0)
            yield Finding(start, _tail_end(text, found.end()), "address")


def _house_end(text: str, start: int) -> int:
    """Say where a house ends that begins with its number; `start` if none does."""
    if _DAY.match(text, start):
        return start
    for pattern in _HOUSES:
        found = pattern.match(text, start)
        if found:
            return found.end()
    return start


def _tail_end(text: str, end: int) -> int:
    """Walk past a flat, a town, a country, a postal code, as they follow each other."""
    for _ in range(_TAILS_MOST):
        tail = _TAIL.match(text, end)
        if tail is None:
            break
        end = tail.end()
    return end
