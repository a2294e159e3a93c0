"""Whatever is done to a signed history is found, and said in a sentence."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from jevons.ledger.audit import Audit, audit, signed
from jevons.ledger.merkle import leaf_hash, root
from jevons.ledger.note import BadNote, Checkpoint, open_note, parse, sign
from jevons.ledger.record import BadLeaf, decode, encode, pack, unpack
from jevons.ledger.tile import Edge
from jevons.testing.make import a_receipt, a_refusal, an_intent
from jevons.types.account import Genesis, Tried
from jevons.types.errors import TooLarge

if TYPE_CHECKING:
    from jevons.types.account import Record

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
GENESIS = Genesis(at_ms=1, origin="a/log", public_key=b64encode(PUBLIC.public_bytes_raw()).decode())
RECORDS: list[Record] = [
    GENESIS,
    *[make(id=f"req_{number}") for number in range(4) for make in (an_intent, a_receipt)],
]
LEAVES = [encode(record) for record in RECORDS]


def note(leaves: list[bytes], size: int | None = None, key: Ed25519PrivateKey = KEY) -> str:
    edge = Edge(0, lambda _: b"")
    edge.extend([leaf_hash(leaf) for leaf in leaves[:size]])
    return sign(Checkpoint("a/log", edge.size, root(edge.hashes, edge.size)), key)


NOTES = [note(LEAVES, 3), note(LEAVES, 7), note(LEAVES)]


def audited(leaves: list[bytes], notes: list[str] = NOTES) -> Audit:
    good, bad = signed([(each, "the test") for each in notes], PUBLIC, "a/log")
    assert not bad
    return audit(leaves, good, PUBLIC)


def kinds(leaves: list[bytes], notes: list[str] = NOTES) -> set[str]:
    return {finding.kind for finding in audited(leaves, notes).findings}


def test_what_was_signed_is_in_order() -> None:
    seen = audited(LEAVES)
    assert not seen.findings
    assert (seen.size, seen.intents, seen.receipts, seen.pending) == (9, 4, 4, ())
    assert parse(NOTES[-1]).root == seen.root


@given(st.integers(0, 8), st.data())
def test_an_edited_leaf_is_found(index: int, data: st.DataObject) -> None:
    leaf = bytearray(LEAVES[index])
    leaf[data.draw(st.integers(0, len(leaf) - 1))] ^= data.draw(st.integers(1, 255))
    assert "altered" in kinds([*LEAVES[:index], bytes(leaf), *LEAVES[index + 1 :]])


@pytest.mark.parametrize("index", range(9))
def test_a_deleted_leaf_is_found(index: int) -> None:
    assert kinds(LEAVES[:index] + LEAVES[index + 1 :]) & {"altered", "truncated"}


@pytest.mark.parametrize("size", range(9))
def test_a_cut_off_end_is_found(size: int) -> None:
    assert "truncated" in kinds(LEAVES[:size])


def test_moved_leaves_are_found() -> None:
    assert "altered" in kinds([*LEAVES[:3], LEAVES[5], LEAVES[4], LEAVES[3], *LEAVES[6:]])


def test_another_history_that_was_signed_too_is_found_by_who_kept_a_checkpoint() -> None:
    other = [*LEAVES[:5], encode(an_intent(id="req_x")), encode(a_receipt(id="req_x"))]
    assert "forked" in kinds(other, [note(other), NOTES[1]])
    assert "forked" in kinds([*other, *LEAVES[7:]], [note([*other, *LEAVES[7:]]), NOTES[1]])
    assert "altered" in kinds(other, [NOTES[1]])
    assert not kinds(other, [note(other)])


def test_a_log_without_leaves_or_checkpoints_proves_nothing() -> None:
    assert kinds([], []) == {"no_genesis", "no_checkpoint"}


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        (encode(a_receipt(id="req_1")), "double_receipt"),
        (encode(an_intent(id="req_1")), "double_intent"),
        (encode(a_receipt(id="req_9")), "receipt_without_intent"),
        (encode(a_refusal(id="req_1")), "refused_too"),
        (encode(GENESIS), "no_genesis"),
        (b"{}", "garbled"),
        (b"\xff", "garbled"),
    ],
)
def test_records_that_do_not_fit_each_other_are_found(more: bytes, kind: str) -> None:
    leaves = [*LEAVES, more]
    assert kinds(leaves, [note(leaves)]) == {kind}


def test_a_refusal_stands_alone() -> None:
    refused = encode(a_refusal(id="req_9"))
    leaves = [*LEAVES, refused]
    assert not kinds(leaves, [note(leaves)])
    for more, kind in (
        (refused, "refused_too"),
        (encode(an_intent(id="req_9")), "double_intent"),
        (encode(a_receipt(id="req_9")), "double_receipt"),
    ):
        assert kinds([*leaves, more], [note([*leaves, more])]) == {kind}
    open_one = [*LEAVES, encode(an_intent(id="req_9")), refused]
    assert kinds(open_one, [note(open_one)]) == {"refused_too"}


def test_an_intent_without_a_receipt_is_named() -> None:
    leaves = [*LEAVES, encode(an_intent(id="req_9"))]
    assert audited(leaves).pending == ("req_9",)


def test_a_genesis_that_names_another_key_is_found() -> None:
    leaves = [encode(Genesis(at_ms=1, origin="a/log", public_key="")), *LEAVES[1:]]
    assert kinds(leaves, [note(leaves)]) == {"no_genesis"}


def test_a_note_of_another_key_or_another_log_is_not_taken() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    notes = [(note(LEAVES, key=other), "x"), (NOTES[0], "y")]
    good, bad = signed(notes, PUBLIC, "b/log")
    assert not good
    assert [each.kind for each in bad] == ["bad_signature", "wrong_origin"]
    assert len(signed([(NOTES[0], "y")], PUBLIC, None)[0]) == 1


@given(st.integers(0, len(NOTES[0].encode()) - 1), st.integers(1, 255))
def test_no_byte_of_a_note_can_change(at: int, flip: int) -> None:
    raw = bytearray(NOTES[0].encode())
    raw[at] ^= flip
    with pytest.raises(BadNote):
        open_note(raw.decode("utf-8", "replace"), PUBLIC)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (NOTES[0][:-1], "does not end"),
        (NOTES[0].replace("a/log\n3\n", "a/log\n4\n"), "does not fit"),
        (NOTES[0].replace("— a/log ", "— b/log "), "no signature"),
        (NOTES[1].partition("\n\n")[0] + "\n\n" + NOTES[0].partition("\n\n")[2], "does not fit"),
    ],
)
def test_a_note_that_its_key_did_not_sign_is_not_opened(changed: str, why: str) -> None:
    with pytest.raises(BadNote, match=why):
        open_note(changed, PUBLIC)


@pytest.mark.parametrize(
    "text", ["", "a/log\n3\n!\n\n", "a/log\n03\nAAAA\n\n", "a/log\nx\nAAAA\n\n"]
)
def test_what_is_no_checkpoint_is_not_read_as_one(text: str) -> None:
    with pytest.raises(BadNote):
        parse(text)


def test_a_note_may_have_other_signatures_beside() -> None:
    text, blank, ours = NOTES[0].partition("\n\n")
    others = "— a/log AAAAAAA=\n— w AAAAAAA=\n"
    assert open_note(text + blank + ours + others, PUBLIC).size == 3
    assert open_note(text + blank + others + ours, PUBLIC).size == 3


@given(st.lists(st.binary(max_size=300)), st.data())
def test_a_bundle_is_read_as_it_was_written_or_not_at_all(
    leaves: list[bytes], data: st.DataObject
) -> None:
    body = pack(leaves)
    assert unpack(body) == leaves
    cut = body[: data.draw(st.integers(0, len(body)))]
    try:
        assert pack(unpack(cut)) == cut
    except BadLeaf:
        assert cut != body


def test_a_bundle_cut_in_a_leaf_or_in_its_length_is_refused() -> None:
    body = pack([b"one", b"three"])
    assert unpack(body) == [b"one", b"three"]
    for end in (1, 4, 6, len(body) - 1):
        with pytest.raises(BadLeaf, match="middle"):
            unpack(body[:end])


def test_a_leaf_reads_back_as_its_record() -> None:
    assert [decode(leaf) for leaf in LEAVES] == RECORDS


def test_a_leaf_written_before_waits_were_told_reads_back_without() -> None:
    receipt = a_receipt(tried=(Tried(endpoint="here", error="provider_timeout"),))
    older = encode(receipt).replace(b'"after_ms":0.0,', b"")
    assert b"after_ms" not in older
    assert decode(older) == receipt


def test_an_intent_that_leaves_no_room_for_its_receipt_is_refused() -> None:
    with pytest.raises(TooLarge):
        encode(an_intent(asked="x" * 17_000))


def test_a_receipt_whose_lists_are_too_long_is_written_without_them() -> None:
    tried = tuple(Tried(endpoint="x", detail="y" * 200) for _ in range(500))
    leaf = encode(a_receipt(tried=tried))
    assert b"500 attempts, too long to list" in leaf
    with pytest.raises(TooLarge):
        encode(a_receipt(why="x" * 70_000))
