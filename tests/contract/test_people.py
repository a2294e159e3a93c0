"""People in the books: a token is shown once, a name is one person's, and who is removed is out."""

# ruff: noqa: ASYNC110 what is waited for is another thread's, and sets no event; nothing
# else runs on the loop while a test reads its file

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.cluster import both

from jevons.acts import Acts
from jevons.clock import SystemClock, Ulids
from jevons.ledger.record import encode, pack
from jevons.store import Books, verify
from jevons.types.errors import Malformed, NotFound, StoreUnavailable
from jevons.types.person import Person

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from jevons.store.where import Where

pytestmark = pytest.mark.anyio

CLOCK = SystemClock()


@asynccontextmanager
async def opened(path: Where) -> AsyncGenerator[Books]:
    async with Books.open(
        path, commit="os", origin="a/log", clock=CLOCK, ids=Ulids(CLOCK)
    ) as books:
        yield books


def acts(books: Books) -> Acts:
    return Acts(books, by="cli:tester")


@both
async def test_whoever_shows_the_token_is_that_person_and_nobody_else_is(path: Where) -> None:
    async with opened(path) as books:
        token = (await acts(books).add_person("ada", role="admin", accounts=())).token
        assert books.people.find(token) == Person(name="ada", role="admin")
        assert books.people.find(token + "x") is None
        assert books.people.find("") is None
    async with opened(path) as books:
        assert books.people.find(token) == Person(name="ada", role="admin")
    assert verify(path).findings == ()


@both
async def test_the_books_hold_no_token_and_name_who_let_somebody_in(path: Where) -> None:
    async with opened(path) as books:
        admitted = await acts(books).add_person("ada", role="admin", accounts=())
        (said,) = books.people.list()
    assert said.by == "cli:tester"
    assert admitted.token.encode() not in encode(said)
    if isinstance(path, Path):
        assert admitted.token.encode() not in path.read_bytes()


async def test_a_new_token_ends_the_one_before(path: Where) -> None:
    async with opened(path) as books:
        first = (await acts(books).add_person("ada", role="admin", accounts=())).token
        second = (await acts(books).rotate_person("ada")).token
        assert books.people.find(first) is None
        assert books.people.find(second) is not None


@both
async def test_who_is_removed_is_out_and_the_name_is_not_given_again(path: Where) -> None:
    async with opened(path) as books:
        token = (await acts(books).add_person("ada", role="admin", accounts=())).token
        await acts(books).remove_person("ada")
        assert books.people.find(token) is None
        with pytest.raises(Malformed, match="names stand once"):
            await acts(books).add_person("ada", role="auditor", accounts=())
        with pytest.raises(NotFound):
            await acts(books).rotate_person("ada")
    assert verify(path).findings == ()


@both
async def test_another_process_that_knows_less_brings_nobody_back(path: Where) -> None:
    async with opened(path) as one, opened(path) as other:
        await acts(one).add_person("ada", role="admin", accounts=())
        while not other.people.list():
            await asyncio.sleep(0.05)
        await acts(one).remove_person("ada")
        with pytest.raises((StoreUnavailable, NotFound)):
            await acts(other).rotate_person("ada")
    async with opened(path) as books:
        assert [each.act for each in books.people.list()] == ["removed"]


@pytest.mark.parametrize(
    "name", ["", " ada", "ada lovelace", "cli:root", "oidc:ada", "a" * 64, "é"]
)
async def test_a_name_that_could_be_taken_for_another_is_refused(path: Where, name: str) -> None:
    async with opened(path) as books:
        with pytest.raises(Malformed, match="cannot be a person's name"):
            await acts(books).add_person(name, role="admin", accounts=())


@pytest.mark.parametrize("role", ["manager", "member"])
async def test_a_role_of_accounts_names_some_and_one_of_the_house_none(
    path: Where, role: str
) -> None:
    async with opened(path) as books:
        with pytest.raises(Malformed, match="of one account or more"):
            await acts(books).add_person("grace", role=role, accounts=())  # type: ignore[arg-type] one of them
        with pytest.raises(Malformed, match="of the whole house"):
            await acts(books).add_person("grace", role="admin", accounts=("default",))
        with pytest.raises(NotFound, match="no account 'research'"):
            await acts(books).add_person("grace", role=role, accounts=("research",))  # type: ignore[arg-type] as above


async def test_records_of_before_anybody_was_named_still_stand_and_verify(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    leaf = (
        b'{"account":"house","alert_at":[80],"at_ms":1,"carbon_ug":null,"cost_nusd":5,'
        b'"energy_mj":null,"hard":true,"kind":"budget","per":"day"}'
    )
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO segment (body) VALUES (?)", (pack([leaf]),))
        connection.execute("INSERT INTO standing VALUES ('budget', 'house day', ?)", (leaf,))
    async with opened(path) as books:
        (budget,) = books.terms.budgets["house"]
        assert (budget.cost_nusd, budget.by) == (5, "")
    assert verify(path).findings == ()
