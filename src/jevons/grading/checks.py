"""Tests that the operator states: what an answer has to be, whoever gives it.

Rule 1: they are absolute: the reference can fail them too.
Rule 2: all that apply to a request have to be passed. One that breaks grades nothing at all.
Rule 3: patterns are the operator's own, and are run beside the loop, on no more than so much text.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.grading.command import said_right
from jevons.pick import canonical
from jevons.pick.fits import fits

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

__all__ = ("Broke", "Check", "passed")

_MOST_CHARS = 100_000


class Broke(Exception):
    """A test said neither right nor wrong."""


class Check(NamedTuple):
    """One test. What is not set says nothing."""

    name: str
    system: re.Pattern[str] | None = None
    """Found in the system prompt of requests that it is for; None is of all."""
    prompt: re.Pattern[str] | None = None
    """Found in their last turn."""
    matches: re.Pattern[str] | None = None
    """Found in a right answer."""
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    max_chars: int | None = None
    is_json: bool = False
    fits_schema: bool = False
    """It has the shape that the request asks for; of a request that asks for none it says nothing."""
    near: float | None = None
    """It is a number, and at most so large a share away from the reference's."""
    command: tuple[str, ...] = ()
    seconds: float = 10.0

    def is_for(self, messages: Sequence[tuple[str, str]], schema: bytes | None = None) -> bool:
        """Whether it is for a request, by its messages, role and text each, and the shape it wants."""
        if self.fits_schema and schema is None:
            return False
        system = "\n".join([text for role, text in messages if role in {"system", "developer"}])
        return _is_in(self.system, system) and _is_in(self.prompt, messages[-1][1])

    def is_right(self, answer: str, reference: str) -> bool:
        """Whether an answer passes all of it but the command."""
        return (
            _is_in(self.matches, answer)
            and all(each in answer for each in self.contains)
            and not any(each in answer for each in self.lacks)
            and (self.max_chars is None or len(answer) <= self.max_chars)
            and (not self.is_json or _is_json(answer))
            and (self.near is None or _is_near(answer, reference, self.near))
        )


async def passed(
    checks: Sequence[Check],
    messages: Sequence[tuple[str, str]],
    answers: Sequence[str],
    *,
    schema: bytes | None = None,
) -> tuple[float, ...] | None:
    """Grade answers, 1 or 0 each; None if no test is for this.

    Args:
        checks: All there are.
        messages: What was asked, role and text each.
        answers: The reference's first.
        schema: JSON Schema of the shape that was asked for; None if none was.

    Raises:
        Broke: A test said neither right nor wrong.
    """
    ours = await asyncio.to_thread(
        lambda: [each for each in checks if each.is_for(messages, schema)]
    )
    if not ours:
        return None
    shaped = await asyncio.to_thread(_shaped, ours, answers, schema)
    return tuple(
        [
            float(is_shaped & await _passes(ours, messages, each, answers[0]))
            for each, is_shaped in zip(answers, shaped, strict=True)
        ]
    )


def _shaped(checks: Sequence[Check], answers: Sequence[str], schema: bytes | None) -> list[bool]:
    """Say which answers have the shape that was asked for.

    Raises:
        Broke: None has: so the schema may be one that cannot be read here.
    """
    wants = [each for each in checks if each.fits_schema]
    if not wants or schema is None:
        return [True] * len(answers)
    found = [fits(each, schema) for each in answers]
    if not any(found):
        raise Broke(wants[0].name)
    return found


async def _passes(
    checks: Sequence[Check], messages: Sequence[tuple[str, str]], answer: str, reference: str
) -> bool:
    """Whether an answer passes all; each command is run, also for one that is known to be wrong."""
    is_right = True
    for check in checks:
        is_right &= await asyncio.to_thread(check.is_right, answer, reference)
        if check.command:
            asked = [{"role": role, "content": text} for role, text in messages]
            said = msgspec.json.encode({"messages": asked, "answer": answer})
            told = await said_right(check.command, said, seconds=check.seconds)
            if told is None:
                raise Broke(check.name)
            is_right &= told
    return is_right


def _is_in(pattern: re.Pattern[str] | None, text: str) -> bool:
    return pattern is None or pattern.search(text[:_MOST_CHARS]) is not None


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(name: str) -> float:
    """Refuse NaN and its like, which Python reads and JSON has not (RFC 8259 §6)."""
    raise ValueError(name)


def _is_near(answer: str, reference: str, within: float) -> bool:
    one, other = _quantity(answer), _quantity(reference)
    if one is None or other is None or one[1] != other[1]:
        return False
    return abs(one[0] - other[0]) <= within * abs(other[0])


def _quantity(text: str) -> tuple[float, str] | None:
    """Read a number and its unit; None for anything else."""
    form = canonical(text)
    if form is None or form.kind != "number":
        return None
    number, _, unit = form.value.partition(" ")
    return float(number), unit
