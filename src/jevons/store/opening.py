"""Opening: the schema, the genesis, and receipts for what was cut off.

Rule 1: the log's first leaf names its origin and its key; neither can change after that.
Rule 2: intents that were left open are closed before anything new is written.
Rule 3: what was spent is read after that, so that it is whole.
Rule 4: a file of before there was a table of tallies is given it, of all that is in it.
"""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from jevons.budget.period import day_of, month_of
from jevons.ledger.record import decode, encode, pack, unpack
from jevons.store.lease import Lease
from jevons.store.orphan import close_orphans
from jevons.store.schema import SCHEMA, UNREADABLE, connect
from jevons.store.sequence import Sequencer
from jevons.store.signing import load_or_make
from jevons.store.spent import spent_since
from jevons.store.tally import begin_tally
from jevons.types.account import Genesis
from jevons.types.errors import Misconfigured, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from jevons.budget.purse import Spent
    from jevons.ports import Clock
    from jevons.store.door import Connection, File
    from jevons.store.schema import Commit

__all__ = ("Opened", "open_ledger")

_INSERT = "INSERT INTO segment (body) VALUES (?)"


class Opened(NamedTuple):
    """What the writer takes over."""

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
        return Opened(connection, lease, sequencer, spent)
    except UNREADABLE as error:
        _let_go(connection, lease)
        message = f"the ledger {path} cannot be opened: {error}"
        raise StoreUnavailable(message) from error
    except BaseException:
        _let_go(connection, lease)
        raise


def _let_go(connection: Connection | None, lease: Lease | None) -> None:
    if connection is not None:
        connection.close()
    if lease is not None:
        lease.give_back(seal=False)


def _begin(
    connection: File, path: Path, lease: Lease, *, origin: str, clock: Clock
) -> Callable[[], Sequencer]:
    connection.executescript(SCHEMA)  # writes nothing where every table is there
    begin_tally(connection)
    first = connection.execute("SELECT body FROM segment ORDER BY id LIMIT 1").fetchone()
    key = load_or_make(path.with_name("signing.key"), may_make=first is None)
    if first is None:
        _write_genesis(connection, key, origin=origin, clock=clock)
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


def _write_genesis(
    connection: Connection, key: Ed25519PrivateKey, *, origin: str, clock: Clock
) -> None:
    genesis = Genesis(at_ms=clock.now_ms(), origin=origin, public_key=_public(key))
    connection.execute(_INSERT, (pack([encode(genesis)]),))


def _check_genesis(leaf: bytes, key: Ed25519PrivateKey, origin: str) -> None:
    genesis = decode(leaf)
    if not isinstance(genesis, Genesis) or genesis.public_key != _public(key):
        message = "signing.key is not the key that this ledger began with"
        raise Misconfigured(message)
    if genesis.origin != origin:
        message = f"[ledger] origin is {origin!r}; this ledger began as {genesis.origin!r}"
        raise Misconfigured(message)
