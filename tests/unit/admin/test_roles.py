"""Who may do what to what is one table, and every cell of it is written here once more."""

from __future__ import annotations

from typing import get_args

import pytest

from jevons.admin.roles import HOUSE, Act, At, admit, admit_at_all, may
from jevons.types.errors import Forbidden, NotFound
from jevons.types.person import Person, Role

PLACES = {
    "house": HOUSE,
    "above": At(("acme",)),
    "own account": At(("research", "acme")),
    "below": At(("search", "research", "acme")),
    "foreign": At(("sales", "acme")),
    "own key": At(("key_1", "search", "research", "acme"), "ada"),
    "key below": At(("key_2", "search", "research", "acme"), "grace"),
    "foreign key": At(("key_3", "sales", "acme"), "grace"),
}
ALL = frozenset(PLACES)
WITHIN = frozenset({"own account", "below", "own key", "key below"})
BELOW = WITHIN - {"own account"}
OWN = frozenset({"own key"})
NONE = frozenset[str]()

# fmt: off
TABLE: dict[Act, tuple[frozenset[str], ...]] = {
    #                  admin  operator auditor manager member
    "account.see":    (ALL,   ALL,     ALL,    WITHIN, WITHIN),
    "account.make":   (ALL,   NONE,    NONE,   WITHIN, NONE),
    "key.see":        (ALL,   NONE,    ALL,    WITHIN, OWN),
    "key.make":       (ALL,   NONE,    NONE,   WITHIN, WITHIN),
    "key.change":     (ALL,   NONE,    NONE,   WITHIN, OWN),
    "key.hold":       (ALL,   NONE,    NONE,   NONE,   NONE),
    "key.erase":      (ALL,   NONE,    NONE,   NONE,   NONE),
    "budget.see":     (ALL,   ALL,     ALL,    WITHIN, WITHIN),
    "budget.set":     (ALL,   NONE,    NONE,   BELOW,  NONE),
    "limit.see":      (ALL,   ALL,     ALL,    WITHIN, WITHIN),
    "limit.set":      (ALL,   ALL,     NONE,   BELOW,  NONE),
    "receipt.see":    (ALL,   NONE,    ALL,    WITHIN, OWN),
    "deed.see":       (ALL,   NONE,    ALL,    NONE,   NONE),
    "person.see":     (ALL,   NONE,    ALL,    NONE,   NONE),
    "person.change":  (ALL,   NONE,    NONE,   NONE,   NONE),
    "endpoint.see":   (ALL,   ALL,     ALL,    ALL,    NONE),
    "policy.ask":     (ALL,   ALL,     ALL,    ALL,    NONE),
    "log.see":        (ALL,   ALL,     ALL,    ALL,    ALL),
    "review.grade":   (ALL,   NONE,    NONE,   WITHIN, NONE),
}
# fmt: on
ROLES: tuple[Role, ...] = ("admin", "operator", "auditor", "manager", "member")


def person(role: Role) -> Person:
    accounts = ("research",) if role in {"manager", "member"} else ()
    return Person(name="ada", role=role, accounts=accounts)


CELLS = [
    pytest.param(role, act, place, place in row[at], id=f"{role} {act} {place}")
    for act, row in TABLE.items()
    for at, role in enumerate(ROLES)
    for place in PLACES
]


def test_the_table_has_every_act_and_every_role() -> None:
    assert set(TABLE) == set(get_args(Act))
    assert set(ROLES) == set(get_args(Role))


@pytest.mark.parametrize(("role", "act", "place", "allowed"), CELLS)
def test_each_role_may_do_each_act_there_and_only_there(
    role: Role, act: Act, place: str, *, allowed: bool
) -> None:
    assert may(person(role), act, PLACES[place]) is allowed


@pytest.mark.parametrize("role", ["manager", "member"])
def test_a_role_of_accounts_without_one_reaches_nothing_of_any(role: Role) -> None:
    nobody = Person(name="nobody", role=role)
    reached = {act for act in TABLE for at in PLACES.values() if may(nobody, act, at)} - {
        "endpoint.see",
        "policy.ask",
        "log.see",
    }
    assert reached == set()


def test_what_is_not_seen_is_not_there_and_what_is_seen_is_forbidden() -> None:
    manager, auditor = person("manager"), person("auditor")
    with pytest.raises(NotFound):
        admit(manager, "key.change", PLACES["foreign key"], sees="key.see", what="key 'key_3'")
    with pytest.raises(Forbidden) as caught:
        admit(auditor, "key.change", PLACES["foreign key"], sees="key.see", what="key 'key_3'")
    assert caught.value.rule == "role"
    admit(manager, "key.change", PLACES["key below"], sees="key.see", what="key 'key_2'")


def test_whoever_may_do_it_nowhere_is_told_so() -> None:
    with pytest.raises(Forbidden, match="operator"):
        admit_at_all(person("operator"), "key.see", what="keys")
    admit_at_all(person("member"), "key.see", what="keys")
