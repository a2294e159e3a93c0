"""Commitments: say now what was said, without saying it.

A record holds no prompt and no answer, only `HMAC-SHA256(salt, SHA-256(bytes))`. The
salt is derived from the key's own 32 random bytes and the request's id. Who holds the
salt and the bytes can show that they are what was recorded; without the salt the
commitment tells nothing, also not by guessing, so destroying a key's salting unlinks
its records while every proof over them still verifies.

Source: EDPB Guidelines 02/2025 on blockchain, salted or keyed commitments.
"""

from __future__ import annotations

import hashlib

__all__ = ("commit", "salt")


def salt(salting: bytes, request: str) -> bytes:
    """Derive the salt of one request.

    Args:
        salting: The key's 32 random bytes.
        request: The request's id.

    Returns:
        32 bytes.
    """
    return hashlib.blake2b(request.encode(), key=salting, digest_size=32).digest()


def commit(salting: bytes, request: str, digest: bytes) -> str:
    """Commit to bytes by their SHA-256.

    Returns:
        64 hex characters.
    """
    key = salt(salting, request) + _REST_OF_BLOCK
    inner = hashlib.sha256(key.translate(_INNER) + digest).digest()
    return hashlib.sha256(key.translate(_OUTER) + inner).hexdigest()


# HMAC's two hashes (RFC 2104), written out: the standard library's lets the GIL go for them,
# and taking it back beside a busy ledger costs more than they do.
_REST_OF_BLOCK = bytes(32)
_INNER = bytes([byte ^ 0x36 for byte in range(256)])
_OUTER = bytes([byte ^ 0x5C for byte in range(256)])
