"""Marks that mean something to their owner only, on their way through a caller's hands.

A caller hands back encrypted thinking and signatures without saying whose they are. What the
house wrote, the vendor whose dialect it is, stays as it is; what another vendor wrote goes out
under a seal that names it: `jevons:<owner>:<base64>`.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ("ANTHROPIC", "OPENAI", "PREFIX", "Mark", "Seal")

PREFIX = "jevons:"


class Mark(NamedTuple):
    """A vendor's mark."""

    owner: str
    """Vendor that wrote it; empty if nobody said."""
    opaque: str | None


@dataclass(frozen=True, slots=True)
class Seal:
    """How marks are written in one dialect."""

    house: str
    """Vendor whose marks need no seal: the dialect is its own."""

    def write(self, mark: Mark) -> str | None:
        """Write a mark for a caller; None if it says nothing."""
        owner, opaque = mark
        if owner == self.house and opaque and not opaque.startswith(PREFIX):
            return opaque
        if not owner and opaque is None:
            return None
        return f"{PREFIX}{owner}:{b64encode((opaque or '').encode()).decode()}"

    def read(self, text: str | None) -> Mark:
        """Read what a caller handed back."""
        if not text:
            return Mark("", None)
        if text.startswith(PREFIX):
            owner, _, body = text.removeprefix(PREFIX).partition(":")
            try:
                return Mark(owner, b64decode(body, validate=True).decode() or None)
            except (binascii.Error, UnicodeDecodeError):
                pass  # it only looks like one of ours
        return Mark(self.house, text)


OPENAI = Seal("openai")
ANTHROPIC = Seal("anthropic")
