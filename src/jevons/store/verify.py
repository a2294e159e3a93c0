"""Verification: is this ledger, or this export, what was signed?

Rule 1: whatever can be made again from the leaves is made again and compared.
Rule 2: a file that SQLite cannot read is a finding, not an accident.
Rule 3: a ledger that was closed is also held against its seal, so any byte counts. Where
    there is no seal, the report says what is not covered.
Rule 4: leaves pass by once and are not kept.
"""

from __future__ import annotations

import time
from base64 import b64decode
from contextlib import closing
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from jevons.ledger.audit import Finding
from jevons.ledger.note import log_key
from jevons.ledger.record import BadLeaf, decode, unpack
from jevons.ledger.trust import Trust
from jevons.store.checking import Checking, Report, unheard
from jevons.store.derived import Derived
from jevons.store.door import FAILS, Connection, ServerFault
from jevons.store.export import BadExport, open_export
from jevons.store.lease import digest, is_open, seal_path
from jevons.store.read import checkpoints, segments
from jevons.store.schema import connect_to_read, is_live, look_into
from jevons.store.where import Server, Where, beside
from jevons.types.account import Genesis
from jevons.types.errors import NotFound, StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.ledger.note import Vkey
    from jevons.store.checking import OnLeaves

__all__ = ("cut_notes", "verify")


def verify(where: Where, trust: Trust | None = None, on_leaves: OnLeaves | None = None) -> Report:
    """Check a ledger or an export; the server may be running.

    Args:
        where: The ledger, or the file.
        trust: What is known of the log beforehand; without it, its key is taken from it.
        on_leaves: Hears how far it has come.

    Raises:
        NotFound: There is no such file.
        StoreUnavailable: The database server cannot be reached.
    """
    start_s = time.monotonic()
    if isinstance(where, Server):
        report = _verify_server(where, trust or Trust(), on_leaves or unheard)
        return msgspec.structs.replace(report, duration_s=time.monotonic() - start_s)
    try:
        check = _verify_export if _is_export(where) else _verify_ledger
        report = check(where, trust or Trust(), on_leaves or unheard)
    except FileNotFoundError:
        message = f"no ledger {str(where)!r}"
        raise NotFound(message) from None
    return msgspec.structs.replace(report, duration_s=time.monotonic() - start_s)


def _is_export(path: Path) -> bool:
    with path.open("rb") as file:
        return not file.read(len(b"SQLite format 3\0")).startswith(b"SQLite format")


def _verify_export(path: Path, trust: Trust, on_leaves: OnLeaves) -> Report:
    try:
        with path.open("rb") as file:
            exported = open_export(file)
            key = Ed25519PublicKey.from_public_bytes(exported.public_key)
            leaves = iter(exported.leaves)
            first = [*islice(leaves, 1)]
            named = log_key(getattr(_named(first), "name", ""), key)
            notes = [(note, "the export") for note in exported.notes]
            checking = Checking(named, notes, trust, on_leaves)
            for leaf in chain(first, leaves):
                checking.add(leaf)
    except (BadExport, ValueError) as error:
        says = f"{path.name} is neither a ledger nor an export as it was written: {error}"
        return Report(findings=(Finding(kind="bad_storage", says=says),))
    report = checking.report()
    return msgspec.structs.replace(report, findings=(*report.findings, *_unsigned(report)))


def _verify_ledger(path: Path, trust: Trust, on_leaves: OnLeaves) -> Report:
    seal = _check_seal(path)
    live = is_live(path)
    try:
        with closing(connect_to_read(path, live=live)) as connection:
            tables = _Tables(connection, path, is_sealed=seal is not None)
            report = tables.verify(trust, on_leaves)
    except (*FAILS, BadLeaf, ValueError, TypeError, OverflowError) as error:
        says = f"the ledger's file cannot be read: {error}"
        report = Report(findings=(Finding(kind="bad_storage", says=says),))
    if not live and is_live(path):  # a server opened it meanwhile and may have moved pages
        return _verify_ledger(path, trust, on_leaves)
    return msgspec.structs.replace(
        report, findings=(*report.findings, *(seal or ())), sealed=seal is not None
    )


def _verify_server(server: Server, trust: Trust, on_leaves: OnLeaves) -> Report:
    """Check a ledger on a server, as far as its tables go; its own files are PostgreSQL's."""
    try:
        connection = look_into(server)
    except ServerFault as error:
        message = f"{server} cannot be read: {error}"
        raise StoreUnavailable(message) from error
    with closing(connection):
        try:
            return _Tables(connection, server, is_sealed=False).verify(trust, on_leaves)
        except (*FAILS, BadLeaf, ValueError, TypeError, OverflowError) as error:
            says = f"the ledger's tables cannot be read: {error}"
            return Report(findings=(Finding(kind="bad_storage", says=says),))


def _check_seal(path: Path) -> list[Finding] | None:
    try:
        line = seal_path(path).read_bytes()
    except FileNotFoundError:
        return None
    if line == f"{digest(path)}  {path.name}\n".encode():
        return []
    says = f"{path.name} is not the file that was sealed when it was last closed"
    return [Finding(kind="seal_broken", says=says)]


class _Tables(NamedTuple):
    """A ledger, open."""

    connection: Connection
    where: Where
    is_sealed: bool

    def verify(self, trust: Trust, on_leaves: OnLeaves) -> Report:
        """Check one moment of it."""
        run = self.connection.execute
        run(self.connection.words.glance)
        damage = _damage(self.connection)
        first = run("SELECT body FROM segment ORDER BY id LIMIT 1").fetchone()
        named = _named(unpack(first[0])[:1] if first else [])
        if named is None:
            says = "the first leaf is not a genesis that names a public key"
            return Report(findings=(*damage, Finding(kind="no_genesis", says=says)))
        checking = Checking(named, _notes(self.connection, self.where), trust, on_leaves)
        derived = Derived(self.connection)
        count = 0
        for segment, body in segments(self.connection):
            derived.begin(segment, count)
            for leaf in unpack(body):
                derived.see(checking.add(leaf))
                count += 1
        report = checking.report(closed=self.is_sealed)
        return msgspec.structs.replace(
            report,
            findings=(
                *damage,
                *report.findings,
                *derived.end(),
                *_check_signer(self.where, named),
                *(_unsigned(report) if self.is_sealed else ()),
            ),
            caveat=None if self.is_sealed else _caveat(self.connection, self.where),
        )


def _damage(connection: Connection) -> list[Finding]:
    """Have SQLite look through its file."""
    if connection.words.name != "sqlite":
        return []
    return [
        Finding(kind="bad_storage", says=f"the ledger's file is damaged: {problem}")
        for (problem,) in connection.execute("PRAGMA integrity_check(8)")
        if problem != "ok"
    ]


def _unsigned(report: Report) -> list[Finding]:
    """Accuse records that were put into what had been signed whole."""
    if not report.unsigned:
        return []
    says = (
        f"the last {report.unsigned} of {report.leaves} records are under no checkpoint, in a file "
        "that was signed whole: they were put there afterwards"
    )
    return [Finding(kind="unsigned", says=says, leaf=report.leaves - report.unsigned)]


def _check_signer(where: Where, key: Vkey) -> list[Finding]:
    """Hold the signing key against the log's, where it is and whoever checks may read it."""
    try:
        raw = beside(where, "signing.key").read_bytes()
    except OSError:
        return []
    try:
        public = Ed25519PrivateKey.from_private_bytes(raw).public_key()
        if public.public_bytes_raw() == key.public:
            return []
    except ValueError:
        pass
    says = "signing.key is not the key of this log: nothing more can be signed with it"
    return [Finding(kind="wrong_signer", says=says)]


def _caveat(connection: Connection, where: Where) -> str:
    if isinstance(where, Server):
        return "what the tables say was checked, and not the files of the database server"
    try:
        row = connection.execute("SELECT sum(unused) FROM dbstat").fetchone()
        unused = f"{row[0]} unused"
    except FAILS:  # SQLite can be built without this table
        unused = "unused"
    if is_open(where):
        return (
            f"a server is running: {unused} bytes of its file, which hold no record, are covered "
            "as well once it stops"
        )
    return (
        f"the ledger is not sealed, it was not closed cleanly: {unused} bytes of its file, which "
        "hold no record, are not covered until it has been opened and closed once"
    )


def _notes(connection: Connection, where: Where) -> list[tuple[str, str]]:
    """Collect every checkpoint once, from the ledger and from the copy beside it."""
    notes = dict.fromkeys(checkpoints(connection), "the ledger")
    copy = beside(where, "checkpoints")
    if copy.exists():
        for note in cut_notes(copy.read_text("utf-8", "replace")):
            notes.setdefault(note, copy.name)
    return [*notes.items()]


def cut_notes(copy: str) -> list[str]:
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


def _named(first: list[bytes]) -> Vkey | None:
    """Read the key that a log names in its first leaf."""
    try:
        record = decode(first[0])
        if not isinstance(record, Genesis):
            return None
        public = b64decode(record.public_key, validate=True)
        return log_key(record.origin, Ed25519PublicKey.from_public_bytes(public))
    except (BadLeaf, IndexError, ValueError):
        return None
