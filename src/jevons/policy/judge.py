"""Asking every rule, in order."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from jevons.policy.rules import NOBODY, RULES, Asking, Rule
from jevons.types.custody import UNLABELLED, Label
from jevons.types.decision import Verdict
from jevons.types.errors import CallerError, PolicyError, Unauthenticated
from jevons.types.request import Inspected

if TYPE_CHECKING:
    from jevons.catalog import Catalog
    from jevons.ports import Clock, Policy
    from jevons.types.actor import Actor
    from jevons.types.model import Endpoint
    from jevons.types.request import Generate

__all__ = ("Rules", "can_veil")

_UNSEEN = Inspected(unread=("all of it",))


class Rules:
    """The house's policy: every rule must leave an endpoint.

    Args:
        catalog: What there is to allow.
        clock: Tells whether a key has expired when no request says when it came.
        rules: In the order in which they are asked.
        label: What data is taken to be where neither key nor request says.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        clock: Clock,
        rules: tuple[Rule, ...] = RULES,
        label: Label = UNLABELLED,
    ) -> None:
        self._catalog = catalog
        self._clock = clock
        self._label = label
        self._judges = tuple([rule.judge for rule in rules])
        self._veils = tuple([rule.veils for rule in rules if rule.veils is not None])
        self._names = tuple([rule.name for rule in rules])
        self.asked = tuple([f"{rule.name} {rule.version}" for rule in rules])
        """Each rule and its version, in the order in which they are asked."""
        self.digest = _digest(rules, catalog.endpoints)
        """SHA-256 of the rules and their settings, hex."""

    def judge(self, request: Generate) -> Verdict:
        """Judge one request as of its arrival, so that the books can be re-judged later.

        Raises:
            PolicyError: A rule refused every endpoint; the message names it.
            UnknownModel: No endpoint has this name.
            Unsupported: No endpoint of this model can do what was asked.
        """
        asking = self._asking(request, can_veil=can_veil(request))
        left = self._catalog.find(request.model)
        try:
            for judge in self._judges:
                left = judge(asking, left)
        except PolicyError as refusal:
            refusal.label, refusal.policy = asking.label, self.digest
            raise
        return Verdict(
            endpoints=left,
            veiled=self._veiled(asking, left),
            rules=self._names,
            policy=self.digest,
            label=asking.label,
        )

    def admit(self, endpoint: Endpoint, request: Generate) -> None:
        """Judge again what is about to leave for one endpoint, as it is, whoever sends it there.

        Raises:
            PolicyError: It may not go there.
            CallerError: It cannot.
        """
        asking = self._asking(request)
        for judge in self._judges:
            judge(asking, (endpoint,))

    def visible(self, actor: Actor | None) -> tuple[Endpoint, ...]:
        """List the endpoints that a request of this actor could reach, if it needed nothing.

        Raises:
            Unauthenticated: No key, or one that is not valid.
        """
        actor = actor or NOBODY
        asking = Asking("", actor, self._clock.now_ms(), label=self._labelled(actor))
        left = self._catalog.endpoints
        try:
            for judge in self._judges:
                left = judge(asking, left)
        except Unauthenticated:
            raise
        except (PolicyError, CallerError):
            return ()
        return left

    def _veiled(self, asking: Asking, endpoints: tuple[Endpoint, ...]) -> frozenset[str]:
        """Name those that may have it only with tokens for what identifies people."""
        return frozenset(
            [each.name for each in endpoints for veils in self._veils if veils(asking, each)]
        )

    def _asking(self, request: Generate, *, can_veil: bool = False) -> Asking:
        actor = request.actor or NOBODY
        return Asking(
            request.model,
            actor,
            request.at_ms,
            request.needs,
            request.source.size_bytes,
            request.messages,
            _seen(self._labelled(actor), request),
            can_veil,
        )

    def _labelled(self, actor: Actor) -> Label:
        """What a key's data is taken to be."""
        house = self._label
        return Label(
            data_class=house.data_class if actor.data_class is None else actor.data_class,
            region=house.region if actor.region is None else actor.region,
        )


def can_veil(request: Generate) -> bool:
    """Whether tokens can be put for what identifies people, and be taken back out of the answer.

    Tokens differ from one conversation to the next, and nothing puts the names back into a
    vector: it would be found by nobody who asks for them. Of several answers, or of one whose
    every piece has a probability, only the endpoint's own words can be passed on.
    """
    drawn = request.sampling
    is_plain = request.embed is None and drawn.n == 1 and not drawn.logprobs
    return request.inspected is not None and is_plain


def _seen(label: Label, request: Generate) -> Label:
    """Label a request: its class only rises, and what nobody looked through is not read."""
    seen = request.inspected or _UNSEEN
    return Label(
        data_class=max(label.data_class, request.data_class, seen.data_class),
        region=label.region,
        unread=bool(seen.unread),
        veiled=seen.is_veiled,
    )


def _digest(rules: tuple[Rule, ...], endpoints: tuple[Endpoint, ...]) -> str:
    """Hash what verdicts depend on: rules with their versions, and what they read of endpoints."""
    asked = [(rule.name, rule.version, *([rule.digest] * bool(rule.digest))) for rule in rules]
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
