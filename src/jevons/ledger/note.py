"""Signed checkpoints: which tree, how many leaves, what root, and who says so.

Source: C2SP signed-note and tlog-checkpoint, c2sp.org.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidSignature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = ("BadNote", "Checkpoint", "key_id", "open_note", "parse", "sign")

_ED25519 = b"\x01"
_DASH = "— "  # an em dash and a space begin a signature line


class BadNote(ValueError):
    """Not a checkpoint, or not signed by this key."""


class Checkpoint(NamedTuple):
    """What a log says of itself at one size."""

    origin: str
    size: int
    root: bytes

    def render(self) -> str:
        """Write the text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def key_id(name: str, public: bytes) -> bytes:
    """Name a key by four bytes, so that a reader knows which signature to try."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Write a checkpoint as a note, signed under the name of its origin."""
    text = checkpoint.render()
    name = key_id(checkpoint.origin, key.public_key().public_bytes_raw())
    signature = b64encode(name + key.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{checkpoint.origin} {signature}\n"


def parse(note: str) -> Checkpoint:
    """Read a checkpoint without believing it.

    Raises:
        BadNote: It is not one, or is written otherwise than we write it.
    """
    try:
        origin, size, root, _ = note.split("\n", 3)
        checkpoint = Checkpoint(origin, int(size), b64decode(root, validate=True))
    except (ValueError, binascii.Error):
        message = "not a checkpoint"
        raise BadNote(message) from None
    if not note.startswith(checkpoint.render() + "\n"):
        message = "not a checkpoint in canonical form"
        raise BadNote(message)
    return checkpoint


def open_note(note: str, key: Ed25519PublicKey) -> Checkpoint:
    """Read a checkpoint and check who signed it.

    Other signatures (of witnesses) may stand beside ours.

    Raises:
        BadNote: It is not a checkpoint, or this key did not sign it.
    """
    checkpoint = parse(note)
    text = checkpoint.render()
    name = key_id(checkpoint.origin, key.public_bytes_raw())
    start = f"{_DASH}{checkpoint.origin} "
    lines = note[len(text) + 1 :].split("\n")
    if lines.pop():
        message = "not a note: its last line does not end"
        raise BadNote(message)
    for line in lines:
        if line.startswith(start) and _is_signed(text, line[len(start) :], name, key):
            return checkpoint
    message = "no signature of this log's key"
    raise BadNote(message)


def _is_signed(text: str, signature: str, name: bytes, key: Ed25519PublicKey) -> bool:
    try:
        raw = b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        return False
    if b64encode(raw).decode() != signature or raw[:4] != name:
        return False
    try:
        key.verify(raw[4:], text.encode())
    except InvalidSignature:
        return False
    return True
