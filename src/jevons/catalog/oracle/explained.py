"""Differences that somebody looked into: data, with a reason each.

Rule 1: an explanation names both figures. When either changes, it explains nothing any more.
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jevons.catalog.oracle.compare import Difference

__all__ = ("Explanation", "explanations", "reason")


class Explanation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why we say one thing and an oracle another."""

    oracle: str
    """Without its version."""
    vendor: str
    models: tuple[str, ...]
    """Names, or patterns of them."""
    pairs: frozenset[str]
    """Ours and theirs, as `1.6 1.28`; ours may be `none`."""
    why: str


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    explained: tuple[Explanation, ...]


@cache
def explanations() -> tuple[Explanation, ...]:
    """Read the explanations that ship with the package."""
    text = files("jevons.catalog").joinpath("data", "explained.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Table).explained


def reason(difference: Difference, known: Iterable[Explanation]) -> str:
    """Find why a difference is one; empty if nobody has looked into it."""
    oracle, pair = difference.oracle.partition(" ")[0], f"{difference.ours} {difference.theirs}"
    for each in known:
        if (
            (each.oracle, each.vendor) == (oracle, difference.vendor)
            and pair in each.pairs
            and any(fnmatchcase(difference.model, name) for name in each.models)
        ):
            return each.why
    return ""
