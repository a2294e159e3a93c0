"""What comes nearest to an endpoint that was refused, and what would have to be otherwise.

Rule 1: nothing here decides: whoever asks says what is allowed, or how to find out.
Rule 2: what would have to be otherwise is tried on the policies themselves, one fact after
    another, so that no advice is given that they would not follow.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.types.custody import OWN, UNKNOWN_PLACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jevons.policy.egress import Egress
    from jevons.types.custody import Custody, Label
    from jevons.types.model import Endpoint

__all__ = ("Near", "nearest", "wanting")

_NEAR = "DE"
"""Stands for anywhere in the EEA."""


class Near(NamedTuple):
    """An endpoint that may have it, and how it differs from the one that may not."""

    endpoint: Endpoint
    differs: tuple[str, ...]
    """One clause for each difference."""


class _Change(NamedTuple):
    """One thing that could be otherwise."""

    says: str
    effort: int
    """How much it asks of whoever runs the house: a letter, a contract, another host."""
    make: Callable[[Label, Endpoint], tuple[Label, Endpoint]]


def nearest(refused: Endpoint, allowed: Sequence[Endpoint]) -> Near | None:
    """Find the endpoint that differs least from one that was refused.

    The same model is nearer than any other; of those that differ in as much, the first.

    Args:
        refused: Which.
        allowed: Those that may have it, in the order of the settings.

    Returns:
        None if there is none.
    """
    rows = [Near(each, (*_differences(refused, each),)) for each in allowed]
    return min(
        rows,
        key=lambda near: (near.endpoint.model != refused.model, len(near.differs)),
        default=None,
    )


def wanting(
    egress: Egress, label: Label, endpoint: Endpoint, moment_ms: int
) -> tuple[str, ...] | None:
    """Find what would have to be so for data to go to an endpoint, with the least effort.

    Args:
        egress: The profile's policies.
        label: What is known of the data.
        endpoint: Which may not have it.
        moment_ms: As of when, Unix milliseconds.

    Returns:
        One clause for each thing; None if nothing that is known of here would be enough.
    """
    possible = [each for each in _CHANGES if each.make(label, endpoint) != (label, endpoint)]
    tries = [
        each for count in range(1, len(possible) + 1) for each in combinations(possible, count)
    ]
    for number, changes in enumerate(sorted(tries, key=_effort)):
        data, host = label, endpoint
        for change in changes:
            data, host = change.make(data, host)
        host = msgspec.structs.replace(host, name=f"{endpoint.name} {number}")
        if egress.decide(data, host, moment_ms).is_allowed:
            return tuple([change.says for change in changes])
    return None


def _effort(changes: tuple[_Change, ...]) -> tuple[int, int]:
    return sum(change.effort for change in changes), len(changes)


def _differences(one: Endpoint, other: Endpoint) -> Iterator[str]:
    for (what, was), (_, now) in zip(_told(one), _told(other), strict=True):
        if was != now:
            yield f"{what} {now}, not {was}"


def _told(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """Tell what policies are told of an endpoint, in words."""
    custody = endpoint.custody
    yield "model", repr(endpoint.model)
    yield "processed in", endpoint.place
    yield "owner", custody.owner
    yield "stored in", custody.storage
    access = (UNKNOWN_PLACE,) if custody.access is None else custody.access or ("nowhere",)
    yield "staff reaching in from", " and ".join(sorted(access))
    kept = custody.retention_days
    yield "kept for", "an unknown time" if kept is None else f"{kept} day{'s' * (kept != 1)}"
    yield "training", {None: UNKNOWN_PLACE, True: "yes", False: "no"}[custody.trains]
    yield "basis", custody.basis


def _custody(**said: object) -> Callable[[Label, Endpoint], tuple[Label, Endpoint]]:
    def make(label: Label, endpoint: Endpoint) -> tuple[Label, Endpoint]:
        custody: Custody = msgspec.structs.replace(endpoint.custody, **said)
        return label, msgspec.structs.replace(endpoint, custody=custody)

    return make


def _read(label: Label, endpoint: Endpoint) -> tuple[Label, Endpoint]:
    return msgspec.structs.replace(label, unread=False), endpoint


def _veiled(label: Label, endpoint: Endpoint) -> tuple[Label, Endpoint]:
    return msgspec.structs.replace(label, veiled=True), endpoint


def _in_the_eea(label: Label, endpoint: Endpoint) -> tuple[Label, Endpoint]:
    near = msgspec.structs.replace(endpoint.custody, owner=_NEAR, storage=_NEAR, access=())
    return label, msgspec.structs.replace(endpoint, place=_NEAR, custody=near)


def _at_home(label: Label, endpoint: Endpoint) -> tuple[Label, Endpoint]:
    return label, msgspec.structs.replace(endpoint, place="on-prem", custody=OWN)


_CHANGES = (
    _Change("tokens stood for what identifies people in it", 1, _veiled),
    _Change("all of it could be looked through", 1, _read),
    _Change("no model were trained on it", 2, _custody(trains=False)),
    _Change("it were kept for 30 days at most", 2, _custody(retention_days=30)),
    _Change("it were kept for no day at all", 3, _custody(retention_days=0)),
    _Change(
        "the vendor were certified under the Data Privacy Framework",
        4,
        _custody(basis="dpf", basis_until=None),
    ),
    _Change(
        "standard contractual clauses were signed and the transfer's impact assessed",
        4,
        _custody(basis="scc-tia", basis_until=None),
    ),
    _Change("everybody who can get at it were in the EEA", 10, _in_the_eea),
    _Change("it ran on hardware of one's own", 12, _at_home),
)
"""Least effort first. That a class were lower is no advice: data is what it is."""
