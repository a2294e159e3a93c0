"""Kept answers: rows in, sealed, and out again, or gone.

Rule 1: the ledger holds commitments and this file holds bodies, so that one can be handed to
    an auditor and the other emptied.
Rule 2: what a call returned is flushed to the device.
Rule 3: what is deleted is overwritten, in the file and in the log that it came through,
    before the call returns. On a server its table is written anew where that is said to be so; what the
    server's own log and backups have of it is gone when they are.
Rule 4: what is older than the limit is not found, whether it was deleted already or not.
Rule 5: what has expired is destroyed in runs, of which this file counts what they took, until the
    books say so. At the end of each the file is written anew.
Rule 6: what is kept for a key on legal hold is not deleted, and for a key that was erased nothing
    is kept again. This file itself says which those are: several processes have it open, and each
    asks in the statement that deletes or keeps.
"""

from __future__ import annotations

import os
import secrets
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from jevons.store import secret
from jevons.store.crypt import SALT_BYTES, Crypt
from jevons.store.door import transaction
from jevons.store.migrations import make
from jevons.store.postgres import Lasting, connect_to
from jevons.store.schema import connect, connect_beside, has_table
from jevons.store.where import beside
from jevons.types.account import Expired
from jevons.types.custody import DataClass, PerClass
from jevons.types.errors import Misconfigured, OnHold, StoreUnavailable, TooLarge
from jevons.types.kept import Kept

if TYPE_CHECKING:
    from jevons import ports
    from jevons.store.door import Connection
    from jevons.store.where import Where

__all__ = ("TABLES", "Limits", "Shelf", "empty", "is_kept")

TABLES = """
CREATE TABLE IF NOT EXISTS answer (
  owner TEXT NOT NULL, id TEXT NOT NULL, previous TEXT NOT NULL, at_ms INTEGER NOT NULL,
  salt BLOB NOT NULL, sealed BLOB NOT NULL, class INTEGER NOT NULL, UNIQUE (owner, id)
);
CREATE TABLE IF NOT EXISTS held (owner TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erased (owner TEXT PRIMARY KEY, answers INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS expired
  (at_ms INTEGER NOT NULL, class INTEGER NOT NULL, answers INTEGER NOT NULL,
   PRIMARY KEY (at_ms, class)) WITHOUT ROWID;
"""
_BY_AGE = "CREATE INDEX IF NOT EXISTS answer_by_class ON answer (class, at_ms)"
_KEEP = (
    "INSERT INTO answer SELECT ?, ?, ?, ?, ?, ?, ? "
    "WHERE NOT EXISTS (SELECT 1 FROM erased WHERE owner = ?)"
)
_FIND = "SELECT previous, at_ms, salt, sealed, class FROM answer WHERE owner = ? AND id = ?"
_NAMED = "SELECT id, owner, at_ms, class FROM answer WHERE substr(id, 1, ?) = ? ORDER BY at_ms, id LIMIT ?"
_DROP = (
    "DELETE FROM answer WHERE owner = ? AND id = ? AND owner NOT IN (SELECT owner FROM held) "
    "RETURNING at_ms, class, length(sealed)"
)
_EXPIRE = (
    "DELETE FROM answer WHERE (owner, id) IN (SELECT owner, id FROM answer WHERE class = ? "
    "AND at_ms <= ? AND owner NOT IN (SELECT owner FROM held) ORDER BY at_ms LIMIT ?) RETURNING length(sealed)"
)
_TALLY = (
    "INSERT INTO expired VALUES (?, ?, ?) "
    "ON CONFLICT (at_ms, class) DO UPDATE SET answers = expired.answers + excluded.answers"
)
_RUNS = "SELECT at_ms, class, answers FROM expired WHERE at_ms = ? OR at_ms <= ? ORDER BY at_ms"
_ERASE = (
    "DELETE FROM answer WHERE (owner, id) IN (SELECT owner, id FROM answer WHERE owner = ? LIMIT ?) "
    "RETURNING length(sealed)"
)
_SIZE = "SELECT count(*), coalesce(sum(length(sealed)), 0) FROM answer"

AT_ONCE = 100
"""Most rows that are deleted in one go."""
MOST_TURNS = 10_000
"""Longest conversation."""
_LOOK_S = 5.0
"""How old what is known of the size of a server's tables may be."""
_LONGEST_RUN_MS = 60 * 60 * 1000
_DAY_MS = 24 * 60 * 60 * 1000


class Limits(NamedTuple):
    """How long answers are kept, and how much of them."""

    keep_days: PerClass
    max_bytes: int


class _Bodies(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed of a row."""

    input: bytes
    answer: bytes
    data_class: DataClass


_BODIES = msgspec.msgpack.Decoder(_Bodies)


class Shelf:
    """Kept answers, open: a file, or tables on a server. Not for two threads at once.

    Args:
        where: The file, or the server; their key is beside it. Both are made if they are not there.
        limits: How long answers are kept, and how much of them.
        clock: Says what has expired.

    Raises:
        Misconfigured: The key is gone, or is none.
        sqlite3.Error: The file cannot be read or written.
        ServerFault: The server cannot be reached.
        OSError: It cannot be made.
    """

    def __init__(self, where: Where, *, limits: Limits, clock: ports.Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._connection = _open(where)
        self._is_file = isinstance(where, Path)
        try:
            make(self._connection, TABLES)
            self._version = self._data_version()
            rows, total = self._connection.execute(_SIZE).fetchone()
            key = secret.load_or_make(_key_path(where), may_make=not rows, gone=_GONE)
            self._crypt = Crypt(key)
            self._class_all()
            self._connection.execute(_BY_AGE)
            self._run_ms: int | None = None
            self.size_bytes = int(total)
            """Length of everything that is kept."""
            self._overwrite()
        except BaseException:
            self._connection.close()
            raise

    def check(self, more_bytes: int = 0) -> None:
        """Find out whether there is room.

        Raises:
            StoreUnavailable: There is none.
        """
        most = self._limits.max_bytes
        if self.size_bytes >= most or self.size_bytes + more_bytes > most:
            message = f"no room to keep the answer: {self.size_bytes} of {most} bytes are taken"
            raise StoreUnavailable(message)

    def keep(self, kept: Kept) -> None:
        """Keep one.

        Raises:
            StoreUnavailable: There is no room, or the key was erased.
        """
        self._look()
        salt = secrets.token_bytes(SALT_BYTES)
        bodies = msgspec.msgpack.encode(_Bodies(kept.input, kept.answer, kept.data_class))
        row = (kept.key, kept.id, kept.previous, kept.at_ms)
        sealed = self._crypt.seal(bodies, salt=salt, row=_said(row))
        self.check(len(sealed))
        values = (*row, salt, sealed, int(kept.data_class), kept.key)
        if not self._connection.execute(_KEEP, values).rowcount:
            message = f"the key {kept.key!r} was erased: nothing is kept for it"
            raise StoreUnavailable(message)
        self.size_bytes += len(sealed)

    def find(self, name: str, *, key: str) -> Kept | None:
        """Find one.

        Raises:
            ValueError: It does not open.
        """
        found = self._connection.execute(_FIND, (key, name)).fetchone()
        if found is None:
            return None
        previous, at_ms, salt, sealed, data_class = found
        if at_ms <= self._dead_ms(data_class):
            return None
        row = _said((key, name, previous, at_ms))
        bodies = _BODIES.decode(self._crypt.open(sealed, salt=salt, row=row))
        if bodies.data_class != data_class:
            message = f"the class of the kept answer {name!r} was changed in its file"
            raise ValueError(message)
        return Kept(
            id=name, key=key, previous=previous, at_ms=at_ms, **msgspec.structs.asdict(bodies)
        )

    def named(self, beginning: str, *, most: int) -> list[tuple[str, str]]:
        """List what has a name that begins so, the oldest first: names, and whose they are."""
        asked = (len(beginning), beginning, most)
        found = self._connection.execute(_NAMED, asked).fetchall()
        return [
            (name, key)
            for name, key, at_ms, data_class in found
            if at_ms > self._dead_ms(DataClass(data_class))
        ]

    def trace(self, name: str, *, key: str, max_bytes: int) -> tuple[Kept, ...]:
        """Find one and those that it goes on from, oldest first.

        Raises:
            TooLarge: They are too long, or too many.
            ValueError: One does not open.
        """
        found: list[Kept] = []
        size = 0
        while name and (kept := self.find(name, key=key)) is not None:
            size += len(kept.input) + len(kept.answer)
            if size > max_bytes or len(found) >= MOST_TURNS:
                message = f"what was said before is longer than {max_bytes} bytes"
                raise TooLarge(message)
            found.append(kept)
            name = kept.previous
        return tuple(reversed(found))

    def drop(self, name: str, *, key: str) -> bool:
        """Destroy one; say whether there was one to be found.

        Raises:
            OnHold: The key is on legal hold.
        """
        self._look()
        if self._is_in("held", key) and self.find(name, key=key) is not None:
            message = f"the answers of {key!r} are on legal hold, and cannot be deleted"
            raise OnHold(message)
        rows = self._connection.execute(_DROP, (key, name)).fetchall()
        self.size_bytes -= sum([size for *_, size in rows])
        self._overwrite()
        return any(at_ms > self._dead_ms(data_class) for at_ms, data_class, _ in rows)

    def expire(self) -> bool:
        """Destroy some of what has expired, and count it; say whether there may be more."""
        self._look()
        if self._run_ms is None:
            self._run_ms = self._clock.now_ms()
        sizes: list[int] = []
        with transaction(self._connection):
            for data_class in DataClass:
                due = (int(data_class), self._dead_ms(data_class), AT_ONCE - len(sizes))
                gone = [size for (size,) in self._connection.execute(_EXPIRE, due)]
                if gone:
                    self._connection.execute(_TALLY, (self._run_ms, int(data_class), len(gone)))
                sizes += gone
        self.size_bytes -= sum(sizes)
        return len(sizes) == AT_ONCE

    def finish(self) -> tuple[Expired, ...]:
        """End a run: leave nothing of what it took, and tell of it, and of any that was cut off.

        On a server, one that began within the hour may be another replica's, which tells of it.
        """
        own_ms, self._run_ms = self._run_ms, None
        left_ms = self._clock.now_ms() - (0 if self._is_file else _LONGEST_RUN_MS)
        counted = self._connection.execute(_RUNS, (own_ms, left_ms)).fetchall()
        if not counted:
            return ()
        self._write_anew()
        self._overwrite()
        runs: dict[int, dict[str, int]] = {}
        for at_ms, data_class, answers in counted:
            runs.setdefault(at_ms, {})[DataClass(data_class).word] = answers
        return tuple(
            [
                Expired(at_ms=at_ms, answers=PerClass(**run), keep_days=self._limits.keep_days)
                for at_ms, run in runs.items()
            ]
        )

    def forget(self, at_ms: int) -> None:
        """Count a run no longer: the books have it."""
        self._connection.execute("DELETE FROM expired WHERE at_ms = ?", (at_ms,))

    def hold(self, key: str) -> bool:
        """Keep all that is kept for a key until it is released; False if it was erased."""
        with transaction(self._connection):
            if self._is_in("erased", key):
                return False
            self._connection.execute("INSERT INTO held VALUES (?) ON CONFLICT DO NOTHING", (key,))
        return True

    def release(self, key: str) -> None:
        """End a hold, if there is one."""
        self._connection.execute("DELETE FROM held WHERE owner = ?", (key,))

    def erase(self, key: str) -> int:
        """Destroy all that is kept for a key, and keep nothing for it again.

        Returns:
            How many answers were destroyed, also those of an erasure that was cut off.

        Raises:
            OnHold: The key is on legal hold.
        """
        with transaction(self._connection):
            if self._is_in("held", key):
                message = f"key {key!r} is on legal hold; `jevons keys release` ends that"
                raise OnHold(message)
            begun = "INSERT INTO erased VALUES (?, 0) ON CONFLICT DO NOTHING"
            self._connection.execute(begun, (key,))
        while self._erase_some(key):
            pass
        self._look(always=True)
        self._write_anew()
        self._overwrite()
        count = "SELECT answers FROM erased WHERE owner = ?"
        return self._connection.execute(count, (key,)).fetchone()[0]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _erase_some(self, key: str) -> bool:
        """Destroy a few and count them, in short transactions: a server keeps answers meanwhile."""
        with transaction(self._connection):
            gone = len(self._connection.execute(_ERASE, (key, AT_ONCE)).fetchall())
            more = "UPDATE erased SET answers = answers + ? WHERE owner = ?"
            self._connection.execute(more, (gone, key))
        return gone == AT_ONCE

    def _write_anew(self) -> None:
        """Write the whole file anew, without the copies that moving rows between pages left in it."""
        self._connection.execute("VACUUM" if self._is_file else "VACUUM (FULL) answer")

    def _is_in(self, table: Literal["held", "erased"], key: str) -> bool:
        found = self._connection.execute(f"SELECT 1 FROM {table} WHERE owner = ?", (key,))  # noqa: S608 our own names
        return found.fetchone() is not None

    def _look(self, *, always: bool = False) -> None:
        """Take over what another process destroyed: there may be room again."""
        version = self._data_version()
        if always or version != self._version:
            self._version = version
            self.size_bytes = int(self._connection.execute(_SIZE).fetchone()[1])

    def _data_version(self) -> int:
        if not self._is_file:  # no server tells; looking at all of it now and then is enough
            return int(self._clock.monotonic_s() / _LOOK_S)
        return self._connection.execute("PRAGMA data_version").fetchone()[0]

    def _dead_ms(self, data_class: DataClass) -> int:
        """The newest moment of which nothing of a class is kept any more."""
        return self._clock.now_ms() - self._limits.keep_days.of(data_class) * _DAY_MS

    def _class_all(self) -> None:
        """Give the rows of earlier versions, which had their class under the seal, one to expire by.

        What does not open is taken at its worst.
        """
        if _has_class(self._connection):
            return
        with transaction(self._connection):
            worst = int(max(DataClass))
            self._connection.execute(
                f"ALTER TABLE answer ADD COLUMN class INTEGER NOT NULL DEFAULT {worst}"
            )
            rows = self._connection.execute(
                "SELECT owner, id, previous, at_ms, salt, sealed FROM answer"
            )
            for *row, salt, sealed in rows.fetchall():
                with suppress(ValueError):
                    bodies = self._crypt.open(sealed, salt=salt, row=_said((*row,)))
                    data_class = _BODIES.decode(bodies).data_class
                    put = "UPDATE answer SET class = ? WHERE owner = ? AND id = ?"
                    self._connection.execute(put, (data_class, *row[:2]))

    def _overwrite(self) -> None:
        """Bring what was overwritten into the file, and empty the log that still has the rest."""
        if not self._is_file:
            return
        (busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            message = "another process reads kept answers: what was deleted is not overwritten yet"
            raise StoreUnavailable(message)


def empty(where: Where) -> PerClass | None:
    """Destroy all kept answers, the key to them first.

    Returns:
        How many there were of each class; None if none were ever kept.

    Raises:
        Misconfigured: Some of them are on legal hold.
        ServerFault: The server cannot be reached.
    """
    gone = _count(where)
    key = _key_path(where)
    if key.exists():
        secret.destroy(key)
    if isinstance(where, Path):
        for end in ("", "-wal", "-shm"):
            where.with_name(where.name + end).unlink(missing_ok=True)
    elif gone is not None:
        with closing(connect_to(where)) as session:
            session.execute("DROP TABLE IF EXISTS answer, held, erased, expired")
    return gone


def is_kept(where: Where) -> bool:
    """Tell whether anything may be kept: whether there ever was a shelf.

    Raises:
        ServerFault: The server cannot be reached.
    """
    if isinstance(where, Path):
        return where.exists()
    with closing(connect_to(where)) as session:
        return has_table(session, "answer")


def _open(where: Where) -> Connection:
    if not isinstance(where, Path):
        return Lasting(where)
    os.close(os.open(where, os.O_RDWR | os.O_CREAT, 0o600))  # before SQLite would, for all
    return connect(where, "disk")


def _count(where: Where) -> PerClass | None:
    """Count what is kept, if none of it is on hold; what has no class in the clear at its worst."""
    if isinstance(where, Path) and not where.exists():
        return None
    with closing(connect_beside(where)) as connection:
        if not has_table(connection, "held"):
            return PerClass() if isinstance(where, Path) else None
        held = connection.execute(
            "SELECT owner FROM held WHERE owner IN (SELECT owner FROM answer) LIMIT 1"
        ).fetchone()
        classes = "class" if _has_class(connection) else str(int(max(DataClass)))
        counting = f"SELECT {classes}, count(*) FROM answer GROUP BY 1"  # noqa: S608 our own names
        found = connection.execute(counting).fetchall()
        counts = {DataClass(kind).word: count for kind, count in found}
    if held is not None:
        message = (
            f'[answers] keep is "never", and answers of {held[0]!r} are on legal hold: '
            "`jevons keys release` ends that"
        )
        raise Misconfigured(message)
    return PerClass(**counts)


def _has_class(connection: Connection) -> bool:
    """Tell whether rows have their class in the clear, as those of earlier versions have not."""
    if connection.words.name != "sqlite":
        return True
    named = connection.execute("SELECT name FROM pragma_table_info('answer')")
    return ("class",) in named.fetchall()


def _key_path(where: Where) -> Path:
    return beside(where, "answers.key")


_GONE = "no kept answer opens; put it back, or delete the answers too"


def _said(row: tuple[str, str, str, int]) -> bytes:
    """What the row says in the clear."""
    return msgspec.msgpack.encode(row)
