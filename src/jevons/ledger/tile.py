"""Tiles: the tree cut into strips of 256 hashes, of which only the last of a level grows.

Source: C2SP tlog-tiles, c2sp.org/tlog-tiles, "Merkle Tree".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.ledger.merkle import perfect_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from jevons.ledger.merkle import Hashes

__all__ = (
    "HEIGHT",
    "WIDTH",
    "Edge",
    "Tile",
    "edge_tiles",
    "reader",
    "width_at",
)

HEIGHT = 8
"""Levels of the tree in one tile."""
WIDTH = 1 << HEIGHT
"""Hashes in a full tile."""
_HASH_BYTES = 32


class Tile(NamedTuple):
    """Where a tile is."""

    level: int
    number: int


def width_at(size: int, level: int | None, number: int) -> int:
    """Tell how wide a tile or a bundle is in a tree of `size` leaves; 0 if it is not there."""
    count = size >> HEIGHT * (level or 0)
    return max(0, min(WIDTH, count - number * WIDTH))


def edge_tiles(size: int) -> tuple[Tile, ...]:
    """List the tiles of a tree of `size` leaves that still grow, one a level; some are empty."""
    tiles: list[Tile] = []
    level, count = 0, size
    while count or not level:
        tiles.append(Tile(level, count >> HEIGHT))
        level, count = level + 1, count >> HEIGHT
    return tuple(tiles)


def reader(read: Callable[[Tile], bytes]) -> Hashes:
    """Read hashes of perfect subtrees off tiles.

    Args:
        read: Gives a tile's hashes, one after the other.
    """

    def hashes(level: int, index: int) -> bytes:
        rest = level % HEIGHT
        first = index << rest
        tile = read(Tile(level // HEIGHT, first // WIDTH))
        start = first % WIDTH * _HASH_BYTES
        return perfect_root(_hashes(tile[start : start + (_HASH_BYTES << rest)]))

    return hashes


class Edge:
    """The growing side of the tree: one partial tile a level, and nothing else in memory.

    Args:
        size: Leaves in the tree so far.
        read: Gives the stored partial tiles of that size.
    """

    def __init__(self, size: int, read: Callable[[Tile], bytes]) -> None:
        self.size = size
        self.rows = [
            _hashes(read(tile)) if size >> HEIGHT * tile.level & (WIDTH - 1) else []
            for tile in edge_tiles(size)
        ]

    def extend(self, leaves: list[bytes]) -> dict[Tile, bytes]:
        """Add leaf hashes.

        Returns:
            The tiles that changed, whole.
        """
        changed: dict[Tile, bytes] = {}
        self._grow(0, self.size, leaves, changed)
        self.size += len(leaves)
        return changed

    def hashes(self, level: int, index: int) -> bytes:
        """Root of a perfect subtree at the edge: what `merkle.root` of the whole tree asks for."""
        row = self.rows[level // HEIGHT]
        rest = level % HEIGHT
        start = (index << rest) % WIDTH
        return perfect_root(row[start : start + (1 << rest)])

    def _grow(self, level: int, count: int, new: list[bytes], changed: dict[Tile, bytes]) -> None:
        if level == len(self.rows):
            self.rows.append([])
        roots: list[bytes] = []
        row = self.rows[level]
        index, done = count // WIDTH, 0
        while done < len(new):
            taken = new[done : done + WIDTH - len(row)]
            row = row + taken
            done += len(taken)
            changed[Tile(level, index)] = b"".join(row)
            if len(row) == WIDTH:
                roots.append(perfect_root(row))
                row, index = [], index + 1
        self.rows[level] = row
        if roots:
            self._grow(level + 1, count // WIDTH, roots, changed)


def _hashes(tile: bytes) -> list[bytes]:
    return [tile[i : i + _HASH_BYTES] for i in range(0, len(tile), _HASH_BYTES)]
