"""What was found in pieces that come again: a house's instructions, tools, the turns before.

Rule 1: a piece is known by a keyed hash of all of it; no word of it is kept. Who has no key can
    make no piece that passes for another.
Rule 2: memory is bounded. What is asked for stays; what is not is forgotten with its generation.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.privacy.finding import Kind

__all__ = ("Memory",)

_MOST = 8192
"""Pieces of a generation, some 150 bytes each; there are two."""


class Memory:
    """Remembers what was found. May be asked in several threads at once.

    Args:
        key: 16 to 64 random bytes, which live as long as this.
        most: Pieces of a generation.
    """

    def __init__(self, key: bytes, *, most: int = _MOST) -> None:
        self._key = key
        self._most = most
        self._young: dict[bytes, tuple[Kind, ...]] = {}
        self._old: dict[bytes, tuple[Kind, ...]] = {}

    def recall(self, piece: bytes, look: Callable[[bytes], tuple[Kind, ...]]) -> tuple[Kind, ...]:
        """Tell what was found in a piece, looking if it is new.

        Raises:
            Exception: What `look` raises; nothing is remembered then.
        """
        name = blake2b(piece, digest_size=16, key=self._key).digest()
        kinds = self._young.get(name)
        if kinds is None:
            known = self._old.get(name)
            kinds = look(piece) if known is None else known
            self._keep(name, kinds)
        return kinds

    def _keep(self, name: bytes, kinds: tuple[Kind, ...]) -> None:
        if len(self._young) >= self._most:
            self._old, self._young = self._young, {}
        self._young[name] = kinds
