"""Sealing what is kept, so that the file alone says nothing, and a deleted row nothing ever.

Rule 1: each row has a key of its own, made of the house's key and the row's salt. The house's
    key is in another file, and the salt goes when the row goes: without both nothing opens.
Rule 2: a row opens only as the row that it was: its id and owner are part of the seal.

Sources: RFC 5869 (HKDF); NIST SP 800-38D §8 (a key used once needs no nonce of its own).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ("SALT_BYTES", "Crypt")

_KEY_BYTES = 32
SALT_BYTES = 32
_NONCE = bytes(12)  # each key seals one row


class Crypt:
    """Seals rows and opens them.

    Args:
        key: The house's, 32 bytes.
        purpose: What is sealed; what was sealed for another does not open.
    """

    def __init__(self, key: bytes, *, purpose: bytes = b"jevons kept answer, 1") -> None:
        self._key = key
        self._purpose = purpose

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
        key = HKDF(SHA256(), length=_KEY_BYTES, salt=salt, info=self._purpose).derive(self._key)
        return AESGCM(key)
