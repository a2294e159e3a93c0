"""Writing pages: templates that escape all text, and the files that go with them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import jinja2

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("KINDS", "NAV", "REVIEW", "Place", "asset", "asset_url", "write")

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
        "woff2": "font/woff2",
    }
)
"""Media types of what goes with pages, by the end of its name."""


class Place(NamedTuple):
    """A page that there is a way to from every other."""

    path: str
    name: str
    act: str
    """What one has to be allowed to see it."""


NAV = (
    Place("/", "Now", "receipt.see"),
    Place("/spend", "Spend", "receipt.see"),
    Place("/energy", "Energy", "receipt.see"),
    Place("/places", "Places", "receipt.see"),
    Place("/models", "Models", "endpoint.see"),
    Place("/auto", "Auto", "receipt.see"),
    Place("/receipts", "Receipts", "receipt.see"),
    Place("/policy", "Policy", "policy.ask"),
    Place("/keys", "Keys", "account.see"),
    Place("/landscape", "Landscape", "log.see"),
)

REVIEW = Place("/review", "Review", "review.grade")
"""There in a house that has people look at grades."""


def write(template: str, /, **said: object) -> str:
    """Write a page."""
    return _environment().get_template(template).render(url=asset_url, **said)


def asset(name: str) -> bytes:
    """Read a file that goes with pages.

    Raises:
        FileNotFoundError: There is none of this name.
    """
    if name not in _digests():
        raise FileNotFoundError(name)
    return (files("jevons.dashboard") / "static" / name).read_bytes()


def asset_url(name: str) -> str:
    """Name a file so that a browser may keep it: another content has another name."""
    return f"/dashboard/{name}?{_digests()[name]}"


@cache
def _digests() -> Mapping[str, str]:
    folder = files("jevons.dashboard") / "static"
    return {
        each.name: sha256(each.read_bytes()).hexdigest()[:12]
        for each in folder.iterdir()
        if each.name.rpartition(".")[2] in KINDS
    }


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("jevons.dashboard"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
