"""Groups of a sign-on server give the roles that the settings say, and no others."""

from __future__ import annotations

import pytest

from jevons.admin.groups import Granted, granted, groups_in, read_roles
from jevons.types.errors import Misconfigured


def test_roles_are_read_as_they_are_written() -> None:
    said = {"a": "admin", "b": "manager of research, search", "c": "member of  search"}
    assert read_roles(said) == {
        "a": Granted("admin"),
        "b": Granted("manager", ("research", "search")),
        "c": Granted("member", ("search",)),
    }


@pytest.mark.parametrize(
    "words",
    ["", "root", "Admin", "manager", "member of", "manager of ,", "admin of research", "admin of "],
)
def test_what_is_no_role_stops_the_start(words: str) -> None:
    with pytest.raises(Misconfigured, match="roles: 'g'"):
        read_roles({"g": words})


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        ({"elsewhere"}, None),
        (set[str](), None),
        ({"audit", "elsewhere"}, Granted("auditor")),
        ({"team-b", "team-a"}, Granted("manager", ("leads", "search"))),
        ({"team-a", "admins"}, Granted("manager", ("search",))),
        ({"admins", "audit"}, Granted("admin")),
    ],
)
def test_the_first_role_counts_and_accounts_of_it_add_up(
    groups: set[str], found: Granted | None
) -> None:
    roles = read_roles(
        {
            "team-a": "manager of search",
            "admins": "admin",
            "audit": "auditor",
            "team-b": "manager of leads",
        }
    )
    assert granted(roles, groups) == found


@pytest.mark.parametrize(
    ("claims", "name", "found"),
    [
        ({"groups": ["a", "b"]}, "groups", {"a", "b"}),
        ({"groups": "a"}, "groups", {"a"}),
        ({"groups": ["a", 5, None, ["b"]]}, "groups", {"a"}),
        ({"groups": {"a": True}}, "groups", set[str]()),
        ({}, "groups", set[str]()),
        ({"realm_access": {"roles": ["a"]}}, "realm_access.roles", {"a"}),
        ({"realm_access": ["roles"]}, "realm_access.roles", set[str]()),
        ({"https://x.example/groups": ["a"]}, "https://x.example/groups", {"a"}),
    ],
)
def test_groups_are_found_where_the_server_puts_them(
    claims: dict[str, object], name: str, found: set[str]
) -> None:
    assert groups_in(claims, name) == found
