"""Moving a ledger from its file to a server: the same leaves in the same order, so the same tree.

Rule 1: a file that does not verify, or in which something is under way, is not moved.
Rule 2: all of it is there in one transaction, or nothing; what is there already is never added to.
Rule 3: the file is put aside in the end: two that go on with one key would be a fork.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from jevons.budget.period import day_of, month_of
from jevons.ledger.record import encode, pack
from jevons.ledger.trust import Trust
from jevons.store.common_purse import CommonPurse
from jevons.store.door import transaction
from jevons.store.lease import Lease
from jevons.store.migrations import make, migrate
from jevons.store.postgres import connect_to
from jevons.store.read import newest
from jevons.store.schema import UNREADABLE, connect, connect_to_read
from jevons.store.shelf import TABLES
from jevons.store.standing import terms
from jevons.store.verify import verify
from jevons.types.errors import Misconfigured, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.ports import Clock
    from jevons.store.checking import Report
    from jevons.store.door import File
    from jevons.store.postgres import Session
    from jevons.store.where import Server

__all__ = ("move",)

_BOOKS = ("tile", "lookup", "pending", "checkpoint", "key", "standing", "spent", "tally")
_LEARNED = ("pair", "turned", "decided", "progress")
_KEPT = ("answer", "held", "erased", "expired")


def move(path: Path, answers: Path, server: Server, clock: Clock) -> Report:
    """Move the books and kept answers to a server, and verify them there.

    Args:
        path: The ledger file; nobody has it open.
        answers: The file of kept answers; it need not be there.
        server: Its database holds no ledger yet; its folder is that of the signing key.
        clock: Tells which periods of budgets are under way.

    Raises:
        NotFound: There is no such file.
        Misconfigured: A process has it open, it was not closed cleanly, or the database has a ledger.
        StoreUnavailable: It does not verify, or something cannot be read or written.
    """
    if not path.exists():
        message = f"no ledger {str(path)!r}"
        raise NotFound(message)
    lease = Lease(path)
    try:
        if not lease.is_alone():
            message = f"a process has {path} open; stop it first"
            raise Misconfigured(message)
        _check(path)
        with closing(connect_to(server)) as session:
            migrate(session)
            make(session, TABLES)
            kept = _copy(path, answers, session, clock)
        report = verify(server, Trust(kept=((kept, path.name),)))
        if not report.ok:
            message = f"what was moved does not verify: {report.findings[0].says}"
            raise StoreUnavailable(message)
        for each in (path, answers):
            if each.exists():
                each.rename(each.with_name(each.name + ".moved"))
    except UNREADABLE as error:
        message = f"{path} cannot be moved to {server}: {error}"
        raise StoreUnavailable(message) from error
    finally:
        lease.give_back(seal=path.exists())
    return report


def _check(path: Path) -> None:
    """Let a ledger be moved: whole, with nothing under way.

    Raises:
        Misconfigured: It was not closed cleanly.
        StoreUnavailable: It does not verify.
    """
    report = verify(path)
    if not report.ok:
        message = f"{path} does not verify: {report.findings[0].says}"
        raise StoreUnavailable(message)
    if report.pending or report.unsigned:
        message = f"{path} was not closed cleanly; start the server on it once more, and stop it"
        raise Misconfigured(message)


def _copy(path: Path, answers: Path, session: Session, clock: Clock) -> str:
    """Copy every row; return the newest checkpoint."""
    with closing(connect_to_read(path)) as books, transaction(session):
        session.execute(session.words.alone)
        if session.execute("SELECT 1 FROM segment LIMIT 1").fetchone() is not None:
            message = "the database has a ledger; name an empty one"
            raise Misconfigured(message)
        placed = books.execute(
            "SELECT segment.id, 0, body, placed.first FROM placed "
            "JOIN segment ON segment.id = placed.segment ORDER BY placed.first"
        )
        session.fill("segment", ("id", "replica", "body", "first"), placed)
        session.execute("SELECT setval('segment_id_seq', max(id)) FROM segment")
        for table in (*_BOOKS, *_LEARNED):
            _copy_table(books, session, table)
        if answers.exists():
            with closing(connect(answers, "disk")) as kept:
                for table in _KEPT:
                    _copy_table(kept, session, table)
        since = month_of(day_of(clock.now_ms()))
        stand = terms(session, since=since)
        budgets = [each for some in stand.budgets.values() for each in some]
        alerts = CommonPurse(lambda: stand).renew(session, budgets, now_ms=clock.now_ms())
        if alerts:
            body = pack([encode(each) for each in alerts])
            session.execute("INSERT INTO segment (replica, body) VALUES (0, ?)", (body,))
        return newest(books) or ""


def _copy_table(source: File, session: Session, table: str) -> None:
    rows = source.execute(f"SELECT * FROM {table}")  # noqa: S608 our own names
    columns = [name for name, *_ in rows.description]
    session.fill(table, columns, rows)
