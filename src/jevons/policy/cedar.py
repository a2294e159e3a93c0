"""Cedar, asked: may this data go to that endpoint?

Rule 1: an evaluation that errs denies. Cedar itself skips a policy that errs, so that a
    `forbid` that is broken would let everything through.
Rule 2: a policy that does not fit the schema is refused before anything is asked.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import cedarpy as _cedarpy
import msgspec

from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.policy.facts import Facts
    from jevons.policy.profile import Profile, Statement
    from jevons.types.custody import Label

__all__ = ("SCHEMA", "Decision", "Policies", "parse", "read_never")

SCHEMA = (files("jevons.policy") / "schema.cedarschema").read_text(encoding="utf-8")

cedarpy: Any = _cedarpy
"""Its types say `dict` without of what."""

_MOST_CHARS = 65_536
"""The longest profile that ships has 2,300."""
_DEEPEST = 100
"""Brackets within brackets; Cedar 4.12 is killed by some six hundred."""
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|[(\[{]|[)\]}]')
"""And what may hold some that are none: text and comments."""

_KEY = MappingProxyType({"type": "Key", "id": "key"})
_ENDPOINT = MappingProxyType({"type": "Endpoint", "id": "endpoint"})
_SEND = MappingProxyType({"type": "Action", "id": "send"})


class Decision(NamedTuple):
    """What was decided, and why."""

    is_allowed: bool
    statements: tuple[Statement, ...]
    """Those that decided; none if no policy let it through."""
    errors: tuple[str, ...] = ()
    """What went wrong while deciding, which denies."""


class Policies:
    """The policies of one profile.

    Raises:
        Misconfigured: They cannot be read, do not fit the schema, or one has no id of its own.
    """

    def __init__(self, profile: Profile) -> None:
        self.parsed = parse(profile)
        """As Cedar's JSON, by the profile's ids."""
        self._by_id = dict(zip(_internal_ids(profile.policies), profile.statements, strict=True))
        self._order = [*self._by_id].index
        self._set = cedarpy.PolicySet.from_str(profile.policies)

    def decide(self, label: Label, facts: Facts) -> Decision:
        """Decide one case."""
        request = {
            "principal": {**_KEY},
            "action": {**_SEND},
            "resource": {**_ENDPOINT},
            "context": {
                "data_class": int(label.data_class),
                "region": label.region,
                "unread": label.unread,
                "veiled": label.veiled,
            },
        }
        attributes = msgspec.structs.asdict(facts)
        entity: dict[str, Any] = {"uid": {**_ENDPOINT}, "attrs": attributes, "parents": []}
        said = cedarpy.is_authorized(request, self._set, [entity])
        errors, reasons = tuple(said.diagnostics.errors), said.diagnostics.reasons
        return Decision(
            is_allowed=said.decision == cedarpy.Decision.Allow and not errors,
            statements=tuple([self._by_id[each] for each in sorted(reasons, key=self._order)]),
            errors=errors,
        )


def parse(profile: Profile) -> Mapping[str, dict[str, Any]]:
    """Read a profile's policies as Cedar's JSON, by their ids.

    Raises:
        Misconfigured: See `Policies`.
    """
    static = _static(profile.policies, profile.name)
    named = {policy.get("annotations", {}).get("id"): policy for policy in static.values()}
    found_at = {each.id for each in profile.statements}
    if named.keys() != found_at or not len(static) == len(named) == len(profile.statements):
        message = (
            f'profile {profile.name!r}: each policy needs an @id("…") of its own, on its own line'
        )
        raise Misconfigured(message)
    found = cedarpy.validate_policies(profile.policies, SCHEMA)
    if not found.validation_passed:
        message = f"profile {profile.name!r}: {'; '.join(str(each) for each in found.errors)}"
        raise Misconfigured(message)
    return named


def read_never(never: str, name: str) -> dict[str, Any]:
    """Read the Cedar expression of an invariant as a policy in Cedar's JSON.

    Raises:
        Misconfigured: It is none, or does not fit the schema.
    """
    text = f'permit (principal, action == Action::"send", resource) when {{ {never} }};'
    static = _static(text, name)
    if len(static) != 1:
        message = f"invariant {name!r}: it must be one expression"
        raise Misconfigured(message)
    found = cedarpy.validate_policies(text, SCHEMA)
    if not found.validation_passed:
        message = f"invariant {name!r}: {'; '.join(str(each) for each in found.errors)}"
        raise Misconfigured(message)
    return next(iter(static.values()))


def _static(text: str, name: str) -> dict[str, dict[str, Any]]:
    _bound(text, name)
    try:
        read = json.loads(cedarpy.policies_to_json_str(text))
    except (ValueError, RecursionError) as error:
        message = f"{name}: {error}"
        raise Misconfigured(message) from None
    others = [kind for kind, found in read.items() if found and kind != "staticPolicies"]
    if others:
        message = f"{name}: {others[0]} are not taken"
        raise Misconfigured(message)
    static: dict[str, dict[str, Any]] = read["staticPolicies"]
    return static


def _bound(text: str, name: str) -> None:
    """Refuse what Cedar's parser would run out of stack over, which ends the process."""
    if len(text) > _MOST_CHARS:
        message = f"{name}: {len(text):,} characters of policies; at most {_MOST_CHARS:,} are taken"
        raise Misconfigured(message)
    depth = 0
    for each in _BRACKETS.finditer(text):
        if each[0] in "([{":
            depth += 1
        elif each[0] in ")]}":
            depth = max(0, depth - 1)
        if depth > _DEEPEST:
            message = f"{name}: brackets within brackets, more than {_DEEPEST} deep"
            raise Misconfigured(message)


def _internal_ids(policies: str) -> list[str]:
    """List Cedar's own names of policies in the order of the text."""
    return [f"policy{number}" for number in range(len(_static(policies, "policies")))]
