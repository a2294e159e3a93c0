"""What the catalogue knows: endpoints, and what they cost in money and energy."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from jevons.types.custody import Custody
from jevons.types.request import Dialect, Need

__all__ = (
    "MEDIA_PRICES",
    "Currency",
    "Endpoint",
    "ExchangeRate",
    "Footprint",
    "Grid",
    "Hours",
    "Peak",
    "Precision",
    "Price",
    "Reported",
    "Service",
    "Serving",
    "Site",
    "Tariff",
)

Currency = Literal["USD", "CNY"]

Hours = Literal["any", "peak", "off-peak"]

Service = Literal["standard", "batch", "flex", "priority", "fast"]
"""How soon an answer is wanted: `batch` within a day, `flex` when there is room, `priority` and
`fast` before others."""

Precision = Literal["bf16", "fp8", "fp4"]

Serving = Literal["one-node", "many-nodes", "unknown"]
"""Experts on one machine, or one replica over many machines, which costs less a token."""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What tokens cost, from a moment on, and for which requests."""

    input_per_mtok: Decimal
    """Per million uncached input tokens, in `currency`; the others too."""
    output_per_mtok: Decimal
    """Per million output tokens, reasoning included unless `reasoning_per_mtok` is set."""
    cache_read_per_mtok: Decimal | None = None
    """Per million cached input tokens; None charges them as uncached."""
    cache_write_per_mtok: Decimal | None = None
    """Per million tokens written to a cache; None charges them as uncached."""
    cache_write_1h_per_mtok: Decimal | None = None
    """Per million written to a cache that keeps them for an hour; None as any other write."""
    reasoning_per_mtok: Decimal | None = None
    """Per million reasoning tokens; None charges them as output."""
    input_audio_per_mtok: Decimal | None = None
    """Per million input tokens of audio; None charges them as text."""
    cache_read_audio_per_mtok: Decimal | None = None
    """Per million cached input tokens of audio; None charges them as cached text."""
    input_image_per_mtok: Decimal | None = None
    """Per million input tokens of images; None charges them as text."""
    input_video_per_mtok: Decimal | None = None
    """Per million input tokens of video; None charges them as text."""
    output_audio_per_mtok: Decimal | None = None
    """Per million output tokens of audio; None charges them as text."""
    output_image_per_mtok: Decimal | None = None
    """Per million output tokens of images; None charges them as text."""
    output_video_per_mtok: Decimal | None = None
    """Per million output tokens of video; None charges them as text."""
    currency: Currency = "USD"
    """Which one the figures are in."""
    since: str
    """First moment it holds: `YYYY-MM-DD`, or `YYYY-MM-DDTHH:MMZ`; both UTC."""
    until: str | None = None
    """First moment it no longer holds; None is until a row with a later `since` holds."""
    up_to_tokens: int | None = None
    """Longest input of a request, cached or not, all of which has this price; None is any."""
    hours: Hours = "any"
    """Of the vendor's day, where it has busy hours and others."""
    thinking: bool | None = None
    """Whether it holds for requests that think, or for those that do not; None is both."""
    service: Service = "standard"
    """Which of the vendor's services it is of."""
    source: str
    """Where it was read, and when."""
    row: str = ""
    """Names it on receipts: `vendor/model#digest`; empty for one that is in no table."""


MEDIA_PRICES = (
    "input_audio_per_mtok",
    "cache_read_audio_per_mtok",
    "input_image_per_mtok",
    "input_video_per_mtok",
    "output_audio_per_mtok",
    "output_image_per_mtok",
    "output_video_per_mtok",
)
"""Fields of `Price` for tokens that are no text, in the order of `Media`."""


class Peak(msgspec.Struct, frozen=True, kw_only=True):
    """Hours at which a vendor charges another price, in an era."""

    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    """ISO weekdays, Monday is 1, in `zone`."""
    hours: tuple[str, ...]
    """`HH:MM-HH:MM` in `zone`, the end excluded."""
    zone: str = "+00:00"
    """Offset from UTC."""
    holidays: frozenset[str] = frozenset()
    """Days without a peak, `YYYY-MM-DD` in `zone`."""
    holidays_known_until: str = ""
    """Last day of which `holidays` knows; after it every working day has its peak, so that no
    charge is too low. Empty where holidays do not matter."""
    since: str = "0001-01-01"
    """As a price's; `until` too."""
    until: str | None = None


class ExchangeRate(msgspec.Struct, frozen=True, kw_only=True):
    """What another currency was worth, from a day on."""

    currency: Currency
    """Which one is turned into dollars."""
    usd: Decimal
    """So many dollars are worth `units` of the currency. Two figures, since central banks quote
    both against a third: their quotient is never rounded."""
    units: Decimal = Decimal(1)
    """How much of the currency that many dollars are."""
    since: str
    """First moment it holds, as a price's."""
    source: str
    """Where it was read, and when."""
    row: str = ""
    """Names it on receipts: `CNY#digest`."""


class Footprint(msgspec.Struct, frozen=True, kw_only=True):
    """What decides the energy of a hosted model.

    Source: `docs/explanation/energy.md`, the formula for hosted text models.
    """

    active_params_b: float
    """Parameters used for each token, 1e9."""
    total_params_b: float
    """Parameters held in memory, 1e9."""
    precision: Precision = "bf16"
    """How weights are held: bytes a parameter."""
    kv_kb_per_token: float = 160.0
    """Key-value cache, kilobytes a token of context."""
    params_fold: float = 1.0
    """For sizes that are a guess: their 90 % interval is the figure divided and multiplied by
    this. 1 is a published size."""
    batch: float | None = None
    """Answers that one replica writes at once. None is not known: 64, between 16 and 256."""
    serving: Serving = "unknown"
    """How a mixture of experts is spread; it matters from 200e9 parameters on."""
    source: str
    """Where the figures were read, and when."""


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What its operator says that answers take, at the wall: one of the first three at least."""

    wh_per_answer: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Watt-hours of an answer, however long."""
    wh_per_mtok_read: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Watt-hours of a million prompt tokens, cached ones included."""
    wh_per_mtok_written: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Watt-hours of a million answer tokens, reasoning included."""
    fold: Annotated[float, msgspec.Meta(ge=1)]
    """How far an answer may be off: its 90 % interval is the figure divided and multiplied by this."""
    source: str
    """Whose figure it is, and of when."""


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Carbon intensity of a place's electricity."""

    place: str
    """ISO 3166-1 alpha-2 code, a region of a cloud as `gcp/us-central1`, or `WORLD`."""
    gco2e_per_kwh: float
    fold: float
    """The 90 % interval is the figure divided and multiplied by this."""
    source: str
    water_l_per_kwh: float | None = None
    """Litres that making a kilowatt-hour takes; None is not known."""
    water_source: str = ""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What its operator says of where machines stand, beside the electricity of the place."""

    market_gco2e_per_kwh: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """Market-based: of the electricity that was contracted, or else of the residual mix; None where
    nobody says."""
    embodied_gco2e_per_kwh: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """What making the hardware emitted, for each kilowatt-hour that it will use in its life; None is
    not known of own hardware, and a usual figure for a data centre's accelerators."""
    water_l_per_kwh: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """Water that evaporates there, litres for each kilowatt-hour of its machines (WUE); None is not
    known on own premises, and what operators usually report for a data centre."""
    source: str
    """Whose figures these are, and of when."""


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """What electricity costs."""

    usd_per_kwh: Decimal
    source: str
    """Whose figure it is, and of when."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A model at a host. Endpoints are allowed, routed and paid for; names are not."""

    name: str
    """Unique in one house; what keys and receipts name."""
    model: str
    """`vendor/name` of the weights or the product."""
    provider: str
    """Which door serves it: a name in `flow.Rooms.providers`."""
    upstream_model: str
    """What the provider calls it."""
    aliases: tuple[str, ...] = ()
    """Other names a caller may use."""
    dialect: Dialect = "openai-chat"
    host: str
    """Who runs it: `this machine`, or the operator's legal name, or `unknown`."""
    place: str
    """Where it processes: `on-prem`, an ISO 3166-1 alpha-2 code, or `unknown`."""
    grid: str | None = None
    """ISO 3166-1 alpha-2 code of the electricity it runs on; None is not known."""
    can: frozenset[Need] = frozenset({"text"})
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    """Longest answer that it gives, reasoning included, whatever is asked; None is not known."""
    price: Price | None = None
    """The most that it may cost, in USD; what is charged where `prices` is empty."""
    prices: tuple[Price, ...] = ()
    """Its price list, all in one currency: of it the row is charged that holds when an answer
    ends."""
    peaks: tuple[Peak, ...] = ()
    """What `hours` means in `prices`."""
    footprint: Footprint | None = None
    reported: Reported | None = None
    """What its operator says goes before what a formula makes of its footprint."""
    site: Site | None = None
    """None is not known."""
    custody: Custody = Custody()
