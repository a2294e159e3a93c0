"""The Merkle tree of RFC 6962, over whatever can be asked for a stored hash.

Rule 1: only perfect subtrees are ever stored or asked for: `hashes(level, index)` is the
    root of leaves `index * 2**level` up to `(index + 1) * 2**level`.

Source: RFC 6962 section 2.1; RFC 9162 sections 2.1.3.2 and 2.1.4.2 (verification).
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

__all__ = (
    "Hashes",
    "consistency",
    "inclusion",
    "leaf_hash",
    "node_hash",
    "perfect_root",
    "root",
    "verify_consistency",
    "verify_inclusion",
)

Hashes = Callable[[int, int], bytes]
"""Root of the perfect subtree at `(level, index)`, 32 bytes."""

_EMPTY = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two siblings."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(row: list[bytes]) -> bytes:
    """Hash a row of `2**n` siblings up to their root."""
    while len(row) > 1:
        row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]


def root(hashes: Hashes, size: int) -> bytes:
    """Compute the root of the first `size` leaves."""
    return _span(hashes, 0, size) if size else _EMPTY


def inclusion(hashes: Hashes, index: int, size: int) -> tuple[bytes, ...]:
    """Prove that leaf `index` is in the tree of `size` leaves.

    Returns:
        The audit path, leaf to root.

    Raises:
        ValueError: There is no such leaf in that tree.
    """
    if not 0 <= index < size:
        message = f"no leaf {index} in a tree of {size}"
        raise ValueError(message)
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_span(hashes, middle, end))
            end = middle
        else:
            path.append(_span(hashes, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency(hashes: Hashes, old: int, new: int) -> tuple[bytes, ...]:
    """Prove that the tree of `old` leaves is the beginning of the tree of `new`.

    Raises:
        ValueError: `old` is not in 0 to `new`.
    """
    if not 0 <= old <= new:
        message = f"a tree of {new} leaves does not begin with {old}"
        raise ValueError(message)
    if old in {0, new}:
        return ()
    proof: list[bytes] = []
    start, end, is_whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_span(hashes, middle, end))
            end = middle
        else:
            proof.append(_span(hashes, start, middle))
            start, is_whole = middle, False
    if not is_whole:
        proof.append(_span(hashes, start, end))
    return tuple(reversed(proof))


def verify_inclusion(
    leaf: bytes, index: int, size: int, *, path: tuple[bytes, ...], root: bytes
) -> bool:
    """Tell whether the leaf hash `leaf` is leaf `index` of the tree with this root."""
    if not 0 <= index < size:
        return False
    node, last, at = leaf, size - 1, index
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(
    old: int, new: int, *, proof: tuple[bytes, ...], old_root: bytes, new_root: bytes
) -> bool:
    """Tell whether the tree of `old` leaves is the beginning of that of `new`."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == _EMPTY
    nodes = (old_root, *proof) if old & (old - 1) == 0 else proof
    if not nodes:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            now = node_hash(now, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _span(hashes: Hashes, start: int, end: int) -> bytes:
    """Root of leaves `start` to `end`, of which `start` is where a perfect subtree may begin."""
    nodes: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(hashes(level, start >> level))
        start += 1 << level
    node = nodes.pop()
    while nodes:
        node = node_hash(nodes.pop(), node)
    return node
