"""Notes, keys and cosignatures are those of the specification, byte for byte."""

from __future__ import annotations

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from jevons.ledger.cosignature import cosign, cosigned_s, read_cosignatures, witness_key
from jevons.ledger.note import (
    COSIGNATURE,
    MAX_SIGNATURES,
    BadNote,
    Checkpoint,
    Vkey,
    is_signed,
    log_key,
    open_note,
    parse,
    read_note,
    read_vkey,
    sign,
    signature_line,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ROOT = bytes(range(32))
NOTE = sign(Checkpoint("a/log", 3, ROOT), KEY)
TEXT = read_note(NOTE).text
LOG = log_key("a/log", KEY.public_key())
W1 = witness_key("w.example/1", WITNESS.public_key())

# C2SP signed-note, "Example", read 2026-11.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2O"
    "NncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# C2SP tlog-checkpoint and tlog-cosignature, their examples, read 2026-11.
BEHIND = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
COSIGNED = (
    f"{BEHIND}\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4UR"
    "YN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRa"
    "JNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def cosigned(at_s: int = 1_700_000_000) -> str:
    return cosign(TEXT, WITNESS, name=W1.name, at_s=at_s)


def test_the_specifications_own_note_is_signed_by_its_own_key() -> None:
    assert is_signed(read_note(EXAMPLE), read_vkey(EXAMPLE_KEY))
    assert read_vkey(f" {EXAMPLE_KEY}\n").render() == EXAMPLE_KEY
    with pytest.raises(BadNote, match="does not fit"):
        is_signed(read_note(EXAMPLE.replace("an example", "no example")), read_vkey(EXAMPLE_KEY))


def test_the_specifications_own_checkpoint_reads_as_it_says() -> None:
    checkpoint = parse(COSIGNED)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.render() == read_note(COSIGNED).text == BEHIND
    ours, theirs = read_note(COSIGNED).signatures
    assert int.from_bytes(theirs.raw[:8]) == 1679315147
    assert len(ours.raw) == 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        EXAMPLE_KEY.replace("530d", "530e"),
        EXAMPLE_KEY.replace("foo", "fo"),
        EXAMPLE_KEY[:-4],
        EXAMPLE_KEY.replace("example.com", "example com"),
        f"+{EXAMPLE_KEY}",
        "a+b+!",
        Vkey("a", 2, bytes(32)).render(),
    ],
)
def test_a_key_that_was_not_copied_whole_is_no_key(text: str) -> None:
    with pytest.raises(BadNote):
        read_vkey(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— a AAAAAAA=",
        "text\n\n— a AAAA\n",
        "text\n\n— a AAAAAAA\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n- a AAAAAAA=\n",
        "text\n\nmore\n",
        "te\tt\n\n— a AAAAAAA=\n",
        "text\n\n" + "— a AAAAAAA=\n" * (MAX_SIGNATURES + 1),
    ],
)
def test_what_is_no_note_is_not_read_as_one(note: str) -> None:
    with pytest.raises(BadNote):
        read_note(note)


def test_a_text_may_hold_empty_lines_and_a_checkpoint_may_not() -> None:
    assert read_note("one\n\ntwo\n\n— a AAAAAAA=\n").text == "one\n\ntwo\n"
    text = f"{TEXT}\nmore\n"
    note = f"{text}\n{signature_line('a/log', LOG.id, KEY.sign(text.encode()))}"
    assert is_signed(read_note(note), LOG)
    with pytest.raises(BadNote, match="canonical"):
        open_note(note, KEY.public_key())


def test_lines_after_the_root_are_signed_and_handed_on() -> None:
    checkpoint = Checkpoint("a/log", 3, ROOT, ("more",))
    assert open_note(sign(checkpoint, KEY), KEY.public_key()) == checkpoint


@pytest.mark.parametrize(
    "text",
    ["\n3\n", "a/log\n-3\n", "a/log\n+3\n", "a/log\n03\n", f"a/log\n{1 << 63}\n", "a/log\nx\n"],
)
def test_a_checkpoint_is_written_in_one_way(text: str) -> None:
    with pytest.raises(BadNote):
        parse(f"{text}{b64encode(ROOT).decode()}\n")


@pytest.mark.parametrize("root", ["AAAA", "!", b64encode(ROOT).decode()[:-1]])
def test_a_root_is_32_bytes(root: str) -> None:
    with pytest.raises(BadNote):
        parse(f"a/log\n3\n{root}\n")


def test_a_log_may_sign_under_another_name_than_its_origin() -> None:
    line = signature_line("b", log_key("b", KEY.public_key()).id, KEY.sign(TEXT.encode()))
    assert open_note(f"{TEXT}\n{line}", KEY.public_key(), "b").size == 3
    with pytest.raises(BadNote, match="no signature"):
        open_note(f"{TEXT}\n{line}", KEY.public_key())


def test_a_cosignature_tells_when_it_was_made() -> None:
    note = read_note(NOTE + cosigned(5) + cosigned(7) + cosigned(6))
    assert cosigned_s(note, W1) == 7
    assert cosigned_s(read_note(NOTE), W1) is None
    assert W1.kind == COSIGNATURE


@given(st.integers(12, 82), st.integers(1, 255))
def test_no_byte_of_a_cosignature_can_change(at: int, flip: int) -> None:
    raw = bytearray(read_note(NOTE + cosigned()).signatures[1].raw)
    raw[at - 12] ^= flip
    with pytest.raises(BadNote, match="does not fit"):
        cosigned_s(read_note(NOTE + signature_line(W1.name, W1.id, bytes(raw))), W1)


def test_a_cosignature_of_no_time_or_of_another_length_does_not_fit() -> None:
    for line in (cosigned(0), signature_line(W1.name, W1.id, bytes(8))):
        with pytest.raises(BadNote, match="does not fit"):
            cosigned_s(read_note(NOTE + line), W1)


def test_of_an_answer_only_the_line_of_the_witness_that_was_asked_is_taken() -> None:
    other = cosign(TEXT, KEY, name="w.example/2", at_s=5)
    assert read_cosignatures(NOTE, other + cosigned(), W1) == cosigned()
    for answer in ("", other, "— w.example/1\n", "no\n"):
        with pytest.raises(BadNote):
            read_cosignatures(NOTE, answer, W1)
    elsewhere = cosign(TEXT.replace("3", "4"), WITNESS, name=W1.name, at_s=5)
    with pytest.raises(BadNote, match="does not fit"):
        read_cosignatures(NOTE, elsewhere, W1)
