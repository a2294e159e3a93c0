"""A house, a witness and an outsider, each a process of its own, and nobody trusts the other."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

TOKEN = "an auditor's long token"


async def run(folder: Path, *words: str, **variables: str) -> tuple[int, Any, str]:
    child = await start(folder, *words, **variables)
    out, err = await asyncio.wait_for(child.communicate(), 30)
    assert child.returncode is not None
    return child.returncode, json.loads(out) if out else None, err.decode()


async def start(folder: Path, *words: str, **variables: str) -> asyncio.subprocess.Process:
    environ = {**os.environ, "JEVONS_DATA_DIR": str(folder), "AUDITOR": TOKEN, **variables}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jevons", *words, "--json"),
        cwd=folder,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def told(child: asyncio.subprocess.Process) -> Any:
    assert child.stdout is not None
    return json.loads(await asyncio.wait_for(child.stdout.readline(), 30))


@asynccontextmanager
async def running(folder: Path, *words: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    child = await start(folder, *words)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
        await asyncio.wait_for(child.communicate(), 30)


async def published(child: asyncio.subprocess.Process) -> str:
    """Where the house's log says that it is read."""
    assert child.stderr is not None
    while True:
        line = json.loads(await asyncio.wait_for(child.stderr.readline(), 30))
        if line["event"] == "log.published":
            return line["url"]


async def cosigned(url: str) -> str:
    """Wait for a checkpoint with two signatures."""
    async with httpx2.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
        while True:
            note = (await client.get(f"{url}/checkpoint")).text
            if note.count("—") == 2:
                return note
            await asyncio.sleep(0.1)


async def test_an_outsider_checks_a_running_house_and_a_witness_outlives_its_own_death(
    tmp_path: Path,
) -> None:
    house, elsewhere = tmp_path / "house", tmp_path / "elsewhere"
    house.mkdir()
    elsewhere.mkdir()
    assert (await run(house, "keys", "create", "first"))[0] == 0
    _, report, _ = await run(house, "verify")
    log = report["key"]
    memory = "witness", str(elsewhere / "memory.db"), "--name", "w/1", "--log", log, "--port"
    async with running(elsewhere, *memory, "0") as witness:
        at = await told(witness)
        port = at["url"].rpartition(":")[2]
        (house / "jevons.toml").write_text(
            '[publish]\nport = 0\nrecords = "env:AUDITOR"\n[ledger]\nwitness_every_s = 0.2\n'
            f'[[witness]]\nurl = "{at["url"]}"\nkey = "{at["key"]}"\n'
        )
        async with running(house, "serve", "--no-engine", "--port", "0") as server:
            url = await published(server)
            first = await cosigned(url)
            witness.send_signal(signal.SIGKILL)
            await witness.wait()
            assert (await run(house, "keys", "create", "second"))[0] == 0
            async with running(elsewhere, *memory, port) as again:
                assert (await told(again))["key"] == at["key"]
                (elsewhere / "kept.txt").write_text(first)
                async with asyncio.timeout(20):
                    while await cosigned(url) == first:
                        pass
            words = ("--key", log, "--checkpoint", "kept.txt", "--witness", at["key"])
            blind = await run(elsewhere, "verify", url, *words)
            seeing = await run(elsewhere, "verify", url, *words, JEVONS_LOG_TOKEN=TOKEN)
            assert (await run(elsewhere, "verify", url))[0] == 2  # it needs the key
    for status, found, err in (blind, seeing):
        assert status == 0, (found, err)
        assert (found["kept"], found["witnessed"][0]["witness"]) == (1, "w/1")
    assert "not what its records say" in blind[1]["caveat"]
    assert seeing[1]["caveat"] is None
    local = await run(house, "verify", *("--key", log, "--witness", at["key"]))
    assert (local[0], local[1]["sealed"]) == (0, True)
