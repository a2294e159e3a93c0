"""The tree is RFC 6962's: two other implementations agree, and no false proof passes."""

from __future__ import annotations

from hashlib import sha256

import pytest
import tamperlog
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from jevons.ledger.merkle import (
    consistency,
    inclusion,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from jevons.ledger.tile import Edge, Tile, reader, width_at

LEAVES = [str(number).encode() for number in range(600)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def grown(size: int, step: int = 97) -> tuple[Edge, dict[Tile, bytes]]:
    edge, tiles = Edge(0, lambda _: b""), dict[Tile, bytes]()
    for start in range(0, size, step):
        tiles |= edge.extend(HASHES[start : min(start + step, size)])
    return edge, tiles


_, TILES = grown(600)
STORED = reader(TILES.__getitem__)


def naive(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(naive(hashes[:split]), naive(hashes[split:]))


def test_an_empty_tree_is_the_hash_of_nothing() -> None:
    assert root(STORED, 0) == sha256(b"").digest()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 37, 255, 256, 257, 511, 512, 600])
def test_a_root_off_tiles_is_the_definitions_and_the_edges(size: int) -> None:
    edge, _ = grown(size)
    assert root(STORED, size) == naive(HASHES[:size]) == root(edge.hashes, size)


def test_pymerkle_and_tamperlog_have_the_same_root() -> None:
    tree, log = InmemoryTree(algorithm="sha256"), tamperlog.AppendOnlyLog()
    for leaf in LEAVES[:37]:
        tree.append_entry(leaf)  # pyright: ignore[reportUnknownMemberType] it has no types
        log.append(leaf)
    assert tree.get_root() == root(STORED, 37)  # pyright: ignore[reportUnknownMemberType] as above
    assert str(log.checkpoint()).split(":")[1] == root(STORED, 37).hex()


def test_every_small_proof_verifies_and_no_other_leaf_passes() -> None:
    for size in range(1, 24):
        top = root(STORED, size)
        for index in range(size):
            path = inclusion(STORED, index, size)
            assert verify_inclusion(HASHES[index], index, size, path=path, root=top)
            assert not verify_inclusion(HASHES[index + 1], index, size, path=path, root=top)
            assert not verify_inclusion(HASHES[index], index, size, path=(*path, top), root=top)
            if path:
                assert not verify_inclusion(HASHES[index], index, size, path=path[:-1], root=top)


def test_every_small_history_is_consistent_and_no_other_is() -> None:
    for new in range(24):
        for old in range(new + 1):
            proof = consistency(STORED, old, new)
            was, now = root(STORED, old), root(STORED, new)
            assert verify_consistency(old, new, proof=proof, old_root=was, new_root=now)
            assert not verify_consistency(old, new, proof=proof, old_root=b"x" * 32, new_root=now)
            assert not verify_consistency(
                old, new, proof=(*proof, b"x" * 32), old_root=was, new_root=now
            )
            if proof:
                assert not verify_consistency(
                    old, new, proof=proof[:-1], old_root=was, new_root=now
                )


@given(st.integers(1, 600), st.data())
def test_an_edge_resumed_from_its_tiles_grows_the_same_tree(size: int, data: st.DataObject) -> None:
    middle = data.draw(st.integers(0, size))
    edge, tiles = grown(middle)
    again = Edge(middle, tiles.__getitem__)
    more = again.extend(HASHES[middle:size])
    edge.extend(HASHES[middle:size])
    assert root(again.hashes, size) == root(edge.hashes, size) == root(STORED, size)
    assert root(reader((tiles | more).__getitem__), size) == root(STORED, size)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion(STORED, index, size)
    assert not verify_inclusion(HASHES[0], index, size, path=(), root=HASHES[0])


def test_there_is_no_proof_that_a_tree_begins_with_a_larger_one() -> None:
    with pytest.raises(ValueError, match="does not begin"):
        consistency(STORED, 5, 4)
    assert not verify_consistency(5, 4, proof=(), old_root=b"", new_root=b"")


def test_no_proof_at_all_is_no_proof_that_a_tree_grew() -> None:
    assert not verify_consistency(3, 5, proof=(), old_root=HASHES[0], new_root=HASHES[1])
    longer = (HASHES[0],) * 3
    assert not verify_consistency(1, 2, proof=longer, old_root=HASHES[0], new_root=HASHES[1])


def test_a_tile_is_as_wide_as_its_tree_makes_it() -> None:
    sizes = [width_at(70_000, *at) for at in ((0, 272), (0, 273), (1, 0), (1, 1), (2, 0))]
    assert sizes == [256, 112, 256, 17, 1]
    assert width_at(256, 0, 1) == width_at(256, 2, 0) == width_at(0, None, 0) == 0
