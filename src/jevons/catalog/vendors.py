"""The vendors that ship with the package: a file each, read when it is first asked for.

Rule 1: a row that cannot be true stops whoever asks for it.
Rule 2: every row names a page of its vendor's `sources`; `read` is the day on which what the row
    says was checked, on the page itself or in a public copy of it.
Rule 3: prices are for a million tokens, without tax. What no public page says is left out, or
    `unknown`: a place that is unknown is refused by rules of residency like the worst place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from jevons.catalog.sound import refuse_unsound
from jevons.catalog.vendor import Vendor
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

__all__ = ("read_vendor", "vendor_text", "vendors")

_ENDS = ".toml"


class _Shelf(Mapping[str, Vendor]):
    """Vendors by id. What was read is kept; that saves time and changes no answer."""

    def __init__(self) -> None:
        names = [each.name for each in _folder().iterdir()]
        self._ids = tuple(
            sorted(name.removesuffix(_ENDS) for name in names if name.endswith(_ENDS))
        )
        self._read: dict[str, Vendor] = {}

    def __getitem__(self, name: str) -> Vendor:
        if name not in self._ids:
            raise KeyError(name)
        if name not in self._read:
            self._read[name] = read_vendor(name, vendor_text(name))
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def _folder() -> Traversable:
    return files("jevons.catalog").joinpath("data", "vendors")


@cache
def vendors() -> Mapping[str, Vendor]:
    """Find the vendors that ship with the package, by id, in alphabetical order.

    Asking for one reads its file alone: a few milliseconds for most, 50 for the longest.
    """
    return _Shelf()


def vendor_text(name: str) -> str:
    """Read the file of a vendor that ships with the package."""
    return _folder().joinpath(name + _ENDS).read_text(encoding="utf-8")


def read_vendor(name: str, text: str) -> Vendor:
    """Read what is known of a vendor.

    Args:
        name: Its id, which its file is named for.
        text: TOML, as `data/vendors/` has it.

    Raises:
        Misconfigured: It is not, or a row cannot be true; the message says which.
    """
    try:
        vendor = msgspec.convert(tomllib.loads(text, parse_float=Decimal), Vendor)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        message = f"vendor {name!r}: {error}"
        raise Misconfigured(message) from None
    if vendor.id != name:
        message = f"vendor {name!r}: id is {vendor.id!r}; it must be the name of its file"
        raise Misconfigured(message)
    refuse_unsound(vendor)
    return vendor
