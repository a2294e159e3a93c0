"""What was verified of a file, kept beside it so that a start need not read it whole.

A stamp holds the SHA-256, and the size and the time of change of the file it was taken of.

Rule 1: a stamp speaks for the file as it was; for one that was written to since, it only says
    what the bytes should be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("promised_by", "read_stamp", "write_stamp")


def write_stamp(path: Path, sha256: str) -> None:
    """Note that a file was verified just now."""
    _stamp(path).write_text(f"{sha256} {_state(path)}\n")


def read_stamp(path: Path) -> str | None:
    """Tell the SHA-256 of a file that is as it was when it was verified."""
    words = _words(path)
    return words[0] if path.is_file() and " ".join(words[1:]) == _state(path) else None


def promised_by(path: Path) -> str | None:
    """Tell the SHA-256 that a file had when it was first verified, if it ever was."""
    words = _words(path)
    return words[0] if words else None


def _words(path: Path) -> list[str]:
    stamp = _stamp(path)
    return stamp.read_text().split() if stamp.exists() else []


def _state(path: Path) -> str:
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"


def _stamp(path: Path) -> Path:
    return path.with_suffix(".sha256")
