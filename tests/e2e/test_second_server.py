"""Two servers never share a data folder, and commands share it with one."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from tests.e2e.test_cli import ANSWER, House, housed

from jevons.testing import Vendor

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SERVE = "serve", "--no-engine", "--port", "0", "--json"


async def up(server: Process) -> str:
    """Wait until it serves; say where."""
    assert server.stdout is not None
    line = await asyncio.wait_for(server.stdout.readline(), 30)
    return str(json.loads(line)["url"]).removesuffix("/v1")


async def ended(server: Process) -> None:
    await asyncio.wait_for(server.communicate(), 30)


async def asked(house: House) -> int:
    return (await house.run("ask", "Hi", "--json")).status


async def test_a_second_server_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    async with Vendor(ANSWER) as vendor:
        house = housed(tmp_path, vendor)
        first = await house.start(*SERVE)
        try:
            url = await up(first)
            house.environ["JEVONS_URL"] = url
            second = await house.run(*SERVE)
            asking = await asked(house)
        finally:
            first.terminate()
            await ended(first)
    assert second.status == 1
    assert second.told["error"]["code"] == "misconfigured"
    assert f"process {first.pid} at {url};" in second.told["error"]["message"]
    assert asking == 0


async def test_commands_that_write_work_beside_a_server(tmp_path: Path) -> None:
    async with Vendor(ANSWER) as vendor:
        house = housed(tmp_path, vendor)
        server = await house.start(*SERVE)
        try:
            await up(server)
            made = await house.run("keys", "create", "guest", "--json")
            key = made.told["key"]
            budget = await house.run("budgets", "set", key, "--usd", "1", "--json")
            erased = await house.run("erase", key, "--yes", "--json")
        finally:
            server.terminate()
            await ended(server)
        assert [done.status for done in (made, budget, erased)] == [0, 0, 0]
        assert (await house.run("verify")).status == 0


async def test_a_server_that_was_killed_leaves_the_folder_to_the_next(tmp_path: Path) -> None:
    async with Vendor(ANSWER) as vendor:
        house = housed(tmp_path, vendor)
        first = await house.start(*SERVE)
        await up(first)
        first.kill()
        await ended(first)
        second = await house.start(*SERVE)
        try:
            house.environ["JEVONS_URL"] = await up(second)
            assert await asked(house) == 0
        finally:
            second.terminate()
            await ended(second)
