"""What the surfaces work with. Built once, by `jevons.edge.app`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jevons.edge.presence import watching

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from jevons.edge.presence import Presence
    from jevons.flow import Rooms
    from jevons.patience import Patience
    from jevons.ports import Answers, Ids, Keys
    from jevons.telemetry import Metrics
    from jevons.types.account import Feedback

    Hear = Callable[[Feedback], Awaitable[None]]

__all__ = ("Desk",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Doors, counters and limits."""

    rooms: Rooms
    keys: Keys
    ids: Ids
    metrics: Metrics
    ready: Callable[[], Mapping[str, bool]]
    """What has to be there before requests can be served, and whether it is."""
    max_body_bytes: int
    read_timeout_s: float
    answers: Answers | None = None
    """The answers that callers had kept; None in a house that keeps none."""
    hear: Hear | None = None
    """Told of each feedback once it is in the books; None in a house without `auto`."""
    auto: str = ""
    """The endpoint that `auto` is held against; empty in a house without `auto`."""
    patience: Patience[Presence] = field(default_factory=watching)
