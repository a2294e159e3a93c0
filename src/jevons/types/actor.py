"""Who asks."""

from __future__ import annotations

import msgspec

from jevons.types.budget import DEFAULT_LINE
from jevons.types.custody import DataClass

__all__ = ("Actor",)


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of a key, and what that key may do."""

    key: str
    """Public id of the key, `key_…`; never the key itself."""
    name: str
    """What its owner calls it."""
    salting: bytes
    """32 random bytes that salt this key's commitments. Destroying them unlinks its records."""
    endpoints: frozenset[str] | None = None
    """Names of the endpoints it may use; None is all."""
    places: frozenset[str] | None = None
    """Places it may reach (`on-prem`, ISO 3166-1 alpha-2 codes); None is all."""
    data_class: DataClass | None = None
    """What its data is taken to be where nobody says, None is as the house has it."""
    region: str | None = None
    """Where the people live whom its data is about; None is as the house has it."""
    account: tuple[str, ...] = DEFAULT_LINE
    """Accounts that it is charged to: its project, and what that is part of. Never changes."""
    owner: str = ""
    """The person whose own it is; empty for one that managers and admins look after."""
    expires_ms: int | None = None
    """Unix milliseconds after which it is refused; None is never."""
    revoked: bool = False
    revoked_ms: int | None = None
    """Unix milliseconds at which it was; None if it is not, or versions before this did it."""
    held: bool = False
    """Whether it is on legal hold: what is kept for it is neither erased, nor deleted, nor expires."""
    former: bytes | None = None
    """SHA-256 of the secret that it had before this one; None if there is no other that is good."""
    former_until_ms: int | None = None
    """Unix milliseconds until which that one is good."""
