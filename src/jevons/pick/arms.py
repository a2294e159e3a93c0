"""Arms as people write them: `cheap`, `dear@low`, `cheap+local`, `cheap@none+local`.

Rule 1: a word is read in the one way in which all its endpoints are there. One that can be read in
    two, since endpoints have `@` or `+` in their names, stops the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from jevons.types.arm import Arm, Step
from jevons.types.errors import Misconfigured
from jevons.types.request import Effort

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ("EFFORTS", "read_arms")

EFFORTS: tuple[Effort, ...] = get_args(Effort)


def read_arms(words: Sequence[str], endpoints: Mapping[str, frozenset[Effort]]) -> tuple[Arm, ...]:
    """Read arms, the reference first.

    Args:
        words: As they are written; none twice.
        endpoints: What there is, and how hard each can be told to think.

    Raises:
        Misconfigured: One is none.
    """
    arms = tuple([_arm(word, endpoints) for word in words])
    if not arms:
        return ()
    reference = arms[0]
    if reference.is_cascade:
        message = f"[auto] reference is {reference.name!r}; it must be one endpoint, not a cascade"
        raise Misconfigured(message)
    for arm in arms[1:]:
        if arm.is_cascade and reference.steps[0] in arm.steps:
            message = (
                f"[auto] arm {arm.name!r} asks the reference {reference.name!r}, which is asked "
                "anyway where the others differ"
            )
            raise Misconfigured(message)
    return arms


def _arm(word: str, endpoints: Mapping[str, frozenset[Effort]]) -> Arm:
    readings = list(_readings(word, endpoints))
    if not readings:
        raise Misconfigured(_unread(word, endpoints))
    if len(readings) > 1:
        ways = " or ".join(sorted(_told(each) for each in readings))
        message = f"[auto] names {word!r}, which may be {ways}; give one of them another name"
        raise Misconfigured(message)
    (steps,) = readings
    for at, step in enumerate(steps):
        if step in steps[:at]:
            message = f"[auto] arm {word!r} asks {_told((step,))} twice; it would agree with itself"
            raise Misconfigured(message)
        can = endpoints[step.endpoint]
        if step.effort is not None and step.effort not in can:
            accepted = ", ".join([each for each in EFFORTS if each in can]) or "no effort at all"
            message = f"[auto] names {word!r}; endpoint {step.endpoint!r} can be told {accepted}"
            raise Misconfigured(message)
    return Arm(word, steps)


def _readings(word: str, endpoints: Mapping[str, frozenset[Effort]]) -> Iterator[tuple[Step, ...]]:
    """List every way in which a word can be read."""
    for endpoint in endpoints:
        for effort in (None, *EFFORTS):
            said = endpoint if effort is None else f"{endpoint}@{effort}"
            if word == said:
                yield (Step(endpoint, effort),)
            elif word.startswith(f"{said}+"):
                for rest in _readings(word[len(said) + 1 :], endpoints):
                    yield (Step(endpoint, effort), *rest)


def _unread(word: str, endpoints: Mapping[str, frozenset[Effort]]) -> str:
    """Say what is wrong with a word that cannot be read: its first part that is nothing."""
    parts = [part.rpartition("@") for part in word.split("+") if part not in endpoints]
    name, _, said = next(
        each for each in parts if each[0] not in endpoints or each[2] not in EFFORTS
    )
    if name in endpoints:
        return f"[auto] names {word!r}; an effort is one of {', '.join(EFFORTS)}"
    if not (name or said):
        return f"[auto] names {word!r}; a cascade has an endpoint on each side of its `+`"
    return f"[auto] names {name or said!r}, and no endpoint is called so"


def _told(steps: tuple[Step, ...]) -> str:
    return " and ".join(
        repr(each.endpoint) + (f" with effort {each.effort!r}" if each.effort else "")
        for each in steps
    )
