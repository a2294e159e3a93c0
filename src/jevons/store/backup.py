"""Backup and restore: one moment of a ledger in a folder, and back into its place.

Rule 1: a backup is taken through SQLite's own backup, in one step: one moment of the books, while a
    server writes, which never waits for it.
Rule 2: a backup that does not verify is none, when it is taken and when it is put back.
Rule 3: what a restore would lose is found out first, from whatever still knows of it; it is lost
    only with consent, and then a record says so. What was there is moved aside, never deleted.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from base64 import b64encode
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jevons.ledger.note import BadNote, open_note, parse, read_vkey
from jevons.ledger.record import encode, pack, unpack
from jevons.ledger.trust import Trust
from jevons.store.door import File
from jevons.store.lease import Lease
from jevons.store.opening import open_ledger
from jevons.store.read import checkpoints
from jevons.store.schema import UNREADABLE, connect_to_read, is_live
from jevons.store.verify import cut_notes, verify
from jevons.types.account import Restored
from jevons.types.errors import Misconfigured, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from jevons.ledger.note import Checkpoint
    from jevons.ports import Clock
    from jevons.store.checking import Report

__all__ = ("Loss", "back_up", "foresee", "restore")

_KEY = "signing.key"
_COPY = "checkpoints"
_ENDS = ("", "-wal", "-shm", ".sha256")


class Loss(NamedTuple):
    """What putting a backup back would come to."""

    report: Report
    """Of the backup."""
    known: int
    """Records that this log is known to have had."""
    newest: Checkpoint | None
    """The newest checkpoint of it that is known anywhere; None if none is."""

    @property
    def lost(self) -> int:
        """Records that are known to have been acknowledged, and are not in the backup."""
        return max(0, self.known - self.report.leaves)


def back_up(path: Path, out: Path, *, with_key: bool = True) -> Report:
    """Copy one moment of a ledger into a new folder, and verify it there; the server may be running.

    Args:
        path: The ledger file.
        out: A folder that is not there yet. It holds `ledger.db`, `checkpoints` and, unless that is
            kept elsewhere, `signing.key`.
        with_key: Whether the signing key goes along; without it the log cannot go on.

    Raises:
        NotFound: There is no such ledger.
        StoreUnavailable: It cannot be read, the folder cannot be written, or the copy does not
            verify.
    """
    if not path.exists():
        message = f"no ledger {str(path)!r}"
        raise NotFound(message)
    part = out.with_name(out.name + ".part")
    try:
        part.mkdir(mode=0o700, parents=True)
        try:
            _copy(path, part / path.name)
            if with_key:
                _put(part / _KEY, path.with_name(_KEY).read_bytes())
            report = _verified(part / path.name, str(path))
            _flush(part)
            part.rename(out)
            _flush(out.parent)
        except BaseException:
            shutil.rmtree(part)
            raise
    except UNREADABLE as error:
        message = f"{path} cannot be backed up: {error}"
        raise StoreUnavailable(message) from error
    return report


def foresee(backup: Path, path: Path, kept: Sequence[tuple[str, str]] = ()) -> Loss:
    """Find out what putting a backup back would lose.

    What still knows of later records is asked: the ledger that is there, as far as it can be read,
    the plain copy of its checkpoints, and checkpoints that were kept elsewhere.

    Args:
        backup: A folder that `back_up` made.
        path: The ledger file that it would take the place of; it need not be there.
        kept: Checkpoints, each with a word for where it is from.

    Raises:
        NotFound: There is no such backup.
        StoreUnavailable: It does not verify, or is of another history than what was kept.
    """
    report = _verified(backup / path.name, f"the backup {backup}")
    key = Ed25519PublicKey.from_public_bytes(read_vkey(report.key or "").public)
    notes = [*_known(path), *kept]
    ours = [note for note in notes if _is_ours(note[0], key)]
    within = [note for note in ours if parse(note[0]).size <= report.leaves]
    against = verify(backup / path.name, Trust(kept=tuple(within)))
    if not against.ok:
        message = f"the backup {backup} is another history: {against.findings[0].says}"
        raise StoreUnavailable(message)
    newest = max([parse(note) for note, _ in ours], key=lambda each: each.size, default=None)
    known = max(newest.size if newest else 0, _count(path))
    return Loss(report, known, newest)


def restore(
    backup: Path, path: Path, loss: Loss, *, origin: str, clock: Clock, by: str = ""
) -> Path | None:
    """Put a backup in the place of a ledger, and record that this was done.

    Args:
        backup: A folder that `back_up` made.
        path: The ledger file.
        loss: What `foresee` found; that it may be lost is the caller's to ask.
        origin: Name of the log.
        clock: Dates the record.
        by: Who does it.

    Returns:
        Where what was there is now; None if nothing was.

    Raises:
        Misconfigured: A process has the ledger open, or the key that is there is another log's.
        StoreUnavailable: Something cannot be read or written.
    """
    named = read_vkey(loss.report.key or "").name
    if named != origin:
        message = f"[ledger] origin is {origin!r}; the backup is of {named!r}"
        raise Misconfigured(message)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _settle_key(backup / _KEY, path.with_name(_KEY))
        lease = Lease(path)
        try:
            if not lease.is_alone():
                message = f"a process has {path} open; stop it first"
                raise Misconfigured(message)
            parts = _bring(backup, path)
            aside = _move_aside(path, clock.now_ms())
            for part, there in parts:
                part.replace(there)
            _flush(path.parent)
        finally:
            lease.give_back(seal=False)
    except OSError as error:
        message = f"{backup} cannot be put back: {error}"
        raise StoreUnavailable(message) from error
    _record(path, loss, origin=origin, clock=clock, by=by)
    return aside


def _verified(path: Path, what: str) -> Report:
    report = verify(path)
    if not report.ok:
        message = f"{what} does not verify: {report.findings[0].says}"
        raise StoreUnavailable(message)
    return report


def _copy(path: Path, out: Path) -> None:
    with (
        closing(connect_to_read(path, live=is_live(path))) as source,
        closing(sqlite3.connect(out, isolation_level=None, factory=File)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        notes = checkpoints(target)
    _put(out.with_name(_COPY), "".join([f"{note}\n" for note in notes]).encode())
    _flush(out)


def _put(path: Path, body: bytes) -> None:
    """Write a file that its owner alone can read, durably."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _known(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every checkpoint that what is there still has."""
    try:
        with closing(connect_to_read(path, live=is_live(path))) as connection:
            yield from [(note, "the ledger that is there") for note in checkpoints(connection)]
    except UNREADABLE:  # that is why it is to be replaced
        pass
    copy = path.with_name(_COPY)
    if copy.exists():
        text = copy.read_text("utf-8", "replace")
        yield from [(note, f"{_COPY}, which is there") for note in cut_notes(text)]


def _count(path: Path) -> int:
    """Count the records of what is there, also those that no checkpoint covers yet."""
    try:
        with closing(connect_to_read(path, live=is_live(path))) as connection:
            rows = connection.execute("SELECT body FROM segment")
            return sum(len(unpack(body)) for (body,) in rows)
    except UNREADABLE:
        return 0


def _is_ours(note: str, key: Ed25519PublicKey) -> bool:
    try:
        open_note(note, key)
    except BadNote:
        return False
    return True


def _settle_key(backed_up: Path, there: Path) -> None:
    """Have the log's key where it belongs."""
    if not there.exists():
        if not backed_up.exists():
            message = f"neither the backup nor {there.parent} has {_KEY}; the log cannot go on"
            raise Misconfigured(message)
        _put(there, backed_up.read_bytes())
    elif backed_up.exists() and backed_up.read_bytes() != there.read_bytes():
        message = f"{there} is not the key of the log in the backup; move it away first"
        raise Misconfigured(message)


def _move_aside(path: Path, now_ms: int) -> Path | None:
    there = [path.with_name(path.name + end) for end in _ENDS]
    found = [each for each in (*there, path.with_name(_COPY)) if each.exists()]
    if not found:
        return None
    aside = path.with_name(f"before-restore-{now_ms}")
    aside.mkdir(mode=0o700)
    for each in found:
        each.rename(aside / each.name)
    _flush(aside)
    return aside


def _bring(backup: Path, path: Path) -> list[tuple[Path, Path]]:
    """Copy a backup beside what it will replace: a full disk is met before anything is moved."""
    parts: list[tuple[Path, Path]] = []
    for there in (path, path.with_name(_COPY)):
        part = there.with_name(there.name + ".part")
        shutil.copyfile(backup / there.name, part)
        _flush(part)
        parts.append((part, there))
    return parts


def _record(path: Path, loss: Loss, *, origin: str, clock: Clock, by: str) -> None:
    """Say in the books that they were put back, sign that, and close them."""
    newest = loss.newest if loss.lost else None
    record = Restored(
        at_ms=clock.now_ms(),
        size=loss.report.leaves,
        lost=loss.lost,
        newest=newest.size if newest else 0,
        root=b64encode(newest.root).decode() if newest else "",
        by=by,
    )
    opened = open_ledger(path, commit="disk", origin=origin, clock=clock)
    try:
        opened.connection.execute(
            "INSERT INTO segment (body) VALUES (?)", (pack([encode(record)]),)
        )
        sequencer = opened.sequencer()
        while sequencer.step()[0]:
            pass
        sequencer.copy()
        opened.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except UNREADABLE as error:
        message = f"{path} cannot be written: {error}"
        raise StoreUnavailable(message) from error
    finally:
        opened.connection.close()
        opened.lease.give_back(seal=True)
