"""Who looks after the house, and what they may do there."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ("Person", "Role")

Role = Literal["admin", "operator", "auditor", "manager", "member"]
"""`admin`, `operator` and `auditor` are of the whole house; `manager` and `member` of accounts."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has signed in."""

    name: str
    """As records name who did something."""
    role: Role
    accounts: tuple[str, ...] = ()
    """Accounts that the role is of; none for one of the whole house."""
    shown: str = ""
    """What the sign-on server calls them, for pages only; empty where nobody said."""
    how: Literal["token", "oidc"] = "token"
    """How they showed who they are."""
