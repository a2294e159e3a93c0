"""Whose server a configuration means, by what another gateway calls it and by its address.

Rule 1: a vendor's row is taken only for an address that is the vendor's, or that nobody gave.
    Elsewhere nothing is known: neither place nor price nor who runs it.
Rule 2: an address never carries a secret on: names, passwords and queries in it are left out.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urlsplit

from jevons.catalog.vendors import vendors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.types.request import Dialect

__all__ = ("Address", "Source", "azure_url", "clean", "is_here", "source_at")

_ENDINGS = ("/chat/completions", "/v1/messages", "/responses", "/completions", "/api/chat")
"""What a gateway adds to a base URL, and people add for it."""

_ANYBODY = "openai-compatible"  # its pattern fits every address, so it says nothing


class Source(NamedTuple):
    """Where a model is had."""

    vendor: str = ""
    """Id of a row of ours; empty: nobody's that we know."""
    host: str = ""
    """Which of the vendor's hosts; empty: its first."""
    url: str = ""
    """Base URL; empty: the vendor's."""
    dialect: Dialect | None = None
    """In which to ask; None: the vendor's first, else OpenAI's chat."""
    env: str = ""
    """Where the other gateway looks for the key by itself, if the vendor's row does not say the
    same."""
    needs_url: bool = False
    """Whether nobody knows where it is unless the configuration says."""


class Address(NamedTuple):
    """A base URL, fit to be written down."""

    url: str
    is_cut: bool
    """Whether something that may be secret was left out of it."""


def clean(text: str) -> Address | None:
    """Take what can be written down of a base URL; None if it is none."""
    try:
        split = urlsplit(text)
        port = f":{split.port}" if split.port is not None else ""
    except ValueError:
        return None
    if split.scheme not in {"http", "https"} or not split.hostname:
        return None
    host = f"[{split.hostname}]" if ":" in split.hostname else split.hostname
    bare = SplitResult(split.scheme, host + port, _trim(split.path), "", "")
    is_cut = bool(split.username or split.password or split.query or split.fragment)
    return Address(bare.geturl(), is_cut)


def is_here(url: str) -> bool:
    """Whether an address is this very machine's."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def azure_url(url: str) -> str:
    """Write Azure's base URL without deployment or version: `…/openai/v1`.

    Source: learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle, read 2026-09-12.
    """
    base = url.partition("/openai")[0].rstrip("/")
    return f"{base}/openai/v1"


def source_at(url: str, dialect: Dialect | None = None) -> Source | None:
    """Find whose address a base URL is.

    Args:
        url: As `clean` gives it.
        dialect: What is spoken there; None is not known.

    Returns:
        The vendor and host, with the URL only where it is not the host's own; None if the address
        is nobody's that we know, or what is spoken there is not known of its owner.
    """
    near = [each for each in _bases() if _is_at(url, each.base)]
    exact = [each for each in near if each.base == url]
    spoken = [each for each in exact if each.dialect == dialect] or exact
    if spoken:
        return Source(spoken[0].vendor, spoken[0].host, dialect=spoken[0].dialect)
    for each in near:
        if dialect in {None, each.dialect}:
            return Source(each.vendor, each.host, url=url, dialect=each.dialect)
    return None


class _Base(NamedTuple):
    vendor: str
    host: str
    dialect: Dialect
    base: str


def _bases() -> Iterator[_Base]:
    for vendor in vendors().values():
        for host in vendor.hosts:
            if host.place == "on-prem" or vendor.id == _ANYBODY:
                continue
            for dialect, base in host.bases.items():
                yield _Base(vendor.id, host.id, dialect, base)


def _is_at(url: str, base: str) -> bool:
    """Compare scheme and host; `{name}` in a row's host stands for one label."""
    scheme, _, rest = base.partition("://")
    pattern = "[^.]+".join([re.escape(part) for part in re.split(r"\{\w+\}", rest.split("/")[0])])
    found = urlsplit(url)
    return found.scheme == scheme and bool(re.fullmatch(pattern, found.netloc))


def _trim(path: str) -> str:
    path = path.rstrip("/")
    for ending in _ENDINGS:
        path = path.removesuffix(ending)
    return path.rstrip("/")
