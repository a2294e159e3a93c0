"""A witness cosigns what goes on from what it cosigned, and answers all else by the book."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from jevons.ledger.merkle import consistency, leaf_hash, root
from jevons.ledger.note import Checkpoint, log_key, parse, sign, signature_line
from jevons.ledger.tile import Edge, Tile, reader
from jevons.ledger.witness import (
    MAX_PROOF,
    Ask,
    NotCosigned,
    checked,
    judge,
    read_ask,
    write_ask,
)

if TYPE_CHECKING:
    from jevons.ledger.merkle import Hashes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LOG = log_key("a/log", KEY.public_key())
EMPTY = hashlib.sha256(b"").digest()


def grown(count: int, word: str = "") -> Hashes:
    edge = Edge(0, lambda _: b"")
    tiles = edge.extend([leaf_hash(f"{word}{number}".encode()) for number in range(count)])
    return reader(lambda tile: tiles[Tile(tile.level, tile.number)])


TREE = grown(40)


def note(size: int, tree: Hashes = TREE, key: Ed25519PrivateKey = KEY) -> str:
    return sign(Checkpoint("a/log", size, root(tree, size)), key)


def ask(old: int, new: int) -> Ask:
    return Ask(old, consistency(TREE, old, new), note(new))


def asked(ask: Ask, known: Checkpoint | None, *, logs: tuple[str, ...] = ("a/log",)) -> int:
    """Ask a witness; the status it would answer with."""
    try:
        keys = [log_key(name, KEY.public_key()) for name in logs]
        judge(ask, checked(ask, keys), known)
    except NotCosigned as refusal:
        return refusal.status
    return 200


@given(st.integers(0, 40), st.integers(0, 40))
def test_what_goes_on_from_the_newest_is_cosigned(one: int, other: int) -> None:
    old, new = sorted((one, other))
    known = Checkpoint("a/log", old, root(TREE, old)) if old else None
    sent = read_ask(write_ask(ask(old, new)))
    assert sent == ask(old, new)
    assert asked(sent, known) == 200


def test_a_witness_that_knows_another_size_says_which() -> None:
    known = parse(note(20))
    for old, new in ((0, 30), (10, 30), (10, 15)):
        assert asked(ask(old, new), known) == 409
        with pytest.raises(NotCosigned, match=r"^20$"):
            judge(ask(old, new), parse(note(new)), known)
    assert asked(ask(20, 30), None) == 409


def test_another_history_is_not_cosigned() -> None:
    fork = grown(40, "x")
    assert asked(Ask(20, consistency(fork, 20, 30), note(30, fork)), parse(note(20))) == 422
    assert asked(Ask(20, (), note(20, fork)), parse(note(20))) == 422
    assert asked(Ask(20, consistency(TREE, 19, 30), note(30)), parse(note(20))) == 422
    assert asked(Ask(20, (EMPTY,), note(20)), parse(note(20))) == 422


def test_what_goes_on_from_nothing_needs_no_proof_and_may_have_none() -> None:
    assert asked(Ask(0, (), note(30)), None) == 200
    assert asked(Ask(0, (EMPTY,), note(30)), None) == 422


def test_an_empty_tree_has_one_root() -> None:
    assert asked(Ask(0, (), sign(Checkpoint("a/log", 0, EMPTY), KEY)), None) == 200
    assert asked(Ask(0, (), sign(Checkpoint("a/log", 0, bytes(32)), KEY)), None) == 422


def test_a_checkpoint_smaller_than_what_it_is_said_to_go_on_from_is_malformed() -> None:
    assert asked(Ask(30, (), note(20)), parse(note(30))) == 400


def test_a_log_that_is_not_known_is_not_cosigned() -> None:
    assert asked(ask(0, 30), None, logs=("b/log",)) == 404


def test_only_a_known_key_of_the_log_counts() -> None:
    assert asked(Ask(0, (), note(30, key=OTHER)), None) == 403
    spoiled = signature_line(LOG.name, LOG.id, bytes(64))
    assert asked(Ask(0, (), note(30) + spoiled), None) == 403
    strange = signature_line(LOG.name, b"1234", bytes(64))
    assert asked(Ask(0, (), note(30) + strange), None) == 200


def test_a_text_that_only_begins_with_a_checkpoint_is_not_cosigned() -> None:
    text = f"{parse(note(30)).render()}\nmore\n"
    longer = f"{text}\n{signature_line(LOG.name, LOG.id, KEY.sign(text.encode()))}"
    assert asked(Ask(0, (), longer), None) == 403


@pytest.mark.parametrize("bad", ["", "a/log\n30\n", note(30)[:-1]])
def test_what_is_no_checkpoint_is_malformed(bad: str) -> None:
    assert asked(Ask(0, (), bad), None) == 400


BODY = write_ask(ask(20, 30))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        BODY.replace(b"old", b"new"),
        BODY.replace(b"old 20", b"old 020"),
        BODY.replace(b"old 20", b"old x"),
        BODY.replace(b"old 20", b"old -1"),
        BODY.replace(b"old 20\n", b"old 20\nAAAA\n"),
        BODY.replace(b"old 20\n", b"old 20\n!\n"),
        BODY.partition(b"\n\n")[0],
        write_ask(Ask(1, (EMPTY,) * (MAX_PROOF + 1), note(30))),
    ],
)
def test_what_is_no_request_is_malformed(body: bytes) -> None:
    with pytest.raises(NotCosigned) as caught:
        read_ask(body)
    assert caught.value.status == 400


def test_a_request_reads_back_as_it_was_written() -> None:
    assert read_ask(BODY) == ask(20, 30)
