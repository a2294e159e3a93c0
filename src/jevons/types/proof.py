"""What an outsider needs to check that a record is in the books."""

from __future__ import annotations

import msgspec

__all__ = ("Filed", "Inclusion")


class Inclusion(msgspec.Struct, frozen=True, kw_only=True):
    """A record's place in the tree under one signed checkpoint (RFC 6962 §2.1.1)."""

    index: int
    """Leaf index, from 0."""
    size: int
    """Leaves in the tree that the checkpoint signs."""
    path: tuple[str, ...]
    """Audit path, leaf to root, base64 SHA-256 each."""
    checkpoint: str
    """C2SP tlog-checkpoint, signed note and all."""


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it stands in the books."""

    leaf: bytes
    """Its exact bytes: canonical JSON."""
    leaf_hash: str
    """SHA-256 of 0x00 and the leaf (RFC 6962 §2.1), base64."""
    inclusion: Inclusion | None
    """None while it is recorded but not yet under a checkpoint (about a second)."""
