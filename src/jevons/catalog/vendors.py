"""The vendors that ship with the package, read when they are first asked for.

Rule 1: a row that cannot be true stops the start.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from jevons.catalog.sound import refuse_unsound
from jevons.catalog.vendor import Vendor
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("read_vendors", "vendors")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    vendors: tuple[Vendor, ...]


@cache
def vendors() -> Mapping[str, Vendor]:
    """Read the vendors that ship with the package, by id."""
    text = files("jevons.catalog").joinpath("data", "vendors.toml").read_text(encoding="utf-8")
    return read_vendors(text)


def read_vendors(text: str) -> Mapping[str, Vendor]:
    """Read rows of vendors.

    Args:
        text: TOML, as `data/vendors.toml` writes it.

    Raises:
        Misconfigured: It is not, or a row cannot be true; the message says which.
    """
    try:
        table = msgspec.convert(tomllib.loads(text, parse_float=Decimal), _Table)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        message = f"vendors: {error}"
        raise Misconfigured(message) from None
    read: dict[str, Vendor] = {}
    for vendor in table.vendors:
        refuse_unsound(vendor)
        if vendor.id in read:
            message = f"vendor {vendor.id!r} is there twice; an id must be its own"
            raise Misconfigured(message)
        read[vendor.id] = vendor
    return MappingProxyType(read)
