"""What whoever looks after the house may do to it: the same for the command line and the API.

Rule 1: every act names who did it in the record that it leaves; there is none without a name.
Rule 2: nothing here asks whether somebody may. On this machine whoever can write the books may;
    elsewhere `jevons.admin` has asked before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jevons.budget.terms import admitted
from jevons.clock import SystemClock
from jevons.store import erase, hold, release
from jevons.types.budget import Account, Budget, Limit
from jevons.types.errors import Malformed, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from jevons.budget import Balance
    from jevons.ports import Clock
    from jevons.store import Admitted, Archive, Books, Created
    from jevons.types.account import Erased, PersonChange
    from jevons.types.actor import Actor
    from jevons.types.budget import Level, Per
    from jevons.types.custody import DataClass
    from jevons.types.person import Role

__all__ = (
    "DEFAULT_ALERTS",
    "Acts",
    "plain_account",
    "plain_balance",
    "plain_budget",
    "plain_key",
    "plain_limit",
    "plain_person",
)

DEFAULT_ALERTS = (80, 100)
"""Per cent of a budget at which there are alerts where nobody says."""

_MS_PER_HOUR = 60 * 60 * 1000
_MS_PER_DAY = 24 * _MS_PER_HOUR

_OF_ACCOUNTS: frozenset[Role] = frozenset({"manager", "member"})
_PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")


class Acts:
    """What one person does.

    Args:
        books: Open, also beside a server.
        by: Who it is, as records name them.
        archive: Kept answers; None in a house that never kept any.
        clock: Dates what is done.
    """

    def __init__(
        self,
        books: Books,
        *,
        by: str,
        archive: Archive | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._books = books
        self._by = by
        self._archive = archive
        self._clock = clock or SystemClock()

    async def make_account(self, name: str, *, level: Level, under: str | None) -> Account:
        """Make an account, for ever.

        Args:
            name: Unique in the house.
            level: What it is.
            under: What it is part of; None is the organisation `house`, or nothing for another
                organisation.

        Raises:
            Malformed: It cannot be called so, or cannot be there.
            NotFound: There is no such account to be under.
            StoreUnavailable: It could not be written; also each of the others.
        """
        parent = "" if level == "organisation" and under is None else under or "house"
        account = Account(
            at_ms=self._clock.now_ms(), name=name, level=level, under=parent, by=self._by
        )
        await self._books.stand(admitted(account, self._books.terms))
        return account

    async def set_budget(
        self,
        account: str,
        *,
        per: Per,
        cost_nusd: int | None = None,
        energy_mj: int | None = None,
        carbon_ug: int | None = None,
        hard: bool = True,
        alert_at: Sequence[int] = (),
    ) -> Budget:
        """Set what an account or a key may spend; without an amount, lift it.

        Raises:
            NotFound: There is neither account nor key of this name.
        """
        is_lifted = cost_nusd is None and energy_mj is None and carbon_ug is None
        budget = Budget(
            at_ms=self._clock.now_ms(),
            account=self._known(account),
            per=per,
            cost_nusd=cost_nusd,
            energy_mj=energy_mj,
            carbon_ug=carbon_ug,
            hard=hard,
            alert_at=() if is_lifted else tuple(sorted(set(alert_at))) or DEFAULT_ALERTS,
            by=self._by,
        )
        await self._books.stand(budget)
        return budget

    async def set_limit(
        self,
        account: str,
        *,
        requests: int | None = None,
        tokens: int | None = None,
        parallel: int | None = None,
        reasoning: int | None = None,
        steps: int | None = None,
    ) -> Limit:
        """Set how fast an account or a key may ask, and how deep; without a figure, lift it.

        Raises:
            NotFound: There is neither account nor key of this name.
        """
        limit = Limit(
            at_ms=self._clock.now_ms(),
            account=self._known(account),
            requests=requests,
            tokens=tokens,
            parallel=parallel,
            reasoning=reasoning,
            steps=steps,
            by=self._by,
        )
        await self._books.stand(limit)
        return limit

    async def make_key(
        self,
        name: str,
        *,
        project: str,
        endpoints: Collection[str] = (),
        places: Collection[str] = (),
        days: int | None = None,
        data_class: DataClass | None = None,
        region: str | None = None,
        owner: str = "",
    ) -> Created:
        """Make a key that is charged to a project, for ever.

        Args:
            name: What lists and receipts tell it by.
            project: Its account.
            endpoints: The only ones that it may use; none is all.
            places: The only ones that it may reach; none is all.
            days: After which it is refused; None is never.
            data_class: What its data is where a request does not say more.
            region: Where the people live whom its data is about.
            owner: The member whose own it is.

        Raises:
            Malformed: It has no name, or its account is no project.
            NotFound: There is no such account.
        """
        if not name.strip():
            message = "the name is empty; receipts and lists tell keys apart by it"
            raise Malformed(message)
        return await self._books.keys.create(
            name,
            endpoints=frozenset(endpoints) or None,
            places=frozenset(places) or None,
            expires_ms=None if days is None else self._clock.now_ms() + days * _MS_PER_DAY,
            data_class=data_class,
            region=region,
            account=self._books.terms.line(project),
            owner=owner,
            by=self._by,
        )

    async def rotate_key(self, key: str, *, grace_hours: int) -> Created:
        """Give a key another secret; the one that it has is good for a while yet.

        Raises:
            NotFound: There is no such key, or it was revoked.
        """
        return await self._books.keys.rotate(key, grace_ms=grace_hours * _MS_PER_HOUR, by=self._by)

    async def revoke_key(self, key: str) -> None:
        """Have a key refused from now on.

        Raises:
            NotFound: There is no such key.
        """
        await self._books.keys.revoke(key, by=self._by)

    async def hold_key(self, key: str, *, reason: str) -> None:
        """Keep what is kept for a key, and what links its records to it, until it is released.

        Raises:
            NotFound: There is no such key, or it is being erased.
        """
        await hold(self._books, self._archive, key, reason=reason, by=self._by)

    async def release_key(self, key: str, *, reason: str) -> None:
        """End a hold.

        Raises:
            NotFound: There is no such key.
        """
        await release(self._books, self._archive, key, reason=reason, by=self._by)

    async def erase_key(self, key: str, *, reason: str) -> Erased:
        """Refuse a key, destroy what is kept for it, then what links its records to it.

        Raises:
            NotFound: There is no such key.
            OnHold: It is on legal hold.
        """
        return await erase(self._books, self._archive, key, reason=reason, by=self._by)

    async def add_person(self, name: str, *, role: Role, accounts: Sequence[str]) -> Admitted:
        """Let somebody sign in with a token.

        Raises:
            Malformed: They cannot be called so, or there was somebody who is, or the role is of
                accounts and none is named, or the other way round.
            NotFound: There is no such account.
        """
        if not _PERSON.fullmatch(name):
            message = (
                f"{name!r} cannot be a person's name: up to 63 letters, digits, '-', '_', '.' and "
                "'@', the first a letter or a digit"
            )
            raise Malformed(message)
        if (role in _OF_ACCOUNTS) != bool(accounts):
            needs = "of one account or more" if role in _OF_ACCOUNTS else "of the whole house"
            message = (
                f"{role} is a role {needs}; `--of ACCOUNT` names those of managers and members"
            )
            raise Malformed(message)
        for each in accounts:
            if each not in self._books.terms.accounts:
                message = f"no account {each!r}; `jevons accounts list` lists them"
                raise NotFound(message)
        names = tuple(sorted(set(accounts)))
        return await self._books.people.add(name, role=role, accounts=names, by=self._by)

    async def rotate_person(self, name: str) -> Admitted:
        """Give somebody another token; what they did with the one before ends.

        Raises:
            NotFound: There is nobody of this name.
        """
        return await self._books.people.rotate(name, by=self._by)

    async def remove_person(self, name: str) -> PersonChange:
        """Refuse somebody from now on.

        Raises:
            NotFound: There is nobody of this name.
        """
        return await self._books.people.remove(name, by=self._by)

    def _known(self, name: str) -> str:
        """Take the name of an account or the id of a key.

        Raises:
            NotFound: There is neither.
        """
        books = self._books
        if name in books.terms.accounts or any(each.key == name for each in books.keys.list()):
            return name
        message = (
            f"no account and no key {name!r}; `jevons accounts list` and `jevons keys list` list "
            "them"
        )
        raise NotFound(message)


def plain_account(account: Account) -> dict[str, Any]:
    """Write an account as JSON has it."""
    return {"account": account.name, "level": account.level, "under": account.under or None}


def plain_budget(budget: Budget) -> dict[str, Any]:
    """Write a budget as JSON has it."""
    return {
        "account": budget.account,
        "per": budget.per,
        "cost_nusd": budget.cost_nusd,
        "energy_mj": budget.energy_mj,
        "carbon_ug": budget.carbon_ug,
        "hard": budget.hard,
        "alert_at": budget.alert_at,
    }


def plain_balance(balance: Balance) -> dict[str, Any]:
    """Write what is left of a budget as JSON has it."""
    return {
        **balance._asdict(),
        "left": balance.left,
        "renews": f"{balance.renews:%Y-%m-%dT%H:%M:%SZ}",
    }


def plain_limit(limit: Limit) -> dict[str, Any]:
    """Write a limit as JSON has it."""
    return {
        "account": limit.account,
        "requests": limit.requests,
        "tokens": limit.tokens,
        "parallel": limit.parallel,
        "reasoning": limit.reasoning,
        "steps": limit.steps,
    }


def plain_key(actor: Actor, used_ms: int | None) -> dict[str, Any]:
    """Write what may be shown of a key: not the salting, which opens commitments."""
    return {
        "key": actor.key,
        "name": actor.name,
        "account": actor.account,
        "owner": actor.owner or None,
        "endpoints": sorted(actor.endpoints) if actor.endpoints is not None else None,
        "places": sorted(actor.places) if actor.places is not None else None,
        "data_class": actor.data_class.word if actor.data_class is not None else None,
        "region": actor.region,
        "expires_ms": actor.expires_ms,
        "revoked": actor.revoked,
        "held": actor.held,
        "former_until_ms": actor.former_until_ms,
        "last_used_ms": used_ms,
    }


def plain_person(change: PersonChange) -> dict[str, Any]:
    """Write what may be shown of a person: nothing of their token."""
    return {
        "person": change.name,
        "role": change.role,
        "accounts": change.accounts,
        "issuer": change.issuer or None,
        "removed": change.act == "removed",
        "at_ms": change.at_ms,
        "by": change.by,
    }
