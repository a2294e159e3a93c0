"""Groups of places that rules speak of, with their source and date."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from jevons.types.custody import REGION, UNKNOWN_PLACE

__all__ = ("Group", "Groups", "groups")


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Places that a law names together."""

    what: str
    url: str
    read: str
    """When the page said so, `YYYY-MM-DD` or `YYYY-MM`."""
    places: frozenset[str]


class Groups(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every group."""

    eea: Group
    adequate: Group
    """Adequate as a whole in the eyes of the European Commission."""
    concern: Group
    """Countries of concern to the United States' Data Security Program."""

    def wider(self, region: str) -> tuple[str, ...]:
        """Name the regions in which people live too who live in a region: Germans, in the EEA.

        Where a region cannot be one, they may live anywhere.
        """
        if region in self.eea.places:
            return ("EEA",)
        return () if re.match(REGION, region) else (UNKNOWN_PLACE,)


@cache
def groups() -> Groups:
    """Read the groups that ship with the package."""
    text = files("jevons.catalog").joinpath("data", "places.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Groups)
