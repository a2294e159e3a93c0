"""What a vendor offers: one of its models, at one of its hosts, in one dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.catalog.vendors import vendors
from jevons.types.custody import Custody
from jevons.types.errors import Misconfigured
from jevons.types.model import Price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.catalog.vendor import Host, ListPrice, Product, Rule, Vendor
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
        page = self.vendor.sources[host.source]
        return Custody(
            owner=self.vendor.jurisdiction,
            storage=host.storage,
            access=host.access,
            retention_days=host.retention_days,
            trains=host.trains,
            source=f"{self.vendor.name}, {page.url}, read {page.read}",
        )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What the vendor wants otherwise of a request for it."""
        return self.vendor.rules_of(self.model, self.dialect)

    @property
    def price(self) -> Price | None:
        """Its list price in USD. Of several (by hour, or by length) the dearest: a ceiling."""
        rows = self.product.prices if self.product is not None else ()
        holding = [
            row
            for row in rows
            if row.currency == "USD" and (not row.hosts or self.host.id in row.hosts)
        ]
        newest = max([row.since or "" for row in holding], default="")
        holding = [row for row in holding if (row.since or "") == newest]
        if not holding:
            return None
        dearest = max(holding, key=lambda row: (row.output_per_mtok, row.input_per_mtok))
        return self._price(dearest, len(holding))

    def _price(self, row: ListPrice, count: int) -> Price:
        page = self.vendor.sources[row.source]
        bound = f", the dearest of its {count} prices" if count > 1 else ""
        return Price(
            input_per_mtok=row.input_per_mtok,
            output_per_mtok=row.output_per_mtok,
            cache_read_per_mtok=row.cache_read_per_mtok,
            cache_write_per_mtok=row.cache_write_per_mtok,
            cache_write_1h_per_mtok=row.cache_write_1h_per_mtok,
            reasoning_per_mtok=row.reasoning_per_mtok,
            since=row.since or page.read,
            source=f"{self.vendor.name}, {page.url}, read {page.read}{bound}",
        )


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
