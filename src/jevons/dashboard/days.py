"""Which days a page is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from jevons.reports import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("DAY_MS", "Days", "days_of")

DAY_MS = 24 * 60 * 60 * 1000
USUAL = 28
_LONGEST = 3 * 366


class Days(NamedTuple):
    """From one day to another, both in it, UTC."""

    first: date
    last: date

    @classmethod
    def of(cls, first_ms: int, last_ms: int) -> Days:
        """Take the days of two moments."""
        return cls(_day(first_ms), _day(last_ms))

    @property
    def span(self) -> Span:
        """As reports take it."""
        return Span(_ms(self.first), _ms(self.last) + DAY_MS)

    @property
    def length(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1

    @property
    def each(self) -> list[date]:
        """All of them."""
        return [self.first + timedelta(days=at) for at in range(self.length)]

    @property
    def halves(self) -> tuple[Span, Span]:
        """The earlier and the later half; of an odd number the first day is in neither."""
        half = self.length // 2 * DAY_MS
        end = self.span.end_ms
        return Span(end - 2 * half, end - half), Span(end - half, end)

    @property
    def says(self) -> str:
        """For people."""
        first, last = self.first, self.last
        if first == last:
            return f"{last.day} {last:%B %Y}"
        if first.year != last.year:
            return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
        month = "" if first.month == last.month else f" {first:%B}"
        return f"{first.day}{month} to {last.day} {last:%B %Y}"


def days_of(query: Mapping[str, str], *, newest_ms: int | None, now_ms: int) -> Days:
    """Read which days are asked about; without a word, four weeks that end with the newest answer.

    What is no day is taken as not said: a page is shown in any case.

    Args:
        query: `from` and `to`, or `days`.
        newest_ms: A moment of the last day on which there was an answer; None is never.
        now_ms: What time it is.
    """
    today = _day(now_ms)
    newest = today if newest_ms is None else min(today, _day(newest_ms))
    last = _said(query.get("to")) or newest
    first = _said(query.get("from"))
    if first is None:
        said = query.get("days", "")
        long = int(said) if said.isascii() and said.isdigit() and said != "0" else USUAL
        first = last - timedelta(days=min(long, _LONGEST) - 1)
    if first > last:
        first, last = last, first
    return Days(max(first, last - timedelta(days=_LONGEST)), last)


def _said(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _day(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1e3, UTC).date()


def _ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
