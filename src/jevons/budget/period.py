"""Days and months, UTC: what a moment is part of, and when that ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jevons.types.budget import Per

__all__ = ("day_of", "month_of", "period_of", "renews_at")

_MONTH_CHARS = len("2026-11")
_DAY_MS = 24 * 60 * 60 * 1000
_EPOCH = date(1970, 1, 1).toordinal()


def day_of(at_ms: int) -> str:
    """Name the day of a moment.

    >>> day_of(1_795_910_400_000)
    '2026-11-29'
    """
    return _day(at_ms // _DAY_MS)


@lru_cache(maxsize=8)
def _day(number: int) -> str:
    """Name a day by its number; nearly all requests are of the same."""
    return date.fromordinal(_EPOCH + number).isoformat()


def month_of(day: str) -> str:
    """Name the month of a day."""
    return day[:_MONTH_CHARS]


def period_of(day: str, per: Per) -> str:
    """Name the period that a day is part of."""
    return day if per == "day" else month_of(day)


def renews_at(period: str) -> datetime:
    """Tell when a period ends and the next begins."""
    if len(period) > _MONTH_CHARS:
        return datetime.fromisoformat(period).replace(tzinfo=UTC) + timedelta(days=1)
    first = datetime.fromisoformat(f"{period}-01").replace(tzinfo=UTC)
    return (first + timedelta(days=31)).replace(day=1)
