"""Two cheap answers that agree, where two answers can be compared at all.

What agrees is taken, and everything else goes to the reference. Two arms that learned from
different data seldom make the same mistake. Only what has one way to be written is compared: a
number, a short label, JSON, calls to tools. Of prose nothing is said.

Rule 1: nothing agrees that was cut short, or that is no answer.
Rule 2: a cascade never serves a request whose answer acts: its calls would be made twice.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("Canonical", "canonical", "fold")

_LABEL_CHARS = 40
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_SAID = re.compile(r"(?:answer|result)\s*(?:is|:)\s*\**\(?([^\n]+?)\)?\**\.?\s*$", re.IGNORECASE)
_BOXED = re.compile(r"\\boxed\{([^{}]+)\}")


class Canonical(NamedTuple):
    """What an answer comes to."""

    kind: str
    """`number`, `label` or `json`."""
    value: str


def canonical(text: str) -> Canonical | None:
    """Read an answer that has one way to be written; None for prose."""
    said = text.strip()
    if said.startswith(("{", "[")):
        return _json(said)
    boxed = _BOXED.findall(said)
    told = _SAID.search(said)
    core = boxed[-1] if boxed else told[1] if told else said
    core = core.strip().strip("$*`.\"' ")
    if not core or len(core) > _LABEL_CHARS or "\n" in core:
        return None
    number = _NUMBER.fullmatch(core)
    if number:
        return Canonical("number", _plain(number[0]))
    return Canonical("label", " ".join(core.lower().split()))


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
    first = forms[0] if len(forms) > 1 else None
    return 0 if first is not None and all(each == first for each in forms) else None


def _json(said: str) -> Canonical | None:
    try:
        value = json.loads(said)
    except ValueError:
        return None
    return Canonical("json", json.dumps(value, sort_keys=True, separators=(",", ":")))


def _plain(number: str) -> str:
    """Write a number so that 1,200.0 and 1200 are one."""
    plain = number.replace(",", "")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
