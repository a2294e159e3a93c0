"""People grade graded prompts blind; what they say is in the books, and the texts are nowhere after."""

from __future__ import annotations

import asyncio
import html
import json
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from jevons.acts import Acts
from jevons.boot import open_house
from jevons.cli import main
from jevons.settings import AdminSettings, AnswersSettings, AutoSettings, EndpointSettings, Settings
from jevons.store import Pairs
from jevons.testing import Vendor
from jevons.testing.reply import usage, whole
from jevons.types.errors import Misconfigured, TooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from jevons.boot import House
    from jevons.store import PairRow
    from jevons.testing import Heard
    from jevons.testing.reply import Reply

pytestmark = pytest.mark.anyio

SCRIPT = "<script>alert('no')</script> & \"so\""


def answer(heard: Heard) -> Reply:
    asked = json.loads(heard.body)
    return whole("yes" if asked["model"].endswith("dear") else "no", counted=usage(5, 5))


def settings(folder: Path, vendor: Vendor, **auto: Any) -> Settings:
    common: dict[str, Any] = {"url": vendor.url, "dialect": "openai-chat", "place": "on-prem"}
    said: dict[str, Any] = {"share": 1.0, "learn": 60, "review": 1.0, **auto}
    return Settings(
        data_dir=folder,
        admin=AdminSettings(port=0),
        endpoint=(
            EndpointSettings(name="dear", model="a/dear", **common),
            EndpointSettings(name="cheap", model="a/cheap", **common),
        ),
        auto=AutoSettings(reference="dear", arms=("cheap",), **said),
    )


class Desk:
    """A house, asked by its first key and looked after by people."""

    def __init__(self, house: House, http: httpx2.AsyncClient, admin: httpx2.AsyncClient) -> None:
        self.house = house
        self.http = http
        self.admin = admin
        self.secret = (house.settings.data_dir / "key").read_text().strip()
        self.acts = Acts(house.books, by="a test")

    async def ask(self, text: str = "is it?", secret: str = "", **headers: str) -> None:
        said = {"model": "auto", "messages": [{"role": "user", "content": text}]}
        bearer = {"authorization": f"Bearer {secret or self.secret}", **headers}
        answered = await self.http.post("/v1/chat/completions", json=said, headers=bearer)
        assert answered.status_code == 200

    async def rows(self, count: int) -> list[PairRow]:
        for _ in range(500):
            with Pairs(self.house.settings.data_dir / "ledger.db") as pairs:
                found = [row for _, row in pairs.after(0) if row.by]
            if len(found) >= count:
                await asyncio.sleep(0.1)  # what is queued comes after its row
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(count)

    async def person(self, name: str, role: Any, *accounts: str) -> str:
        return (await self.acts.add_person(name, role=role, accounts=accounts)).token

    async def page(self, token: str, query: str = "") -> httpx2.Response:
        return await self.admin.get(f"/review{query}", headers={"authorization": f"Bearer {token}"})

    async def say(self, token: str, **fields: str) -> httpx2.Response:
        bearer = {"authorization": f"Bearer {token}"}
        return await self.admin.post("/review", data=fields, headers=bearer)


@asynccontextmanager
async def opened(said: Settings) -> AsyncGenerator[Desk]:
    async with open_house(said) as house:
        one = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] ours is narrower
        two = httpx2.ASGITransport(app=house.admin)  # type: ignore[arg-type] as above
        async with (
            httpx2.AsyncClient(transport=one, base_url="http://house") as http,
            httpx2.AsyncClient(transport=two, base_url="http://127.0.0.1") as admin,
        ):
            yield Desk(house, http, admin)


def everything(key: str, line: tuple[str, ...], /) -> bool:
    """See all there is."""
    return True


def name_in(page: str) -> str:
    (found,) = re.findall(r'name="name" value="(lab_\w+)"', page)
    return found


def shown_in(page: str) -> tuple[str, str]:
    left, right = re.findall(
        r'aria-label="Answer on the (?:left|right)" tabindex="0">(.*?)</pre>', page
    )
    return html.unescape(left), html.unescape(right)


async def test_a_person_judges_blind_and_is_told_afterwards(tmp_path: Path) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        token = await desk.person("ada", "admin")
        await desk.ask("is it?")
        await desk.rows(1)
        text = (await desk.page(token)).text
        assert "is it?" in text
        assert sorted(shown_in(text)) == ["no", "yes"]
        assert "dear" not in text
        assert "cheap" not in text
        worse = ("left", "right")[shown_in(text).index("yes")]  # the person likes the cheap one's
        better = "right" if worse == "left" else "left"
        done = await desk.say(token, name=name_in(text), word=better)
        assert (done.status_code, done.headers["location"]) == (303, "/review")
        (_, row) = await desk.rows(2)
        assert (row.by, row.grades) == ("human", {"dear": 1.0, "cheap": 1.0})
        assert (row.was_by, row.was) == ("checks", {"dear": 1.0, "cheap": 0.0})
        after = (await desk.page(token)).text
        assert "No prompt waits" in after
        assert "<strong>cheap</strong>" in after
        assert "Comparing answers had said otherwise" in after
        assert "is it?" not in after
        assert "<strong>cheap</strong>" not in (await desk.page(token)).text
        again = await desk.say(token, name=name_in(text), word="left")
        assert again.status_code == 404
        deeds = await desk.admin.get(
            "/admin/v1/deeds?by=ada", headers={"authorization": f"Bearer {token}"}
        )
        while not deeds.json()["found"]:
            await asyncio.sleep(0.05)
            deeds = await desk.admin.get(
                "/admin/v1/deeds?by=ada", headers={"authorization": f"Bearer {token}"}
            )
        (deed,) = deeds.json()["found"]
        assert (deed["kind"], deed["by"], deed["verdict"]) == ("reviewed", "ada", "arm")
    told = json.loads(report(tmp_path, "--json"))
    assert told["labels"]["people"]["checks"]["share"]["point"] == 1.0
    assert "people and comparing answers differ on 100% of 1 prompts" in report(tmp_path)
    assert not is_anywhere(b"is it?", tmp_path)


def is_anywhere(text: bytes, folder: Path) -> bool:
    return any(text in file.read_bytes() for file in folder.iterdir())


def report(folder: Path, *said: str) -> str:
    config = folder / "jevons.toml"
    config.write_text(f'data_dir = "{folder}"\n')
    result = CliRunner().invoke(main, ["report", "auto", *said, "--config", str(config)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    ("word", "grades"),
    [("both", {"dear": 1.0, "cheap": 1.0}), ("neither", {"dear": 0.0, "cheap": 0.0})],
)
async def test_both_and_neither_are_grades_too(
    tmp_path: Path, word: str, grades: dict[str, float]
) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        token = await desk.person("ada", "admin")
        await desk.ask()
        await desk.rows(1)
        await desk.say(token, name=name_in((await desk.page(token)).text), word=word)
        (_, row) = await desk.rows(2)
        assert row.grades == grades


async def test_what_is_skipped_waits_on_behind_the_others(tmp_path: Path) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        token = await desk.person("ada", "admin")
        for text in ("first?", "second?"):
            await desk.ask(text)
        await desk.rows(2)
        names: list[str] = []
        where = ""
        for _ in range(3):
            names.append(name_in((await desk.page(token, where)).text))
            done = await desk.say(token, name=names[-1], word="skip")
            where = done.headers["location"].removeprefix("/review")
        assert names[0] == names[2] != names[1]
        assert len(await desk.rows(2)) == 2


@pytest.mark.parametrize("role", ["operator", "auditor", "member"])
async def test_whose_role_it_is_not_sees_no_text(tmp_path: Path, role: str) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        accounts = ("default",) if role == "member" else ()
        token = await desk.person("eve", role, *accounts)
        await desk.ask("is it?")
        await desk.rows(1)
        page = await desk.page(token)
        assert page.status_code == 403
        assert "is it?" not in page.text
        assert (await desk.say(token, name="lab_1", word="left")).status_code == 403
        answered = await desk.admin.get("/policy", headers={"authorization": f"Bearer {token}"})
        assert "/review" not in answered.text


async def test_a_manager_judges_what_is_theirs_and_nothing_else(tmp_path: Path) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        await desk.acts.make_account("search", level="project", under=None)
        theirs = await desk.acts.make_key("searching", project="search")
        grace = await desk.person("grace", "manager", "search")
        ada = await desk.person("ada", "admin")
        await desk.ask("mine?")
        await desk.rows(1)
        name = name_in((await desk.page(ada)).text)
        assert "No prompt waits" in (await desk.page(grace)).text
        assert (await desk.say(grace, name=name, word="left")).status_code == 404
        await desk.ask("theirs?", theirs.secret)
        await desk.rows(2)
        assert "theirs?" in (await desk.page(grace)).text


async def test_what_callers_and_models_wrote_is_text_on_the_page(tmp_path: Path) -> None:
    def hostile(_: Heard) -> Reply:
        return whole("<b>x</b>", counted=usage(5, 5))

    async with Vendor(hostile) as vendor, opened(settings(tmp_path, vendor)) as desk:
        token = await desk.person("ada", "admin")
        await desk.ask(SCRIPT)
        await desk.rows(1)
        text = (await desk.page(token)).text
        assert SCRIPT not in text
        assert html.escape(SCRIPT, quote=False)[:20] in text
        assert "<b>x</b>" not in text


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"word=best&name=x", b"name=x", b"&".join([b"word=left"] * 20), b"word"],
)
async def test_what_is_no_form_of_ours_is_refused(tmp_path: Path, body: bytes) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        token = await desk.person("ada", "admin")
        kind = {"content-type": "application/x-www-form-urlencoded"}
        bearer = {"authorization": f"Bearer {token}", **kind}
        told = await desk.admin.post("/review", content=body, headers=bearer)
        assert told.status_code == 400
        assert (await desk.say(token, name="lab_nothing", word="left")).status_code == 404


async def test_a_form_that_is_not_of_the_session_changes_nothing(tmp_path: Path) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        token = await desk.person("ada", "admin")
        await desk.ask()
        await desk.rows(1)
        name = name_in((await desk.page(token)).text)
        form = await desk.admin.get("/sign-in", params={"next": "/review"})
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.text))
        await desk.admin.post("/sign-in", data={**fields, "token": token})
        assert name_in((await desk.admin.get("/review")).text) == name
        told = await desk.admin.post("/review", data={"name": name, "word": "left"})
        assert told.status_code == 403
        assert len(await desk.rows(1)) == 1


@pytest.mark.parametrize(("said", "waits"), [("internal", True), ("personal", False)])
async def test_worse_data_than_was_said_is_graded_and_not_queued(
    tmp_path: Path, said: str, *, waits: bool
) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        token = await desk.person("ada", "admin")
        await desk.ask("is it?", **{"x-jevons-data-class": said})
        await desk.rows(1)
        assert ("is it?" in (await desk.page(token)).text) is waits


async def test_texts_go_with_what_is_kept_for_the_key(tmp_path: Path) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        made = await desk.house.books.keys.create("somebody")
        token = await desk.person("ada", "admin")
        await desk.ask("is it?", made.secret)
        await desk.rows(1)
        bearer = {"authorization": f"Bearer {token}"}
        told = await desk.admin.post(
            f"/admin/v1/keys/{made.actor.key}/erase",
            json={"confirm": made.actor.key},
            headers=bearer,
        )
        assert told.status_code == 200, told.text
        assert told.json()["answers"] == 1
        assert "No prompt waits" in (await desk.page(token)).text


async def test_the_queue_is_no_answer_of_the_key_s(tmp_path: Path) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        token = await desk.person("ada", "admin")
        await desk.ask()
        await desk.rows(1)
        name = name_in((await desk.page(token)).text)
        bearer = {"authorization": f"Bearer {desk.secret}"}
        for path in (f"/v1/responses/{name}", f"/v1/responses/{name}/input_items"):
            assert (await desk.http.get(path, headers=bearer)).status_code == 404
        assert (await desk.http.delete(f"/v1/responses/{name}", headers=bearer)).status_code == 404
        said = {"model": "dear", "input": "go on", "previous_response_id": name}
        told = await desk.http.post("/v1/responses", json=said, headers=bearer)
        assert told.json()["error"]["code"] == "previous_response_not_found"


async def test_a_house_that_keeps_nothing_has_nobody_look_at_texts(tmp_path: Path) -> None:
    async with Vendor(answer) as vendor:
        said = replace(settings(tmp_path, vendor), answers=AnswersSettings(keep="never"))
        with pytest.raises(Misconfigured, match="review keeps texts"):
            async with opened(said):
                pass


async def test_a_house_without_reviews_has_no_such_page(tmp_path: Path) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor, review=0.0)) as desk:
        token = await desk.person("ada", "admin")
        assert (await desk.page(token)).status_code == 404


async def test_nothing_is_queued_of_a_key_on_hold_and_what_was_is_not_shown_twice(
    tmp_path: Path,
) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        made = await desk.house.books.keys.create("somebody")
        token = await desk.person("ada", "admin")
        await desk.ask("before?", made.secret)
        await desk.rows(1)
        await desk.acts.hold_key(made.actor.key, reason="a trial")
        await desk.ask("after?", made.secret)
        await desk.rows(2)
        text = (await desk.page(token)).text
        assert "before?" in text
        assert "1 graded prompt waits" in text
        assert (await desk.say(token, name=name_in(text), word="both")).status_code == 303
        assert "No prompt waits" in (await desk.page(token)).text


async def test_what_could_not_be_written_down_waits_on(tmp_path: Path) -> None:
    async with Vendor(answer) as vendor, opened(settings(tmp_path, vendor)) as desk:
        await desk.ask()
        await desk.rows(1)
        reviews = desk.house.reviews
        assert reviews is not None
        shown = await reviews.next(everything)
        assert shown is not None
        too_long = "a" * 70_000  # no record of this fits into the ledger
        with pytest.raises(TooLarge):
            await reviews.judge(shown.name, "left", everything, by=too_long)
        assert await reviews.next(everything) == shown
        assert len(await desk.rows(1)) == 1
