"""Every small change to a profile's policies: one condition less, one comparison turned round.

Rule 1: a change is made in Cedar's own JSON and written by Cedar's own writer, so that each is
    a profile that somebody could have written.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import cedarpy as _cedarpy

from jevons.policy.profile import Profile, read_profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("Changed", "changes")

cedarpy: Any = _cedarpy

Node = dict[str, Any]

TURNED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        ">=": (">", "<", "=="), ">": (">=", "<="), "<=": ("<", ">"), "<": ("<=", ">="),
        "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",),
    }
)  # fmt: skip
FLAGS = frozenset({"unread", "veiled", "local", "eea", "adequate", "concern", "trains"})


class Changed(NamedTuple):
    """A profile with one change."""

    what: str
    profile: Profile


def changes(profile: Profile) -> Iterator[Changed]:
    """Yield a profile with each small change that could be made to it."""
    whole = json.loads(cedarpy.policies_to_json_str(profile.policies))
    policies = cast("dict[str, Node]", whole["staticPolicies"])
    for key, policy in policies.items():
        others = {name: each for name, each in policies.items() if name != key}
        name = policy["annotations"]["id"]
        yield _written(profile, whole, others, f"{name} dropped")
        for what, turned in _policy(policy):
            yield _written(profile, whole, policies | {key: turned}, f"{name}: {what}")


def _written(profile: Profile, whole: Node, policies: Mapping[str, Node], what: str) -> Changed:
    text: str = cedarpy.policies_from_json_str(json.dumps({**whole, "staticPolicies": policies}))
    manifest = f"says = ''\ndata_class = '{profile.label.data_class.word}'"
    read = read_profile(profile.name, policies=text, manifest=manifest)
    return Changed(what, read._replace(invariants=profile.invariants, label=profile.label))


def _policy(policy: Node) -> Iterator[tuple[str, Node]]:
    yield "turned round", {**policy, "effect": {"permit": "forbid"}.get(policy["effect"], "permit")}
    conditions = policy["conditions"]
    for number, each in enumerate(conditions):
        before, after = conditions[:number], conditions[number + 1 :]
        kind = each["kind"]
        yield f"{kind} dropped", {**policy, "conditions": [*before, *after]}
        other = {"when": "unless"}.get(kind, "when")
        turned = {**each, "kind": other}
        yield f"{kind} made {other}", {**policy, "conditions": [*before, turned, *after]}
        for what, body in _expression(each["body"]):
            said = {**each, "body": body}
            yield f"{what} in {kind}", {**policy, "conditions": [*before, said, *after]}


def _expression(node: Node) -> Iterator[tuple[str, Node]]:
    ((operator, parts),) = node.items()
    if operator == "Value":
        yield from _value(parts)
    elif operator == ".":
        if parts["attr"] in FLAGS:
            yield f"{parts['attr']} negated", {"!": {"arg": node}}
    elif operator == "!":
        yield "negation dropped", parts["arg"]
        for what, inner in _expression(parts["arg"]):
            yield what, {"!": {"arg": inner}}
    elif operator in TURNED:
        yield from _binary(operator, parts)
    else:
        message = f"no change of {operator!r} is known; say here what one would be"
        raise NotImplementedError(message)


def _binary(operator: str, parts: Node) -> Iterator[tuple[str, Node]]:
    for other in TURNED[operator]:
        yield f"{operator} made {other}", {other: parts}
    for side in ("left", "right"):
        if operator in {"&&", "||"}:
            yield f"only the {side} of {operator}", parts[side]
        for what, inner in _expression(parts[side]):
            yield what, {operator: {**parts, side: inner}}


def _value(value: object) -> Iterator[tuple[str, Node]]:
    if isinstance(value, int):
        for other in (value - 1, value + 1):
            yield f"{value} made {other}", {"Value": other}
    else:
        yield f"{value!r} made another word", {"Value": "another"}
