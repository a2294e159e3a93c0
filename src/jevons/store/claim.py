"""The claim on a data folder: one server has it, and whoever else would is told who that is.

Rule 1: budgets and limits are counted in the memory of one server, so a second on the same folder
    would let through what the first has no room for. Commands write records and count nothing:
    they make no claim, and work beside a server.
Rule 2: the claim is a lock on an open file. However a server ends, the system takes it back; what
    the file says then is of the past, and the next one overwrites it.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Self

from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("Claim",)

_LONGEST_BYTES = 512


class Claim:
    """This process's claim on a data folder, from entering to leaving.

    Args:
        folder: The data folder; it is there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Take it.

        Raises:
            Misconfigured: Another server has it.
            OSError: The folder cannot be written.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        file = os.open(self._folder / "server.lock", flags, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, _LONGEST_BYTES, 0).decode(errors="replace").strip()
            os.close(file)
            message = (
                f"another server has the data folder {self._folder}: {holder or 'just started'}; "
                "stop it, or set data_dir (JEVONS_DATA_DIR) to a folder of this one's own"
            )
            raise Misconfigured(message) from None
        self._file = file
        self._say(f"process {os.getpid()}, starting")
        return self

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def tell(self, url: str) -> None:
        """Have whoever is refused told where this server answers."""
        self._say(f"process {os.getpid()} at {url}")

    def _say(self, who: str) -> None:
        if self._file is not None:
            os.pwrite(self._file, who.ljust(_LONGEST_BYTES)[:_LONGEST_BYTES].encode(), 0)
