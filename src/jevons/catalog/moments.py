"""Moments as rows write them: a day, or a day and a time, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

__all__ = ("day_of", "is_moment", "moment_ms")

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\dZ)?")


def is_moment(text: str) -> bool:
    """Whether a text is `YYYY-MM-DD` or `YYYY-MM-DDTHH:MMZ`, and there is such a moment."""
    if not _MOMENT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def moment_ms(text: str) -> int:
    """Turn a moment into Unix milliseconds; a day is its first, in UTC.

    Raises:
        ValueError: It is none.
    """
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * 1000


def day_of(at_ms: int) -> str:
    """Write the day of a moment, `YYYY-MM-DD` in UTC."""
    return datetime.fromtimestamp(at_ms / 1e3, UTC).date().isoformat()
