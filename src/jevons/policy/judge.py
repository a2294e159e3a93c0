"""Asking every rule, in order."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from jevons.policy.rules import NOBODY, RULES, Asking, Rule
from jevons.types.decision import Verdict
from jevons.types.errors import CallerError, PolicyError, Unauthenticated

if TYPE_CHECKING:
    from jevons.catalog import Catalog
    from jevons.ports import Clock, Policy
    from jevons.types.actor import Actor
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

__all__ = ("Rules",)


class Rules:
    """The house's policy: every rule must leave an endpoint.

    Args:
        catalog: What there is to allow.
        clock: Tells whether a key has expired when no request says when it came.
        rules: In the order in which they are asked.
    """

    def __init__(self, catalog: Catalog, *, clock: Clock, rules: tuple[Rule, ...] = RULES) -> None:
        self._catalog = catalog
        self._clock = clock
        self._judges = tuple([rule.judge for rule in rules])
        self._names = tuple([rule.name for rule in rules])
        self._policy = _digest(rules, catalog.endpoints)

    def judge(self, request: Generate) -> Verdict:
        """Judge one request as of its arrival, so that the books can be re-judged later.

        Raises:
            PolicyError: A rule refused every endpoint; the message names it.
            UnknownModel: No endpoint has this name.
            Unsupported: No endpoint of this model can do what was asked.
        """
        asking = Asking(
            request.model,
            request.actor or NOBODY,
            request.at_ms,
            request.needs,
            request.source.size_bytes,
            request.messages,
        )
        left = self._catalog.find(request.model)
        for judge in self._judges:
            left = judge(asking, left)
        return Verdict(endpoints=left, rules=self._names, policy=self._policy)

    def visible(self, actor: Actor | None) -> tuple[Endpoint, ...]:
        """List the endpoints that a request of this actor could reach, if it needed nothing.

        Raises:
            Unauthenticated: No key, or one that is not valid.
        """
        asking = Asking("", actor or NOBODY, self._clock.now_ms())
        left = self._catalog.endpoints
        try:
            for judge in self._judges:
                left = judge(asking, left)
        except Unauthenticated:
            raise
        except (PolicyError, CallerError):
            return ()
        return left


def _digest(rules: tuple[Rule, ...], endpoints: tuple[Endpoint, ...]) -> str:
    """Hash what verdicts depend on: rules with their versions, and what they read of endpoints."""
    asked = [(rule.name, rule.version) for rule in rules]
    read = [
        (
            endpoint.name,
            endpoint.model,
            sorted(endpoint.aliases),
            endpoint.place,
            sorted(endpoint.can),
            endpoint.context_tokens,
        )
        for endpoint in sorted(endpoints, key=lambda each: each.name)
    ]
    return sha256(msgspec.json.encode((asked, read))).hexdigest()


if TYPE_CHECKING:
    _policy: type[Policy] = Rules
