"""The signing key: made once, kept beside the ledger, readable by its owner alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("load_or_make",)

_KEY_BYTES = 32


def load_or_make(path: Path, *, may_make: bool) -> Ed25519PrivateKey:
    """Read the key, or make one for a log that has not begun.

    Raises:
        Misconfigured: The file is not a key, or is gone although the log has begun.
    """
    if may_make and not path.exists():
        _write(path, Ed25519PrivateKey.generate().private_bytes_raw())
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        message = f"{path} is gone: without it the ledger cannot go on; put it back"
        raise Misconfigured(message) from None
    if len(raw) != _KEY_BYTES:
        message = f"{path} is not a signing key: {_KEY_BYTES} bytes are expected, not {len(raw)}"
        raise Misconfigured(message)
    return Ed25519PrivateKey.from_private_bytes(raw)


def _write(path: Path, raw: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
