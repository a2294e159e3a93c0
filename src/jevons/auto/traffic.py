"""Whose traffic a request is of, and which class of it: each is promised something of its own.

Rule 1: whoever is charged is promised: the account or the key that pays is the one that loses if
    answers get worse. A mean over several of them could be kept where one of them loses much.
Rule 2: kinds of answers are graded in unlike ways, so they are classes of their own.
Rule 3: callers take a name out of those that the house has: each class has its own chance of error,
    so one who could make classes could make one in twenty of them come out wrongly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from jevons.types.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Collection

    from jevons.auto.study import Study
    from jevons.types.actor import Actor
    from jevons.types.request import Generate

__all__ = ("Studied", "Tenant", "Traffic", "kind_of", "tenant_of", "traffic_of")

Tenant = Literal["house", "organisation", "team", "project", "key"]


class Traffic(NamedTuple):
    """Whose traffic, and which class of it."""

    tenant: str
    """Name of an account or id of a key; empty is the whole house."""
    name: str
    """`text`, `json` or `tools`; after a colon what its callers call it."""


class Studied(NamedTuple):
    """What is known of the traffic that a request is of."""

    traffic: Traffic
    study: Study


def traffic_of(request: Generate, *, tenant: Tenant, names: Collection[str]) -> Traffic:
    """Say what traffic a request is of.

    Args:
        request: Which.
        tenant: Who is promised something each.
        names: Names that callers may give their traffic.

    Raises:
        Malformed: The caller gave it another.
    """
    name = kind_of(request)
    if request.traffic:
        if request.traffic not in names:
            told = ", ".join(repr(each) for each in names) or "none"
            message = f"x-jevons-class is {request.traffic!r}; classes that this house has: {told}"
            raise Malformed(message, param="x-jevons-class")
        name = f"{name}:{request.traffic}"
    return Traffic("" if request.actor is None else tenant_of(request.actor, tenant), name)


def kind_of(request: Generate) -> Literal["text", "json", "tools"]:
    """Say what kind of answer is asked for."""
    if request.tools:
        return "tools"
    return "text" if request.output.kind == "text" else "json"


def tenant_of(actor: Actor, tenant: Tenant) -> str:
    """Name whom a key's traffic is of; what its project is part of comes after it in its line."""
    if tenant == "house":
        return ""
    if tenant == "key":
        return actor.key
    line = actor.account
    return {"project": line[0], "team": line[1], "organisation": line[-1]}[tenant]
