"""Ledgers that somebody tampered with, each in another way; the originals stay as they were."""

from __future__ import annotations

import shutil
import sqlite3
from base64 import b64encode
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jevons.clock import SystemClock, Ulids
from jevons.cosigning import Cosigning
from jevons.ledger.note import log_key
from jevons.ledger.record import decode, encode, pack, unpack
from jevons.ledger.trust import Trust
from jevons.store import Books, Log, witness_vkey
from jevons.store.door import File
from jevons.store.lease import seal_path
from jevons.store.sequence import Sequencer
from jevons.telemetry import Metrics
from jevons.testing.make import a_receipt, an_intent
from jevons.types.account import Genesis

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from jevons.cosigning import Known
    from jevons.ledger.note import Vkey

CLOCK = SystemClock()
ORIGIN = "a/log"
MADE = ("segment", "placed", "tile", "lookup", "pending", "checkpoint", "spent", "tally")
BESIDE = ("signing.key", "checkpoints")


async def write(path: Path, requests: int, word: str = "req") -> None:
    """Add answers to a ledger, beginning it if there is none; sealed at the end."""
    async with Books.open(path, commit="os", origin=ORIGIN, clock=CLOCK, ids=Ulids(CLOCK)) as books:
        for number in range(requests):
            await books.record(an_intent(id=f"{word}_{number}"))
            await books.record(a_receipt(id=f"{word}_{number}"))


@asynccontextmanager
async def opened(path: Path) -> AsyncGenerator[Log]:
    """Open the log of a ledger as a house does: while its books are open, and sealed after it."""
    async with (
        Books.open(path, commit="os", origin=ORIGIN, clock=CLOCK, ids=Ulids(CLOCK)),
        Log.open(path, is_witnessed=True) as log,
    ):
        yield log


async def show(path: Path, known: Known) -> None:
    """Have the newest checkpoint of a ledger cosigned."""
    async with opened(path) as log:
        await Cosigning(log, [known], metrics=Metrics(), every_s=1).round()


def key_of(path: Path) -> Vkey:
    raw = path.with_name("signing.key").read_bytes()
    return log_key(ORIGIN, Ed25519PrivateKey.from_private_bytes(raw).public_key())


def newest(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT note FROM checkpoint ORDER BY size DESC").fetchone()[0]


def trusting(path: Path, *notes: str, witness: Path | None = None) -> Trust:
    """Know a ledger's key, and checkpoints of it."""
    witnesses = () if witness is None else (witness_vkey(witness, "w/1"),)
    return Trust(
        key=key_of(path), kept=tuple([(note, "kept") for note in notes]), witnesses=witnesses
    )


def copied(path: Path, folder: Path) -> Path:
    """Copy a ledger that nobody has open, without its seal: who tampers writes a new one."""
    folder.mkdir()
    copy = folder / path.name
    for each in (path, *[path.with_name(name) for name in BESIDE]):
        shutil.copy(each, folder / each.name)
    return copy


def edited(path: Path) -> None:
    """Change one word in one record."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        row = connection.execute("SELECT id, body FROM segment WHERE id = 3").fetchone()
        body = row[1].replace(b'"key":"key_', b'"key":"kez_', 1)
        assert body != row[1]
        connection.execute("UPDATE segment SET body = ? WHERE id = ?", (body, row[0]))


def truncated(path: Path) -> None:
    """Cut the end off, with the checkpoints that knew of it, and put the rest in order again."""
    _again(path, lambda leaves: leaves[: len(leaves) // 2])


def forked(path: Path) -> None:
    """Write the second half again, and sign it with the log's own key."""
    _again(
        path,
        lambda leaves: [*leaves[: len(leaves) // 2], *map(_cheaper, leaves[len(leaves) // 2 :])],
    )


def signed_by_another(path: Path) -> None:
    """Change a record, and sign all of it with a key of one's own, also in the first leaf."""
    key = Ed25519PrivateKey.generate()
    path.with_name("signing.key").write_bytes(key.private_bytes_raw())
    public = b64encode(key.public_key().public_bytes_raw()).decode()
    named = encode(Genesis(at_ms=1, origin=ORIGIN, public_key=public))
    _again(path, lambda leaves: [named, *map(_cheaper, leaves[1:])])


def _cheaper(leaf: bytes) -> bytes:
    record = decode(leaf)
    return (
        encode(msgspec.structs.replace(record, asked="another"))
        if hasattr(record, "asked")
        else leaf
    )


def _again(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Make a ledger out of other leaves, as whoever has the folder and its key can."""
    key = Ed25519PrivateKey.from_private_bytes(path.with_name("signing.key").read_bytes())
    path.with_name("checkpoints").unlink()
    seal_path(path).unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None, factory=File)) as connection:
        rows = connection.execute("SELECT body FROM segment ORDER BY id").fetchall()
        leaves = change([leaf for (body,) in rows for leaf in unpack(body)])
        for table in MADE:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 our own names
        for at in range(0, len(leaves), 16):
            body = pack(leaves[at : at + 16])
            connection.execute("INSERT INTO segment (body) VALUES (?)", (body,))
        copy = path.with_name("checkpoints")
        sequencer = Sequencer(connection, key=key, origin=ORIGIN, copy=copy, clock=CLOCK)
        while sequencer.step()[0]:
            pass
        sequencer.copy()
