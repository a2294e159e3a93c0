"""A session with a PostgreSQL server, behind the store's door.

Rule 1: psycopg is an extra, and imported here alone.
Rule 2: a statement that fails raises `ServerFault`; whether the session is lost with it can be
    asked. Nothing is tried again here: only whoever began a transaction knows what it was.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from jevons.store.door import POSTGRES, ServerFault
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import psycopg

    from jevons.store.door import Rows
    from jevons.store.where import Server

__all__ = ("Lasting", "Session", "connect_to")

_CONNECT_S = 5
_AT_ONCE = 64
"""Rows that are fetched together where they are too many for memory."""
_OPTIONS: Mapping[str, str | int] = MappingProxyType(
    {
        "application_name": "jevons",
        "connect_timeout": _CONNECT_S,
        # A server that is gone without a word is noticed in seconds, not in hours.
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
)
_BEGIN = (
    # One of us that stops in the middle of a transaction holds nobody up for longer.
    "SET idle_in_transaction_session_timeout = '10s'",
    "SET synchronous_commit = on",
    "SET lock_timeout = '5s'",
    # Ours are short statements on few rows: compiling one takes longer than it runs.
    "SET jit = off",
    "SET client_min_messages = warning",
)


class Session:
    """One connection to a server. Made by `connect_to`."""

    words = POSTGRES

    def __init__(self, connection: psycopg.Connection[Any], errors: type[Exception]) -> None:
        self._connection = connection
        self._errors = errors
        self._cursors = count()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and has not ended."""
        status = self._connection.info.transaction_status
        return status not in {status.IDLE, status.UNKNOWN}

    @property
    def is_lost(self) -> bool:
        """Whether nothing more can be said over it."""
        return self._connection.broken or self._connection.closed

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        """Execute a statement.

        Raises:
            ServerFault: The server could not do it, or is gone.
        """
        try:
            if values:
                found = self._connection.execute(_translated(sql), values, binary=True)
            else:
                found = self._connection.execute(sql.encode())
            return cast("Rows", found)
        except self._errors as error:
            raise _fault(error) from error

    @contextmanager
    def together(self) -> Generator[None]:
        """Send statements that need no answer in one exchange with the server.

        Raises:
            ServerFault: The server could not do one of them, or is gone.
        """
        try:
            with self._connection.pipeline():
                yield
        except self._errors as error:
            raise _fault(error) from error

    def script(self, sql: str, /) -> tuple[Any, ...]:
        """Execute several statements in one exchange with the server; give the row of the last.

        Raises:
            ServerFault: The server could not do one of them, or is gone.
        """
        try:
            found = self._connection.execute(sql.encode())
            while found.nextset():
                pass
            return found.fetchone() or ()
        except self._errors as error:
            raise _fault(error) from error

    def commit(self, sql: str, values: Sequence[Any], /) -> None:
        """Execute a last statement and commit, in one exchange with the server.

        Raises:
            ServerFault: The server could not do it, or is gone.
        """
        with self.together():
            self.execute(sql, values)
            self.execute("COMMIT")

    def each(self, sql: str, /) -> Iterator[Any]:
        """Read rows a few at a time; within a transaction.

        Raises:
            ServerFault: The server could not do it, or is gone.
        """
        try:
            name = f"each_{next(self._cursors)}"
            with self._connection.cursor(name, binary=True) as cursor:
                cursor.itersize = _AT_ONCE
                yield from cursor.execute(sql.encode())
        except self._errors as error:
            raise _fault(error) from error

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], /) -> None:
        """Copy many rows into a table.

        Raises:
            ServerFault: The server could not do it, or is gone.
        """
        sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        try:
            with self._connection.cursor().copy(sql.encode()) as copy:
                for row in rows:
                    copy.write_row(row)
        except self._errors as error:
            raise _fault(error) from error

    def close(self) -> None:
        """End the session."""
        self._connection.close()


class Lasting:
    """A session for statements that stand alone: one that is lost is followed by another.

    What was being done when it was lost fails; what comes next finds a new one.
    """

    words = POSTGRES

    def __init__(self, server: Server) -> None:
        self._server = server
        self._session = connect_to(server)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and has not ended."""
        return self._session.in_transaction

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        """Execute a statement.

        Raises:
            ServerFault: The server could not do it, or is gone.
        """
        if self._session.is_lost:
            self._session = connect_to(self._server)
        return self._session.execute(sql, values)

    def each(self, sql: str, /) -> Iterator[Any]:
        """Read rows a few at a time; within a transaction."""
        return self._session.each(sql)

    def together(self) -> AbstractContextManager[None]:
        """Send statements that need no answer in one exchange with the server."""
        return self._session.together()

    def close(self) -> None:
        """End the session."""
        self._session.close()


def connect_to(server: Server, *settings: str) -> Session:
    """Begin a session; each statement is its own transaction unless it says BEGIN.

    Args:
        server: Which database.
        settings: Statements to begin with, as SET.

    Raises:
        ServerFault: It cannot be reached, or does not let us in.
        Misconfigured: psycopg is not installed.
    """
    try:
        import psycopg  # noqa: PLC0415 an extra
        from psycopg.conninfo import make_conninfo  # noqa: PLC0415 as above
    except ImportError:
        message = "a ledger in PostgreSQL needs psycopg: .venv/bin/pip install -e '.[postgres]'"
        raise Misconfigured(message) from None
    try:
        session = Session(
            psycopg.connect(make_conninfo(server.url, **_OPTIONS), autocommit=True), psycopg.Error
        )
    except psycopg.Error as error:
        raise _fault(error) from error
    try:
        for each in (*_BEGIN, *settings):
            session.execute(each)
    except BaseException:
        session.close()
        raise
    return session


@lru_cache(maxsize=256)
def _translated(sql: str) -> bytes:
    """Put psycopg's word for a value in the place of ours."""
    return sql.replace("%", "%%").replace("?", "%s").encode()


def _fault(error: Exception) -> ServerFault:
    """Say what psycopg raised: its first line, as the others may show what is in a row."""
    first, _, _ = str(error).partition("\n")
    return ServerFault(first or type(error).__name__)
