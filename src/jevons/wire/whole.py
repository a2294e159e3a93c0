"""An answer that came in one piece, whatever its dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jevons.types.account import Usage
    from jevons.types.errors import JevonsError
    from jevons.types.event import Event

__all__ = ("Whole",)


class Whole(NamedTuple):
    """An answer that came in one piece."""

    events: tuple[Event, ...]
    """Ends in `Finished`, unless something is wrong."""
    finish: str | None
    usage: Usage | None
    error: JevonsError | None
    """What is wrong with it, though it is of the dialect."""
