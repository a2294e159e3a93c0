"""Verification: is this ledger, or this export, what was signed?

Rule 1: whatever can be made again from the leaves is made again and compared.
Rule 2: a file that SQLite cannot read is a finding, not an accident.
Rule 3: a ledger that nobody has open is also held against its seal, so any byte counts.
"""

from __future__ import annotations

import sqlite3
import time
from base64 import b64decode
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jevons.ledger.audit import Audit, Finding, audit, signed
from jevons.ledger.merkle import leaf_hash
from jevons.ledger.record import BadLeaf, decode, unpack
from jevons.ledger.tile import Edge
from jevons.store.export import BadExport, load
from jevons.store.keys import row_digest
from jevons.store.lease import digest, seal_path
from jevons.store.schema import connect_to_read, is_live, tile_key
from jevons.types.account import Genesis, Intent, KeyChange, Receipt
from jevons.types.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

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
    """Leaves that are committed and not yet under a checkpoint."""
    checkpoints: int = 0
    head: str | None = None
    """The newest valid checkpoint, to be kept elsewhere."""
    sealed: bool = False
    """Whether every byte of the file was held against its seal."""
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
        exported = load(path.read_bytes())
        key = Ed25519PublicKey.from_public_bytes(exported.public_key)
    except (BadExport, ValueError) as error:
        says = f"{path.name} is neither a ledger nor an export as it was written: {error}"
        return Report(findings=(Finding(kind="bad_storage", says=says),))
    notes = [(note, "the export") for note in exported.notes]
    return _report(exported.leaves, notes, key, closed=False)


def _verify_ledger(path: Path) -> Report:
    seal = _check_seal(path)
    try:
        with closing(connect_to_read(path, live=is_live(path))) as connection:
            report = _verify_tables(connection, path, is_sealed=seal is not None)
    except (sqlite3.Error, BadLeaf, ValueError, TypeError, OverflowError) as error:
        says = f"the ledger's file cannot be read: {error}"
        report = Report(findings=(Finding(kind="bad_storage", says=says),))
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
    problems = [row[0] for row in connection.execute("PRAGMA integrity_check(8)")]
    findings = [
        Finding(kind="bad_storage", says=f"the ledger's file is damaged: {problem}")
        for problem in problems
        if problem != "ok"
    ]
    leaves, placed = _leaves(connection)
    key = _public_key(leaves)
    if key is None:
        says = "the first leaf is not a genesis that names a public key"
        return Report(findings=(*findings, Finding(kind="no_genesis", says=says)))
    notes = [(note, "the ledger") for (note,) in connection.execute("SELECT note FROM checkpoint")]
    copy = path.with_name("checkpoints")
    kept = copy.read_text("utf-8", "replace").split("\n\n—") if copy.exists() else []
    notes += [(note, copy.name) for note in _notes(kept)]
    report = _report(leaves, notes, key, closed=is_sealed)
    findings += report.findings
    findings += _derived(connection, leaves, placed)
    findings += _keys(connection, leaves)
    return msgspec.structs.replace(report, findings=tuple(findings))


def _notes(parts: list[str]) -> list[str]:
    """Cut the plain copy into notes: each ends in a signature line and a blank one."""
    whole = "\n\n—".join(parts)
    notes: list[str] = []
    lines: list[str] = []
    for line in whole.split("\n"):
        if not line and any(each.startswith("—") for each in lines):
            notes.append("\n".join(lines) + "\n")
            lines = []
        else:
            lines.append(line)
    if any(lines):
        notes.append("\n".join(lines))
    return notes


def _leaves(connection: sqlite3.Connection) -> tuple[list[bytes], list[tuple[int, int]]]:
    leaves: list[bytes] = []
    placed: list[tuple[int, int]] = []
    for segment, body in connection.execute("SELECT id, body FROM segment ORDER BY id"):
        placed.append((len(leaves), segment))
        leaves.extend(unpack(body))
    return leaves, placed


def _public_key(leaves: list[bytes]) -> Ed25519PublicKey | None:
    try:
        genesis = decode(leaves[0])
        if isinstance(genesis, Genesis):
            return Ed25519PublicKey.from_public_bytes(b64decode(genesis.public_key, validate=True))
    except (BadLeaf, ValueError, IndexError):
        pass
    return None


def _report(
    leaves: list[bytes], notes: list[tuple[str, str]], key: Ed25519PublicKey, *, closed: bool
) -> Report:
    first = _genesis_origin(leaves)
    good, findings = signed(notes, key, first)
    seen: Audit = audit(leaves, good, key)
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
        head=_head(notes, head.checkpoint.render()) if head else None,
    )


def _head(notes: list[tuple[str, str]], text: str) -> str | None:
    return next((note for note, _ in notes if note.startswith(text)), None)


def _genesis_origin(leaves: list[bytes]) -> str | None:
    try:
        genesis = decode(leaves[0])
    except (BadLeaf, IndexError):
        return None
    return genesis.origin if isinstance(genesis, Genesis) else None


def _derived(
    connection: sqlite3.Connection, leaves: list[bytes], placed: list[tuple[int, int]]
) -> list[Finding]:
    """Make the index and the tiles again, and compare."""
    findings: list[Finding] = []
    rows = connection.execute("SELECT first, segment FROM placed ORDER BY first").fetchall()
    size = placed[len(rows)][0] if len(rows) < len(placed) else len(leaves)
    if rows != placed[: len(rows)]:
        says = "the table of where segments begin is not what the leaves make it"
        findings.append(Finding(kind="unindexed", says=says))
    receipts, waiting = _index(leaves[:size])
    for table, expected in (("lookup", receipts), ("pending", waiting)):
        if dict(connection.execute(f"SELECT request, leaf FROM {table}")) != expected:  # noqa: S608 our own two names
            says = f"the table {table} is not what the leaves make it"
            findings.append(Finding(kind="unindexed", says=says))
    tiles = {
        tile_key(tile.level, tile.number): hashes
        for tile, hashes in Edge(0, lambda _: b"")
        .extend([leaf_hash(leaf) for leaf in leaves[:size]])
        .items()
    }
    if dict(connection.execute("SELECT at, hashes FROM tile")) != tiles:
        says = "the stored tree is not what the leaves make it"
        findings.append(Finding(kind="bad_tile", says=says))
    return findings


def _index(leaves: list[bytes]) -> tuple[dict[str, int], dict[str, int]]:
    receipts: dict[str, int] = {}
    waiting: dict[str, int] = {}
    for index, leaf in enumerate(leaves):
        try:
            record = decode(leaf)
        except BadLeaf:
            continue  # the audit has said so
        if isinstance(record, Intent):
            waiting.setdefault(record.id, index)
        elif isinstance(record, Receipt):
            receipts.setdefault(record.id, index)
            waiting.pop(record.id, None)
    return receipts, waiting


def _keys(connection: sqlite3.Connection, leaves: list[bytes]) -> list[Finding]:
    """Hold each key's row against the digest in its last leaf."""
    expected: dict[str, str] = {}
    for leaf in leaves:
        if b'"kind":"key"' in leaf:
            record = decode(leaf)
            if isinstance(record, KeyChange):
                expected[record.key] = record.row
    rows = connection.execute("SELECT id, digest, actor FROM key").fetchall()
    found = {name: row_digest(digest, actor) for name, digest, actor in rows}
    return [
        Finding(kind="bad_key_row", says=f"the key {name} is not as its last record says")
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]
