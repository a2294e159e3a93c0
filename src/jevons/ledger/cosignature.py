"""Cosignatures: a witness says when it saw a checkpoint that goes on from all it saw before.

Source: C2SP tlog-cosignature, "Format" and "Ed25519 signed message", c2sp.org, read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jevons.ledger.note import COSIGNATURE, BadNote, Vkey, read_note, signature_line

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from jevons.ledger.note import Note

__all__ = ("cosign", "cosigned_s", "read_cosignatures", "witness_key")

_TIME_BYTES = 8
_SIGNED_BYTES = _TIME_BYTES + 64
_LATEST_S = (1 << 63) - 1


def witness_key(name: str, key: Ed25519PublicKey) -> Vkey:
    """Write down the key of a witness."""
    return Vkey(name, COSIGNATURE, key.public_bytes_raw())


def cosign(text: str, key: Ed25519PrivateKey, *, name: str, at_s: int) -> str:
    """Cosign a checkpoint's text.

    Args:
        text: The body of the note, its last newline included.
        key: The witness's.
        name: The witness's.
        at_s: Now, Unix seconds; never 0 (tlog-witness, "add-checkpoint").

    Returns:
        A signature line.
    """
    raw = at_s.to_bytes(_TIME_BYTES) + key.sign(_message(text, at_s))
    return signature_line(name, witness_key(name, key.public_key()).id, raw)


def cosigned_s(note: Note, witness: Vkey) -> int | None:
    """Tell when a witness cosigned a note.

    Returns:
        Unix seconds, the newest if there are several; None if this witness did not.

    Raises:
        BadNote: A line is said to be this witness's and does not fit.
    """
    public = Ed25519PublicKey.from_public_bytes(witness.public)
    found: list[int] = []
    for each in note.signatures:
        if (each.name, each.id) != (witness.name, witness.id):
            continue
        at_s = int.from_bytes(each.raw[:_TIME_BYTES])
        try:
            public.verify(each.raw[_TIME_BYTES:], _message(note.text, at_s))
        except InvalidSignature:
            at_s = 0
        if not 0 < at_s <= _LATEST_S or len(each.raw) != _SIGNED_BYTES:
            message = f"the cosignature of {witness.name} does not fit"
            raise BadNote(message)
        found.append(at_s)
    return max(found, default=None)


def read_cosignatures(note: str, lines: str, witness: Vkey) -> str:
    """Take what a witness answered, and keep what is its own and fits the note.

    Args:
        note: The checkpoint that it was asked to cosign.
        lines: Its answer: signature lines.
        witness: Whose are taken; those of others are passed over.

    Returns:
        The line of this witness.

    Raises:
        BadNote: There is none, or it does not fit.
    """
    text = read_note(note).text
    for line in lines.split("\n"):
        read = read_note(f"{text}\n{line}\n") if line else None
        if read is not None and cosigned_s(read, witness) is not None:
            return f"{line}\n"
    message = f"no cosignature of {witness.name} in its answer"
    raise BadNote(message)


def _message(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()
