"""Addresses on the network are found whole, and nothing around them."""

from __future__ import annotations

import pytest
from tests.unit.privacy.looking import seen


@pytest.mark.parametrize(
    ("text", "mail"),
    [
        ("write to anna.b+x@mail.example.org.", "anna.b+x@mail.example.org"),
        ("<anna@example.org>, 'anna'", "anna@example.org"),
        ("'anna@example.org'", "anna@example.org"),
        ("...anna@example.org...", "anna@example.org"),
        ("anna@example.org-", "anna@example.org"),
        ("anna@example.co.uk, 5", "anna@example.co.uk"),
        ("anna@example.org.5 times", "anna@example.org"),
        ("żółw@przykład.pl", "żółw@przykład.pl"),
        ("anna@xn--bcher-kva.xn--p1ai", "anna@xn--bcher-kva.xn--p1ai"),
        ("?mail=anna%40example.org&x", "anna%40example.org"),
        ("anna\uff20example\uff0eorg", "anna\uff20example\uff0eorg"),
        ("an\u200bna@example.org", "an\u200bna@example.org"),
    ],
)
def test_addresses_of_mail(text: str, mail: str) -> None:
    assert seen(text) == [("email", mail)]


@pytest.mark.parametrize(
    "text",
    [
        "@app.route",
        "anna @ home",
        "anna@home",
        "left-pad@1.3.0",
        "git@github.com:own/name.git",
        "a@-b.org",
        "..@example.org",
        "@",
    ],
)
def test_what_only_holds_the_sign_is_no_address(text: str) -> None:
    assert seen(text) == []


def test_a_repository_by_mail_is_told_from_a_person_called_git() -> None:
    assert seen("git@example.org, please") == [("email", "git@example.org")]


def test_two_that_touch_are_two() -> None:
    found = seen("a@example.org,b@example.org")
    assert found == [("email", "a@example.org"), ("email", "b@example.org")]


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("see https://example.org/a?b=c#d.", "https://example.org/a?b=c#d"),
        ("(see http://example.org/a_(b))", "http://example.org/a_(b)"),
        ("[x](https://example.org)", "https://example.org"),
        ('"wss://example.org:8080/x"', "wss://example.org:8080/x"),
        ("at www.example.org/x, say", "www.example.org/x"),
        ("HTTP://EXAMPLE.ORG", "HTTP://EXAMPLE.ORG"),
        ("见https://example.org。", "https://example.org"),
    ],
)
def test_addresses_of_pages(text: str, page: str) -> None:
    assert seen(text) == [("url", page)]


@pytest.mark.parametrize(
    "text", ["://", "a :// b", "http://", "-://x", "www.", "awww.example.org", "x://)"]
)
def test_what_holds_no_host_is_no_page(text: str) -> None:
    assert [kind for kind, _ in seen(text)] in ([], ["url"])
    assert "example" not in "".join(found for _, found in seen(text))


def test_a_password_in_an_address_is_one() -> None:
    text = "use postgres://anna:hidden@db.example.org/x now"
    assert seen(text) == [("password", "postgres://anna:hidden@db.example.org/x")]


def test_a_page_that_names_a_person_is_as_grave_as_the_name() -> None:
    text = "https://example.org/?who=anna@example.org&x=1"
    assert seen(text) == [("email", text)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("from 203.0.113.7.", "203.0.113.7"),
        ("|203.0.113.7|", "203.0.113.7"),
        ("203.0.113.7:80", "203.0.113.7"),
        ("at 2001:db8::1, say", "2001:db8::1"),
        ("2001:0db8:0000:0000:0000:ff00:0042:8329", "2001:0db8:0000:0000:0000:ff00:0042:8329"),
        ("[2001:db8::8a2e]:443", "2001:db8::8a2e"),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
        ("is 2001:db8:0:0:0:ff00:42:8329: yes", "2001:db8:0:0:0:ff00:42:8329"),
        ("2001:db8:: and", "2001:db8::"),
    ],
)
def test_addresses_of_machines(text: str, address: str) -> None:
    assert seen(text) == [("ip", address)]


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1 and ::1",
        "0.1.2.3",
        "255.255.255.0",
        "v1.2.3.4",
        "1.2.3.4.5",
        "203.0.113.777",
        "at 12:20:39",
        "std::vec::Vec",
        "abc::def",
        "x[1::2]",
        "a" + ":b" * 60,
        "2001:db8::12345",
        ":::",
        "_::ffff:1",
    ],
)
def test_what_names_no_machine_of_anyone(text: str) -> None:
    assert seen(text) == []
