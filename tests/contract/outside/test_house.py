"""What a house shows to outsiders is what its settings and its profile let it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from jevons.boot import open_house
from jevons.boot.outside import Beside
from jevons.ledger.note import COSIGNATURE, ED25519, Vkey
from jevons.settings import (
    EngineSettings,
    PolicySettings,
    PublishSettings,
    ServerSettings,
    Settings,
    WitnessSettings,
)
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

WITNESS = Vkey("w/1", COSIGNATURE, bytes(range(32))).render()
TOKEN = "an auditor's long token"


def settings(
    folder: Path,
    *witness: WitnessSettings,
    publish: PublishSettings | None = None,
    profile: str = "",
) -> Settings:
    return Settings(
        data_dir=folder,
        engine=EngineSettings(enabled=False),
        publish=publish or PublishSettings(),
        policy=PolicySettings(profile=profile),
        witness=witness,
    )


async def test_a_house_shows_nothing_unless_told_to(tmp_path: Path) -> None:
    async with open_house(settings(tmp_path)) as house:
        assert house.shown == (None, None, None)
        async with Beside(house.shown, house.settings.publish, ServerSettings()) as beside:
            assert beside.url is None


async def test_a_published_log_is_read_on_a_port_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR", TOKEN)
    publish = PublishSettings(port=0, records="env:AUDITOR")
    async with (
        open_house(settings(tmp_path, publish=publish)) as house,
        Beside(house.shown, publish, ServerSettings()) as beside,
        httpx2.AsyncClient(base_url=beside.url or "", trust_env=False) as client,
    ):
        assert (await client.get("/v1/models")).status_code == 404
        assert (await client.get("/tile/entries/000.p/1")).status_code == 401
        shown = {"authorization": f"Bearer {TOKEN}"}
        assert (await client.get("/tile/entries/000.p/1", headers=shown)).status_code in {200, 404}
        taken = PublishSettings(port=int((beside.url or "").rpartition(":")[2]))
        with pytest.raises(Misconfigured, match="cannot listen"):
            async with Beside(house.shown, taken, ServerSettings()):
                pass


@pytest.mark.parametrize("records", ["env:NOWHERE", "env:SHORT", "everybody", TOKEN])
async def test_records_are_shown_for_a_token_that_is_one(
    records: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORT", "x" * 15)
    with pytest.raises(Misconfigured, match="records must be") as caught:
        async with open_house(settings(tmp_path, publish=PublishSettings(port=0, records=records))):
            pass
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "why"),
    [("w/1", "not a key"), (Vkey("w/1", ED25519, bytes(32)).render(), "that of a log")],
)
async def test_a_witness_has_the_key_of_one(key: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=why):
        async with open_house(settings(tmp_path, WitnessSettings(url="http://w", key=key))):
            pass


@pytest.mark.slow
async def test_a_house_that_lets_nothing_out_has_no_witness_elsewhere(tmp_path: Path) -> None:
    far = WitnessSettings(url="http://127.0.0.1:9", key=WITNESS)
    near = WitnessSettings(url="http://127.0.0.1:9", key=WITNESS, place="on-prem")
    with pytest.raises(Misconfigured, match="nothing leaves hardware"):
        async with open_house(settings(tmp_path, far, profile="air-gapped")):
            pass
    async with open_house(settings(tmp_path, near, profile="air-gapped")) as house:
        assert house.shown.cosigning is not None
    async with open_house(settings(tmp_path, far, profile="eu-gdpr")) as house:
        assert house.shown.cosigning is not None
