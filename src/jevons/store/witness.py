"""A witness of our own: it remembers how far each log has come, and cosigns what goes on from it.

Rule 1: what is cosigned is flushed to the disk before anybody has the cosignature (tlog-witness:
    "MUST persist the new checkpoint before responding").
Rule 2: one thread, one transaction: the comparison with the newest and its replacement cannot
    be parted, or a log could be rolled back between two requests.
Rule 3: two processes on one file would be two memories; the second does not start.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jevons.ledger.cosignature import cosign, witness_key
from jevons.ledger.note import parse, read_note, signature_line
from jevons.ledger.witness import NotCosigned, checked, judge, read_ask
from jevons.ports import Told
from jevons.store import secret
from jevons.store.door import File, transaction
from jevons.types.errors import Misconfigured, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from jevons import ports
    from jevons.ledger.note import Checkpoint, Vkey

__all__ = ("OwnWitness", "witness_vkey")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS log
  (hash TEXT PRIMARY KEY, origin TEXT NOT NULL, note TEXT NOT NULL) WITHOUT ROWID;
"""
_OK = 200
_G = TypeVar("_G")
_T = TypeVar("_T")


def witness_vkey(path: Path, name: str) -> Vkey:
    """Give the key of the witness whose memory is at `path`, making both if there is none.

    Raises:
        Misconfigured: The key is gone although the witness has cosigned, or is none.
    """
    return witness_key(name, _key(path).public_key())


def _key(path: Path) -> Ed25519PrivateKey:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    gone = "what this witness cosigned cannot be told from anybody's; put it back"
    raw = secret.load_or_make(
        path.with_name(path.name + ".key"), may_make=not path.exists(), gone=gone
    )
    return Ed25519PrivateKey.from_private_bytes(raw)


class OwnWitness:
    """One witness, open. Made by `OwnWitness.open`."""

    def __init__(
        self,
        connection: File,
        key: Ed25519PrivateKey,
        *,
        name: str,
        logs: Sequence[Vkey],
        clock: ports.Clock,
    ) -> None:
        self._connection = connection
        self._key = key
        self._name = name
        self._logs = tuple(logs)
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jevons-witness")

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, *, name: str, logs: Sequence[Vkey], clock: ports.Clock
    ) -> AsyncGenerator[OwnWitness]:
        """Open a witness.

        Args:
            path: Its memory; the key is beside it.
            name: Under which it cosigns.
            logs: Keys of the logs that it knows; the name of each is its log's origin.
            clock: Dates cosignatures.

        Raises:
            Misconfigured: Another process has it open, or the key is gone.
            StoreUnavailable: The file cannot be opened.
        """
        opened = await asyncio.to_thread(_open, path)
        witness = cls(opened.connection, opened.key, name=name, logs=logs, clock=clock)
        try:
            yield witness
        finally:
            witness._thread.shutdown()
            opened.connection.close()
            os.close(opened.lock)

    async def add(self, body: bytes) -> Told:
        """Cosign a checkpoint, or say why not."""
        return await self._do(self._add, body)

    async def recent(self, origin_hash: str) -> str | None:
        """Give the newest checkpoint that was cosigned of a log, with the cosignature.

        Args:
            origin_hash: SHA-256 of the log's origin, hex.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        return await self._do(self._newest, origin_hash)

    async def _do(self, work: Callable[[_G], _T], given: _G) -> _T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, work, given)
        except (sqlite3.Error, OSError) as error:
            message = f"the witness's memory cannot be read or written: {error}"
            raise StoreUnavailable(message) from error

    def _add(self, body: bytes) -> Told:
        try:
            ask = read_ask(body)
            checkpoint = checked(ask, self._logs)
            with transaction(self._connection):
                note = self._newest(_hash(checkpoint.origin))
                known = None if note is None else parse(note)
                judge(ask, checkpoint, known)
                line = self._remember(ask.note, checkpoint)
        except NotCosigned as refusal:
            return Told(refusal.status, f"{refusal}\n")
        return Told(_OK, line)

    def _remember(self, note: str, checkpoint: Checkpoint) -> str:
        """Make the cosignature; it leaves once the transaction around this is on the disk."""
        read = read_note(note)
        at_s = max(1, self._clock.now_ms() // 1000)
        line = cosign(read.text, self._key, name=self._name, at_s=at_s)
        logs = {(each.name, each.id) for each in self._logs}
        own = [
            signature_line(each.name, each.id, each.raw)
            for each in read.signatures
            if (each.name, each.id) in logs
        ]
        kept = f"{read.text}\n{''.join(own)}{line}"
        self._connection.execute(
            "INSERT OR REPLACE INTO log VALUES (?, ?, ?)",
            (_hash(checkpoint.origin), checkpoint.origin, kept),
        )
        return line

    def _newest(self, origin_hash: str) -> str | None:
        row = self._connection.execute(
            "SELECT note FROM log WHERE hash = ?", (origin_hash,)
        ).fetchone()
        return row[0] if row else None


class _Opened(NamedTuple):
    connection: File
    key: Ed25519PrivateKey
    lock: int


def _open(path: Path) -> _Opened:
    key = _key(path)
    try:
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            message = f"another process has the witness at {path} open"
            raise Misconfigured(message) from None
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=File
        )
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.executescript(_SCHEMA)
    except (sqlite3.Error, OSError) as error:
        message = f"the witness's memory {path} cannot be opened: {error}"
        raise StoreUnavailable(message) from error
    return _Opened(connection, key, lock)


def _hash(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()


if TYPE_CHECKING:
    _witness: type[ports.Witness] = OwnWitness
