"""Who may be asked for, as they stand now: between a request and its copies, keys end and budgets do.

Rule 1: looked at before each copy leaves, and never remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.reports import HOUSE_KEY
from jevons.types.errors import NotFound

if TYPE_CHECKING:
    from jevons.ports import Clock
    from jevons.store import Books
    from jevons.types.actor import Actor

__all__ = ("Standing",)


class Standing(NamedTuple):
    """The keys and budgets of a house."""

    books: Books
    clock: Clock

    async def begin(self) -> None:
        """Make the key that pays, in a house that has none.

        One that was revoked is not made again: whoever did that wants no more grading. One of the
        same name that is made by hand takes its place.
        """
        if not any(each.name == HOUSE_KEY for each in self.books.keys.list()):
            await self.books.keys.create(HOUSE_KEY)

    def house(self) -> Actor | None:
        """Give the key that pays; None if it is refused."""
        named = [each for each in self.books.keys.list() if each.name == HOUSE_KEY]
        return next((each for each in named if self._is_good(each)), None)

    async def caller(self, asked: Actor) -> Actor | None:
        """Give a caller as they are now; None if their key is refused, or a budget of theirs spent."""
        try:
            actor = self.books.keys.named(asked.key)
        except NotFound:  # it was erased
            return None
        if not self._is_good(actor) or await self.books.is_spent(actor):
            return None
        return actor

    def _is_good(self, actor: Actor) -> bool:
        is_over = actor.expires_ms is not None and actor.expires_ms <= self.clock.now_ms()
        return not actor.revoked and not is_over
