"""Somebody is let in from a shell beside a running server, looks after it, and is removed again."""

# ruff: noqa: ASYNC110 what is waited for is another process, and sets no event

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.contract.admin.test_oidc import free_port
from tests.e2e.test_erase import jevons
from tests.e2e.test_kept import WHOLE, settings
from tests.e2e.test_kill_server import serving

from jevons.store import verify
from jevons.testing import Vendor

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_a_person_made_beside_a_server_makes_keys_there_until_they_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("JEVONS_ADMIN_PORT", str(port))
    async with Vendor(WHOLE) as vendor:
        config = settings(tmp_path, f"{vendor.url}/v1", "openai-responses")
        async with (
            serving(config) as (child, main_port),
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as browser,
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{main_port}", trust_env=False) as caller,
        ):
            token = (await jevons(config, "people", "add", "ada", "--role", "admin"))["token"]
            form = {"token": token}
            async with asyncio.timeout(10):
                while (await sign_in(browser, form)).status_code != 303:
                    await asyncio.sleep(0.1)
            word = re.findall(r'name="csrf" value="([^"]+)"', (await browser.get("/")).text)[0]
            made = await browser.post(
                "/admin/v1/keys", json={"name": "k"}, headers={"x-csrf-token": word}
            )
            bearer = {"authorization": f"Bearer {made.json()['secret']}"}
            assert (await caller.get("/v1/models", headers=bearer)).status_code == 200
            bearer = {"authorization": f"Bearer {token}"}
            assert (await caller.get("/v1/models", headers=bearer)).status_code == 401
            await jevons(config, "people", "remove", "ada")
            async with asyncio.timeout(10):
                while (await browser.get("/")).status_code != 303:
                    await asyncio.sleep(0.1)
            child.terminate()
            await child.wait()
    assert verify(tmp_path / "data/ledger.db").findings == ()


async def sign_in(browser: httpx2.AsyncClient, form: dict[str, str]) -> httpx2.Response:
    page = (await browser.get("/sign-in")).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    return await browser.post("/sign-in", data=hidden | form)
