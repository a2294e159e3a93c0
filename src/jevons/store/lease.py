"""Leases and the seal: who may put leaves in order, and what a closed file's digest is.

Rule 1: several processes may commit; the one that holds `.lock` alone puts in order.
Rule 2: a seal is the SHA-256 of a file that nobody has open. It is gone, durably, before
    the first write, and back after a clean end. While there is none, what no table holds
    (unused bytes of pages) is not covered, and means nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("Lease", "digest", "is_open", "seal_path")


def seal_path(path: Path) -> Path:
    """Where the seal of a ledger is, in the format of `sha256sum`."""
    return path.with_name(path.name + ".sha256")


def digest(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_open(path: Path) -> bool:
    """Tell whether a process has the ledger open."""
    try:
        descriptor = os.open(path.with_name(path.name + ".users"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _try(descriptor)
    finally:
        os.close(descriptor)


class Lease:
    """This process's part in a ledger."""

    def __init__(self, path: Path) -> None:
        self._path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._users = os.open(path.with_name(path.name + ".users"), flags, 0o600)
        fcntl.flock(self._users, fcntl.LOCK_SH)
        self._lock = os.open(path.with_name(path.name + ".lock"), flags, 0o600)
        self.held = False
        self.take()

    def take(self) -> bool:
        """Try to become the one that puts leaves in order."""
        if not self.held and _try(self._lock):
            self.held = True
            seal_path(self._path).unlink(missing_ok=True)
            _flush_folder(self._path.parent)
        return self.held

    def is_alone(self) -> bool:
        """Whether no other process has it open; none can open it from then on."""
        return self.held and _try(self._users)

    def give_back(self, *, seal: bool) -> None:
        """Leave the ledger, sealed if this was the last process that had it open."""
        try:
            if seal and self.is_alone():
                _write_seal(self._path)
        finally:
            os.close(self._lock)
            os.close(self._users)


def _write_seal(path: Path) -> None:
    """Put the seal there whole: half of one would accuse a ledger that is as it should be."""
    seal = seal_path(path)
    part = seal.with_name(seal.name + ".part")
    with part.open("w") as file:
        file.write(f"{digest(path)}  {path.name}\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(seal)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
