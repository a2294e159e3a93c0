"""The field, out of what ships with jevons: prices, qualities, sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.boot.meter import open_exchange
from jevons.catalog.quality import leaderboard
from jevons.catalog.vendors import vendors
from jevons.meter.energy import modelled
from jevons.reports import landscape

if TYPE_CHECKING:
    from jevons.reports import Landscape
    from jevons.settings import Settings

__all__ = ("open_landscape",)


def open_landscape(settings: Settings, *, at_ms: int) -> Landscape:
    """Put the field together, as it is known at a moment."""
    return landscape(leaderboard(), vendors(), open_exchange(settings), at_ms=at_ms, weigh=modelled)
