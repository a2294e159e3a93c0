"""Every command that reads or writes the books does so on a server too: one line of settings decides."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from jevons.budget.period import day_of
from jevons.cli import main
from jevons.clock import SystemClock, Ulids
from jevons.store import Books
from jevons.testing.make import a_receipt, an_intent
from jevons.types.budget import Amounts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cluster import Cluster

    from jevons.store.where import Server

CLOCK = SystemClock()
COST = Amounts(cost_nusd=2_000_000, energy_mj=1, carbon_ug=1)

Said = tuple[int, str]


@pytest.fixture
def server(postgres: Cluster, tmp_path: Path) -> Server:
    return postgres.make(tmp_path)


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Callable[..., Said]:
    config = tmp_path / "jevons.toml"
    config.write_text(f'data_dir = "{tmp_path}"\n[ledger]\ndatabase = "env:BOOKS"\n')

    def run(*words: str) -> Said:
        done = CliRunner().invoke(
            main, [*words, "--config", str(config)], env={"BOOKS": server.url}
        )
        return done.exit_code, done.output

    return run


def asked(shell: Callable[..., Said], *words: str) -> Any:
    status, said = shell(*words, "--json")
    assert status == 0, said
    return json.loads(said[said.index("{") if "{" in said else said.index("[") :])


async def served(server: Server) -> None:
    async with Books.open(
        server, commit="disk", origin="jevons.local/ledger", clock=CLOCK, ids=Ulids(CLOCK)
    ) as books:
        now_ms = CLOCK.now_ms()
        await books.record(an_intent(id="req_1", at_ms=now_ms, held=COST))
        receipt = a_receipt(id="req_1", at_ms=now_ms, day=day_of(now_ms), charged=COST)
        await books.record(receipt)


def test_the_books_on_a_server_are_read_and_written_by_every_command(
    shell: Callable[..., Said], server: Server, tmp_path: Path
) -> None:
    assert shell("keys", "create", "me")[0] == 0
    assert shell("budgets", "set", "house", "--per", "month", "--usd", "5")[0] == 0
    asyncio.run(served(server))
    (status, listed), out = shell("keys", "list"), str(tmp_path / "books.jevons")
    assert (status, "me" in listed) == (0, True)
    assert "$0.002" in shell("budgets", "list")[1]
    report = asked(shell, "verify")
    assert (report["ok"], report["receipts"], report["pending"]) == (True, 1, 0)
    assert shell("export", out)[0] == 0
    assert asked(shell, "verify", out)["leaves"] == report["leaves"]
    for words in (
        ("report", "spend"),
        ("accounts", "list"),
        ("limits", "list"),
        ("people", "list"),
    ):
        assert shell(*words)[0] == 0, words


def test_a_backup_of_a_server_is_the_servers_own(
    shell: Callable[..., Said], tmp_path: Path
) -> None:
    assert shell("keys", "create", "me")[0] == 0
    status, said = shell("backup", str(tmp_path / "out"))
    assert status == 1
    assert "pg_dump" in said


@pytest.mark.parametrize(
    ("ledger", "says"),
    [
        ('database = "mysql://here"', "postgresql://"),
        ('database = "env:NOT_THERE"', "NOT_THERE"),
        ('database = "postgresql://nobody@127.0.0.1:1/none"', "cannot be opened"),
        ('signing_key = "env:BOOKS"', "goes with database"),
        ('database = "env:BOOKS"\nsigning_key = "env:BOOKS"', "32 bytes in base64"),
    ],
)
def test_a_database_that_cannot_be_is_said_to_be_none(
    ledger: str, says: str, server: Server, tmp_path: Path
) -> None:
    config = tmp_path / "jevons.toml"
    config.write_text(f'data_dir = "{tmp_path}"\n[ledger]\n{ledger}\n')
    done = CliRunner().invoke(
        main, ["keys", "create", "me", "--config", str(config)], env={"BOOKS": server.url}
    )
    assert done.exit_code == 1
    assert says in done.output
    assert "Traceback" not in done.output
