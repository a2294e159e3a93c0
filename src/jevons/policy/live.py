"""What a profile promises, held against the endpoints that there are.

The proof speaks of every endpoint that there could be, by formulas; this asks Cedar itself
about each there is. Two ways to one answer.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from jevons.policy.cedar import Policies
from jevons.policy.profile import Profile, Statement
from jevons.types.custody import UNKNOWN_PLACE, DataClass, Label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.policy.egress import Egress
    from jevons.policy.profile import Invariant
    from jevons.types.model import Endpoint

__all__ = ("broken_promises", "labels")

_REGIONS = ("EEA", "US", "CN", "GB", UNKNOWN_PLACE)


def labels() -> Iterator[Label]:
    """Yield every class of data, of people in every region that laws speak of."""
    for data_class, region in product(DataClass, _REGIONS):
        yield Label(data_class=data_class, region=region)


def broken_promises(
    egress: Egress, endpoints: tuple[Endpoint, ...], moment_ms: int
) -> tuple[str, ...]:
    """Find what is allowed although it was promised never to be.

    Returns:
        A sentence for each; none if every promise holds.
    """
    invariants = egress.profile.invariants
    return tuple(
        [
            f"{invariant.name!r} does not hold for {label.data_class.name.lower()} data of "
            f"{label.region} and {endpoint.name!r}: {invariant.says}"
            for invariant, matches in [(each, _matching(each)) for each in invariants]
            for endpoint, label in product(endpoints, labels())
            if egress.decide(label, endpoint, moment_ms).is_allowed
            and matches.decide(label, egress.facts(endpoint, moment_ms)).is_allowed
        ]
    )


def _matching(invariant: Invariant) -> Policies:
    """Make a policy that allows what the invariant says can never be."""
    text = (
        f'@id("{invariant.name}")\n'
        f'permit (principal, action == Action::"send", resource) when {{ {invariant.never} }};'
    )
    statement = Statement(invariant.name, invariant.says, "", 1)
    return Policies(Profile(invariant.name, "", Label(), text, (statement,), ()))
