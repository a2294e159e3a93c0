"""The audit: does a history say what was signed, and is it whole?

Rule 1: nothing is believed but the public key. Every finding is a value with a sentence.
Rule 2: checkpoints come from anywhere (the ledger, a copy elsewhere): each must be of
    this very history, so a fork is found by whoever kept one.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from jevons.ledger.merkle import leaf_hash, node_hash
from jevons.ledger.note import BadNote, open_note
from jevons.ledger.record import BadLeaf, decode
from jevons.types.account import Genesis, Intent, Receipt, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from jevons.ledger.note import Checkpoint
    from jevons.types.account import Record

__all__ = ("Audit", "Auditor", "Finding", "Kind", "Seen", "Signed", "audit", "signed")

Kind = Literal[
    "altered",
    "bad_cosignature",
    "bad_key_row",
    "bad_signature",
    "bad_stamp",
    "bad_storage",
    "bad_tile",
    "double_receipt",
    "double_intent",
    "forked",
    "garbled",
    "key_changed",
    "no_checkpoint",
    "no_genesis",
    "no_receipt",
    "receipt_without_intent",
    "refused_too",
    "seal_broken",
    "truncated",
    "unindexed",
    "unsigned",
    "unwitnessed",
    "wrong_origin",
    "wrong_signer",
]
"""What can be wrong. `altered`: these leaves are not those that were signed; one was edited,
deleted, moved or put in, and the tree cannot tell which. `forked`: they are, and others were
signed as well, with the same key: whoever holds it wrote the history twice."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    kind: Kind
    says: str
    """A sentence for whoever reads the report."""
    leaf: int | None = None
    """Leaf index, where there is one."""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What an audit saw."""

    findings: tuple[Finding, ...]
    size: int
    """Leaves read."""
    intents: int
    receipts: int
    pending: tuple[str, ...]
    """Requests with an intent and no receipt: in flight, or cut off and not yet closed."""
    root: bytes
    """Root of all the leaves."""


class Seen(NamedTuple):
    """What one leaf is."""

    at: int
    """Leaf index."""
    record: Record | None
    """None when it is not a record, which is a finding."""
    leaf: bytes
    """Its bytes: a record that is written again has fields that an older one had not."""
    hash: bytes


class Signed(NamedTuple):
    """A checkpoint that verified, and where it was found."""

    checkpoint: Checkpoint
    where: str
    note: str
    """The note itself, with its signatures."""


class _Broken(NamedTuple):
    """The first checkpoint that the leaves do not fit."""

    note: Signed
    trusted: int
    """Leaves up to which they fitted before."""


def signed(
    notes: Iterable[tuple[str, str]], key: Ed25519PublicKey, origin: str | None
) -> tuple[list[Signed], list[Finding]]:
    """Keep the notes that this key signed; a finding for each of the others.

    Args:
        notes: Each with a word for where it was found.
        key: The log's public key.
        origin: The log's name; None takes whatever they say.
    """
    good: list[Signed] = []
    findings: list[Finding] = []
    for note, where in notes:
        try:
            checkpoint = open_note(note, key)
        except BadNote as error:
            says = f"a checkpoint in {where} is not valid: {error}"
            findings.append(Finding(kind="bad_signature", says=says))
            continue
        if origin is not None and checkpoint.origin != origin:
            says = f"a checkpoint in {where} is of the log {checkpoint.origin!r}, not {origin!r}"
            findings.append(Finding(kind="wrong_origin", says=says))
            continue
        good.append(Signed(checkpoint, where, note))
    return good, findings


def audit(leaves: Iterable[bytes], notes: Iterable[Signed], key: Ed25519PublicKey) -> Audit:
    """Check a history against its checkpoints, and its records against each other.

    Args:
        leaves: Leaves in order, from the first.
        notes: Checkpoints that verified, in any order.
        key: The log's public key, which the first leaf must name.
    """
    auditor = Auditor(notes, key)
    for leaf in leaves:
        auditor.add(leaf)
    return auditor.end()


class Auditor:
    """An audit leaf by leaf; it keeps the ids of requests, and no leaves.

    Args:
        notes: Checkpoints that verified, in any order.
        key: The log's public key, which the first leaf must name.
    """

    def __init__(self, notes: Iterable[Signed], key: Ed25519PublicKey) -> None:
        self._notes = sorted(notes, key=lambda note: note.checkpoint.size)
        self._public = b64encode(key.public_bytes_raw()).decode()
        self._findings: list[Finding] = []
        self._peaks: list[tuple[int, bytes]] = []
        self._pending: dict[str, int] = {}
        self._closed: set[str] = set()
        self._intents = self._receipts = self._size = 0
        self._next = 0
        self._trusted = 0
        self._broken: _Broken | None = None

    def add(self, leaf: bytes) -> Seen:
        """Look at the next leaf."""
        self._hold(self._size)
        seen = Seen(self._size, self._see(self._size, leaf), leaf, leaf_hash(leaf))
        self._grow(seen.hash)
        self._size += 1
        return seen

    def end(self) -> Audit:
        """Say what was seen, once there are no more leaves."""
        self._hold(self._size)
        self._find_rest()
        return Audit(
            findings=tuple(self._findings),
            size=self._size,
            intents=self._intents,
            receipts=self._receipts,
            pending=tuple(self._pending),
            root=_bag(self._peaks),
        )

    def _add(self, kind: Kind, says: str, leaf: int | None = None) -> None:
        self._findings.append(Finding(kind=kind, says=says, leaf=leaf))

    def _grow(self, node: bytes) -> None:
        """Keep the roots of the perfect subtrees, largest first, as a binary counter does."""
        level = 0
        while self._peaks and self._peaks[-1][0] == level:
            node = node_hash(self._peaks.pop()[1], node)
            level += 1
        self._peaks.append((level, node))

    def _hold(self, size: int) -> None:
        """Hold the tree so far against the checkpoints of its size."""
        for note in self._at(size):
            if note.checkpoint.root == _bag(self._peaks):
                self._trusted = size
            elif self._broken is None:
                self._broken = _Broken(note, self._trusted)

    def _at(self, size: int) -> Iterator[Signed]:
        while self._next < len(self._notes) and self._notes[self._next].checkpoint.size == size:
            yield self._notes[self._next]
            self._next += 1

    def _see(self, index: int, leaf: bytes) -> Record | None:
        try:
            record = decode(leaf)
        except BadLeaf as error:
            self._add("garbled", f"leaf {index} is not a record: {error}", index)
            return None
        if (index == 0) != isinstance(record, Genesis):
            self._add("no_genesis", f"leaf {index}: a log begins with its one genesis", index)
        self._match(index, record)
        return record

    def _match(self, index: int, record: Record) -> None:
        if isinstance(record, Genesis) and record.public_key != self._public:
            self._add("no_genesis", f"leaf {index} names another public key", index)
        elif isinstance(record, Intent):
            self._intents += 1
            if record.id in self._pending or record.id in self._closed:
                self._add("double_intent", f"leaf {index}: a second intent for {record.id}", index)
            else:
                self._pending[record.id] = index
        elif isinstance(record, Receipt):
            self._receipts += 1
            self._close(index, record.id)
        elif isinstance(record, Refused):
            self._refuse(index, record.id)

    def _close(self, index: int, request: str) -> None:
        if self._pending.pop(request, None) is not None:
            self._closed.add(request)
        elif request in self._closed:
            self._add("double_receipt", f"leaf {index}: a second receipt for {request}", index)
        else:
            says = f"leaf {index}: a receipt for {request}, which has no intent before it"
            self._add("receipt_without_intent", says, index)

    def _refuse(self, index: int, request: str) -> None:
        """A refusal stands alone: nothing left, so there is neither intent nor receipt."""
        if request in self._pending or request in self._closed:
            says = f"leaf {index}: a refusal of {request}, which has an intent or an end before it"
            self._add("refused_too", says, index)
        self._closed.add(request)

    def _find_rest(self) -> None:
        if not self._size:
            self._add("no_genesis", "there are no leaves")
        if not self._notes:
            self._add("no_checkpoint", "there is no valid checkpoint to hold the leaves against")
        if self._broken is not None:
            self._accuse(*self._broken)
        for note in self._notes[self._next :][-1:]:
            says = (
                f"a checkpoint in {note.where} was signed at size {note.checkpoint.size}, "
                f"and only {self._size} leaves are left: the end was cut off, or an older copy "
                "was put in the place of this one"
            )
            self._add("truncated", says, self._size)

    def _accuse(self, note: Signed, trusted: int) -> None:
        """Tell leaves that nobody signed from leaves that were signed beside others."""
        size = note.checkpoint.size
        if self._trusted >= size:
            says = (
                f"the log's key signed two histories: {note.where} has another at size {size} "
                f"than these leaves, which it signed at size {self._trusted}"
            )
            self._add("forked", says, trusted)
        else:
            says = (
                f"leaves {trusted} to {size - 1} are not those that were signed in "
                f"{note.where} at size {size}: one was edited, deleted, moved or put in, "
                "or this is another history"
            )
            self._add("altered", says, trusted)


def _bag(peaks: list[tuple[int, bytes]]) -> bytes:
    if not peaks:
        return b""
    node = peaks[-1][1]
    for _, peak in reversed(peaks[:-1]):
        node = node_hash(peak, node)
    return node
