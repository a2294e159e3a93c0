"""A replica: one of any number of processes that write one ledger on a server.

Rule 1: each has a number, and its session holds a lock on it. So the server itself knows who lives, and
    nobody writes under a number whose lock another has: writing and the lock are one session.
Rule 2: who has not been there for `GRACE_S` is declared dead, once and for all. It may only have been
    cut off: then it finds that out before it writes again, and goes on under another number.
Rule 3: one of them puts leaves in order: whose session holds the lock on number 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.store.door import ServerFault, transaction
from jevons.store.postgres import connect_to

if TYPE_CHECKING:
    from jevons.ports import Clock
    from jevons.store.postgres import Session
    from jevons.store.where import Server

__all__ = ("GRACE_S", "Replica")

GRACE_S = 10.0
"""How long a replica may be away, as when the server is started again."""
_SEQUENCER = 0
_CLASS = "'segment'::regclass::oid::int"
"""Locks are of one ledger, also where a database holds several, in schemas of their own."""
_TRY = f"SELECT pg_try_advisory_lock({_CLASS}, ?::int)"
_TRY_FOR_NOW = f"SELECT pg_try_advisory_xact_lock({_CLASS}, ?::int)"
_LOCKED = (
    "FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
    "AND classid = 'segment'::regclass "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_IS_ELECTED = f"SELECT 1 {_LOCKED} AND objid = {_SEQUENCER} AND pid = pg_backend_pid()"
_AWAY = (
    f"SELECT id FROM replica WHERE NOT closed AND id NOT IN (SELECT objid::bigint {_LOCKED}) "  # noqa: S608 our own words
    "ORDER BY id"
)


class Replica:
    """This process among the replicas. Belongs to the writer thread.

    Args:
        server: Where the ledger is.
        session: A session with it, which is written over.
        clock: Tells how long somebody has been away.
    """

    def __init__(self, server: Server, session: Session, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._away: dict[int, float] = {}
        self._elected: Session | None = None
        self.session = session
        self.number = _enter(session)

    @property
    def is_lost(self) -> bool:
        """Whether the session is gone."""
        return self.session.is_lost

    def rejoin(self) -> bool:
        """Begin another session, under the same number if that still is ours.

        Returns:
            Whether it is: else this process was declared dead, and what it had begun was closed.

        Raises:
            ServerFault: The server cannot be reached, or has not noticed yet that we were gone.
        """
        self.session.close()
        session = connect_to(self._server)
        try:
            is_ours = _reclaim(session, self.number)
            if not is_ours:
                self.number = _enter(session)
        except BaseException:
            session.close()
            raise
        self.session = session
        return is_ours

    def is_elected(self) -> bool:
        """Find out whether this is the one that puts leaves in order, or can be."""
        if self._elected is not self.session:
            (got,) = self.session.execute(_TRY, (_SEQUENCER,)).fetchone()
            self._elected = self.session if got else None
        return self._elected is self.session

    def fence(self) -> None:
        """Hold the election against what the server says, in the transaction that signs.

        Raises:
            ServerFault: Another may be the sequencer by now.
        """
        if self.session.execute(_IS_ELECTED).fetchone() is None:
            self._elected = None
            message = "this replica no longer holds the sequencer's lock"
            raise ServerFault(message)

    def buried(self) -> list[int]:
        """Declare dead who has been away for too long; list all that are to be closed."""
        now_s = self._clock.monotonic_s()
        away = {number for (number,) in self.session.execute(_AWAY).fetchall()}
        self._away = {number: self._away.get(number, now_s) for number in away}
        for number, since_s in self._away.items():
            if now_s - since_s >= GRACE_S:
                _declare_dead(self.session, number)
        closed = self.session.execute("SELECT id FROM replica WHERE closed ORDER BY id")
        return [number for (number,) in closed.fetchall()]

    def leave(self) -> None:
        """Say that this process has ended, and what it left may be closed at once."""
        self.session.execute("UPDATE replica SET closed = true WHERE id = ?", (self.number,))


def _enter(session: Session) -> int:
    """Take a number that nobody had."""
    (number,) = session.execute("INSERT INTO replica DEFAULT VALUES RETURNING id").fetchone()
    session.execute(_TRY, (number,))
    return number


def _reclaim(session: Session, number: int) -> bool:
    """Lock the number that this process had; say whether it still is ours.

    Raises:
        ServerFault: The session before this one still has it.
    """
    (got,) = session.execute(_TRY, (number,)).fetchone()
    if not got:
        message = "the database server has not noticed yet that this replica was gone"
        raise ServerFault(message)
    row = session.execute("SELECT closed FROM replica WHERE id = ?", (number,)).fetchone()
    return row == (False,)


def _declare_dead(session: Session, number: int) -> None:
    with transaction(session):
        (is_free,) = session.execute(_TRY_FOR_NOW, (number,)).fetchone()
        if is_free:
            session.execute("UPDATE replica SET closed = true WHERE id = ?", (number,))
