"""The signing key: made once, kept beside the ledger, readable by its owner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jevons.store import secret

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("load_or_make",)


def load_or_make(path: Path, *, may_make: bool) -> Ed25519PrivateKey:
    """Read the key, or make one for a log that has not begun.

    Raises:
        Misconfigured: The file is not a key, or is gone although the log has begun.
    """
    gone = "the ledger cannot go on; put it back"
    raw = secret.load_or_make(path, may_make=may_make, gone=gone)
    return Ed25519PrivateKey.from_private_bytes(raw)  # 32 random bytes: RFC 8032 §5.1.5
