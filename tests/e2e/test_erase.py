"""Somebody is erased while a server runs, from a shell beside it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from openai import AuthenticationError, NotFoundError, PermissionDeniedError
from tests.e2e.test_kept import ASKED, SECRET, STREAM, WHOLE, client, remains, settings
from tests.e2e.test_kill_server import serving

from jevons.store import verify
from jevons.testing import Vendor
from jevons.types.actor import Actor

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def jevons(config: Path, *words: str) -> Any:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jevons", *words, "--json", "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await asyncio.wait_for(child.communicate(), 30)
    return json.loads(out)


def only_key(folder: Path) -> Actor:
    with closing(sqlite3.connect(folder / "data/ledger.db")) as connection:
        (row,) = connection.execute("SELECT actor FROM key").fetchall()
    return msgspec.json.decode(row[0], type=Actor)


async def test_a_key_is_erased_beside_a_server_and_what_is_under_way_ends_with_its_receipt(
    tmp_path: Path,
) -> None:
    async with Vendor(WHOLE, STREAM.stall(at=STREAM.after(2))) as vendor:
        config = settings(tmp_path, f"{vendor.url}/v1", "openai-responses")
        async with serving(config) as (child, port), client(tmp_path, port) as caller:
            answer = await caller.responses.create(model="here", input=ASKED, store=True)
            actor = only_key(tmp_path)
            salting = json.loads(msgspec.json.encode(actor))["salting"]
            assert remains(tmp_path, salting)
            assert remains(tmp_path, answer.id)
            stream = await caller.responses.create(model="here", input=ASKED, stream=True)
            assert (await anext(stream)).type == "response.created"
            await jevons(config, "keys", "hold", actor.key)
            with pytest.raises(PermissionDeniedError) as refused:
                await caller.responses.delete(answer.id)
            assert refused.value.code == "on_hold"
            blocked = await jevons(config, "erase", actor.key, "--yes")
            assert blocked["error"]["code"] == "on_hold"
            await jevons(config, "keys", "release", actor.key)
            erased = await jevons(config, "erase", actor.key, "--yes")
            assert erased["answers"] == 1
            assert remains(tmp_path, salting, SECRET, ASKED) == []
            vendor.go_on()
            assert [each.type async for each in stream][-1] == "response.completed"
            async with asyncio.timeout(2):
                while True:
                    try:
                        await caller.responses.retrieve(answer.id)
                    except AuthenticationError:
                        break
                    except NotFoundError:  # the key is still good for a moment
                        continue
            child.terminate()
            await child.wait()
    report = verify(tmp_path / "data/ledger.db")
    assert (report.findings, report.receipts, report.pending) == ((), 2, 0)
    assert remains(tmp_path, salting, SECRET, ASKED) == []
