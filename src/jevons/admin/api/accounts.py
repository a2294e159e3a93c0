"""Accounts, and what holds for them: budgets and limits, of keys too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jevons.acts import plain_account, plain_balance, plain_budget, plain_limit
from jevons.admin.desk import where_account, where_named
from jevons.admin.operation import operation
from jevons.admin.roles import admit, admit_at_all, may
from jevons.admin.shapes import (
    AccountSaid,
    AccountTold,
    BalanceTold,
    BudgetSaid,
    BudgetTold,
    LimitSaid,
    LimitTold,
)
from jevons.types.errors import Malformed, NotFound

if TYPE_CHECKING:
    from jevons.admin.desk import Asked
    from jevons.admin.operation import Operation
    from jevons.admin.roles import Act
    from jevons.types.budget import Per

__all__ = (
    "OPERATIONS",
    "find_account",
    "lift_budget",
    "lift_limit",
    "list_accounts",
    "list_budgets",
    "list_limits",
    "make_account",
    "set_budget",
    "set_limit",
)


@operation("GET", "/accounts", tuple[AccountTold, ...])
async def list_accounts(asked: Asked[None]) -> list[dict[str, Any]]:
    """List the accounts that one may see."""
    admit_at_all(asked.person, "account.see", what="accounts")
    books = asked.desk.books
    return [
        plain_account(each)
        for name, each in sorted(books.terms.accounts.items())
        if may(asked.person, "account.see", where_account(books, name))
    ]


@operation("POST", "/accounts", AccountTold, takes=AccountSaid, creates=True)
async def make_account(asked: Asked[AccountSaid]) -> dict[str, Any]:
    """Make an organisation, a team or a project, for ever."""
    said = asked.body
    under = said.under or ("" if said.level == "organisation" else "house")
    at = where_account(asked.desk.books, under)
    admit(
        asked.person,
        "account.make",
        at,
        sees="account.see" if under else None,
        what=f"account {under!r}",
    )
    made = await asked.acts.make_account(said.name, level=said.level, under=said.under)
    return plain_account(made)


@operation("GET", "/accounts/{account}", AccountTold)
async def find_account(asked: Asked[None]) -> dict[str, Any]:
    """Find an account by its name."""
    books, name = asked.desk.books, asked.path["account"]
    what = f"account {name!r}"
    admit(asked.person, "account.see", where_account(books, name), sees="account.see", what=what)
    if name not in books.terms.accounts:
        message = f"there is no {what}"
        raise NotFound(message)
    return plain_account(books.terms.accounts[name])


@operation("GET", "/budgets", tuple[BalanceTold, ...])
async def list_budgets(asked: Asked[None]) -> list[dict[str, Any]]:
    """Show what is spent, held and left of each budget that one may see."""
    books, now_ms = asked.desk.books, asked.desk.clock.now_ms()
    found = books.purse.balances(now_ms)
    return [plain_balance(each) for each in found if _sees(asked, "budget.see", each.account)]


@operation("PUT", "/budgets/{account}/{per}", BudgetTold, takes=BudgetSaid)
async def set_budget(asked: Asked[BudgetSaid]) -> dict[str, Any]:
    """Set what an account or a key may spend in each day or month, in place of what it might."""
    said = asked.body
    if said.cost_nusd is None and said.energy_mj is None and said.carbon_ug is None:
        message = "say how much: cost_nusd, energy_mj or carbon_ug; DELETE lifts a budget"
        raise Malformed(message)
    per = _may_set_budget(asked)
    return plain_budget(
        await asked.acts.set_budget(
            asked.path["account"],
            per=per,
            cost_nusd=said.cost_nusd,
            energy_mj=said.energy_mj,
            carbon_ug=said.carbon_ug,
            hard=said.hard,
            alert_at=said.alert_at,
        )
    )


@operation("DELETE", "/budgets/{account}/{per}", BudgetTold)
async def lift_budget(asked: Asked[None]) -> dict[str, Any]:
    """Let an account or a key have no budget for each day, or each month."""
    per = _may_set_budget(asked)
    return plain_budget(await asked.acts.set_budget(asked.path["account"], per=per))


@operation("GET", "/limits", tuple[LimitTold, ...])
async def list_limits(asked: Asked[None]) -> list[dict[str, Any]]:
    """List how fast accounts and keys may ask that one may see."""
    found = sorted(asked.desk.books.terms.limits.items())
    return [plain_limit(each) for name, each in found if _sees(asked, "limit.see", name)]


@operation("PUT", "/limits/{account}", LimitTold, takes=LimitSaid)
async def set_limit(asked: Asked[LimitSaid]) -> dict[str, Any]:
    """Set how fast an account or a key may ask, and how deep, in place of what held for it."""
    said = asked.body
    figures = (said.requests, said.tokens, said.parallel, said.reasoning, said.steps)
    if all(each is None for each in figures):
        message = "say how fast or how deep: requests, tokens, parallel, reasoning or steps; DELETE lifts a limit"
        raise Malformed(message)
    _admit_named(asked, "limit.set")
    limit = await asked.acts.set_limit(
        asked.path["account"],
        requests=said.requests,
        tokens=said.tokens,
        parallel=said.parallel,
        reasoning=said.reasoning,
        steps=said.steps,
    )
    return plain_limit(limit)


@operation("DELETE", "/limits/{account}", LimitTold)
async def lift_limit(asked: Asked[None]) -> dict[str, Any]:
    """Let an account or a key have no limit of its own."""
    _admit_named(asked, "limit.set")
    return plain_limit(await asked.acts.set_limit(asked.path["account"]))


def _may_set_budget(asked: Asked[Any]) -> Per:
    per = asked.path["per"]
    if per not in {"day", "month"}:
        message = f"a budget is for each 'day' or 'month', not {per!r}"
        raise Malformed(message)
    _admit_named(asked, "budget.set")
    return cast("Per", per)


def _admit_named(asked: Asked[Any], act: Act) -> None:
    """Let somebody change what holds for an account or a key."""
    name = asked.path["account"]
    is_key = name.startswith("key_")
    what = f"{'key' if is_key else 'account'} {name!r}"
    try:
        at = where_named(asked.desk.books, name)
    except NotFound:
        message = f"there is no {what}"
        raise NotFound(message) from None
    admit(asked.person, act, at, sees="key.see" if is_key else "account.see", what=what)


def _sees(asked: Asked[None], act: Act, name: str) -> bool:
    """Whether somebody may see what holds for an account or a key, which may be erased."""
    try:
        return may(asked.person, act, where_named(asked.desk.books, name))
    except NotFound:
        return may(asked.person, act, where_account(asked.desk.books, ""))


OPERATIONS: tuple[Operation, ...] = (
    list_accounts,
    make_account,
    find_account,
    list_budgets,
    set_budget,
    lift_budget,
    list_limits,
    set_limit,
    lift_limit,
)
