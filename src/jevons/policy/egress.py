"""The rule that asks a profile's policies: may data of this class go there?

Rule 1: cases are decided once a day: nothing but the class, the region, the endpoint and the
    day goes into a decision.
Rule 2: what people in a region are owed, they are owed under its name and under that of every
    region around it: policies that speak of the EEA hold for data of people in Germany.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from jevons.policy.cedar import SCHEMA, Policies
from jevons.policy.facts import facts_of
from jevons.policy.rules import Rule
from jevons.types.custody import UNKNOWN_PLACE, DataClass
from jevons.types.errors import EgressRefused

if TYPE_CHECKING:
    from jevons.catalog.places import Groups
    from jevons.policy.cedar import Decision
    from jevons.policy.facts import Facts
    from jevons.policy.profile import Profile
    from jevons.policy.rules import Asking
    from jevons.types.custody import Custody, Label
    from jevons.types.model import Endpoint

__all__ = ("Egress", "egress_rule", "sentence", "veiled")

_MS_PER_DAY = 86_400_000


class Egress:
    """A profile's policies, asked about endpoints.

    Args:
        profile: Whose.
        groups: What places belong together.
    """

    def __init__(self, profile: Profile, groups: Groups) -> None:
        self.profile = profile
        self._policies = Policies(profile)
        self._groups = groups
        self._day = -1
        self._decided: dict[tuple[str, Label], Decision] = {}

    def decide(self, label: Label, endpoint: Endpoint, moment_ms: int) -> Decision:
        """Decide one case, as of a moment in Unix milliseconds."""
        day = moment_ms // _MS_PER_DAY
        if day != self._day:
            self._day = day
            self._decided = {}
        case = (endpoint.name, label)
        decision = self._decided.get(case)
        if decision is None:
            facts = self.facts(endpoint, moment_ms)
            decision = self._decided[case] = self._strictest(label, facts)
        return decision

    def _strictest(self, label: Label, facts: Facts) -> Decision:
        decision = self._policies.decide(label, facts)
        for region in self._groups.wider(label.region):
            if decision.is_allowed:
                around = msgspec.structs.replace(label, region=region)
                decision = self._policies.decide(around, facts)
        return decision

    def facts(self, endpoint: Endpoint, moment_ms: int) -> Facts:
        """Tell what policies are told of an endpoint at a moment in Unix milliseconds."""
        date = datetime.fromtimestamp(moment_ms / 1e3, UTC).date().isoformat()
        return facts_of(endpoint, self._groups, day=date)

    def judge(self, asking: Asking, endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        """Data of this class may go there, as it is or veiled, says the house's profile."""
        left = tuple([each for each in endpoints if self._lets(asking, each)])
        if left:
            return left
        first = endpoints[0]
        label = veiled(asking.label) if asking.can_veil else asking.label
        decision = self.decide(label, first, asking.moment_ms)
        rule = decision.statements[0].id if decision.statements else "nothing-permits"
        raise EgressRefused(sentence(label, first, decision), rule=rule, param="model")

    def veils(self, asking: Asking, endpoint: Endpoint) -> bool:
        """Data of this class may go there only with tokens for what identifies people in it."""
        return not self.decide(asking.label, endpoint, asking.moment_ms).is_allowed

    def _lets(self, asking: Asking, endpoint: Endpoint) -> bool:
        if self.decide(asking.label, endpoint, asking.moment_ms).is_allowed:
            return True
        hidden = veiled(asking.label)
        return asking.can_veil and self.decide(hidden, endpoint, asking.moment_ms).is_allowed

    def digest(self, endpoints: tuple[Endpoint, ...], proof: str) -> str:
        """Hash what decisions depend on, and what was proved of it."""
        profile = self.profile
        custody = {each.name: each.custody for each in endpoints}
        told = (SCHEMA, profile.policies, profile.invariants, self._groups, custody, proof)
        return sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()


def egress_rule(egress: Egress, endpoints: tuple[Endpoint, ...], *, proof: str) -> Rule:
    """Make the rule under which receipts name a profile.

    Args:
        egress: The profile's policies.
        endpoints: All there are.
        proof: Digest of what was proved of the policies.
    """
    digest = egress.digest(endpoints, proof)
    return Rule(f"egress-{egress.profile.name}", 3, egress.judge, digest, egress.veils)


def veiled(label: Label) -> Label:
    """Label the same data with tokens for what identifies people in it."""
    return msgspec.structs.replace(label, veiled=True)


def sentence(label: Label, endpoint: Endpoint, decision: Decision) -> str:
    """Say in one sentence whether data may go to an endpoint, and why not."""
    kind = DataClass(label.data_class).word
    about = "" if label.region == UNKNOWN_PLACE else f" of people in {label.region}"
    about += " that cannot all be looked through" if label.unread else ""
    about += ", veiled," if label.veiled else ""
    where = f"{endpoint.name!r} ({endpoint.host}, {endpoint.place})"
    if decision.is_allowed:
        names = ", ".join(each.id for each in decision.statements)
        return f"{kind} data{about} may go to {where} (rule {names})"
    told = f"{kind} data{about} may not go to {where}"
    if decision.errors:
        return f"{told}: a policy could not be evaluated, which denies: {decision.errors[0]}"
    if not decision.statements:
        return f"{told}: no policy lets it"
    said, *others = decision.statements
    why = f": {said.says}" if said.says else ""
    also = "".join(f", and {each.id}" for each in others)
    unknown = _unknown(endpoint.custody)
    hint = f"; of it nobody said: {', '.join(unknown)}" if unknown else ""
    return f"{told}{why} (rule {said.id}, {said.file} line {said.line}{also}){hint}"


def _unknown(custody: Custody) -> list[str]:
    """List what would have to be known of an endpoint for more to be allowed."""
    told = msgspec.structs.asdict(custody)
    asked = ("owner", "storage", "access", "retention_days", "trains")
    return [name for name in asked if told[name] in {None, UNKNOWN_PLACE}]
