"""What no sign and no checksum tells, but the words around it do.

Names, addresses of houses, days, ages. It is written for English, with the words that other
European languages have for streets, titles and months. Much is missed; `jevons.ner` finds more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.privacy.day import ages, days
from jevons.privacy.people import people
from jevons.privacy.street import houses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jevons.privacy.finding import Finding

__all__ = ("worded",)


def worded(text: str) -> Iterator[Finding]:
    """Find it, in no order; some of it may overlap. `text` is folded already."""
    yield from houses(text)
    yield from days(text)
    yield from ages(text)
    yield from people(text)
