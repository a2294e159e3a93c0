"""What was spent, by whatever tells answers apart: days, models, accounts, places.

Rule 1: money is added exactly. Energy and carbon are sums of median estimates.
Rule 2: a figure that is not known adds nothing, and is counted: a sum says what it leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from jevons.reports.gather import Charged, Used
from jevons.types.custody import UNKNOWN_PLACE
from jevons.types.units import Cost, Estimate, Priced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from jevons.reports.gather import Span

__all__ = ("Bill", "Billed", "Column", "bill")

Column = Literal["day", "month", "model", "endpoint", "host", "place", "class", "key", "account"]
"""What tells answers apart. An account is the project of a key: what that is part of is its sum."""

_NOBODY = "nobody"


class _Used(Used, frozen=True, kw_only=True):
    input: int = 0
    cache_read: int = 0
    cache_write: int = 0


class Billed(Charged, frozen=True, kw_only=True):
    """What is read of a receipt to be billed."""

    host: str | None
    place: str | None
    usage: _Used
    cost: Cost
    data_class: str = "public"


@dataclass(slots=True)
class Bill:
    """What some answers came to."""

    requests: int = 0
    failed: int = 0
    """Of them, without an answer or with one that broke off."""
    read: int = 0
    """Tokens of prompts, cached ones included."""
    written: int = 0
    """Tokens of answers, reasoning included."""
    cost_nusd: int = 0
    energy_mj: float = 0.0
    carbon_mg: float = 0.0
    unpriced: int = 0
    """Requests whose cost is not known."""
    unmeasured: int = 0
    """Requests whose energy is not known."""

    def add(self, billed: Billed) -> None:
        """Add one receipt."""
        used = billed.usage
        self.requests += 1
        self.failed += billed.error is not None
        self.read += used.input + used.cache_read + used.cache_write
        self.written += used.output + used.reasoning
        if isinstance(billed.cost, Priced):
            self.cost_nusd += billed.cost.nusd
        else:
            self.unpriced += 1
        if isinstance(billed.energy_mj, Estimate):
            self.energy_mj += billed.energy_mj.p50
        else:
            self.unmeasured += 1
        if isinstance(billed.carbon_mg, Estimate):
            self.carbon_mg += billed.carbon_mg.p50


def bill(
    receipts: Iterable[Billed], span: Span, *, by: Sequence[Column]
) -> dict[tuple[str, ...], Bill]:
    """Add receipts up.

    Args:
        receipts: In any order, of any time.
        span: Which of them count.
        by: What tells them apart; nothing gives one sum of all.

    Returns:
        A bill for each combination that there was, in order.
    """
    read = [_READ[column] for column in by]
    bills: dict[tuple[str, ...], Bill] = {}
    for billed in receipts:
        if span.begin_ms <= billed.at_ms < span.end_ms:
            name = tuple([each(billed) for each in read])
            found = bills.get(name)
            if found is None:
                found = bills[name] = Bill()
            found.add(billed)
    return dict(sorted(bills.items()))


def _day(billed: Billed) -> str:
    return f"{datetime.fromtimestamp(billed.at_ms // 1000, UTC):%Y-%m-%d}"


_READ: Mapping[Column, Callable[[Billed], str]] = MappingProxyType(
    {
        "day": _day,
        "month": lambda billed: _day(billed)[:7],
        "model": lambda billed: billed.model or _NOBODY,
        "endpoint": lambda billed: billed.endpoint or _NOBODY,
        "host": lambda billed: billed.host or _NOBODY,
        "place": lambda billed: billed.place or (UNKNOWN_PLACE if billed.endpoint else _NOBODY),
        "class": lambda billed: billed.data_class,
        "key": lambda billed: billed.key,
        "account": lambda billed: billed.line[0],
    }
)
