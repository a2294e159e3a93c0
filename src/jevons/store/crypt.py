"""Sealing what is kept, so that the file alone says nothing, and a deleted row nothing ever.

Rule 1: each row has a key of its own, made of the house's key and the row's salt. The house's
    key is in another file, and the salt goes when the row goes: without both nothing opens.
Rule 2: a row opens only as the row that it was: its id and owner are part of the seal.

Sources: RFC 5869 (HKDF); NIST SP 800-38D §8 (a key used once needs no nonce of its own).
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("SALT_BYTES", "Crypt", "load_or_make", "overwrite")

KEY_BYTES = 32
SALT_BYTES = 32
_NONCE = bytes(12)  # each key seals one row
_PURPOSE = b"jevons kept answer, 1"


class Crypt:
    """Seals rows and opens them.

    Args:
        key: The house's, 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, body: bytes, *, salt: bytes, row: bytes) -> bytes:
        """Seal the body of a row.

        Args:
            body: What nobody else may read.
            salt: 32 random bytes, never used before.
            row: What the row says in the clear.
        """
        return self._of(salt).encrypt(_NONCE, body, row)

    def open(self, sealed: bytes, *, salt: bytes, row: bytes) -> bytes:
        """Open the body of a row.

        Raises:
            ValueError: It was not sealed with this key, or not as this row.
        """
        try:
            return self._of(salt).decrypt(_NONCE, sealed, row)
        except InvalidTag:
            message = "a kept answer does not open: its file or the key beside it was changed"
            raise ValueError(message) from None

    def _of(self, salt: bytes) -> AESGCM:
        key = HKDF(SHA256(), length=KEY_BYTES, salt=salt, info=_PURPOSE).derive(self._key)
        return AESGCM(key)


def load_or_make(path: Path, *, may_make: bool) -> bytes:
    """Read the house's key, or make one where nothing is kept yet.

    Raises:
        Misconfigured: The file is not a key, or is gone although something is kept.
    """
    if may_make and not path.exists():
        _write(path, secrets.token_bytes(KEY_BYTES))
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        message = f"{path} is gone: without it no kept answer opens; put it back, or delete both"
        raise Misconfigured(message) from None
    if len(key) != KEY_BYTES:
        message = f"{path} is not a key: {KEY_BYTES} bytes are expected, not {len(key)}"
        raise Misconfigured(message)
    return key


def overwrite(path: Path) -> None:
    """Make a key say nothing any more, before its file is deleted."""
    with path.open("r+b") as file:
        file.write(bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _write(path: Path, raw: bytes) -> None:
    """Put the key there whole: half of one would be taken for a lost one."""
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
