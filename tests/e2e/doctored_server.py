"""Ledgers on a server that somebody tampered with, each in another way; the originals stay as they were."""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jevons.clock import SystemClock
from jevons.ledger.record import pack, unpack
from jevons.store.opening import join_ledger
from jevons.store.orphan import drained
from jevons.store.postgres import connect_to
from jevons.store.read import glance, segments
from jevons.store.schema import look_into
from jevons.store.where import Server, beside

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster import Cluster

TABLES = ("segment", "tile", "lookup", "pending", "checkpoint", "spent", "tally", "purse", "hold")


def doctored(server: Cluster, where: Server, name: str, change: Callable[[Server], None]) -> Server:
    """Copy a ledger that nobody has open, with its key, and tamper with the copy."""
    database = urlsplit(where.url).path.removeprefix("/")
    server.execute(f"CREATE DATABASE {name} TEMPLATE {database}")
    folder = where.folder / name
    folder.mkdir()
    shutil.copy(beside(where, "signing.key"), folder)
    copy = Server(server.url(name), folder)
    change(copy)
    return copy


def edited(where: Server) -> None:
    """Change one word in one record."""
    with closing(connect_to(where)) as session:
        name, body = session.execute("SELECT id, body FROM segment WHERE first > 9").fetchone()
        changed = body.replace(b'"key":"key_', b'"key":"kez_', 1)
        assert changed != body
        session.execute("UPDATE segment SET body = ? WHERE id = ?", (changed, name))


def truncated(where: Server) -> None:
    """Cut the end off, with the checkpoints that knew of it."""
    again(where, lambda leaves: leaves[: len(leaves) // 2])


def forked(where: Server) -> None:
    """Write the second half again, and sign it with the log's own key."""

    def change(leaves: list[bytes]) -> list[bytes]:
        half = len(leaves) // 2
        model = b'"asked":"a/model"', b'"asked":"b/model"'
        return [*leaves[:half], *[leaf.replace(*model) for leaf in leaves[half:]]]

    again(where, change)


def again(where: Server, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Make a ledger out of other leaves, as whoever has the database and its key can."""
    with closing(look_into(where)) as connection, glance(connection):
        leaves = change([leaf for _, body in segments(connection) for leaf in unpack(body)])
    joined = join_ledger(where, origin="a/log", clock=SystemClock())
    with closing(joined.replica.session) as session:
        session.execute(f"TRUNCATE {', '.join(TABLES)}")
        for at in range(0, len(leaves), 64):
            body = pack(leaves[at : at + 64])
            session.execute("INSERT INTO segment (replica, body) VALUES (0, ?)", (body,))
        assert joined.replica.is_elected()
        drained(joined.sequencer(joined.replica))
