"""Where a ledger is: a SQLite file, or a database of a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

__all__ = ("Server", "Where", "beside")


class Server(NamedTuple):
    """A database of a PostgreSQL server, and the folder of what stays out of it."""

    url: str
    """As libpq has it; it may hold a password."""
    folder: Path
    """Of the signing key, of the key to kept answers, and of the plain copy of checkpoints."""
    key: bytes | None = None
    """The signing key, where it is in no file."""

    def __str__(self) -> str:
        """Name it, without what is secret."""
        parts = urlsplit(self.url)
        user, at, host = parts.netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}{at}{host}"
        return urlunsplit((parts.scheme, netloc, parts.path, "", ""))

    def __repr__(self) -> str:
        """Show it, without what is secret."""
        return f"Server({str(self)!r})"


Where = Path | Server


def beside(where: Where, name: str) -> Path:
    """Give the path of what stays beside a ledger."""
    return where.folder / name if isinstance(where, Server) else where.with_name(name)
