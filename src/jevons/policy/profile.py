"""Profiles: policies that a house switches on by name, with what they promise.

Rule 1: a profile is text: Cedar for what decides, TOML for what is promised of it.
Rule 2: each policy has an id of its own, which receipts and refusals name.
"""

from __future__ import annotations

import re
import tomllib
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from jevons.types.custody import REGION, UNKNOWN_PLACE, DataClass, Label
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("CLASSES", "Invariant", "Profile", "Statement", "read_profile")

CLASSES = MappingProxyType({each.name.lower(): each for each in DataClass})
"""Data classes, by the names that people give them."""

_ANNOTATION = re.compile(r'@(\w+)\("((?:[^"\\]|\\.)*)"\)')
_ANNOTATED = re.compile(rf"^(?:\s*{_ANNOTATION.pattern})+", re.MULTILINE)
"""All that stands in front of one policy."""


class Invariant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a profile promises."""

    name: str
    says: str
    """In one sentence."""
    never: str
    """A Cedar expression over `resource` and `context`: nothing for which it holds may go."""


class Statement(NamedTuple):
    """One policy of a profile."""

    id: str
    says: str
    """Why, in one clause; empty if it does not say."""
    file: str
    line: int


class _Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    says: str
    data_class: str
    region: Annotated[str, msgspec.Meta(pattern=REGION)] = UNKNOWN_PLACE
    invariants: tuple[Invariant, ...] = ()


class Profile(NamedTuple):
    """A set of policies, and what is promised of it."""

    name: str
    says: str
    label: Label
    """What data is taken to be where nobody says."""
    policies: str
    """Cedar."""
    statements: tuple[Statement, ...]
    """In the order of `policies`."""
    invariants: tuple[Invariant, ...]


def read_profile(name: str, *, policies: str, manifest: str) -> Profile:
    """Read a profile.

    Args:
        name: What to call it.
        policies: Cedar.
        manifest: TOML, as `profiles/*.toml` writes it.

    Raises:
        Misconfigured: It is not one; whether the policies are Cedar is found out later.
    """
    try:
        said = msgspec.convert(tomllib.loads(manifest), _Manifest)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        message = f"profile {name!r}: {error}"
        raise Misconfigured(message) from None
    if said.data_class not in CLASSES:
        message = (
            f"profile {name!r}: data_class {said.data_class!r} is not one of {', '.join(CLASSES)}"
        )
        raise Misconfigured(message)
    return Profile(
        name=name,
        says=said.says,
        label=Label(data_class=CLASSES[said.data_class], region=said.region),
        policies=policies,
        statements=_statements(policies, f"{name}.cedar"),
        invariants=said.invariants,
    )


def _statements(policies: str, file: str) -> tuple[Statement, ...]:
    """Find where each policy is; Cedar's own parser does not say."""
    found: list[Statement] = []
    for told in _ANNOTATED.finditer(policies):
        said = {kind: (text, place) for kind, text, place in _annotations(told)}
        if "id" in said:
            (name, at), (says, _) = said["id"], said.get("says", ("", 0))
            line = policies[: told.start() + at].count("\n") + 1
            found.append(Statement(name, says, file, line))
    return tuple(found)


def _annotations(told: re.Match[str]) -> Iterator[tuple[str, str, int]]:
    """Yield the annotations of one policy, each with its place among them."""
    for each in _ANNOTATION.finditer(told[0]):
        yield each[1], each[2], each.start(1)
