"""Who can be asked, under which names.

Rule 1: an endpoint's name means that endpoint and nothing else.
Rule 2: a model id or an alias may mean several endpoints, all of one model: a name never
    gives one model today and another tomorrow.
Rule 3: a row that cannot be true stops the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.catalog.plausible import refuse_implausible
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Collection

    from jevons.types.model import Endpoint

__all__ = ("Catalog", "is_own")


_AUTO = "auto"


def is_own(endpoint: Endpoint) -> bool:
    """Whether an endpoint runs on hardware of the house: on its premises, and nobody bills it."""
    return endpoint.place == "on-prem" and endpoint.price is None


class Catalog:
    """Every endpoint of a house, found by name, model or alias.

    Args:
        endpoints: In the order in which they are listed to callers.
        arms: Names of those that `auto` means, of whatever models: what it answers with, it says.

    Raises:
        Misconfigured: Two endpoints claim one name, or a row cannot be true.
    """

    def __init__(self, endpoints: tuple[Endpoint, ...], *, arms: Collection[str] = ()) -> None:
        for endpoint in endpoints:
            refuse_implausible(endpoint)
        self._endpoints = endpoints
        self._named = _index(endpoints)
        for name, claimants in self._named.items():
            _refuse_ambiguous(name, claimants)
        if arms:
            self._named[_AUTO] = _arms(endpoints, arms, self._named.get(_AUTO, ()))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All of them, in order."""
        return self._endpoints

    def find(self, name: str) -> tuple[Endpoint, ...]:
        """Find the endpoints that a name means.

        Args:
            name: An endpoint's name, a model's id or an alias; case matters.

        Returns:
            Them in the catalogue's order; empty if nothing has this name.
        """
        return self._named.get(name, ())


def _arms(
    endpoints: tuple[Endpoint, ...], arms: Collection[str], taken: tuple[Endpoint, ...]
) -> tuple[Endpoint, ...]:
    if taken:
        message = (
            f"endpoint {taken[0].name!r} answers to {_AUTO!r}, which `[auto]` takes for itself"
        )
        raise Misconfigured(message)
    found = tuple([each for each in endpoints if each.name in arms])
    missing = sorted({*arms} - {each.name for each in found})
    if missing:
        message = f"[auto] names {missing[0]!r}, and no endpoint is called so"
        raise Misconfigured(message)
    return found


def _index(endpoints: tuple[Endpoint, ...]) -> dict[str, tuple[Endpoint, ...]]:
    named: dict[str, tuple[Endpoint, ...]] = {}
    for endpoint in endpoints:
        for name in dict.fromkeys((endpoint.name, endpoint.model, *endpoint.aliases)):
            named[name] = (*named.get(name, ()), endpoint)
    return named


def _refuse_ambiguous(name: str, claimants: tuple[Endpoint, ...]) -> None:
    first, *others = claimants
    for other in others:
        if name in {first.name, other.name} or first.model != other.model:
            message = (
                f"endpoints {first.name!r} ({first.model}) and {other.name!r} ({other.model}) "
                f"both answer to {name!r}; an endpoint's name must be its own, and an alias "
                f"may be shared by endpoints of one model only"
            )
            raise Misconfigured(message)
