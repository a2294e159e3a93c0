"""Remote endpoints, out of what is set and what is known of their vendors.

Rule 1: what is set wins; what is known of the vendor fills in the rest; what neither says is
    unknown.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from jevons.catalog.digest import named_price
from jevons.catalog.exchange import Exchange, exchange_rates, in_usd
from jevons.catalog.offer import find_offer
from jevons.catalog.price_list import dearest
from jevons.providers import SPEECHES, Remote, efforts_of
from jevons.types.custody import OWN, Custody
from jevons.types.errors import Misconfigured
from jevons.types.model import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.boot.secrets import Secrets
    from jevons.catalog.offer import Offer
    from jevons.ports import Clock
    from jevons.settings import EndpointSettings
    from jevons.types.model import Price
    from jevons.types.request import Effort, Generate, Need

__all__ = ("efforts_told", "open_remote", "row_of", "url_of")

_TEXT: frozenset[Need] = frozenset({"text", "tools", "json", "json_schema", "logprobs"})
"""What a server of which nothing is known is taken to do."""


def open_remote(
    said: EndpointSettings,
    secrets: Secrets,
    clock: Clock,
    admit: Callable[[Endpoint, Generate], None],
) -> Remote:
    """Open one.

    Args:
        said: Which.
        secrets: Where its key may be.
        clock: Tells when answers begin.
        admit: Raises what refuses, if a request may not leave for an endpoint.

    Raises:
        Misconfigured: A setting cannot be, or something has to be set.
    """
    offer = _offer(said)
    row = _row(said, offer)
    return Remote(
        url=_url(said, offer),
        admit=partial(admit, row),
        api_key=_key(said, offer, secrets),
        key_header=_key_header(offer),
        dialect=row.dialect,
        owner=said.vendor,
        rules=offer.rules if offer is not None else (),
        product=offer.product if offer is not None else None,
        clock=clock,
        connect_timeout_s=said.connect_timeout_s,
        first_byte_timeout_s=said.first_byte_timeout_s,
        idle_timeout_s=said.idle_timeout_s,
        max_connections=said.max_connections,
    )


def row_of(said: EndpointSettings, exchange: Exchange | None = None) -> Endpoint:
    """Tell what is known of an endpoint, without opening it.

    Args:
        said: Which.
        exchange: Turns the most that it may cost into dollars; None takes the shipped rates.

    Raises:
        Misconfigured: A setting cannot be.
    """
    return _row(said, _offer(said), exchange)


def efforts_told(said: EndpointSettings) -> frozenset[Effort]:
    """List how hard an endpoint can be told to think, without asking it.

    Raises:
        Misconfigured: A setting cannot be.
    """
    offer = _offer(said)
    dialect = offer.dialect if offer is not None else said.dialect or "openai-chat"
    return efforts_of(dialect, said.vendor, offer.product if offer is not None else None)


def url_of(said: EndpointSettings) -> str:
    """Tell where an endpoint is asked, without asking it.

    Raises:
        Misconfigured: A setting cannot be.
    """
    return _url(said, _offer(said))


def _offer(said: EndpointSettings) -> Offer | None:
    if not said.vendor:
        return None
    model = said.upstream_model or said.model
    try:
        return find_offer(
            said.vendor, model, host=said.vendor_host, dialect=said.dialect, spoken=[*SPEECHES]
        )
    except Misconfigured as error:
        message = f"endpoint {said.name!r}: {error}"
        raise Misconfigured(message) from None


def _row(said: EndpointSettings, offer: Offer | None, exchange: Exchange | None = None) -> Endpoint:
    known = offer.product if offer is not None else None
    prices = _prices(said, offer)
    return Endpoint(
        name=said.name,
        model=said.model,
        provider=said.name,
        upstream_model=said.upstream_model or (offer.model if offer is not None else said.model),
        aliases=said.aliases,
        dialect=offer.dialect if offer is not None else said.dialect or "openai-chat",
        host=said.host or (offer.entity if offer is not None else "unknown"),
        place=said.place or (offer.host.place if offer is not None else "unknown"),
        grid=said.grid,
        site=said.site,
        can=frozenset(said.can) if said.can is not None else (known and known.can) or _TEXT,
        context_tokens=said.context_tokens or (known.context_tokens if known else None),
        max_output_tokens=said.max_output_tokens or (known.max_output_tokens if known else None),
        price=_ceiling(said, offer, prices, exchange),
        prices=prices,
        peaks=offer.peaks if offer is not None else (),
        footprint=said.footprint,
        reported=said.reported,
        custody=_custody(said, offer),
    )


def _prices(said: EndpointSettings, offer: Offer | None) -> tuple[Price, ...]:
    """Choose its price list: what is set, else the vendor's. A single price is no list."""
    if said.price is not None:
        if said.prices:
            message = f"endpoint {said.name!r}: set `price` or `prices`, not both"
            raise Misconfigured(message)
        return () if said.price.currency == "USD" else (named_price(said.name, said.price),)
    if said.prices:
        return tuple([named_price(said.name, each) for each in said.prices])
    return () if offer is None else offer.prices_in(said.currency)


def _ceiling(
    said: EndpointSettings,
    offer: Offer | None,
    prices: tuple[Price, ...],
    exchange: Exchange | None,
) -> Price | None:
    """Find the most that it may cost, in dollars."""
    if said.price is not None:
        ceiling = named_price(said.name, said.price)
    elif said.prices:
        ceiling = dearest(said.prices)
    else:
        ceiling = offer.ceiling_of(prices) if offer is not None else None
    if ceiling is None or ceiling.currency == "USD":
        return ceiling
    rate = (exchange or Exchange(known=exchange_rates())).newest(ceiling.currency)
    return None if rate is None else in_usd(ceiling, rate)


def _custody(said: EndpointSettings, offer: Offer | None) -> Custody:
    if said.custody is not None:
        return said.custody
    if (said.place or (offer.host.place if offer is not None else "")) == "on-prem":
        return OWN
    return offer.custody if offer is not None else Custody()


def _url(said: EndpointSettings, offer: Offer | None) -> str:
    url = said.url or (offer.url if offer is not None else "")
    if "{" not in url and url:
        return url
    asks = f"the vendor's is {url}, with parts that only you know" if url else "it has no vendor"
    message = f"endpoint {said.name!r}: url must be set; {asks}"
    raise Misconfigured(message)


def _key(said: EndpointSettings, offer: Offer | None, secrets: Secrets) -> str:
    """Read the key: a secret is never a setting."""
    if said.api_key is None:
        usual = offer.vendor.auth.env if offer is not None else ()
        return next((_variable(name) for name in usual if _variable(name)), "")
    return secrets.read(said.api_key, what=f"endpoint {said.name!r}: api_key")


def _variable(name: str) -> str:
    return os.environ.get(name, "")  # noqa: TID251 as in `secrets`: the vendor's usual variable


def _key_header(offer: Offer | None) -> str | None:
    """How this vendor wants its key shown, if not as the dialect does."""
    if offer is None or offer.vendor.auth.header == "authorization":
        return None
    auth = offer.vendor.auth
    return f"{auth.header}: {auth.scheme} " if auth.scheme else f"{auth.header}: "
