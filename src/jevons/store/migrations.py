"""The tables, as steps: each is taken once, in order, when a ledger is opened to write.

A segment is one committed batch of leaves. `placed`, `tile`, `lookup`, `pending`, `spent` and
`checkpoint` are made from segments alone; `standing` holds leaves as they are.

Rule 1: a step is never changed once it was released; another is added. A table is only ever added, so
    that what reads a ledger can read one that no step has been taken on.
Rule 2: a step is written once, in SQLite's words; PostgreSQL's own are made of them. What cannot
    be said in both is said for each.
Rule 3: all steps that are missing are taken in one transaction: a ledger is at one version or
    another, never in between. One that is newer than we are is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jevons.store.door import Connection, transaction
from jevons.store.pairs import PAIRS
from jevons.store.schema import has_table
from jevons.store.tally import TALLY, fill_tally
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jevons.store.door import Words

__all__ = ("STEPS", "Step", "make", "migrate", "version_of")


class Step(NamedTuple):
    """Tables to add."""

    both: str
    """Statements, in SQLite's words."""
    sqlite: str = ""
    """Statements before those, in a file."""
    postgres: str = ""
    """Statements before those, on a server."""
    fill: Callable[[Connection], None] | None = None
    """Fills what was added with what was there before."""
    fills: str = ""
    """The table that is filled; where it is there, this step was taken before steps were counted."""


STEPS = (
    Step(
        sqlite="""
CREATE TABLE IF NOT EXISTS segment (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS placed (first INTEGER PRIMARY KEY, segment INTEGER NOT NULL);
""",
        # Whoever commits takes an id first, so ids do not come in order: a segment says itself where
        # it was placed, and those that were not are found however late they come.
        postgres="""
CREATE TABLE segment (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, replica BIGINT NOT NULL,
  body BYTEA NOT NULL, first BIGINT);
ALTER TABLE segment ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX segment_placed ON segment (first) WHERE first IS NOT NULL;
CREATE INDEX segment_unplaced ON segment (id) WHERE first IS NULL;
CREATE VIEW placed AS SELECT first, id AS segment FROM segment WHERE first IS NOT NULL;
CREATE TABLE replica (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  closed BOOLEAN NOT NULL DEFAULT false);
CREATE TABLE change (version BIGINT NOT NULL);
INSERT INTO change VALUES (0);
CREATE TABLE purse (account TEXT NOT NULL, period TEXT NOT NULL, cost_nusd BIGINT NOT NULL DEFAULT 0,
  energy_mj BIGINT NOT NULL DEFAULT 0, carbon_ug BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (account, period)) WITH (fillfactor = 50);
CREATE TABLE hold (account TEXT NOT NULL, period TEXT NOT NULL, replica BIGINT NOT NULL,
  cost_nusd BIGINT NOT NULL, energy_mj BIGINT NOT NULL, carbon_ug BIGINT NOT NULL,
  PRIMARY KEY (account, period, replica)) WITH (fillfactor = 50);
""",
        both="""
CREATE TABLE IF NOT EXISTS tile (at INTEGER PRIMARY KEY, hashes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS lookup
  (request TEXT PRIMARY KEY, leaf INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending
  (request TEXT PRIMARY KEY, leaf INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS key (id TEXT PRIMARY KEY, digest BLOB NOT NULL, actor BLOB NOT NULL)
  WITHOUT ROWID;
""",
    ),
    Step(  # budgets
        """
CREATE TABLE IF NOT EXISTS standing
  (kind TEXT NOT NULL, name TEXT NOT NULL, leaf BLOB NOT NULL, PRIMARY KEY (kind, name))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent
  (account TEXT NOT NULL, day TEXT NOT NULL, answers INTEGER NOT NULL, last_ms INTEGER NOT NULL,
   cost_nusd INTEGER NOT NULL, energy_mj INTEGER NOT NULL, carbon_ug INTEGER NOT NULL,
   no_cost INTEGER NOT NULL, no_energy INTEGER NOT NULL, no_carbon INTEGER NOT NULL,
   PRIMARY KEY (account, day)) WITHOUT ROWID;
"""
    ),
    Step(TALLY, fill=fill_tally, fills="tally"),
    Step(PAIRS),
)
"""By their version, from 1 on."""


_UNREAD = "SELECT request, leaf FROM lookup LIMIT 0"
"""Asks of the one table that is written before it is read, so that another in its place stops a start."""


def migrate(connection: Connection, steps: Sequence[Step] = STEPS) -> None:
    """Take the steps that a ledger lacks; where it lacks none, nothing is written.

    Raises:
        Misconfigured: A newer jevons has had it open.
    """
    if version_of(connection) != len(steps):
        with transaction(connection):
            _take(connection, steps)
    connection.execute(_UNREAD).fetchone()


def version_of(connection: Connection) -> int:
    """Tell how many steps were taken on a ledger; 0 also for a file of before they were counted."""
    if not has_table(connection, "schema_version"):
        return 0
    return connection.execute("SELECT version FROM schema_version").fetchone()[0]


def _take(connection: Connection, steps: Sequence[Step]) -> None:
    connection.execute(connection.words.alone)
    version = version_of(connection)  # another process may just have taken them
    if version > len(steps):
        message = (
            f"a newer jevons has had this ledger open: its tables are of version {version}, and this "
            f"one knows {len(steps)}"
        )
        raise Misconfigured(message)
    for step in steps[version:]:
        if not step.fills or not has_table(connection, step.fills):
            _add(connection, step)
    connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    connection.execute("DELETE FROM schema_version")
    connection.execute("INSERT INTO schema_version VALUES (?)", (len(steps),))


def _add(connection: Connection, step: Step) -> None:
    for sql in _statements(step, connection.words):
        connection.execute(sql)
    if step.fill is not None:
        step.fill(connection)


def _statements(step: Step, words: Words) -> list[str]:
    """Cut a step into statements, in the words of one database."""
    text = step.both
    for said, meant in words.types:
        text = text.replace(said, meant)
    own = step.sqlite if words.name == "sqlite" else step.postgres
    return [each for each in (own + text).split(";") if each.strip()]


def make(connection: Connection, tables: str) -> None:
    """Make tables that are not there; they are in SQLite's words, and have no version."""
    with transaction(connection):
        connection.execute(connection.words.alone)
        for sql in _statements(Step(tables), connection.words):
            connection.execute(sql)
