"""The witness protocol, without its HTTP: what is asked, and whether it may be cosigned.

Rule 1: a witness cosigns what goes on from the newest it cosigned, and nothing else.
Rule 2: the order of the checks is the specification's, so that a status tells what failed.

Source: C2SP tlog-witness, "add-checkpoint", c2sp.org, read 2026-11.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, NamedTuple

from jevons.ledger.merkle import verify_consistency
from jevons.ledger.note import BadNote, is_signed, parse, read_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.ledger.note import Checkpoint, Vkey

__all__ = ("MAX_PROOF", "Ask", "NotCosigned", "checked", "judge", "read_ask", "write_ask")

MAX_PROOF = 63
"""Most lines of a proof that may be sent."""
_HASH_BYTES = 32
_EMPTY = hashlib.sha256(b"").digest()


class Ask(NamedTuple):
    """A checkpoint to cosign, and the proof that it goes on from an older one."""

    old: int
    """Leaves in the tree that the witness is thought to know; 0 for none."""
    proof: tuple[bytes, ...]
    note: str


class NotCosigned(Exception):
    """A witness does not cosign.

    Args:
        status: The HTTP status that the specification gives it.
        says: Why, in a sentence.
    """

    def __init__(self, status: int, says: str) -> None:
        super().__init__(says)
        self.status = status


def write_ask(ask: Ask) -> bytes:
    """Write the body of an `add-checkpoint` request."""
    proof = "".join([f"{b64encode(node).decode()}\n" for node in ask.proof])
    return f"old {ask.old}\n{proof}\n{ask.note}".encode()


def read_ask(body: bytes) -> Ask:
    """Read the body of an `add-checkpoint` request.

    Raises:
        NotCosigned: It is not one (400).
    """
    try:
        head, blank, note = body.decode().partition("\n\n")
        first, *lines = head.split("\n")
        word, _, size = first.partition(" ")
        ask = Ask(int(size), tuple([b64decode(line, validate=True) for line in lines]), note)
    except ValueError:
        raise NotCosigned(400, "not a request to cosign a checkpoint") from None
    is_whole = word == "old" and blank and write_ask(ask) == body and ask.old >= 0
    if not is_whole or any(len(node) != _HASH_BYTES for node in ask.proof):
        raise NotCosigned(400, "not a request to cosign a checkpoint, as it has to be written")
    if len(ask.proof) > MAX_PROOF:
        raise NotCosigned(
            400, f"a proof of {len(ask.proof)} lines; at most {MAX_PROOF} may be sent"
        )
    return ask


def checked(ask: Ask, logs: Sequence[Vkey]) -> Checkpoint:
    """Find out whose checkpoint it is, and that this log signed it.

    Args:
        ask: What is asked.
        logs: Keys of the logs that this witness knows; the name of each is its log's origin.

    Raises:
        NotCosigned: It is no checkpoint (400), of a log that is not known (404), not signed by a
            key that is (403), or smaller than what it is said to go on from (400).
    """
    try:
        checkpoint, note = parse(ask.note), read_note(ask.note)
    except BadNote as error:
        raise NotCosigned(400, str(error)) from None
    keys = [each for each in logs if each.name == checkpoint.origin]
    if not keys:
        raise NotCosigned(404, f"no log {checkpoint.origin!r} is known here")
    try:
        signers = [key for key in keys if is_signed(note, key)]
    except BadNote as error:
        raise NotCosigned(403, str(error)) from None
    if not signers or note.text != checkpoint.render():
        raise NotCosigned(403, f"no signature of a key that is known of {checkpoint.origin!r}")
    if ask.old > checkpoint.size:
        raise NotCosigned(
            400, f"a checkpoint of {checkpoint.size} leaves goes on from no {ask.old}"
        )
    return checkpoint


def judge(ask: Ask, checkpoint: Checkpoint, known: Checkpoint | None) -> None:
    """Tell whether a checkpoint that was `checked` may be cosigned.

    Args:
        ask: What is asked.
        checkpoint: Of it.
        known: The newest of this log that was cosigned; None if none was.

    Raises:
        NotCosigned: It goes on from another size than the newest (409, and the sentence is that
            size), or is not shown to go on from it (422).
    """
    size = known.size if known is not None else 0
    if ask.old != size:
        raise NotCosigned(409, str(size))
    if checkpoint.size == 0 and checkpoint.root != _EMPTY:
        raise NotCosigned(422, "an empty tree has another root")
    if ask.old == 0 and ask.proof:
        raise NotCosigned(422, "what goes on from nothing needs no proof, and may have none")
    root = known.root if known is not None else _EMPTY
    if not verify_consistency(
        size, checkpoint.size, proof=ask.proof, old_root=root, new_root=checkpoint.root
    ):
        says = f"the log of {checkpoint.size} leaves does not go on from that of {size}"
        raise NotCosigned(422, f"{says}: its history was rewritten, or the proof is wrong")
