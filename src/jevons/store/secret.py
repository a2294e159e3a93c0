"""Secrets of the house: 32 random bytes in a file each, made once, readable by their owner alone."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

__all__ = ("destroy", "flush", "flush_folder", "load_or_make", "write")

_BYTES = 32


def load_or_make(path: Path, *, may_make: bool, gone: str) -> bytes:
    """Read a secret, or make it where nothing needs the one that was.

    Args:
        path: Its file.
        may_make: Whether a new one will do.
        gone: What cannot be without it.

    Raises:
        Misconfigured: The file holds none, or is gone although it is needed.
    """
    if may_make and not path.exists():
        write(path, secrets.token_bytes(_BYTES))
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        message = f"{path} is gone: without it {gone}"
        raise Misconfigured(message) from None
    if len(secret) != _BYTES:
        message = f"{path} is not a key: {_BYTES} bytes are expected, not {len(secret)}"
        raise Misconfigured(message)
    return secret


def destroy(path: Path) -> None:
    """Overwrite a secret, then delete its file."""
    with path.open("r+b") as file:
        file.write(bytes(_BYTES))
        flush(file)
    path.unlink()


def write(path: Path, secret: bytes) -> None:
    """Write a file that is not there yet, for its owner's eyes, and flush it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        flush(file)


def flush(file: BinaryIO) -> None:
    """Have what was written be on the device."""
    file.flush()
    os.fsync(file.fileno())


def flush_folder(path: Path) -> None:
    """Have what a folder holds be on the device."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
