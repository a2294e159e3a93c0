"""Checking a log from outside, with what it publishes and what was pinned, and nothing else.

Rule 1: a hash or a leaf is believed once it leads to the root of a signed checkpoint.
Rule 2: bundles pass by one at a time; memory does not grow with the log's size.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jevons.ledger.audit import Finding, Signed, signed
from jevons.ledger.merkle import consistency, root, verify_consistency
from jevons.ledger.note import BadNote, open_note, read_note
from jevons.ledger.record import BadLeaf, unpack
from jevons.ledger.tile import HEIGHT, WIDTH, reader, width_at
from jevons.ledger.trust import Trust, witnessed
from jevons.store.checking import Checking, Report, unheard

if TYPE_CHECKING:
    from jevons.ledger.merkle import Hashes
    from jevons.ledger.note import Vkey
    from jevons.ledger.tile import Tile
    from jevons.store.checking import OnLeaves

__all__ = ("Outside", "verify_published")

_HASH_BYTES = 32


class Outside(Protocol):
    """A log as it is published. What is not there raises what the transport raises."""

    def checkpoint(self) -> str:
        """Fetch the newest checkpoint."""
        ...

    def tile(self, level: int, number: int, width: int) -> bytes:
        """Fetch hashes."""
        ...

    def bundle(self, number: int, width: int) -> bytes | None:
        """Fetch leaves; None if they are not shown to whoever asks."""
        ...


def verify_published(
    log: Outside, key: Vkey, trust: Trust, on_leaves: OnLeaves | None = None
) -> Report:
    """Check a log that is served over HTTP.

    Its leaves are audited if it shows them; otherwise its hashes prove, or not, that it goes
    on from the checkpoints that were kept.

    Args:
        log: Where it is.
        key: The log's, pinned beforehand.
        trust: What else is known of it.
        on_leaves: Hears how far it has come.
    """
    start_s = time.monotonic()
    trust = msgspec.structs.replace(trust, key=key)
    note = log.checkpoint()
    try:
        head = Signed(
            open_note(note, Ed25519PublicKey.from_public_bytes(key.public), key.name),
            "the log",
            note,
        )
    except BadNote as error:
        report = Report(findings=(_stranger(note, key, error),), key=key.render(), pinned=True)
    else:
        check = _Check(log, head, key, trust)
        report = check.leaves(on_leaves or unheard) or check.hashes()
    return msgspec.structs.replace(report, duration_s=time.monotonic() - start_s)


class _Check(NamedTuple):
    log: Outside
    head: Signed
    key: Vkey
    trust: Trust

    def leaves(self, on_leaves: OnLeaves) -> Report | None:
        """Audit every leaf; None if they are not shown."""
        size = self.head.checkpoint.size
        checking = Checking(self.key, [(self.head.note, self.head.where)], self.trust, on_leaves)
        for number in range(-(-size // WIDTH)):
            width = width_at(size, 0, number)
            body = self.log.bundle(number, width)
            if body is None:
                return None
            try:
                found = unpack(body)
            except BadLeaf:
                found = []
            if len(found) != width:
                says = f"bundle {number} does not hold the {width} leaves that it should"
                garbled = Finding(kind="garbled", says=says, leaf=number * WIDTH)
                return Report(findings=(garbled,), key=self.key.render(), pinned=True)
            for leaf in found:
                checking.add(leaf)
        return checking.report()

    def hashes(self) -> Report:
        """Prove that the log goes on from the checkpoints that were kept."""
        public = Ed25519PublicKey.from_public_bytes(self.key.public)
        kept, findings = signed(self.trust.kept, public, self.key.name)
        by, unwitnessed = witnessed([self.head, *kept], self.trust.witnesses)
        hashes = reader(self._reading())
        size = self.head.checkpoint.size
        if root(hashes, size) != self.head.checkpoint.root:
            says = "the hashes that the log shows do not make the root that it signed"
            findings.append(Finding(kind="bad_tile", says=says))
        else:
            findings += [each for old in kept for each in self._goes_on(hashes, old)]
        return Report(
            findings=(*findings, *unwitnessed),
            leaves=size,
            checkpoints=1,
            head=self.head.note,
            caveat=_NOTHING_READ if kept else _NOTHING_KEPT,
            key=self.key.render(),
            pinned=True,
            kept=0 if findings else len(kept),
            witnessed=tuple(by),
        )

    def _goes_on(self, hashes: Hashes, old: Signed) -> list[Finding]:
        was, now = old.checkpoint, self.head.checkpoint
        if was.size > now.size:
            says = (
                f"a checkpoint in {old.where} was signed at size {was.size}, and the log now has "
                f"{now.size} leaves: its end was cut off, or an older copy was put in its place"
            )
            return [Finding(kind="truncated", says=says, leaf=now.size)]
        proof = consistency(hashes, was.size, now.size)
        if verify_consistency(
            was.size, now.size, proof=proof, old_root=was.root, new_root=now.root
        ):
            return []
        if root(hashes, was.size) == was.root:
            says = "the hashes that the log shows do not make the root that it signed"
            return [Finding(kind="bad_tile", says=says)]
        says = (
            f"the log's key signed two histories: that of {now.size} leaves does not go on from "
            f"that of {was.size} in {old.where}"
        )
        return [Finding(kind="forked", says=says)]

    def _reading(self) -> _Tiles:
        return _Tiles(self.log, self.head.checkpoint.size)


class _Tiles:
    """Tiles of a tree of one size, each fetched once."""

    def __init__(self, log: Outside, size: int) -> None:
        self._log = log
        self._size = size
        self._found: dict[Tile, bytes] = {}

    def __call__(self, tile: Tile) -> bytes:
        found = self._found.get(tile)
        if found is None:
            width = width_at(self._size, tile.level, tile.number)
            found = self._log.tile(tile.level, tile.number, width)
            # Short of what it should be, it cannot make the root; zeros keep the arithmetic whole.
            found = self._found[tile] = found.ljust(_HASH_BYTES << HEIGHT, b"\0")
        return found


def _stranger(note: str, key: Vkey, error: BadNote) -> Finding:
    """Tell a log that signs with another key from one that signs with none."""
    try:
        lines = read_note(note).signatures
    except BadNote:
        lines = ()
    if any(each.name == key.name and each.id != key.id for each in lines):
        says = (
            f"the checkpoint is signed under the name {key.name} with another key than was pinned"
        )
        return Finding(kind="key_changed", says=says)
    says = f"the log's checkpoint is not valid: {error}"
    return Finding(kind="bad_signature", says=says)


_NOTHING_READ = (
    "the log does not show its leaves to us: that it goes on from what was kept was checked, not "
    "what its records say"
)
_NOTHING_KEPT = (
    "the log does not show its leaves to us, and no older checkpoint was given: that its key signed "
    "it is all that was checked; keep this checkpoint for the next time"
)
