"""What a profile promises, held against the endpoints that there are.

The proof speaks of every endpoint that there could be, by formulas; this asks Cedar itself
about each there is. Two ways to one answer.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from jevons.policy.cedar import Policies
from jevons.policy.profile import read_profile
from jevons.types.custody import UNKNOWN_PLACE, DataClass, Label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.policy.egress import Egress
    from jevons.policy.profile import Invariant
    from jevons.types.model import Endpoint

__all__ = ("broken_promises", "labels")

_REGIONS = ("EEA", "US", "CN", "GB", UNKNOWN_PLACE)
_NEVER = 'says = ""\ndata_class = "public"'
"""A manifest that says nothing, of policies that only match."""


def labels() -> Iterator[Label]:
    """Yield every class of data, of people in every region that laws speak of, in every form."""
    ways = product(DataClass, _REGIONS, (False, True), (False, True))
    for data_class, region, unread, veiled in ways:
        yield Label(data_class=data_class, region=region, unread=unread, veiled=veiled)


def broken_promises(
    egress: Egress, endpoints: tuple[Endpoint, ...], moment_ms: int
) -> tuple[str, ...]:
    """Find what is allowed although it was promised never to be.

    Returns:
        A sentence for each; none if every promise holds.
    """
    # Of endpoints that are alike to policies, one stands for all.
    first = {egress.facts(each, moment_ms): each for each in reversed(endpoints)}
    allowed = [
        (label, facts, endpoint)
        for (facts, endpoint), label in product(reversed(first.items()), labels())
        if egress.decide(label, endpoint, moment_ms).is_allowed
    ]
    return tuple(
        [
            f"{invariant.name!r} does not hold for {_spoken(label)} and {endpoint.name!r}: "
            f"{invariant.says}"
            for invariant, matches in [
                (each, _matching(each)) for each in egress.profile.invariants
            ]
            for label, facts, endpoint in allowed
            if matches.decide(label, facts).is_allowed
        ]
    )


def _spoken(label: Label) -> str:
    form = " that is veiled" * label.veiled + " that cannot all be read" * label.unread
    return f"{label.data_class.word} data of {label.region}{form}"


def _matching(invariant: Invariant) -> Policies:
    """Make a policy that allows what the invariant says can never be."""
    text = (
        '@id("never")\n'
        f'permit (principal, action == Action::"send", resource) when {{ {invariant.never} }};'
    )
    return Policies(read_profile(invariant.name, policies=text, manifest=_NEVER))
