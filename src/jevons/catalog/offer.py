"""What a vendor offers: one of its models, at one of its hosts, in one dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.catalog.price_list import dearest, eras_of
from jevons.catalog.rows import cite, peaks_of, prices_of
from jevons.catalog.vendors import vendors
from jevons.types.custody import Custody
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jevons.catalog.vendor import Host, Product, Rule, Vendor
    from jevons.types.model import Currency, Peak, Price
    from jevons.types.request import Dialect

__all__ = ("Offer", "find_offer")


class Offer(NamedTuple):
    """One model at one host."""

    vendor: Vendor
    host: Host
    dialect: Dialect
    model: str
    """What the vendor calls it."""
    product: Product | None
    """What is known of the model, if it is."""

    @property
    def url(self) -> str:
        """Base URL; with `{…}` in it where only the operator can say."""
        return self.host.bases[self.dialect]

    @property
    def entity(self) -> str:
        """Who contracts."""
        entities = (self.host.entity, self.vendor.entity, self.vendor.name)
        return next(entity for entity in entities if entity not in {"", "unknown"})

    @property
    def custody(self) -> Custody:
        """Who could get at what is sent there."""
        host = self.host
        return Custody(
            owner=self.vendor.jurisdiction,
            storage=host.storage,
            access=host.access,
            retention_days=host.retention_days,
            trains=host.trains,
            source=cite(self.vendor, self.vendor.sources[host.source]),
        )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What the vendor wants otherwise of a request for it."""
        return self.vendor.rules_of(self.model, self.dialect)

    @property
    def prices(self) -> tuple[Price, ...]:
        """Its price list at this host, all eras of it: in dollars where there is one in dollars."""
        return self.prices_in(None)

    @property
    def peaks(self) -> tuple[Peak, ...]:
        """What the hours of `prices` mean."""
        return peaks_of(self.vendor)

    @property
    def price(self) -> Price | None:
        """The most that it may cost now or soon, in the currency of `prices`; None is not known."""
        return self.ceiling_of(self.prices)

    def prices_in(self, currency: Currency | None) -> tuple[Price, ...]:
        """Take its price list in one currency; None is dollars, or what there is."""
        rows = [] if self.product is None else prices_of(self.vendor, self.product, self.host.id)
        wanted = currency or ("USD" if any(row.currency == "USD" for row in rows) else None)
        return tuple([row for row in rows if wanted in {None, row.currency}])

    def ceiling_of(self, prices: Iterable[Price]) -> Price | None:
        """Find the most that some of its prices come to now or soon; None of none.

        Standard prices of the newest era count, and those of the era before it where the newest
        may not have begun: it begins after the day on which it was read.
        """
        eras = eras_of([price for price in prices if price.service == "standard"])
        if not eras:
            return None
        is_announced = eras[0].rows[0].since in self._announced
        return dearest([row for era in eras[: 1 + is_announced] for row in era.rows])

    @property
    def _announced(self) -> set[str | None]:
        """Beginnings of prices that were still to come when their page was read."""
        rows = self.product.prices if self.product is not None else ()
        return {
            row.since for row in rows if (row.since or "") > self.vendor.sources[row.source].read
        }


def find_offer(
    vendor: str,
    model: str,
    *,
    host: str = "",
    dialect: Dialect | None = None,
    spoken: Sequence[Dialect],
) -> Offer:
    """Find what a vendor offers.

    Args:
        vendor: Its id.
        model: What it calls the model; the vendor's id and a slash before it are left out.
        host: Id of one of its hosts; empty is the first.
        dialect: In which to ask; None is the first of the host's that is in `spoken`.
        spoken: Dialects that can be asked in.

    Raises:
        Misconfigured: There is no such vendor or host, or it does not speak the dialect.
    """
    known = vendors().get(vendor)
    if known is None:
        message = f"vendor {vendor!r} is not known; known are {', '.join(sorted(vendors()))}"
        raise Misconfigured(message)
    at = known.host(host) if host else known.hosts[0]
    if at is None:
        hosts = ", ".join([each.id for each in known.hosts])
        message = f"vendor {vendor!r} has no host {host!r}; it has {hosts}"
        raise Misconfigured(message)
    wanted: Sequence[Dialect] = spoken if dialect is None else (dialect,)
    speaks: Dialect | None = next((each for each in at.bases if each in wanted), None)
    if speaks is None:
        message = f"host {at.id!r} of {vendor!r} speaks {', '.join(at.bases)}; none was asked for"
        raise Misconfigured(message)
    name = model.removeprefix(f"{vendor}/")
    return Offer(known, at, speaks, name, known.product(name))
