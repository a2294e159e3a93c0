"""Who may do what to what: one table, and one function that reads it. Pure.

Rule 1: what the table does not have is not allowed.
Rule 2: where something is decides, not how it is called: a manager of a team is none of its
    neighbour.
Rule 3: what is set on an account is set from above it. A manager's own team has its budget and
    its limits from somebody else.
Rule 4: nothing here is about requests: no role passes a budget, a limit or a rule.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from jevons.types.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.person import Person, Role

__all__ = ("HOUSE", "Act", "At", "Reach", "admit", "admit_at_all", "may", "reach")

Act = Literal[
    "account.see",
    "account.make",
    "key.see",
    "key.make",
    "key.change",
    "key.hold",
    "key.erase",
    "budget.see",
    "budget.set",
    "limit.see",
    "limit.set",
    "receipt.see",
    "deed.see",
    "person.see",
    "person.change",
    "endpoint.see",
    "policy.ask",
    "log.see",
    "review.grade",
]
"""What it is done to, and what is done. `key.change` is a new secret, or the end of it. `review.grade`
shows what callers wrote."""


class Reach(Enum):
    """How far an act goes."""

    ALL = "everything"
    WITHIN = "the accounts that the role is of, and what is below them"
    BELOW = "what is below the accounts that the role is of"
    OWN = "what is one's own"


class At(NamedTuple):
    """Where something is."""

    line: tuple[str, ...] = ()
    """Its own name, then each account that it is part of, up to the organisation."""
    owner: str = ""
    """The person whose own it is; empty for nobody's."""


HOUSE = At()
"""Where what belongs to no account is."""

_ALL, _WITHIN, _BELOW, _OWN = Reach

_READS_ALL: Mapping[Act, Reach] = MappingProxyType(
    {
        "account.see": _ALL,
        "key.see": _ALL,
        "budget.see": _ALL,
        "limit.see": _ALL,
        "receipt.see": _ALL,
        "deed.see": _ALL,
        "person.see": _ALL,
        "endpoint.see": _ALL,
        "policy.ask": _ALL,
        "log.see": _ALL,
    }
)

_REACHES: Mapping[Role, Mapping[Act, Reach]] = MappingProxyType(
    {
        "admin": MappingProxyType(
            {
                **_READS_ALL,
                "account.make": _ALL,
                "key.make": _ALL,
                "key.change": _ALL,
                "key.hold": _ALL,
                "key.erase": _ALL,
                "budget.set": _ALL,
                "limit.set": _ALL,
                "person.change": _ALL,
                "review.grade": _ALL,
            }
        ),
        "operator": MappingProxyType(
            {
                "account.see": _ALL,
                "budget.see": _ALL,
                "limit.see": _ALL,
                "limit.set": _ALL,
                "endpoint.see": _ALL,
                "policy.ask": _ALL,
                "log.see": _ALL,
            }
        ),
        "auditor": _READS_ALL,
        "manager": MappingProxyType(
            {
                "account.see": _WITHIN,
                "account.make": _WITHIN,
                "key.see": _WITHIN,
                "key.make": _WITHIN,
                "key.change": _WITHIN,
                "budget.see": _WITHIN,
                "budget.set": _BELOW,
                "limit.see": _WITHIN,
                "limit.set": _BELOW,
                "receipt.see": _WITHIN,
                "endpoint.see": _ALL,
                "policy.ask": _ALL,
                "log.see": _ALL,
                "review.grade": _WITHIN,
            }
        ),
        "member": MappingProxyType(
            {
                "account.see": _WITHIN,
                "key.see": _OWN,
                "key.make": _WITHIN,
                "key.change": _OWN,
                "budget.see": _WITHIN,
                "limit.see": _WITHIN,
                "receipt.see": _OWN,
                "log.see": _ALL,
            }
        ),
    }
)


def reach(role: Role, act: Act) -> Reach | None:
    """Tell how far a role reaches with an act; None is not at all."""
    return _REACHES[role].get(act)


def may(person: Person, act: Act, at: At) -> bool:
    """Whether somebody may do something to what is somewhere."""
    match reach(person.role, act):
        case Reach.ALL:
            return True
        case Reach.WITHIN:
            return not _are_apart(person.accounts, at.line)
        case Reach.BELOW:
            return not _are_apart(person.accounts, at.line[1:])
        case Reach.OWN:
            return at.owner == person.name
        case _:
            return False


def admit_at_all(person: Person, act: Act, *, what: str) -> None:
    """Let somebody ask for what they may do this to, of which there may be nothing.

    Raises:
        Forbidden: They may do it to nothing, wherever it is.
    """
    if reach(person.role, act) is None:
        raise _forbidden(person, act, what)


def admit(person: Person, act: Act, at: At = HOUSE, *, sees: Act | None = None, what: str) -> None:
    """Let somebody do something, or say why not.

    Args:
        person: Who.
        act: What is to be done.
        at: Where that is which it is done to.
        sees: What they must be allowed to know that it is there; None where everybody knows.
        what: What that is, as who asked called it: `key 'key_1'`.

    Raises:
        NotFound: They may not see it: to them it is not there.
        Forbidden: They see it, and may not do that.
    """
    if sees is not None and not may(person, sees, at):
        message = f"there is no {what}"
        raise NotFound(message)
    if not may(person, act, at):
        raise _forbidden(person, act, what)


def _forbidden(person: Person, act: Act, what: str) -> Forbidden:
    message = f"{person.name!r} is {person.role}, and may not do this to {what}: {act}"
    return Forbidden(message, rule="role")


def _are_apart(accounts: tuple[str, ...], line: tuple[str, ...]) -> bool:
    return not any(name in line for name in accounts)
