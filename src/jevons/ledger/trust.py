"""What an outsider brings along: a pinned key, checkpoints kept elsewhere, witnesses.

Rule 1: with a pinned key nothing that the log says of itself is believed, its key least.
Rule 2: a cosignature that does not fit is a finding, also where another one does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from jevons.ledger.audit import Finding
from jevons.ledger.cosignature import cosigned_s
from jevons.ledger.note import BadNote, Vkey, read_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.ledger.audit import Signed

__all__ = ("Stamped", "Trust", "Witnessed", "changed_key", "witnessed")


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever checks a log knows of it beforehand."""

    key: Vkey | None = None
    """The log's; None takes the one that the log names itself, which shows no forger."""
    kept: tuple[tuple[str, str], ...] = ()
    """Checkpoints that were kept elsewhere, each with a word for where."""
    witnesses: tuple[Vkey, ...] = ()
    """Whose cosignature there has to be."""


class Witnessed(msgspec.Struct, frozen=True, kw_only=True):
    """The newest checkpoint that a witness cosigned."""

    witness: str
    size: int
    at_s: int
    """Unix seconds by the witness's own clock."""


class Stamped(msgspec.Struct, frozen=True, kw_only=True):
    """What an authority of time says of one checkpoint."""

    size: int
    """Records under it."""
    at_ms: int
    """When it had been signed already, Unix milliseconds by the authority's clock."""
    by: str
    """Who says so: whoever issued the signer's certificate, and its number."""
    checked: bool
    """Whether its signature was held against roots; without any, only that it is of these bytes."""


def changed_key(found: Vkey, trust: Trust) -> Finding | None:
    """Hold the key that a log names against the one that was pinned."""
    pinned = trust.key
    if pinned is None or found == pinned:
        return None
    if found.name != pinned.name:
        says = f"this is the log {found.name!r}, and the key that was pinned is of {pinned.name!r}"
        return Finding(kind="wrong_origin", says=says)
    says = (
        f"the log names the key {found.render()}, and {pinned.render()} was pinned: it was written "
        "and signed again with another key, or is another log"
    )
    return Finding(kind="key_changed", says=says)


def witnessed(
    notes: Sequence[Signed], witnesses: Sequence[Vkey]
) -> tuple[list[Witnessed], list[Finding]]:
    """Find the newest checkpoint that each witness cosigned.

    Args:
        notes: Checkpoints that the log signed, in any order.
        witnesses: Whose cosignatures are looked for.

    Returns:
        One for each witness that cosigned any; a finding for each that cosigned none, and for
        each cosignature on the way that does not fit.
    """
    newest = sorted(notes, key=lambda note: note.checkpoint.size, reverse=True)
    found: list[Witnessed] = []
    findings: list[Finding] = []
    for witness in witnesses:
        before = len(found)
        for note in newest:
            try:
                at_s = cosigned_s(read_note(note.note), witness)
            except BadNote as error:
                says = f"a checkpoint in {note.where}, of size {note.checkpoint.size}: {error}"
                findings.append(Finding(kind="bad_cosignature", says=says))
                continue
            if at_s is not None:
                size = note.checkpoint.size
                found.append(Witnessed(witness=witness.name, size=size, at_s=at_s))
                break
        if len(found) == before:
            says = f"the witness {witness.name} cosigned no checkpoint that is here"
            findings.append(Finding(kind="unwitnessed", says=says))
    return found, findings
