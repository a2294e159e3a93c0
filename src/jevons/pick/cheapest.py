"""The cheapest allowed endpoint first.

Rule 1: own hardware comes first: its tokens cost electricity, which is less than anybody's
    price, and nothing leaves the premises.
Rule 2: then what has a price, by what this request is expected to cost.
Rule 3: an endpoint whose price is unknown is the dearest there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.catalog import is_own
from jevons.types.decision import Candidate, Plan

if TYPE_CHECKING:
    from decimal import Decimal

    from jevons.ports import Pick
    from jevons.types.decision import Verdict
    from jevons.types.model import Endpoint, Price
    from jevons.types.request import Generate

__all__ = ("Cheapest",)

BYTES_PER_TOKEN = 4
"""Of a request body, JSON included: English text is about four characters a token."""

USUAL_OUTPUT_TOKENS = 400
"""Answer to expect when the caller set no limit, and at most when one was set."""

_OWN, _PRICED, _UNPRICED = range(3)

_ONLY = "the only endpoint of this model that is allowed"


class Cheapest:
    """Orders endpoints by expected cost; equal ones on-prem first, then by name."""

    def plan(self, request: Generate, verdict: Verdict) -> Plan:
        """Order what policy left standing."""
        if len(verdict.endpoints) == 1:
            return Plan(candidates=(Candidate(endpoint=verdict.endpoints[0], why=_ONLY),))
        ranked = sorted([_rank(endpoint, request) for endpoint in verdict.endpoints])
        endpoints = {endpoint.name: endpoint for endpoint in verdict.endpoints}
        ordered = tuple([endpoints[rank.name] for rank in ranked])
        return Plan(
            candidates=tuple(
                [
                    Candidate(endpoint=endpoint, why=_why(place, ordered))
                    for place, endpoint in enumerate(ordered)
                ]
            )
        )


class _Rank(NamedTuple):
    """What endpoints are sorted by, first field first."""

    tier: int
    expected: Decimal | int
    """Micro-dollars, for those that have a price."""
    off_premises: bool
    name: str


def _rank(endpoint: Endpoint, request: Generate) -> _Rank:
    off_premises = endpoint.place != "on-prem"
    if is_own(endpoint):
        return _Rank(_OWN, 0, off_premises, endpoint.name)
    if endpoint.price is None:
        return _Rank(_UNPRICED, 0, off_premises, endpoint.name)
    return _Rank(_PRICED, _expected(endpoint.price, request), off_premises, endpoint.name)


def _expected(price: Price, request: Generate) -> Decimal:
    """Guess what a request will cost, micro-dollars; only the order of such guesses is used."""
    prompt = request.source.size_bytes // BYTES_PER_TOKEN
    limit = request.sampling.max_tokens
    answer = USUAL_OUTPUT_TOKENS if limit is None else min(limit, USUAL_OUTPUT_TOKENS)
    return prompt * price.input_per_mtok + answer * price.output_per_mtok


def _why(place: int, ordered: tuple[Endpoint, ...]) -> str:
    """Say in one sentence why an endpoint stands where it stands."""
    count = len(ordered)
    if place:
        return f"number {place + 1} of {count} by expected cost, {_tag(ordered[place])}"
    if is_own(ordered[0]):
        return f"own hardware, before {count - 1} other{'s' * (count > 2)}"  # noqa: PLR2004 a plural
    return f"cheapest of {count}: {_tag(ordered[0])} against {_tag(ordered[1])}"


def _tag(endpoint: Endpoint) -> str:
    if endpoint.price is not None:
        return f"${endpoint.price.output_per_mtok} per million output tokens"
    return "own hardware" if is_own(endpoint) else "price unknown"


if TYPE_CHECKING:
    _pick: type[Pick] = Cheapest
