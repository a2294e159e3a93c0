"""What was spent, by whatever tells answers apart: days, models, accounts, places.

Rule 1: money is added exactly. Energy and carbon are sums of estimates, and of the ends of their
    intervals.
Rule 2: a figure that is not known adds nothing, and is counted: a sum says what it leaves out.
Rule 3: what was measured, reported and modelled is one sum, and beside it what is of each.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from jevons.reports.tally import FAILED, line_of
from jevons.types.custody import UNKNOWN_PLACE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from jevons.reports.tally import Group, Tally

__all__ = ("DAY_MS", "TIERS", "Bill", "Column", "Tier", "bill", "groups_of", "tier_of")

Column = Literal["day", "month", "model", "endpoint", "host", "place", "class", "key", "account"]
"""What tells answers apart. An account is the project of a key: what that is part of is its sum."""

Tier = Literal["measured", "reported", "modelled"]
"""How an energy was got: a counter read it, the vendor said it, a formula made it."""
TIERS: tuple[Tier, ...] = ("measured", "reported", "modelled")

DAY_MS = 24 * 60 * 60 * 1000

_NOBODY = "nobody"
_UJ_PER_MJ, _NG_PER_MG, _NL_PER_UL = 1e3, 1e6, 1e3


def tier_of(method: str) -> Tier:
    """Say of which kind a method is; one that mixes kinds is of the least sure of them."""
    if "modelled" in method or not method:
        return "modelled"
    return "reported" if "reported" in method else "measured"


class Bill(NamedTuple):
    """What some answers came to; energy, carbon and water are sums of medians."""

    requests: int
    failed: int
    """Of them, without an answer or with one that broke off."""
    read: int
    """Tokens of prompts, cached ones included."""
    written: int
    """Tokens of answers, reasoning included."""
    cost_nusd: int
    energy_mj: float
    energy_mj_p05: float
    energy_mj_p95: float
    measured_mj: float
    """Of `energy_mj`, what a counter read; `reported_mj` a vendor said, `modelled_mj` a formula."""
    reported_mj: float
    modelled_mj: float
    carbon_mg: float
    """Location-based."""
    carbon_mg_p05: float
    carbon_mg_p95: float
    market_mg: float
    """Market-based."""
    embodied_mg: float
    """Of making the hardware; in neither of the others."""
    water_site_ul: float
    water_grid_ul: float
    unpriced: int
    """Requests whose cost is not known."""
    unmeasured: int
    """Requests whose energy is not known."""
    no_market: int
    """Requests whose market-based carbon is not known."""
    no_embodied: int
    """Requests whose share of making the hardware is not known."""
    no_water_site: int
    """Requests of which this water is not known; `no_water_grid` too."""
    no_water_grid: int

    @classmethod
    def of(cls, tallies: Collection[Tally]) -> Bill:
        """Add up."""
        parts = {tier: _mid([each for each in tallies if _tier(each) == tier]) for tier in TIERS}
        energy = [each.energy_uj for each in tallies]
        carbon = [each.carbon_ng for each in tallies]
        return cls(
            requests=sum([each.requests for each in tallies]),
            failed=sum([each.requests for each in tallies if each.group.ended == FAILED]),
            read=sum([each.read for each in tallies]),
            written=sum([each.written for each in tallies]),
            cost_nusd=sum([each.cost_nusd for each in tallies]),
            energy_mj=_mid(tallies),
            energy_mj_p05=sum([each.low for each in energy]) / _UJ_PER_MJ,
            energy_mj_p95=sum([each.high for each in energy]) / _UJ_PER_MJ,
            measured_mj=parts["measured"],
            reported_mj=parts["reported"],
            modelled_mj=parts["modelled"],
            carbon_mg=sum([each.mid for each in carbon]) / _NG_PER_MG,
            carbon_mg_p05=sum([each.low for each in carbon]) / _NG_PER_MG,
            carbon_mg_p95=sum([each.high for each in carbon]) / _NG_PER_MG,
            market_mg=sum([each.market_ng.mid for each in tallies]) / _NG_PER_MG,
            embodied_mg=sum([each.embodied_ng.mid for each in tallies]) / _NG_PER_MG,
            water_site_ul=sum([each.water_site_nl.mid for each in tallies]) / _NL_PER_UL,
            water_grid_ul=sum([each.water_grid_nl.mid for each in tallies]) / _NL_PER_UL,
            unpriced=sum([each.unpriced for each in tallies]),
            unmeasured=sum([each.unknown for each in energy]),
            no_market=sum([each.market_ng.unknown for each in tallies]),
            no_embodied=sum([each.embodied_ng.unknown for each in tallies]),
            no_water_site=sum([each.water_site_nl.unknown for each in tallies]),
            no_water_grid=sum([each.water_grid_nl.unknown for each in tallies]),
        )


def _tier(tally: Tally) -> Tier:
    return tier_of(tally.group.method)


def _mid(tallies: Collection[Tally]) -> float:
    return sum([each.energy_uj.mid for each in tallies]) / _UJ_PER_MJ


def bill(tallies: Iterable[Tally], *, by: Sequence[Column]) -> dict[tuple[str, ...], Bill]:
    """Add tallies up.

    Args:
        tallies: In any order; told apart by `groups_of`, and by the day for a day or a month.
        by: What tells answers apart; nothing gives one sum of all.

    Returns:
        A bill for each combination that there was, in order.
    """
    read = [_READ[column] for column in by]
    found: dict[tuple[str, ...], list[Tally]] = {}
    for tally in tallies:
        found.setdefault(tuple([each(tally.group) for each in read]), []).append(tally)
    return {name: Bill.of(some) for name, some in sorted(found.items())}


def groups_of(by: Sequence[Column]) -> frozenset[str]:
    """Name the fields of a `Group` that a bill needs told apart."""
    return frozenset({"method", "ended"}.union(*[_FIELDS[column] for column in by]))


def _day(group: Group) -> str:
    return f"{datetime.fromtimestamp(group.hour_ms // 1000, UTC):%Y-%m-%d}"


def _place(group: Group) -> str:
    return group.place or (UNKNOWN_PLACE if group.endpoint else _NOBODY)


_READ: Mapping[Column, Callable[[Group], str]] = MappingProxyType(
    {
        "day": _day,
        "month": lambda group: _day(group)[:7],
        "model": lambda group: group.model or _NOBODY,
        "endpoint": lambda group: group.endpoint or _NOBODY,
        "host": lambda group: group.host or _NOBODY,
        "place": _place,
        "class": lambda group: group.data_class,
        "key": lambda group: group.key,
        "account": lambda group: line_of(group.account)[0],
    }
)
_FIELDS: Mapping[Column, tuple[str, ...]] = MappingProxyType(
    {
        "day": (),
        "month": (),
        "model": ("model",),
        "endpoint": ("endpoint",),
        "host": ("host",),
        "place": ("place", "endpoint"),
        "class": ("data_class",),
        "key": ("key",),
        "account": ("account",),
    }
)
