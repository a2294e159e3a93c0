"""What policies are told of an endpoint.

Rule 1: what is not known is told at its worst.
Rule 2: `derived` is written twice, here and in `jevons.policy.proof`, once for values and once
    for all values; a test holds them against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.types.custody import UNKNOWN_PLACE

if TYPE_CHECKING:
    from jevons.catalog.places import Groups
    from jevons.types.model import Endpoint

__all__ = ("FOREVER_DAYS", "OWN_PLACES", "Facts", "facts_of")

FOREVER_DAYS = 36_500
"""Days of keeping where nobody knows: a hundred years."""

OWN_PLACES = frozenset({"on-prem", "house", "nowhere"})
"""Places at which nobody from outside can get at anything."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes of an endpoint, as `schema.cedarschema` describes them."""

    local: bool
    place: str
    storage: str
    owner: str
    eea: bool
    adequate: bool
    concern: bool
    basis: str
    trains: bool
    retention_days: int


def facts_of(endpoint: Endpoint, groups: Groups, *, day: str) -> Facts:
    """Tell what is known of an endpoint.

    Args:
        endpoint: Which.
        groups: What places belong together.
        day: On which it is asked, `YYYY-MM-DD`: a basis may have run out.
    """
    custody = endpoint.custody
    access = {UNKNOWN_PLACE} if custody.access is None else {*custody.access}
    reach = {endpoint.place, custody.storage, custody.owner} | access
    foreign = reach - OWN_PLACES
    is_current = custody.basis_until is None or day <= custody.basis_until
    return Facts(
        local=endpoint.place == "on-prem" and custody.owner == "house",
        place=endpoint.place,
        storage=custody.storage,
        owner=custody.owner,
        eea=foreign <= groups.eea.places,
        adequate=foreign <= groups.eea.places | groups.adequate.places,
        concern=not foreign.isdisjoint(groups.concern.places | {UNKNOWN_PLACE}),
        basis=custody.basis if is_current else "none",
        trains=custody.trains is not False,
        retention_days=FOREVER_DAYS if custody.retention_days is None else custody.retention_days,
    )
