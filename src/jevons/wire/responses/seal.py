"""Marks that mean something to their owner only, on their way through a caller's hands.

A caller of this dialect hands back `encrypted_content` without saying whose it is. What
OpenAI wrote stays as it is; what another vendor wrote goes out under a seal that names it:
`jevons:<owner>:<base64>`.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import NamedTuple

__all__ = ("HOUSE", "SEAL", "Mark", "seal", "unseal")

SEAL = "jevons:"
HOUSE = "openai"
"""Vendor whose marks need no seal: the dialect is its own."""


class Mark(NamedTuple):
    """A vendor's mark."""

    owner: str
    """Vendor that wrote it; empty if nobody said."""
    opaque: str | None


def seal(mark: Mark) -> str | None:
    """Write a mark for a caller; None if it says nothing."""
    owner, opaque = mark
    if owner == HOUSE and opaque and not opaque.startswith(SEAL):
        return opaque
    if not owner and opaque is None:
        return None
    return f"{SEAL}{owner}:{b64encode((opaque or '').encode()).decode()}"


def unseal(text: str | None) -> Mark:
    """Read what a caller handed back."""
    if not text:
        return Mark("", None)
    if text.startswith(SEAL):
        owner, _, body = text.removeprefix(SEAL).partition(":")
        try:
            return Mark(owner, b64decode(body, validate=True).decode() or None)
        except (binascii.Error, UnicodeDecodeError):
            pass  # it only looks like one of ours
    return Mark(HOUSE, text)
