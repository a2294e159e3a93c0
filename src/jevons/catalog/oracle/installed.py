"""The oracles that are installed."""

from __future__ import annotations

from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.catalog.oracle import genai_prices, model_prices
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jevons.catalog.oracle.quote import Quote

__all__ = ("quotes",)

_ORACLES: Mapping[str, Callable[[], Iterable[Quote]]] = MappingProxyType(
    {"model_prices": model_prices.quotes, "genai_prices": genai_prices.quotes}
)


def quotes(*, find: Callable[[str], object | None] = find_spec) -> tuple[Quote, ...]:
    """Ask every oracle that is installed for all that it knows of our vendors.

    Takes a second, and asks no network.

    Args:
        find: Finds a package by its name; None if it is not installed.

    Raises:
        Misconfigured: None is installed.
    """
    found = [ask for package, ask in _ORACLES.items() if find(package) is not None]
    if not found:
        message = "neither model-prices nor genai-prices is installed; `.venv/bin/pip install -e '.[prices]'`"
        raise Misconfigured(message)
    return tuple([quote for ask in found for quote in ask()])
