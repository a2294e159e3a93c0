"""Verification: is this ledger, or this export, what was signed?

Rule 1: whatever can be made again from the leaves is made again and compared.
Rule 2: a file that SQLite cannot read is a finding, not an accident.
Rule 3: a ledger that was closed is also held against its seal, so any byte counts. Where
    there is no seal, the report says what is not covered.
Rule 4: leaves pass by once and are not kept.
"""

from __future__ import annotations

import sqlite3
import time
from base64 import b64decode
from contextlib import closing
from itertools import chain, islice
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from jevons.ledger.audit import Auditor, Finding, signed
from jevons.ledger.record import BadLeaf, decode, unpack
from jevons.store.derived import Derived
from jevons.store.export import BadExport, open_export
from jevons.store.lease import digest, is_open, seal_path
from jevons.store.read import checkpoints
from jevons.store.schema import connect_to_read, is_live
from jevons.types.account import Genesis
from jevons.types.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.ledger.audit import Signed

__all__ = ("Report", "verify")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found."""

    findings: tuple[Finding, ...]
    leaves: int = 0
    intents: int = 0
    receipts: int = 0
    pending: int = 0
    """Intents without a receipt yet; those of a ledger that is closed are findings."""
    unsigned: int = 0
    """Leaves that are committed and not yet under a checkpoint; in a ledger that is closed, and
    in an export, they are a finding: nothing is closed or exported before it is signed."""
    checkpoints: int = 0
    head: str | None = None
    """The newest valid checkpoint, to be kept elsewhere."""
    sealed: bool = False
    """Whether every byte of the file was held against its seal."""
    caveat: str | None = None
    """What was not checked, in a sentence; None when every byte was."""
    duration_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def verify(path: Path) -> Report:
    """Check a ledger file or an export; the server may be running.

    Raises:
        NotFound: There is no such file.
    """
    start_s = time.monotonic()
    try:
        report = _verify_export(path) if _is_export(path) else _verify_ledger(path)
    except FileNotFoundError:
        message = f"no ledger {str(path)!r}"
        raise NotFound(message) from None
    return msgspec.structs.replace(report, duration_s=time.monotonic() - start_s)


def _is_export(path: Path) -> bool:
    with path.open("rb") as file:
        return not file.read(len(b"SQLite format 3\0")).startswith(b"SQLite format")


def _verify_export(path: Path) -> Report:
    try:
        with path.open("rb") as file:
            exported = open_export(file)
            key = Ed25519PublicKey.from_public_bytes(exported.public_key)
            leaves = iter(exported.leaves)
            first = [*islice(leaves, 1)]
            notes = [(note, "the export") for note in exported.notes]
            good, findings = signed(notes, key, _origin(first))
            auditor = Auditor(good, key)
            for leaf in chain(first, leaves):
                auditor.add(leaf)
    except (BadExport, ValueError) as error:
        says = f"{path.name} is neither a ledger nor an export as it was written: {error}"
        return Report(findings=(Finding(kind="bad_storage", says=says),))
    report = _report(auditor, good, findings)
    return msgspec.structs.replace(report, findings=(*report.findings, *_unsigned(report)))


def _verify_ledger(path: Path) -> Report:
    seal = _check_seal(path)
    live = is_live(path)
    try:
        with closing(connect_to_read(path, live=live)) as connection:
            report = _verify_tables(connection, path, is_sealed=seal is not None)
    except (sqlite3.Error, BadLeaf, ValueError, TypeError, OverflowError) as error:
        says = f"the ledger's file cannot be read: {error}"
        report = Report(findings=(Finding(kind="bad_storage", says=says),))
    if not live and is_live(path):
        return _verify_ledger(path)  # a server opened it meanwhile and may have moved pages
    return msgspec.structs.replace(
        report, findings=(*report.findings, *(seal or ())), sealed=seal is not None
    )


def _check_seal(path: Path) -> list[Finding] | None:
    try:
        line = seal_path(path).read_bytes()
    except FileNotFoundError:
        return None
    if line == f"{digest(path)}  {path.name}\n".encode():
        return []
    says = f"{path.name} is not the file that was sealed when it was last closed"
    return [Finding(kind="seal_broken", says=says)]


def _verify_tables(connection: sqlite3.Connection, path: Path, *, is_sealed: bool) -> Report:
    connection.execute("BEGIN")
    damage = [
        Finding(kind="bad_storage", says=f"the ledger's file is damaged: {problem}")
        for (problem,) in connection.execute("PRAGMA integrity_check(8)")
        if problem != "ok"
    ]
    first = connection.execute("SELECT body FROM segment ORDER BY id LIMIT 1").fetchone()
    genesis = unpack(first[0])[:1] if first else []
    key = _public_key(genesis)
    if key is None:
        says = "the first leaf is not a genesis that names a public key"
        return Report(findings=(*damage, Finding(kind="no_genesis", says=says)))
    good, findings = signed(_notes(connection, path), key, _origin(genesis))
    auditor, derived = Auditor(good, key), Derived(connection)
    count = 0
    for segment, body in connection.execute("SELECT id, body FROM segment ORDER BY id"):
        derived.begin(segment, count)
        for leaf in unpack(body):
            derived.see(auditor.add(leaf))
            count += 1
    report = _report(auditor, good, findings, closed=is_sealed)
    return msgspec.structs.replace(
        report,
        findings=(
            *damage,
            *report.findings,
            *derived.end(),
            *_check_signer(path, key),
            *(_unsigned(report) if is_sealed else ()),
        ),
        caveat=None if is_sealed else _caveat(connection, path),
    )


def _unsigned(report: Report) -> list[Finding]:
    """Accuse records that were put into what had been signed whole."""
    if not report.unsigned:
        return []
    says = (
        f"the last {report.unsigned} of {report.leaves} records are under no checkpoint, in a file "
        "that was signed whole: they were put there afterwards"
    )
    return [Finding(kind="unsigned", says=says, leaf=report.leaves - report.unsigned)]


def _check_signer(path: Path, key: Ed25519PublicKey) -> list[Finding]:
    """Hold the signing key against the log's, where it is and whoever checks may read it."""
    try:
        raw = path.with_name("signing.key").read_bytes()
    except OSError:
        return []
    try:
        if Ed25519PrivateKey.from_private_bytes(raw).public_key() == key:
            return []
    except ValueError:
        pass
    says = "signing.key is not the key of this log: nothing more can be signed with it"
    return [Finding(kind="wrong_signer", says=says)]


def _caveat(connection: sqlite3.Connection, path: Path) -> str:
    try:
        row = connection.execute("SELECT sum(unused) FROM dbstat").fetchone()
        unused = f"{row[0]} unused"
    except sqlite3.Error:  # SQLite can be built without this table
        unused = "unused"
    if is_open(path):
        return (
            f"a server is running: {unused} bytes of its file, which hold no record, are covered "
            "as well once it stops"
        )
    return (
        f"the ledger is not sealed, it was not closed cleanly: {unused} bytes of its file, which "
        "hold no record, are not covered until it has been opened and closed once"
    )


def _notes(connection: sqlite3.Connection, path: Path) -> list[tuple[str, str]]:
    """Collect every checkpoint once, from the ledger and from the copy beside it."""
    notes = dict.fromkeys(checkpoints(connection), "the ledger")
    copy = path.with_name("checkpoints")
    if copy.exists():
        for note in _cut(copy.read_text("utf-8", "replace")):
            notes.setdefault(note, copy.name)
    return [*notes.items()]


def _cut(copy: str) -> list[str]:
    """Cut the plain copy into notes: each ends in a signature line and a blank one."""
    notes: list[str] = []
    lines: list[str] = []
    for line in copy.split("\n"):
        if not line and any(each.startswith("—") for each in lines):
            notes.append("\n".join(lines) + "\n")
            lines = []
        else:
            lines.append(line)
    if any(lines):
        notes.append("\n".join(lines))
    return notes


def _genesis(first: list[bytes]) -> Genesis | None:
    try:
        record = decode(first[0])
    except (BadLeaf, IndexError):
        return None
    return record if isinstance(record, Genesis) else None


def _origin(first: list[bytes]) -> str | None:
    genesis = _genesis(first)
    return genesis.origin if genesis else None


def _public_key(first: list[bytes]) -> Ed25519PublicKey | None:
    genesis = _genesis(first)
    if genesis is None:
        return None
    try:
        return Ed25519PublicKey.from_public_bytes(b64decode(genesis.public_key, validate=True))
    except ValueError:
        return None


def _report(
    auditor: Auditor, good: list[Signed], findings: list[Finding], *, closed: bool = False
) -> Report:
    seen = auditor.end()
    head = max(good, key=lambda note: note.checkpoint.size, default=None)
    left = [
        Finding(kind="no_receipt", says=f"the intent {request} has no receipt")
        for request in (seen.pending if closed else ())
    ]
    return Report(
        findings=(*findings, *seen.findings, *left),
        leaves=seen.size,
        intents=seen.intents,
        receipts=seen.receipts,
        pending=len(seen.pending),
        unsigned=max(0, seen.size - head.checkpoint.size) if head else seen.size,
        checkpoints=len(good),
        head=head.note if head else None,
    )
