"""Terms are what the last record of each name says; accounts form a tree that never changes."""

from __future__ import annotations

import pytest

from jevons.budget.terms import Terms, admitted, line_of
from jevons.testing.make import an_actor
from jevons.types.budget import Account, Alert, Budget, Level, Limit
from jevons.types.errors import Malformed, NotFound


def account(name: str, level: Level = "project", under: str = "house") -> Account:
    return Account(at_ms=0, name=name, level=level, under=under)


ACME = account("acme", "organisation", "")
LAB = account("lab", "team", "acme")
SEARCH = account("search", "project", "lab")
TREE = Terms.of([ACME, LAB, SEARCH])


def test_a_house_has_one_organisation_and_one_project_without_a_word() -> None:
    assert Terms().line("default") == ("default", "house")
    assert Terms.of([]).accounts == Terms().accounts


def test_a_line_goes_up_to_the_organisation() -> None:
    assert TREE.line("search") == ("search", "lab", "acme")


def test_keys_belong_to_projects_that_there_are() -> None:
    with pytest.raises(NotFound, match="'nowhere'"):
        TREE.line("nowhere")
    with pytest.raises(Malformed, match="level team"):
        TREE.line("lab")


def test_a_budget_or_limit_without_a_figure_is_lifted() -> None:
    stands = Terms.of(
        [
            Budget(at_ms=0, account="lab", per="day"),
            Budget(at_ms=0, account="lab", per="month", cost_nusd=0),
            Limit(at_ms=0, account="lab"),
            Limit(at_ms=0, account="acme", parallel=1),
        ]
    )
    assert [each.per for each in stands.budgets["lab"]] == ["month"]
    assert [*stands.limits] == ["acme"]


def test_alerts_that_were_given_are_known_by_name() -> None:
    given = Alert(
        at_ms=0, account="lab", per="day", period="2026-11-29", unit="cost_nusd",
        percent=80, spent=8, limit=10,
    )  # fmt: skip
    assert Terms.of([given]).alerts == {"2026-11-29 lab cost_nusd 80 10"}


@pytest.mark.parametrize("account", ["key_1", "search", "lab", "acme"])
def test_a_key_is_covered_by_a_budget_anywhere_on_its_line(account: str) -> None:
    actor = an_actor(account=("search", "lab", "acme"))
    terms = Terms.of([Budget(at_ms=0, account=account, per="day", energy_mj=1)])
    assert terms.covers(actor)
    assert not terms.covers(an_actor(key="key_2"))
    assert not Terms().covers(actor)


def test_records_of_before_there_were_accounts_are_the_houses() -> None:
    assert line_of("key_1", ()) == ("key_1", "default", "house")


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (account("Search"), "cannot be an account's name"),
        (account("key_1"), "cannot be an account's name"),
        (account(""), "cannot be an account's name"),
        (account("a" * 64), "cannot be an account's name"),
        (account("lab"), "there is an account 'lab'"),
        (account("new", under="search"), "a project cannot be under a project"),
        (account("new", "team", "lab"), "a team cannot be under a team"),
        (account("new", "team", ""), "a team cannot be under nothing"),
        (account("new", "organisation", "acme"), "it may be under nothing"),
    ],
)
def test_an_account_that_cannot_be_is_refused(wanted: Account, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        admitted(wanted, TREE)


def test_an_account_is_under_one_that_there_is() -> None:
    with pytest.raises(NotFound, match="'nowhere'"):
        admitted(account("new", under="nowhere"), TREE)
    for wanted in (account("new", under="lab"), account("new", under="acme")):
        assert admitted(wanted, TREE) is wanted
