"""Two cheap answers that agree, where two answers can be compared at all.

What agrees is taken, and everything else goes to the reference. Two arms that learned from
different data seldom make the same mistake. Only what has one way to be written is compared: a
number, a choice, a short label, JSON, calls to tools. Of prose nothing is said.

Rule 1: nothing agrees that was cut short, that refuses, or that is no answer.
Rule 2: what may mean two things agrees with nothing but the same characters: `1.200` may be a
    thousand and a fifth of it, or one and a fifth; `1,5` may be a number or a list.
Rule 3: what is too long, too deep or malformed comes to nothing: then two answers differ.
Rule 4: JSON that was asked for is read to the letter, as its reader will. In a text it is what the
    text comes to: it may stand at the end, hold TeX, and put a number or its text in quotes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from jevons.types.decision import Canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

__all__ = ("Canonical", "agree", "canonical", "canonical_calls", "canonical_json", "fold")

_LONGEST_CHARS = 65_536
_LABEL_CHARS = 40
_LINE_CHARS = 200
_DEEPEST = 64

_FENCED = re.compile(r"```(?:json)?[ \t]*\n(.*)\n```", re.DOTALL | re.IGNORECASE)
_LAST_FENCED = re.compile(
    r"\n```(?:json)?[ \t]*\n\s*((?:\{|\[)(?:(?!```).)*)```\Z", re.DOTALL | re.IGNORECASE
)
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')
_QUOTED = re.compile(r"(['\"`])(.*)\1", re.DOTALL)
_SAID = re.compile(r".*\b(?:answer|result)\s*(?:is\s*:?|:|=)(.+)", re.IGNORECASE)
_BOXED = re.compile(r"\\boxed\{([^{}]+)\}")
_REFUSES = re.compile(
    r"(?:i['\u2019]?m |i am )?(?:sorry|unable to)\b"
    r"|i (?:can['\u2019]?t|cannot|can not|won['\u2019]?t|will not|do not|don['\u2019]?t) \b"
    r"|as an ai\b",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"(?:\(([A-Ja-j])\)|([A-Ja-j])[).:])[ \t]+(\S.*)")
_LETTER = re.compile(r"\(?([A-Ja-j])\)?")

_PLAIN = re.compile(r"(?:0|[1-9][0-9]*)")
_POINT = re.compile(r"((?:0|[1-9][0-9]*)?)\.([0-9]+)")
_ENGLISH = re.compile(r"([1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.([0-9]+))?")
_INDIAN = re.compile(r"([1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3})(?:\.([0-9]+))?")
_GERMAN = re.compile(r"([1-9][0-9]{0,2}(?:(?:\.[0-9]{3}){2,}|(?:\.[0-9]{3})(?=,)))(?:,([0-9]+))?")
_SPACED = re.compile(
    r"([1-9][0-9]{0,2}(?:['\u2019\u00a0\u2009\u202f][0-9]{3})+)(?:[.,]([0-9]+))?"
)  # not by a plain space: `100 200` may be two numbers
_QUANTITY = re.compile(
    r"(?P<sign>[-+\u2212]?)(?P<before>(?:US\$|[$€£¥₹])?)[ \u00a0\u202f]?"
    r"(?P<number>[0-9.](?:[0-9.,'\u2019\u00a0\u2009\u202f]*[0-9])?)"
    r"[ \u00a0\u202f]?(?P<unit>[^\s0-9.,'\u2019][^0-9]{0,19})?"
)
_UNITS = MappingProxyType(
    {
        name: names[0]
        for names in (
            ("%", "percent", "per cent"),
            ("€", "eur", "euro", "euros"),
            ("$", "dollar", "dollars"),
            ("usd", "us$", "us dollars"),
            ("£", "gbp"),
        )
        for name in names
    }
)
_SYMBOL_CHARS = 3
"""Up to so many characters a unit may be a symbol, whose case means something: `mW` is not `MW`."""


def canonical(text: str, ignore: Collection[str] = ()) -> Canonical | None:
    """Read an answer that has one way to be written; None for prose, and for what refuses.

    Args:
        text: All of it.
        ignore: Names of fields of JSON that do not count.
    """
    said = text.strip()
    if len(said) > _LONGEST_CHARS:
        return None
    fenced = _FENCED.fullmatch(said)
    said = fenced[1].strip() if fenced else said
    last = _LAST_FENCED.search(said)
    said = last[1] if last else said
    if said.startswith(("{", "[")):
        value = _parsed(_mended(said), ignore, _loosely, strict=False)
        return None if value is None else Canonical("json", value)
    core = _core(said)
    if not core or len(core) > _LABEL_CHARS or "\n" in core or _REFUSES.match(core):
        return None
    letter, choice = _LETTER.fullmatch(core), _CHOICE.fullmatch(core)
    if letter:
        return Canonical("choice", letter[1].lower())
    if choice:
        letter_of = choice[1] or choice[2]
        return Canonical("choice", letter_of.lower(), _folded(choice[3]))
    quantity = _quantity(core)
    return Canonical("number", quantity) if quantity else Canonical("label", _folded(core))


def canonical_json(text: str, ignore: Collection[str] = ()) -> Canonical | None:
    """Read JSON: names in order, numbers in one spelling.

    Args:
        text: All of it.
        ignore: Names of fields, at any depth, that do not count.

    Returns:
        None if it is none, says a name twice, or holds nothing that counts.
    """
    value = _parsed(text, ignore)
    return None if value is None else Canonical("json", value)


def canonical_calls(calls: Iterable[tuple[str, str]]) -> Canonical | None:
    """Read calls to tools: the same ones, in the same order, with the same arguments.

    Args:
        calls: Name and arguments of each, as JSON text; no text is no arguments.

    Returns:
        None if there are none, or the arguments of one are no JSON object.
    """
    written: list[str] = []
    for name, arguments in calls:
        value = _parsed(arguments.strip() or "{}")
        if value is None or not value.startswith("{"):
            return None
        written.append(f"{json.dumps(name)}{value}")
    return Canonical("calls", "\n".join(written)) if written else None


def agree(one: Canonical | None, other: Canonical | None) -> bool:
    """Whether two answers come to the same; nothing agrees with nothing."""
    if one is None or other is None or one[:2] != other[:2]:
        return False
    return one.beside == other.beside or not (one.beside and other.beside)


def fold(
    answers: Sequence[str | None], *, read: Callable[[str], Canonical | None] = canonical
) -> int | None:
    """Say which of the cheap answers is taken.

    Args:
        answers: As they were given; None for one that failed or was cut short.
        read: What an answer comes to.

    Returns:
        Place of the first, if there are two or more and all agree; None sends the request on.
    """
    forms = [None if each is None else read(each) for each in answers]
    pairs = [(one, other) for at, one in enumerate(forms) for other in forms[at + 1 :]]
    return 0 if pairs and all(agree(*pair) for pair in pairs) else None


def _core(said: str) -> str:
    """Find what an answer comes down to: what it boxes, what its last line says, or all of it."""
    boxed = _BOXED.findall(said)
    if boxed:
        return _bare(boxed[-1])
    last = said.rpartition("\n")[2][-_LINE_CHARS:]
    told = _SAID.fullmatch(last)
    return _bare(told[1] if told else said)


def _bare(core: str) -> str:
    """Take off what only sets it apart, and the full stop."""
    core = core.strip().strip("*`\"' \t").removesuffix(".").removesuffix("。").strip("*`\"' \t")
    is_formula = len(core) > 1 and core.startswith("$") and core.endswith("$")
    return core.strip("$ ") if is_formula else core


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def _quantity(core: str) -> str | None:
    """Read a number, with its unit if it has one."""
    found = _QUANTITY.fullmatch(core)
    number = _number(found["number"]) if found else None
    if found is None or number is None or (found["before"] and found["unit"]):
        return None
    sign = "" if found["sign"] in {"", "+"} or not number.strip("0.") else "-"
    unit = _unit(found["before"] or found["unit"] or "")
    return f"{sign}{number} {unit}" if unit else f"{sign}{number}"


def _unit(said: str) -> str:
    said = " ".join(said.split())
    known = _UNITS.get(said.lower())
    return known or (said if len(said) <= _SYMBOL_CHARS else said.lower())


def _number(said: str) -> str | None:
    """Write a number in one way; None for what may be another, or none."""
    if _PLAIN.fullmatch(said):
        return said
    point = _POINT.fullmatch(said)
    if point:
        is_unsure = len(point[2]) == 3 and 0 < len(point[1]) <= 3 and point[1] != "0"  # noqa: PLR2004 thousands
        return said if is_unsure else _plain(point[1] or "0", point[2])
    for grouped in (_ENGLISH, _INDIAN, _GERMAN, _SPACED):
        found = grouped.fullmatch(said)
        if found:
            return _plain(re.sub(r"[^0-9]", "", found[1]), found[2] or "")
    return None


def _plain(whole: str, part: str) -> str:
    part = part.rstrip("0")
    return f"{whole}.{part}" if part else whole


def _mended(text: str) -> str:
    """Escape what stands behind a backslash and may not, as TeX in a string does."""
    return _ESCAPE.sub(lambda found: found[0] if len(found[0]) > 1 else "\\\\", text)


def _parsed(
    text: str,
    ignore: Collection[str] = (),
    scalar: Callable[[Decimal | str], str] | None = None,
    *,
    strict: bool = True,
) -> str | None:
    """Read JSON and write it in one way; None if that cannot be.

    Args:
        text: All of it.
        ignore: Names of fields that do not count.
        scalar: Writes a number or a text; None writes them to the letter.
        strict: Whether a text may hold no bare line feed and its like.
    """
    if len(text) > _LONGEST_CHARS:
        return None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=Decimal,
            parse_float=Decimal,
            parse_constant=_refuse,
            strict=strict,
        )
        written = _written(value, _DEEPEST, ignore, scalar or _exactly)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return None if value and written == "{}" else written


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Take an object, of which nobody could say what it means if it has a name twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(pairs)
    return found


def _refuse(constant: str) -> None:
    """`NaN` and its like are no JSON (RFC 8259 §6)."""
    raise ValueError(constant)


def _written(
    value: object, depth: int, ignore: Collection[str], scalar: Callable[[Decimal | str], str]
) -> str:
    if not depth:
        raise ValueError(depth)
    if isinstance(value, dict):
        named = sorted(cast("dict[str, object]", value).items())
        inner = [
            f"{json.dumps(name)}:{_written(each, depth - 1, ignore, scalar)}"
            for name, each in named
            if name not in ignore
        ]
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        parts = cast("list[object]", value)
        return "[" + ",".join([_written(each, depth - 1, ignore, scalar) for each in parts]) + "]"
    return scalar(value) if isinstance(value, Decimal | str) else json.dumps(value)


def _loosely(value: Decimal | str) -> str:
    """Write a number, and a text that is one, as `canonical` reads it."""
    if isinstance(value, Decimal):
        said = f"{value:f}" if abs(value.adjusted()) < _LABEL_CHARS else _exactly(value)
    else:
        said = value.strip()
        quoted = _QUOTED.fullmatch(said)
        said = quoted[2] if quoted else said
    return json.dumps(_quantity(said) or said)


def _exactly(value: Decimal | str) -> str:
    """Write a text as it is, and a number in one way, to its last digit."""
    if isinstance(value, str):
        return json.dumps(value)
    sign, digits, exponent = value.as_tuple()
    if not value:
        return "0"
    written = "".join(map(str, digits))
    plain = written.rstrip("0")
    return f"{'-' * sign}{plain}e{int(exponent) + len(written) - len(plain)}"
