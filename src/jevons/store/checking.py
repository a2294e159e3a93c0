"""Checking: leaves pass by, wherever they come from, and at the end there is a report.

Rule 1: what whoever checks brings along (a key, a checkpoint, witnesses) is believed before
    anything that the log says of itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jevons.ledger.audit import Auditor, Finding, signed
from jevons.ledger.trust import Stamped, Witnessed, changed_key, witnessed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jevons.ledger.audit import Seen, Signed
    from jevons.ledger.note import Vkey
    from jevons.ledger.trust import Trust

__all__ = ("Checking", "OnLeaves", "Report", "unheard")

OnLeaves = Callable[[int], None]
"""Called now and then with how many leaves were read."""
_STEP_LEAVES = 4096


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
    """What was not checked, in a sentence; None when everything was."""
    key: str | None = None
    """The log's key as C2SP signed-note writes it, to be pinned by whoever checks again."""
    pinned: bool = False
    """Whether the key was known beforehand, and not taken from the log itself."""
    kept: int = 0
    """Checkpoints kept elsewhere that are of this very history."""
    witnessed: tuple[Witnessed, ...] = ()
    """The newest checkpoint that each witness cosigned, of those that were asked for."""
    stamped: tuple[Stamped, ...] = ()
    """What an authority of time says of checkpoints of this history."""
    duration_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


class Checking:
    """One check of one log.

    Args:
        named: The key and the origin that the log names itself.
        notes: Its checkpoints, each with a word for where it was found.
        trust: What is known beforehand.
        on_leaves: Hears how far it has come.
    """

    def __init__(
        self,
        named: Vkey,
        notes: Iterable[tuple[str, str]],
        trust: Trust,
        on_leaves: OnLeaves,
    ) -> None:
        changed = changed_key(named, trust)
        pinned = trust.key or named
        self._named, self._trust, self._on_leaves = named, trust, on_leaves
        self._findings = [] if changed is None else [changed]
        # A log of another key is held against that key too: there may be more to say of it.
        public = Ed25519PublicKey.from_public_bytes(named.public)
        self._notes = self._take(notes, public, named.name)
        kept = Ed25519PublicKey.from_public_bytes(pinned.public)
        self._kept = self._take(trust.kept, kept, pinned.name)
        self._auditor = Auditor([*self._notes, *self._kept], public)
        self._count = 0

    def add(self, leaf: bytes) -> Seen:
        """Look at the next leaf."""
        self._count += 1
        if self._count % _STEP_LEAVES == 0:
            self._on_leaves(self._count)
        return self._auditor.add(leaf)

    def report(self, *, closed: bool = False) -> Report:
        """Say what was found, once there are no more leaves.

        Args:
            closed: Nothing is under way: an intent without a receipt is a finding.
        """
        seen = self._auditor.end()
        self._on_leaves(seen.size)
        head = max(self._notes, key=lambda note: note.checkpoint.size, default=None)
        left = [
            Finding(kind="no_receipt", says=f"the intent {request} has no receipt")
            for request in (seen.pending if closed else ())
        ]
        by, unwitnessed = witnessed([*self._notes, *self._kept], self._trust.witnesses)
        holds = not {each.kind for each in seen.findings} & {"altered", "forked", "truncated"}
        return Report(
            findings=(*self._findings, *seen.findings, *left, *unwitnessed),
            leaves=seen.size,
            intents=seen.intents,
            receipts=seen.receipts,
            pending=len(seen.pending),
            unsigned=max(0, seen.size - head.checkpoint.size) if head else seen.size,
            checkpoints=len(self._notes),
            head=head.note if head else None,
            key=self._named.render(),
            pinned=self._trust.key is not None,
            kept=len(self._kept) if holds else 0,
            witnessed=tuple(by),
        )

    def _take(
        self, notes: Iterable[tuple[str, str]], key: Ed25519PublicKey, name: str
    ) -> list[Signed]:
        good, findings = signed(notes, key, name)
        self._findings += findings
        return good


def unheard(_: int) -> None:
    """Hear how far it has come, and say nothing."""
