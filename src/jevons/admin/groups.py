"""Which role somebody has by the groups that a sign-on server says they are in. Pure.

Rule 1: whoever is in no group that is named here may not sign in.
Rule 2: of several roles the first in the order of the settings counts; accounts of the same role
    add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast, get_args

from jevons.types.errors import Misconfigured
from jevons.types.person import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = ("Granted", "granted", "groups_in", "read_roles")

_OF_ACCOUNTS = frozenset({"manager", "member"})


class Granted(NamedTuple):
    """What a group is given."""

    role: Role
    accounts: tuple[str, ...] = ()


def read_roles(said: Mapping[str, str]) -> dict[str, Granted]:
    """Read what settings say of each group: `admin`, or `manager of research, search`.

    Raises:
        Misconfigured: It is no role, or names accounts where it should not, or none where it should.
    """
    return {group: _read(group, words) for group, words in said.items()}


def granted(roles: Mapping[str, Granted], groups: Collection[str]) -> Granted | None:
    """Say what somebody has who is in these groups; None is nothing."""
    found = [each for group, each in roles.items() if group in groups]
    if not found:
        return None
    role = found[0].role
    accounts = {name for each in found if each.role == role for name in each.accounts}
    return Granted(role, tuple(sorted(accounts)))


def groups_in(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """Read the claim that lists groups: by its whole name, else step by step along its dots."""
    said: Any = claims.get(name)
    if said is None:
        said = claims
        for part in name.split("."):
            said = cast("dict[str, Any]", said).get(part) if isinstance(said, dict) else None
    entries: Iterable[Any] = cast("list[Any]", said) if isinstance(said, list) else [said]
    return frozenset([each for each in entries if isinstance(each, str)])


def _read(group: str, words: str) -> Granted:
    role, of, names = words.partition(" of ")
    accounts = tuple([name.strip() for name in names.split(",") if name.strip()])
    if (
        role not in get_args(Role)
        or (role in _OF_ACCOUNTS) != bool(accounts)
        or (of and not accounts)
    ):
        message = (
            f"[oidc] roles: {group!r} is {words!r}; it must be 'admin', 'operator' or 'auditor', or "
            "'manager of ACCOUNT, …' or 'member of ACCOUNT, …'"
        )
        raise Misconfigured(message)
    return Granted(cast("Role", role), accounts)
