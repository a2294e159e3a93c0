"""People are answered on a listener of their own, and nobody's token is sent in the clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import msgspec
import pytest

from jevons.acts import Acts
from jevons.admin.shapes import BecameTold, WouldTold
from jevons.boot import open_house
from jevons.boot.admin import listening
from jevons.settings import (
    AdminSettings,
    EndpointSettings,
    EngineSettings,
    PolicySettings,
    Settings,
)
from jevons.types.account import Refused
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


def settings(folder: Path, **said: object) -> Settings:
    admin = AdminSettings(**said)  # type: ignore[arg-type] as its fields are
    return Settings(data_dir=folder, engine=EngineSettings(enabled=False), admin=admin)


async def test_a_house_answers_people_only_where_it_was_told_to(tmp_path: Path) -> None:
    said = settings(tmp_path)
    async with open_house(said) as house, listening(house.admin, said) as listener:
        assert house.admin is None
        assert listener is None


async def test_people_and_callers_have_different_doors(tmp_path: Path) -> None:
    said = settings(tmp_path, port=0)
    async with (
        open_house(said) as house,
        listening(house.admin, said) as listener,
        httpx2.AsyncClient(
            base_url=listener.url or "" if listener else "", trust_env=False
        ) as client,
    ):
        token = (await Acts(house.books, by="t").add_person("ada", role="admin", accounts=())).token
        headers = {"authorization": f"Bearer {token}"}
        assert (await client.get("/sign-in")).status_code == 200
        made = await client.post("/admin/v1/keys", json={"name": "k"}, headers=headers)
        assert made.status_code == 201
        assert (await client.get("/admin/v1/endpoints", headers=headers)).json() == []
        assert (await client.get("/v1/models", headers=headers)).status_code == 404
        assert (await client.get("/metrics")).status_code == 303
        taken = settings(
            tmp_path, port=int((listener.url or "").rpartition(":")[2]) if listener else 0
        )
        with pytest.raises(Misconfigured, match=r"\[admin\] cannot listen"):
            async with listening(house.admin, taken):
                pass


async def test_a_decision_is_explained_before_and_after(tmp_path: Path) -> None:
    said = Settings(
        data_dir=tmp_path,
        engine=EngineSettings(enabled=False),
        admin=AdminSettings(port=0),
        policy=PolicySettings(profile="eu-gdpr"),
        endpoint=(
            EndpointSettings(name="rack", model="a/b", url="http://127.0.0.1:9", place="CN"),
        ),
    )
    async with (
        open_house(said) as house,
        listening(house.admin, said) as listener,
        httpx2.AsyncClient(
            base_url=listener.url or "" if listener else "", trust_env=False
        ) as client,
    ):
        acts = Acts(house.books, by="t")
        token = (await acts.add_person("ada", role="auditor", accounts=())).token
        key = (await acts.make_key("k", project="default")).actor
        headers = {"authorization": f"Bearer {token}"}
        asked = {"model": "rack", "data_class": "personal", "region": "EEA", "key": key.key}
        answer = await client.post("/admin/v1/explain", json=asked, headers=headers)
        told = msgspec.json.decode(answer.content, type=WouldTold)
        assert not told.is_allowed
        assert told.refused[0].wants
        await house.books.record(a_refusal(key.key))
        answer = await client.get("/admin/v1/receipts/req_1/why", headers=headers)
        why = msgspec.json.decode(answer.content, type=BecameTold)
        assert (why.is_allowed, why.rule) == (False, "egress")


def a_refusal(key: str) -> Refused:
    return Refused(
        id="req_1", at_ms=0, key=key, asked="rack", rule="egress", error="egress_refused",
        says="no", data_class="personal", region="EEA", policy="", request="",
    )  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        {"host": "0.0.0.0"},  # noqa: S104 what is refused
        {"host": "10.0.0.5"},
        {"host": "::"},
        {"host": "10.0.0.5", "url": "http://jevons.example"},
        {"url": "http://jevons.example"},
    ],
)
async def test_tokens_are_not_sent_in_the_clear(tmp_path: Path, said: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match="in the clear"):
        async with open_house(settings(tmp_path, port=1, **said)):
            pass


@pytest.mark.parametrize(
    "url",
    ["jevons.example", "https://", "https://a.example/path", "https://u@a.example", "ftp://a"],
)
async def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(Misconfigured, match="must look like"):
        async with open_house(settings(tmp_path, port=1, url=url)):
            pass


async def test_behind_a_proxy_it_answers_to_the_name_that_people_use(tmp_path: Path) -> None:
    said = settings(tmp_path, port=0, url="https://Jevons.example:8443")
    async with (
        open_house(said) as house,
        listening(house.admin, said) as listener,
        httpx2.AsyncClient(
            base_url=listener.url or "" if listener else "", trust_env=False
        ) as client,
    ):
        there = await client.get("/sign-in", headers={"host": "jevons.example:8443"})
        assert "__Host-jevons-form=" in there.headers["set-cookie"]
        assert "Secure" in there.headers["set-cookie"]
        elsewhere = await client.get("/sign-in", headers={"host": "other.example"})
        assert elsewhere.status_code == 400
