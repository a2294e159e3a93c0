"""What `auto` learned from: rows in the order in which they came, in the books' database.

Rule 1: no text is in it: hashed words, counts and grades. Nor is anybody's key; but a row's name is
    made of its request's id, so that whoever has the books can tell whose it was. Hashed words
    can be guessed one by one, so whoever may read the books alone may read them.
Rule 2: rows are added and never changed: whoever reads them from the start stands where every
    server does.
Rule 3: rows are numbered one after the other, by whoever adds them alone: none with a lower number
    is ever committed after one with a higher.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from jevons.store.door import transaction
from jevons.store.postgres import connect_to
from jevons.store.schema import UNREADABLE, connect, has_table, look_into
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from typing import Self

    from jevons.store.door import Connection
    from jevons.store.where import Where
    from jevons.types.account import Certified

__all__ = (
    "PAIRS",
    "Decided",
    "PairRow",
    "Pairs",
    "Progress",
    "Setup",
    "every_row",
    "progress_of",
    "turning",
    "was_turned",
)

PAIRS = """
CREATE TABLE IF NOT EXISTS pair
  (id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, traffic TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS pair_of ON pair (tenant, traffic, id);
CREATE TABLE IF NOT EXISTS turned
  (pair INTEGER NOT NULL, what TEXT NOT NULL, PRIMARY KEY (pair, what)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decided
  (certificate TEXT PRIMARY KEY, requests INTEGER NOT NULL, purse DOUBLE PRECISION NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress
  (tenant TEXT NOT NULL, traffic TEXT NOT NULL, pair INTEGER NOT NULL, body BLOB NOT NULL,
   PRIMARY KEY (tenant, traffic)) WITHOUT ROWID;
"""
"""The tables, in SQLite's words: rows, which of them turned something, what was decided under each
certificate, and how each class of traffic stands."""

_AT_ONCE = 1000
_ADD = "INSERT INTO pair (id, tenant, traffic, body) VALUES (?, ?, ?, ?)"
_LAST = "SELECT coalesce(max(id), 0) FROM pair"
_AFTER = "SELECT id, body FROM pair WHERE id > ? ORDER BY id LIMIT ?"
_OF_TENANT = "SELECT id, body FROM pair WHERE tenant = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?"
_CLASSES = "SELECT tenant, traffic FROM pair GROUP BY tenant, traffic ORDER BY max(id) DESC LIMIT ?"
_COUNT = (
    "INSERT INTO decided VALUES (?, ?, ?) ON CONFLICT (certificate) DO UPDATE "
    "SET requests = decided.requests + excluded.requests, purse = excluded.purse"
)
_COUNTED = "SELECT requests, purse FROM decided WHERE certificate = ?"
_TELL = (
    "INSERT INTO progress VALUES (?, ?, ?, ?) ON CONFLICT (tenant, traffic) DO UPDATE "
    "SET pair = excluded.pair, body = excluded.body WHERE progress.pair <= excluded.pair"
)
_WAS_TURNED = "SELECT 1 FROM turned WHERE pair = ? AND what = ?"


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What a class of traffic is studied with, from its row on."""

    arms: tuple[str, ...]
    """The reference first."""
    models: tuple[str, ...]
    """What each of them is."""
    spend: str
    """What is to be saved: `money`, `energy` or `carbon`."""
    plan: str
    """What is promised, and on how many pairs, as JSON."""


class PairRow(msgspec.Struct, frozen=True, kw_only=True):
    """One graded prompt, or the end of a certificate, or what is studied from here on."""

    at_ms: int
    tenant: str = ""
    """Whose traffic it is of; empty is the whole house."""
    traffic: str = "text"
    """Which class of it."""
    columns: bytes = b""
    """Buckets of hashed words, little-endian int32."""
    counts: bytes = b""
    """float32, one for each."""
    looks: bytes = b""
    route: str = ""
    grades: dict[str, float] = {}
    """From 0 to 1, by arm."""
    reference: str = ""
    """The arm that others were held against; empty where each grade stands for itself."""
    models: dict[str, str] = {}
    """What each arm was; one that is not known is left out."""
    costs: dict[str, float] = {}
    """In nano-dollars, by arm; one that is not known is left out."""
    energy_mj: dict[str, float] = {}
    """In millijoules, the same."""
    carbon_mg: dict[str, float] = {}
    """In milligrams of CO2 equivalent, the same."""
    times: float = 1.0
    """How much likelier it was drawn than by lot."""
    ended: str = ""
    """Why the certificate that held ended here; empty for a graded prompt."""
    name: str = ""
    """Made of the request's id: what is said of one request goes by one name. Empty where there was none."""
    by: str = ""
    """Who graded it: `tests`, `checks` (answers were compared), `judge`, `human`, `feedback` (of the arm
    that answered, and of no other) or `import`; empty in rows of versions that did not ask."""
    was: dict[str, float] = {}
    """Grades before, where a person gave others in their place: of the reference first, and of one arm."""
    was_by: str = ""
    """Who gave those."""
    chosen: str = ""
    """How the arm was chosen of which there is feedback, as receipts have it."""
    under: str = ""
    """And under which certificate."""
    judge: str = ""
    """Name of the endpoint that was asked, where it was a judge."""
    failed: str = ""
    """Why nobody graded what was to be graded: `judge` said nothing that counts, or `tests` broke;
    empty for a graded prompt."""
    policy: str = ""
    """Of the certificate that ended: another that began meanwhile does not end. Empty ends any."""
    setup: Setup | None = None
    """What is studied from here on; None for all other rows."""


class Decided(NamedTuple):
    """What was decided under a certificate, by all servers."""

    requests: int
    purse: float
    """Of the watch over prompts, as the last server that wrote it had it."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How one class of traffic stands, as the server that saw it last has it."""

    tenant: str
    traffic: str
    at_ms: int
    arms: tuple[str, ...]
    learned: int
    """Graded prompts that were learned from, or will be."""
    learn: int
    """How many that takes."""
    is_testing: bool
    """Whether a path is laid; before that pairs are learned from."""
    tested: int
    labels: int
    """Most that are tested on."""
    paths: int
    """How many times a path was laid."""
    fewest: int
    """Graded prompts without which nothing can be certified from here, if all goes well."""
    certificate: str = ""
    """The one that holds; empty where none does."""
    until_ms: int = 0
    decided: int = 0
    """Requests under it."""
    ended: str = ""
    """Why the last one ended; empty where none has."""


class Pairs:
    """The rows of a ledger, beside whoever writes that. Used by one thread after another.

    Args:
        where: The ledger; it is there.
    """

    def __init__(self, where: Where) -> None:
        self._where = where
        self._using = Lock()
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        """For `with`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the ledger."""
        self.close()

    def close(self) -> None:
        """Let go of the ledger; what comes next takes it up again."""
        with self._using:
            self._let_go()

    def add(self, rows: Sequence[PairRow]) -> None:
        """Add rows; they are durable when this returns.

        Raises:
            StoreUnavailable: They are not there.
        """
        with self._open() as connection, transaction(connection):
            _append(connection, rows)

    def after(self, number: int) -> list[tuple[int, PairRow]]:
        """Read rows that come after one, oldest first, and not all of them at once.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        return self._read(_AFTER, (number, _AT_ONCE))

    def last(self) -> int:
        """Say the number of the last row; 0 if there is none.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        with self._open() as connection:
            return connection.execute(_LAST).fetchone()[0]

    def of(self, tenant: str, *, after: int, until: int) -> list[tuple[int, PairRow]]:
        """Read rows of one tenant after one number and up to another, not all of them at once.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        return self._read(_OF_TENANT, (tenant, after, until, _AT_ONCE))

    def classes(self, most: int) -> list[tuple[str, str]]:
        """List tenants and classes that have rows, those with the newest first.

        Raises:
            StoreUnavailable: They cannot be read.
        """
        with self._open() as connection:
            found = connection.execute(_CLASSES, (most,)).fetchall()
        return [(tenant, traffic) for tenant, traffic in found]

    def count(self, certificate: str, requests: int, purse: float) -> Decided:
        """Add requests that were decided under a certificate; say what all servers came to.

        Raises:
            StoreUnavailable: They are not counted.
        """
        with self._open() as connection, transaction(connection):
            connection.execute(_COUNT, (certificate, requests, purse))
            return Decided(*connection.execute(_COUNTED, (certificate,)).fetchone())

    def counted(self, certificate: str) -> Decided:
        """Say what was decided under a certificate.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        with self._open() as connection:
            row = connection.execute(_COUNTED, (certificate,)).fetchone()
        return Decided(0, 1.0) if row is None else Decided(*row)

    def was_turned(self, number: int, record: Certified) -> bool:
        """Tell whether the books know of what a row turned.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        with self._open() as connection:
            return was_turned(connection, number, record)

    def tell(self, told: Progress, number: int) -> None:
        """Say how a class of traffic stands at a row; what was said of a later row stays.

        Raises:
            StoreUnavailable: It is not said.
        """
        body = msgspec.json.encode(told)
        with self._open() as connection:
            connection.execute(_TELL, (told.tenant, told.traffic, number, body))

    def bring(self, path: Path, tenant: str) -> int:
        """Take rows out of a file of their own, where earlier versions had them, and put it aside.

        Done again after it was cut off, it adds nothing twice.

        Args:
            path: The file; it need not be there.
            tenant: Whose rows they become: it did not tell tenants apart.

        Returns:
            How many rows it had.

        Raises:
            StoreUnavailable: It cannot be read, or they are not there.
        """
        if not path.exists():
            return 0
        rows = [msgspec.structs.replace(each, tenant=tenant) for each in _of_file(path)]
        with self._open() as connection, transaction(connection):
            connection.execute(connection.words.alone)
            first = "SELECT 1 FROM pair WHERE tenant = ? AND body = ?"
            if rows and not connection.execute(first, (tenant, _encode(rows[0]))).fetchone():
                _append(connection, rows)
        for end in ("", "-wal", "-shm"):
            part = path.with_name(path.name + end)
            if part.exists():
                part.rename(path.with_name(path.name + ".moved" + end))
        return len(rows)

    def _read(self, sql: str, values: tuple[Any, ...]) -> list[tuple[int, PairRow]]:
        with self._open() as connection:
            found = connection.execute(sql, values).fetchall()
            return [(number, _decode(body)) for number, body in found]

    @contextmanager
    def _open(self) -> Generator[Connection]:
        """Use the connection; one that something went wrong with is not used again."""
        with self._using:
            try:
                if self._connection is None:
                    where = self._where
                    is_file = isinstance(where, Path)
                    self._connection = connect(where, "disk") if is_file else connect_to(where)
                yield self._connection
            except UNREADABLE as error:
                self._let_go()
                message = f"what auto learned from cannot be used: {self._where}: {error}"
                raise StoreUnavailable(message) from error

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def progress_of(where: Where) -> list[Progress]:
    """Read how every class of traffic stands, in order; the server may be running.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    try:
        with closing(look_into(where)) as connection:
            if not has_table(connection, "progress"):
                return []
            rows = connection.execute(
                "SELECT body FROM progress ORDER BY tenant, traffic"
            ).fetchall()
            counts = connection.execute("SELECT certificate, requests FROM decided").fetchall()
        under: dict[str, int] = dict(counts)
        told = [msgspec.json.decode(body, type=Progress) for (body,) in rows]
        return [
            msgspec.structs.replace(each, decided=under.get(each.certificate, 0)) for each in told
        ]
    except UNREADABLE as error:
        message = f"{where} cannot be read: {error}"
        raise StoreUnavailable(message) from error


def every_row(where: Where) -> Iterator[PairRow]:
    """Read all rows of a ledger, oldest first; the server may be running.

    Raises:
        StoreUnavailable: They cannot be read.
    """
    number = 0
    try:
        with closing(look_into(where)) as connection:
            while has_table(connection, "pair"):
                found = connection.execute(_AFTER, (number, _AT_ONCE)).fetchall()
                yield from [_decode(body) for _, body in found]
                if not found:
                    return
                number = found[-1][0]
    except UNREADABLE as error:
        message = f"{where} cannot be read: {error}"
        raise StoreUnavailable(message) from error


def was_turned(connection: Connection, number: int, record: Certified) -> bool:
    """Tell whether the books know of what a row turned."""
    return connection.execute(_WAS_TURNED, (number, _what(record))).fetchone() is not None


def turning(number: int, record: Certified) -> tuple[str, tuple[object, ...]]:
    """Give the statement that notes that the books know of it."""
    return "INSERT INTO turned VALUES (?, ?)", (number, _what(record))


def _what(record: Certified) -> str:
    """Name a turn. A later version may find another one at the same row."""
    return f"{record.id} {record.ended}"


def _append(connection: Connection, rows: Sequence[PairRow]) -> None:
    connection.execute(connection.words.alone)
    (last,) = connection.execute(_LAST).fetchone()
    with connection.together():
        for number, row in enumerate(rows, last + 1):
            connection.execute(_ADD, (number, row.tenant, row.traffic, _encode(row)))


def _of_file(path: Path) -> list[PairRow]:
    """Read all rows of a file of earlier versions.

    Raises:
        StoreUnavailable: It cannot be read.
    """
    try:
        with closing(sqlite3.connect(path, timeout=5.0)) as connection:
            found = connection.execute("SELECT body FROM pair ORDER BY id").fetchall()
        return [_decode(body) for (body,) in found]
    except UNREADABLE as error:
        message = f"what auto learned from cannot be used: {path}: {error}"
        raise StoreUnavailable(message) from error


_encode: Callable[[PairRow], bytes] = msgspec.msgpack.Encoder().encode
_decode: Callable[[bytes], PairRow] = msgspec.msgpack.Decoder(PairRow).decode
