"""The server that an entry means: whose it is, where, and what its models are called.

What LiteLLM and Portkey have in common, whatever they call it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jevons.catalog.vendors import vendors
from jevons.imports.draft import Unmade
from jevons.imports.source import Source, azure_url, clean, is_here, source_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jevons.imports.draft import Draft
    from jevons.imports.tree import Part
    from jevons.types.request import Dialect

__all__ = (
    "OWN_SERVERS",
    "fitting",
    "from_environment",
    "locate",
    "place_of",
    "points_away",
    "product_of",
    "reserve_variables",
    "usual_key",
    "vertex_source",
)

OWN_SERVERS = frozenset({"vllm", "ollama", "lm-studio"})
"""Vendors whose servers stand wherever their operator put them."""

_ENVIRONMENT = "os.environ/"
_MARKETS = frozenset({"openrouter", "together", "siliconflow", "groq", "vllm", ""})
"""Who serves others' models under their own names, `vendor/name`."""


def points_away(part: Part) -> bool:
    """Whether a value stands in the environment: `os.environ/NAME`."""
    return part.text.startswith(_ENVIRONMENT)


def from_environment(part: Part, draft: Draft) -> str:
    """Take text, also from where `os.environ/NAME` points to; empty if nothing is there."""
    if not points_away(part):
        return part.text
    return draft.environ.get(part.text.removeprefix(_ENVIRONMENT), "")


def locate(draft: Draft, base: Part, known: Source) -> Source:
    """Take a base URL that the configuration gives, and say what became of it.

    Args:
        draft: Where it is said.
        base: The URL.
        known: What the provider's name stands for.

    Raises:
        Unmade: It is no URL.
    """
    address = clean(from_environment(base, draft))
    if address is None:
        name = base.text.removeprefix(_ENVIRONMENT)
        where = f": set {name} and import again" if points_away(base) else ""
        message = f"{base.key} is no URL{where}"
        raise Unmade(message)
    source = _source_of(address.url, known)
    if address.is_cut:
        draft.account.changed(base.path, "url, without the name, password or query in it")
    elif points_away(base):
        draft.account.changed(base.path, "url, as the variable has it today")
    elif not source.url:
        draft.account.carried(base.path, f"vendor_host {source.host!r}, whose URL it is")
    elif source.url != address.url:
        draft.account.changed(base.path, f"url, as {source.url}")
    elif source.vendor:
        draft.account.carried(base.path, "url")
    else:
        how = "url; whose it is and where is not said, so place, host and price are unknown"
        draft.account.changed(base.path, how)
    return source


def vertex_source(draft: Draft, project: Part, location: Part) -> Source:
    """Build Vertex's URL out of a project and a location.

    Raises:
        Unmade: One of them is missing.
    """
    names = [from_environment(each, draft) for each in (project, location)]
    if not all(re.fullmatch(r"[a-z0-9-]+", name) for name in names):
        message = f"it needs {project.key} and {location.key}"
        raise Unmade(message)
    hosts = {"global": "vertex-global", "eu": "vertex-eu", "us": "vertex-us"}
    name = hosts.get(names[1], "vertex")
    url = next(host.bases["gemini"] for host in vendors()["vertex"].hosts if host.id == name)
    url = url.replace("{project}", names[0]).replace("{location}", names[1])
    for part in (project, location):
        draft.account.carried(part.path, "url")
    return Source("vertex", name, url, "gemini")


def place_of(source: Source) -> dict[str, object]:
    """Leave open where a server of one's own stands, unless it is on this machine."""
    if source.vendor in OWN_SERVERS and source.url and not is_here(source.url):
        return {"place": "unknown"}
    return {}


def reserve_variables(draft: Draft, root: Part, sources: Iterable[Source]) -> None:
    """Keep every variable that may already hold a key from being given to another.

    Args:
        draft: Whose keys are named later.
        root: The configuration, some of which points to variables.
        sources: Whose usual variables are kept as well.
    """
    for text in root.texts():
        if text.startswith(_ENVIRONMENT):
            draft.keys.reserve(text.removeprefix(_ENVIRONMENT))
    for source in sources:
        usual = vendors()[source.vendor].auth.env if source.vendor else ()
        for name in (*usual, source.env):
            draft.keys.reserve(name)


def usual_key(draft: Draft, source: Source, why: str, gateway: str) -> str:
    """Refer to where a key is looked for that the configuration does not speak of.

    Returns:
        A setting; empty where jevons looks there by itself.
    """
    if source.env:
        return draft.keys.refer(source.env, f"{why}, where {gateway} looks for it")
    if source.vendor and source.vendor not in OWN_SERVERS:
        usual = vendors()[source.vendor].auth.env[0]
        draft.keys.refer(usual, f"{why}, where jevons looks for it")
    return ""


def product_of(upstream: str, source: Source) -> str:
    """Name a model as `vendor/name`; empty at Azure, where its owner called it as they liked."""
    if source.vendor == "azure":
        return ""
    if source.vendor == "fireworks":
        return f"fireworks/{upstream.rpartition('/')[2]}"
    if source.vendor in _MARKETS and "/" in upstream:
        return upstream
    return f"{source.vendor or 'unknown'}/{upstream}"


def fitting(vendor: str, pattern: str) -> dict[str, str]:
    """Find the models of a vendor's that are served and fit a pattern, by what `*` was.

    One of which only the price is known is left out: nobody says that it is for text.
    """
    if not vendor or pattern.count("*") != 1:
        return {}
    before, _, after = pattern.partition("*")
    names = [
        product.id
        for product in vendors()[vendor].models
        if product.can is not None and not product.retired and "*" not in product.id
    ]
    return {
        name[len(before) : len(name) - len(after)]: name
        for name in names
        if name.startswith(before) and name.endswith(after) and len(name) > len(before + after)
    }


def _source_of(url: str, known: Source) -> Source:
    """Tell whose address it is: that of a vendor we know, or else the operator's business."""
    if known.vendor == "azure":
        return Source("azure", "azure", azure_url(url), "openai-chat", known.env)
    dialect = known.dialect or _native(known.vendor)
    url = _based(url, dialect)
    found = source_at(url, dialect)
    if found is not None:
        env = known.env if found.vendor == known.vendor else ""
        return found._replace(env=env)
    if known.vendor in OWN_SERVERS:
        return Source(known.vendor, "", url, known.dialect)
    return Source("", "", url, dialect)


def _based(url: str, dialect: Dialect) -> str:
    """Write a base URL as we append to it: without `/v1` for Anthropic, with it for Gemini."""
    if dialect == "anthropic-messages":
        return url.removesuffix("/v1")
    if dialect == "gemini" and not urlsplit(url).path:
        return f"{url}/v1beta"
    return url


def _native(vendor: str) -> Dialect:
    """Tell in what a vendor is asked by default."""
    return next(iter(vendors()[vendor].hosts[0].bases)) if vendor else "openai-chat"
