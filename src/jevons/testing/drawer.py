"""Kept answers in memory, which a test can make full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.types.errors import StoreUnavailable, TooLarge

if TYPE_CHECKING:
    from jevons import ports
    from jevons.types.kept import Kept

__all__ = ("Drawer",)

_DAY_MS = 24 * 60 * 60 * 1000


class Drawer:
    """Keeps answers for as long as the test lives, or its clock says.

    Args:
        clock: Says what has expired.
        keep_days: Days after which an answer is not there any more.
    """

    def __init__(self, clock: ports.Clock, *, keep_days: int = 30) -> None:
        self.kept: dict[tuple[str, str], Kept] = {}
        """By key and id."""
        self.is_full = False
        """Whether `check` and `keep` refuse."""
        self.breaks = False
        """Whether `keep` fails though `check` does not."""
        self._clock = clock
        self._keep_ms = keep_days * _DAY_MS

    def check(self) -> None:
        """Find out whether a test said that it is full.

        Raises:
            StoreUnavailable: It did.
        """
        if self.is_full:
            message = "the test says that there is no room"
            raise StoreUnavailable(message)

    async def keep(self, kept: Kept) -> None:
        """Keep one.

        Raises:
            StoreUnavailable: A test said so, or there is one of this name.
        """
        self.check()
        if self.breaks or (kept.key, kept.id) in self.kept:
            message = f"the test does not keep {kept.id!r}"
            raise StoreUnavailable(message)
        self.kept[kept.key, kept.id] = kept

    async def find(self, name: str, *, key: str) -> Kept | None:
        """Find one by its id."""
        found = self.kept.get((key, name))
        return found if found is not None and self._is_alive(found) else None

    async def trace(self, name: str, *, key: str, max_bytes: int) -> tuple[Kept, ...]:
        """Find one and those that it goes on from, oldest first.

        Raises:
            TooLarge: All of them together are longer than `max_bytes`.
        """
        found: list[Kept] = []
        while (kept := await self.find(name, key=key)) is not None:
            found.insert(0, kept)
            name = kept.previous
        if sum([len(each.input) + len(each.answer) for each in found]) > max_bytes:
            message = f"what was said before is longer than {max_bytes} bytes"
            raise TooLarge(message)
        return tuple(found)

    async def drop(self, name: str, *, key: str) -> bool:
        """Forget one."""
        found = self.kept.pop((key, name), None)
        return found is not None and self._is_alive(found)

    def _is_alive(self, kept: Kept) -> bool:
        return kept.at_ms > self._clock.now_ms() - self._keep_ms


if TYPE_CHECKING:
    _answers: type[ports.Answers] = Drawer
