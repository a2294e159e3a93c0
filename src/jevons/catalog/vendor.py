"""What is known about a vendor: where it answers, what it serves, what it wants said how.

Rule 1: a vendor is data; only a dialect is code.
Rule 2: every row names the public page it was read from, and when. What nobody says publicly is
    left out, or `unknown`; a guess is never a row.
"""

from __future__ import annotations

from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from jevons.types.model import Currency, Hours, Service
from jevons.types.request import Dialect, Need

__all__ = (
    "Auth",
    "Fee",
    "Host",
    "ListPrice",
    "PeakRow",
    "Product",
    "Rule",
    "Seen",
    "Vendor",
)

Reasoning = Literal["always", "switch", "none", "unknown"]
Replay = Literal["forbidden", "tool-loop", "always-with-tools", "optional", "unknown"]
When = Literal["always", "thinking", "not-thinking"]
Unit = Literal[
    "input-audio-mtok",
    "output-audio-mtok",
    "cached-audio-mtok",
    "input-image-mtok",
    "output-image-mtok",
    "input-video-mtok",
    "output-video-mtok",
    "image",
    "input-image",
    "video-second",
    "input-second",
    "output-second",
    "input-character",
    "output-character",
    "page",
    "search",
]
"""`…-mtok` is a million tokens of that kind."""
Do = Literal["drop", "rename", "force", "map", "clamp", "refuse"]


class Seen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public page, and when it said what a row says."""

    url: str
    read: str
    """`YYYY-MM-DD`, or `YYYY-MM` where the day is not known."""


class Auth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a key is shown."""

    header: str = "authorization"
    scheme: str = "Bearer"
    """Word before the key; empty if there is none."""
    env: tuple[str, ...] = ()
    """Environment variables in which SDKs look for it, the usual one first."""


class Host(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a vendor answers."""

    id: str
    bases: dict[Dialect, str]
    """Base URL for each dialect spoken there; `{name}` is for the operator to fill in."""
    entity: str = ""
    """Legal entity that contracts here, where it is not the vendor's own."""
    place: str
    """Where it processes: ISO 3166-1 alpha-2, `EU`, `on-prem` or `unknown`."""
    storage: str = "unknown"
    """Where it stores, as above."""
    access: tuple[str, ...] | None = None
    """Places whose staff can reach in from afar; None is not known."""
    retention_days: int | None = None
    """Days for which it keeps what it is sent; None is not known."""
    trains: bool | None = None
    """Whether it may train models on what it is sent; None is not known."""
    keys: Literal["shared", "regional", "none"] = "shared"
    """Whether a key of this host is refused at the vendor's others."""
    note: str = ""
    source: str


class PeakRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours at which a vendor charges another price, as its page has them."""

    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    """ISO weekdays, Monday is 1, in `zone`."""
    hours: tuple[str, ...]
    """`HH:MM-HH:MM` in `zone`, the end excluded."""
    zone: str = "+00:00"
    """Offset from UTC, as `+08:00`."""
    holidays: str = ""
    """Calendar whose days have no peak: a table of `data/holidays.toml`; empty is none."""
    since: str = "0001-01-01"
    """As a price's; `until` too."""
    until: str | None = None
    note: str = ""
    source: str


class ListPrice(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={
        "input_per_mtok": "input",
        "output_per_mtok": "output",
        "cache_read_per_mtok": "cache_read",
        "cache_write_per_mtok": "cache_write",
        "cache_write_1h_per_mtok": "cache_write_1h",
        "reasoning_per_mtok": "reasoning",
    },
):
    """What tokens cost, from a moment on, and for which requests: one row of a price list.

    Rows are added and never changed, so that an old receipt can be priced again. Rows of one
    service that begin together replace all that began before.
    """

    currency: Currency = "USD"
    input_per_mtok: Decimal
    """Per million input tokens that were in no cache."""
    output_per_mtok: Decimal
    """0 for a model that writes nothing, but makes embeddings."""
    cache_read_per_mtok: Decimal | None = None
    cache_write_per_mtok: Decimal | None = None
    cache_write_1h_per_mtok: Decimal | None = None
    """Per million that are kept for an hour or longer; None as any other write."""
    reasoning_per_mtok: Decimal | None = None
    """None charges reasoning as output."""
    up_to_tokens: int | None = None
    """Longest input of a request, all of which has this price; None is any."""
    hours: Hours = "any"
    thinking: bool | None = None
    """Whether it holds for requests that think, or for those that do not; None is both."""
    service: Service = "standard"
    hosts: tuple[str, ...] = ()
    """Hosts where it holds; empty is all."""
    since: str | None = None
    """First moment it holds, `YYYY-MM-DD` or `YYYY-MM-DDTHH:MMZ`, in UTC; None is the day on which
    the page was read."""
    until: str | None = None
    """First moment it no longer holds; None is until a later row does."""
    note: str = ""
    """Why this figure and not another, where sources disagree."""
    source: str


class Fee(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What something that is not a text token costs."""

    unit: Unit
    of: str = ""
    """Which of them, as `720p` or `1024x1024`; empty is any."""
    price: Decimal
    currency: Currency = "USD"
    service: Service = "standard"
    hosts: tuple[str, ...] = ()
    since: str | None = None
    """As a price's; `until` too."""
    until: str | None = None
    note: str = ""
    source: str


class Product(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model as a vendor serves it, or a family of them."""

    id: str
    """Its name on the wire; `*` stands for anything."""
    aliases: tuple[str, ...] = ()
    """Other names that the vendor takes for it."""
    hosts: tuple[str, ...] = ()
    """Hosts that serve it; empty is all."""
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    can: frozenset[Need] | None = None
    """What it can do; None is not known."""
    reasoning: Reasoning = "unknown"
    thinks_unasked: bool = False
    """Whether it thinks when nobody says; one that always thinks need not say so."""
    switch: str = ""
    """Path of the field that turns reasoning on and off, or sets its effort."""
    efforts: tuple[str, ...] = ()
    """Values that the field takes, least first."""
    replay: Replay = "unknown"
    """Whether earlier reasoning must come back: never, within a tool loop, in every message of a
    request with tools, or as the caller likes."""
    streams: Literal["either", "only", "when-thinking"] = "either"
    """Whether it must be asked to stream."""
    retired: str | None = None
    """Day on which it was or will be shut, `YYYY-MM-DD`."""
    weights: str = ""
    """Repository of its open weights, `owner/name`."""
    licence: str = ""
    """SPDX identifier of their licence; empty if they are not open, or it is not known."""
    note: str = ""
    prices: tuple[ListPrice, ...] = ()
    fees: tuple[Fee, ...] = ()
    source: str

    def thinks(self, *, asked: bool | None) -> bool:
        """Whether it will think.

        Args:
            asked: What the caller wants; None if nothing was said.
        """
        if self.reasoning in {"always", "none"}:
            return self.reasoning == "always"
        return self.thinks_unasked if asked is None else asked


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something about a request that a vendor wants otherwise."""

    models: str
    """Pattern of the names it holds for."""
    dialect: Dialect = "openai-chat"
    asks: Literal["answer", "embedding"] = "answer"
    """What the request is for."""
    when: When = "always"
    field: str
    """Top-level field of the body."""
    beside: str = ""
    """Holds only where this field is there too."""
    unless: tuple[Any, ...] = ()
    """Values that may stay; of an object, its `type`."""
    do: Do
    to: Any = None
    """New name, value forced, `[least, most]`, or a table of values."""
    why: str
    source: str


class Vendor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is asked."""

    id: str
    """Also what owns its reasoning."""
    name: str
    entity: str = "unknown"
    jurisdiction: str = "unknown"
    """Of its ultimate owner: ISO 3166-1 alpha-2, `on-prem` or `unknown`."""
    homepage: str
    sources: dict[str, Seen]
    """Pages, by the name that rows give them."""
    auth: Auth = Auth()
    usage: str = ""
    """Where a stream says what it used."""
    keep_alive: str = ""
    """What it sends while it has nothing to say."""
    gave_up: tuple[str, ...] = ()
    """Finish reasons that are failures."""
    note: str = ""
    peaks: tuple[PeakRow, ...] = ()
    hosts: tuple[Host, ...]
    models: tuple[Product, ...] = ()
    rules: tuple[Rule, ...] = ()

    def host(self, name: str) -> Host | None:
        """Find a host by its id."""
        return next((host for host in self.hosts if host.id == name), None)

    def product(self, model: str) -> Product | None:
        """Find the row of a model: by name or alias, else the first pattern that fits."""
        for product in self.models:
            if model == product.id or model in product.aliases:
                return product
        return next((each for each in self.models if fnmatchcase(model, each.id)), None)

    def rules_of(self, model: str, dialect: Dialect) -> tuple[Rule, ...]:
        """Find the rules that hold for a model, in order."""
        return tuple(
            [
                rule
                for rule in self.rules
                if rule.dialect == dialect and fnmatchcase(model, rule.models)
            ]
        )
