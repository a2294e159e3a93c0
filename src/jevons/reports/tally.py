"""Receipts added up by hour and by whatever tells them apart: what every report is made of.

Rule 1: sums are integers, so they come out the same in whatever order receipts are added.
Rule 2: a figure that is not known adds nothing, and is counted: a sum says what it leaves out.
Rule 3: errors are added as if they all went the same way, as mostly they do: figures of one house
    share their coefficients. The interval of a sum is the widest it can be.
"""

from __future__ import annotations

from operator import add
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from jevons.types.account import Impact
from jevons.types.budget import DEFAULT_LINE
from jevons.types.units import Cost, Estimate, Priced, Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jevons.types.account import Receipt

__all__ = (
    "ANSWERED",
    "FAILED",
    "GROUP",
    "HOUR_MS",
    "NOTHING",
    "SILENT",
    "SUMS",
    "Counted",
    "Ending",
    "Group",
    "Sum",
    "Tally",
    "Tokens",
    "add_up",
    "line_of",
    "merge",
    "tally_of",
)

HOUR_MS = 60 * 60 * 1000

Ending = Literal["answered", "silent", "failed"]
ANSWERED: Ending = "answered"
SILENT: Ending = "silent"
"""No token of an answer was asked for, as of embeddings."""
FAILED: Ending = "failed"
"""There was no answer, or one that broke off."""


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of usage, in its buckets."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a receipt; the rest of it is passed over."""

    at_ms: int
    key: str
    endpoint: str | None
    model: str | None
    host: str | None
    place: str | None
    usage: Tokens
    cost: Cost
    energy_mj: Quantity
    carbon_mg: Quantity
    impact: Impact | None = None
    error: str | None = None
    data_class: str = "public"
    account: tuple[str, ...] = ()
    """What it was charged to besides its key; records of old name none."""


class Group(NamedTuple):
    """What receipts that are added up have in common; text that is empty is nobody's."""

    hour_ms: int
    """Hour in which they ended, Unix milliseconds."""
    key: str
    account: str
    """What they were charged to besides the key, the narrowest first: JSON."""
    model: str
    endpoint: str
    host: str
    place: str
    data_class: str
    method: str
    """How their energy was got; empty where it is not known."""
    ended: str
    """An `Ending`."""


class Sum(NamedTuple):
    """Estimates, added: each end of the interval, and how many are not in it."""

    low: int
    mid: int
    high: int
    unknown: int


class Tally(NamedTuple):
    """What the receipts of one group come to."""

    group: Group
    requests: int
    input: int
    cache_read: int
    cache_write: int
    output: int
    reasoning: int
    cost_nusd: int
    unpriced: int
    """Requests whose cost is not known."""
    energy_uj: Sum
    carbon_ng: Sum
    """Location-based, as `market_ng` is not."""
    market_ng: Sum
    embodied_ng: Sum
    """What was emitted to make the hardware."""
    water_site_nl: Sum
    """Used where the machines stand; `water_grid_nl` is what their electricity took."""
    water_grid_nl: Sum

    @property
    def read(self) -> int:
        """Tokens of prompts, cached ones included."""
        return self.input + self.cache_read + self.cache_write

    @property
    def written(self) -> int:
        """Tokens of answers, reasoning included."""
        return self.output + self.reasoning


_QUANTITIES = (
    "energy_uj",
    "carbon_ng",
    "market_ng",
    "embodied_ng",
    "water_site_nl",
    "water_grid_nl",
)
_COUNTS = Tally._fields[1 : -len(_QUANTITIES)]
GROUP = Group._fields
SUMS = (*_COUNTS, *[f"{name}_{part}" for name in _QUANTITIES for part in Sum._fields])
"""Every sum of a tally, in order, laid flat."""
NOTHING = (0,) * len(SUMS)

_lines = msgspec.json.Encoder()
_line = msgspec.json.Decoder(tuple[str, ...])
_WIDTH = len(Sum._fields)


def add_up(receipts: Iterable[Counted | Receipt]) -> dict[Group, list[int]]:
    """Add receipts up: the sums of each group, laid flat."""
    groups: dict[Group, list[int]] = {}
    for counted in receipts:
        group = _group(counted)
        sums = groups.get(group)
        if sums is None:
            sums = groups[group] = [*NOTHING]
        _add(sums, counted)
    return groups


def tally_of(group: Group, sums: Iterable[int]) -> Tally:
    """Make a tally of sums that are laid flat."""
    flat = [*sums]
    ends = range(len(_COUNTS), len(flat), _WIDTH)
    energy, carbon, market, embodied, site, grid = [Sum(*flat[at : at + _WIDTH]) for at in ends]
    return Tally(
        group,
        *flat[: len(_COUNTS)],
        energy_uj=energy,
        carbon_ng=carbon,
        market_ng=market,
        embodied_ng=embodied,
        water_site_nl=site,
        water_grid_nl=grid,
    )


def merge(groups: dict[Group, list[int]], group: Group, sums: list[int]) -> None:
    """Add the sums of a group to what is there of it."""
    found = groups.get(group)
    groups[group] = [*sums] if found is None else [*map(add, found, sums)]


def line_of(account: str) -> tuple[str, ...]:
    """Read what a group is charged to besides its key, the narrowest first."""
    return _line.decode(account)


def _group(counted: Counted | Receipt) -> Group:
    energy = counted.energy_mj
    return Group(
        counted.at_ms - counted.at_ms % HOUR_MS,
        counted.key,
        _lines.encode(counted.account or DEFAULT_LINE).decode(),
        counted.model or "",
        counted.endpoint or "",
        counted.host or "",
        counted.place or "",
        counted.data_class,
        energy.method if isinstance(energy, Estimate) else "",
        _ending(counted),
    )


def _ending(counted: Counted | Receipt) -> Ending:
    if counted.error is not None or counted.model is None:
        return FAILED
    return ANSWERED if counted.usage.output + counted.usage.reasoning else SILENT


def _add(sums: list[int], counted: Counted | Receipt) -> None:
    """Add one receipt: eight counts, then each quantity."""
    used, cost = counted.usage, counted.cost
    sums[0] += 1
    sums[1] += used.input
    sums[2] += used.cache_read
    sums[3] += used.cache_write
    sums[4] += used.output
    sums[5] += used.reasoning
    if isinstance(cost, Priced):
        sums[6] += cost.nusd
    else:
        sums[7] += 1
    at = len(_COUNTS)
    for quantity, scale in _quantities(counted):
        if isinstance(quantity, Estimate):
            sums[at] += round(quantity.p05 * scale)
            sums[at + 1] += round(quantity.p50 * scale)
            sums[at + 2] += round(quantity.p95 * scale)
        else:
            sums[at + 3] += 1
        at += _WIDTH


def _quantities(counted: Counted | Receipt) -> Iterator[tuple[Quantity | None, float]]:
    """List what is estimated, and how many of the sum's units make one of its own."""
    yield counted.energy_mj, 1e3
    yield counted.carbon_mg, 1e6
    impact = counted.impact
    yield impact and impact.market_mg, 1e6
    yield impact and impact.embodied_mg, 1e6
    yield impact and impact.water_site_ul, 1e3
    yield impact and impact.water_grid_ul, 1e3
