"""Lines for a spreadsheet: comma-separated, a name that holds a comma quoted (RFC 4180)."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ("sheet",)


def sheet(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a heading and rows; what is None is an empty cell."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue()
