"""Opening: the schema, the genesis, and receipts for what was cut off.

Rule 1: the log's first leaf names its origin and its key; neither can change after that.
Rule 2: intents that were left open are closed before anything new is written.
Rule 3: what was spent is read after that, so that it is whole.
Rule 4: on a server, replicas begin a ledger one after the other, and close what dead ones left later.
"""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jevons.budget.period import day_of, month_of
from jevons.ledger.record import decode, encode, pack, unpack
from jevons.store.door import transaction
from jevons.store.lease import Lease
from jevons.store.migrations import migrate
from jevons.store.orphan import close_orphans
from jevons.store.postgres import connect_to
from jevons.store.replica import Replica
from jevons.store.schema import UNREADABLE, connect
from jevons.store.sequence import Sequencer
from jevons.store.signing import load_or_make
from jevons.store.spent import spent_since
from jevons.store.where import beside
from jevons.types.account import Genesis
from jevons.types.errors import Misconfigured, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jevons.budget.purse import Spent
    from jevons.ports import Clock
    from jevons.store.door import Connection, File
    from jevons.store.postgres import Session
    from jevons.store.schema import Commit
    from jevons.store.where import Server

__all__ = ("Joined", "Opened", "join_ledger", "open_ledger")

_INSERT = "INSERT INTO segment (body) VALUES (?)"


class Opened(NamedTuple):
    """What the writer takes over."""

    path: Path
    connection: Connection
    lease: Lease
    sequencer: Callable[[], Sequencer]
    spent: list[Spent]
    """Of this month."""


def open_ledger(path: Path, *, commit: Commit, origin: str, clock: Clock) -> Opened:
    """Open a ledger to write, beginning it if there is none.

    Raises:
        StoreUnavailable: It cannot be read or written.
        Misconfigured: Its key or its origin is not the one it began with.
    """
    lease = None
    connection = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lease = Lease(path)
        connection = connect(path, commit)
        sequencer = _begin(connection, path, lease, origin=origin, clock=clock)
        spent = spent_since(connection, f"{month_of(day_of(clock.now_ms()))}-01")
        return Opened(path, connection, lease, sequencer, spent)
    except UNREADABLE as error:
        _let_go(connection, lease)
        message = f"the ledger {path} cannot be opened: {error}"
        raise StoreUnavailable(message) from error
    except BaseException:
        _let_go(connection, lease)
        raise


class Joined(NamedTuple):
    """What the writer of a replica takes over."""

    replica: Replica
    sequencer: Callable[[Replica], Sequencer]


def join_ledger(server: Server, *, origin: str, clock: Clock) -> Joined:
    """Open a ledger on a server to write, beginning it if there is none.

    Raises:
        StoreUnavailable: It cannot be read or written.
        Misconfigured: Its key or its origin is not the one it began with, or psycopg is not installed.
    """
    session = None
    try:
        server.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        session = connect_to(server)
        migrate(session)
        key = _agreed(session, server, origin=origin, clock=clock)
        return Joined(
            Replica(server, session, clock),
            partial(_sequencer, server=server, key=key, origin=origin, clock=clock),
        )
    except UNREADABLE as error:
        _let_go(session, None)
        message = f"the ledger {server} cannot be opened: {error}"
        raise StoreUnavailable(message) from error
    except BaseException:
        _let_go(session, None)
        raise


def _agreed(session: Session, server: Server, *, origin: str, clock: Clock) -> Ed25519PrivateKey:
    """Begin the log, or be of the one that there is."""
    with transaction(session):
        session.execute(session.words.alone)
        first = session.execute("SELECT body FROM segment ORDER BY id LIMIT 1").fetchone()
        key = _signing_key(server, may_make=first is None)
        if first is None:
            genesis = _genesis(key, origin=origin, clock=clock)
            session.execute("INSERT INTO segment (replica, body) VALUES (0, ?)", (genesis,))
        else:
            _check_genesis(unpack(first[0])[0], key, origin)
    return key


def _signing_key(server: Server, *, may_make: bool) -> Ed25519PrivateKey:
    if server.key is None:
        return load_or_make(beside(server, "signing.key"), may_make=may_make)
    return Ed25519PrivateKey.from_private_bytes(server.key)


def _sequencer(
    replica: Replica, *, server: Server, key: Ed25519PrivateKey, origin: str, clock: Clock
) -> Sequencer:
    return Sequencer(
        replica.session,
        key=key,
        origin=origin,
        copy=beside(server, "checkpoints"),
        clock=clock,
        fence=replica.fence,
    )


def _let_go(connection: Connection | None, lease: Lease | None) -> None:
    if connection is not None:
        connection.close()
    if lease is not None:
        lease.give_back(seal=False)


def _begin(
    connection: File, path: Path, lease: Lease, *, origin: str, clock: Clock
) -> Callable[[], Sequencer]:
    migrate(connection)
    first = connection.execute("SELECT body FROM segment ORDER BY id LIMIT 1").fetchone()
    key = load_or_make(path.with_name("signing.key"), may_make=first is None)
    if first is None:
        connection.execute(_INSERT, (_genesis(key, origin=origin, clock=clock),))
    else:
        _check_genesis(unpack(first[0])[0], key, origin)
    sequencer = partial(
        Sequencer,
        connection,
        key=key,
        origin=origin,
        copy=path.with_name("checkpoints"),
        clock=clock,
    )
    if lease.held:
        close_orphans(connection, sequencer(), clock)
    return sequencer


def _public(key: Ed25519PrivateKey) -> str:
    return b64encode(key.public_key().public_bytes_raw()).decode()


def _genesis(key: Ed25519PrivateKey, *, origin: str, clock: Clock) -> bytes:
    genesis = Genesis(at_ms=clock.now_ms(), origin=origin, public_key=_public(key))
    return pack([encode(genesis)])


def _check_genesis(leaf: bytes, key: Ed25519PrivateKey, origin: str) -> None:
    genesis = decode(leaf)
    if not isinstance(genesis, Genesis) or genesis.public_key != _public(key):
        message = "signing.key is not the key that this ledger began with"
        raise Misconfigured(message)
    if genesis.origin != origin:
        message = f"[ledger] origin is {origin!r}; this ledger began as {genesis.origin!r}"
        raise Misconfigured(message)
