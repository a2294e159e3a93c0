"""Copies are asked for whoever may ask now, and each grade says who gave it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from click.testing import CliRunner

from jevons.acts import Acts
from jevons.boot import open_house
from jevons.cli import main
from jevons.clock import SystemClock, Ulids
from jevons.grading import Asking, Standing
from jevons.reports import HOUSE_KEY
from jevons.settings import AutoSettings, CheckSettings, EndpointSettings, Settings
from jevons.store import Pairs
from jevons.testing import Vendor
from jevons.testing.make import a_price, a_request
from jevons.testing.reply import usage, whole
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

    from jevons.boot import House
    from jevons.grading import Told
    from jevons.store import PairRow
    from jevons.testing import Heard
    from jevons.testing.reply import Reply
    from jevons.types.actor import Actor

pytestmark = pytest.mark.anyio

PROSE = "A ring is a set with two operations, of which the second spreads over the first, and more."


def settings(folder: Path, vendor: Vendor, **auto: Any) -> Settings:
    common: dict[str, Any] = {"url": vendor.url, "dialect": "openai-chat", "place": "on-prem"}
    said: dict[str, Any] = {"share": 1.0, "learn": 60, **auto}
    return Settings(
        data_dir=folder,
        endpoint=(
            EndpointSettings(name="dear", model="a/dear", price=a_price("10", "20"), **common),
            EndpointSettings(name="cheap", model="a/cheap", price=a_price("1", "2"), **common),
            EndpointSettings(name="judge", model="a/judge", price=a_price("1", "2"), **common),
        ),
        auto=AutoSettings(reference="dear", arms=("cheap",), **said),
    )


class Client:
    """Asks a house as its first key."""

    def __init__(self, house: House, http: httpx2.AsyncClient) -> None:
        self.house = house
        self.http = http
        self.secret = (house.settings.data_dir / "key").read_text().strip()

    async def ask(self, text: str = "say no", **fields: Any) -> httpx2.Response:
        said = {"model": "auto", "messages": [{"role": "user", "content": text}], **fields}
        return await self.post("/v1/chat/completions", said)

    async def post(self, path: str, said: Any, secret: str | None = None) -> httpx2.Response:
        headers = {"authorization": f"Bearer {secret or self.secret}"}
        headers["cache-control"] = "no-store"  # the same is asked twice
        return await self.http.post(path, json=said, headers=headers)

    async def rows(self, count: int) -> list[PairRow]:
        """Wait until as many prompts are graded."""
        for _ in range(500):
            with Pairs(self.house.settings.data_dir / "ledger.db") as pairs:
                found = [row for _, row in pairs.after(0) if row.by]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(count)


@asynccontextmanager
async def opened(said: Settings) -> AsyncGenerator[Client]:
    async with open_house(said) as house:
        transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] ours is narrower
        async with httpx2.AsyncClient(transport=transport, base_url="http://house") as http:
            yield Client(house, http)


def answering(texts: Callable[[str, str], str]) -> Callable[[Heard], Reply]:
    def answer(heard: Heard) -> Reply:
        asked = json.loads(heard.body)
        model = asked["model"].rpartition("/")[2]
        return whole(texts(model, asked["messages"][-1]["content"]), counted=usage(5, 5))

    return answer


def asked_of(vendor: Vendor) -> list[str]:
    return [json.loads(each.body)["model"].rpartition("/")[2] for each in vendor.heard]


def report(folder: Path, *said: str) -> str:
    (folder / "jevons.toml").write_text(f'data_dir = "{folder}"\n')
    result = CliRunner().invoke(
        main, ["report", "auto", *said, "--config", str(folder / "jevons.toml")]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


async def quiet(vendor: Vendor) -> int:
    """Wait for as long as the loop takes to look twice; say how often anybody was asked."""
    await asyncio.sleep(0.3)
    return len(vendor.heard)


async def test_a_compared_grade_says_so_and_is_in_the_report(tmp_path: Path) -> None:
    async with (
        Vendor(answering(lambda model, _: "no" if model == "dear" else "yes")) as vendor,
        opened(settings(tmp_path, vendor)) as client,
    ):
        await client.ask()
        (row,) = await client.rows(1)
    assert (row.by, row.judge, row.grades) == ("checks", "", {"dear": 1.0, "cheap": 0.0})
    assert "       1  graded by comparing answers" in report(tmp_path)
    assert json.loads(report(tmp_path, "--json"))["labels"]["by"] == {"checks": 1}


async def test_a_judge_without_a_word_is_counted_and_grades_nothing(tmp_path: Path) -> None:
    async with (
        Vendor(answering(lambda model, _: "hm" if model == "judge" else PROSE)) as vendor,
        opened(settings(tmp_path, vendor, judge="judge")) as client,
    ):
        await client.ask()
        (row,) = await client.rows(1)
    assert (row.by, row.judge, row.failed, row.grades) == ("judge", "judge", "judge", {})
    assert "       1  not graded by a judge" in report(tmp_path)


async def test_a_judge_that_likes_what_comes_first_is_evened_out_where_it_is_asked_twice(
    tmp_path: Path,
) -> None:
    async with (
        Vendor(answering(lambda model, _: "A" if model == "judge" else PROSE)) as vendor,
        opened(settings(tmp_path, vendor, judge="judge", judge_twice=True)) as client,
    ):
        await client.ask()
        (row,) = await client.rows(1)
        assert asked_of(vendor).count("judge") == 2
    assert row.grades == {"dear": 1.0, "cheap": 0.5}


async def test_a_judge_of_its_own_answers_is_told_of(tmp_path: Path) -> None:
    async with (
        Vendor(answering(lambda _, text: "TIE" if text.startswith("Two") else PROSE)) as vendor,
        opened(settings(tmp_path, vendor, judge="dear")) as client,
    ):
        await client.ask()
        await client.rows(1)
    assert "the judge 'dear' graded answers of its own too" in report(tmp_path)


async def test_nothing_is_asked_once_the_house_s_own_key_is_revoked(tmp_path: Path) -> None:
    async with (
        Vendor(answering(lambda _, __: "no")) as vendor,
        opened(settings(tmp_path, vendor)) as client,
    ):
        await client.ask()
        await client.rows(1)
        keys = client.house.books.keys
        (own,) = [each.key for each in keys.list() if each.name == HOUSE_KEY]
        await keys.revoke(own)
        before = len(vendor.heard)
        await client.ask()
        assert await quiet(vendor) == before + 1
        await keys.create(HOUSE_KEY)
        await client.ask()
        assert len(await client.rows(2)) == 2


async def copies(client: Client, caller: Actor) -> Told | None:
    """Ask an arm what this caller asked a while ago."""
    clock = SystemClock()
    asking = Asking(client.house.rooms, Ulids(clock), Standing(client.house.books, clock))
    return await asking.answer(a_request(actor=caller), "cheap", [("user", "say no")])


async def end_by_revoking(acts: Acts, key: str) -> None:
    await acts.revoke_key(key)


async def end_by_erasing(acts: Acts, key: str) -> None:
    await acts.erase_key(key, reason="asked for")


async def end_by_spending(acts: Acts, key: str) -> None:
    await acts.set_budget(key, per="day", cost_nusd=0)


async def end_by_spending_above(acts: Acts, key: str) -> None:
    await acts.set_budget("house", per="month", cost_nusd=0)


@pytest.mark.parametrize(
    "end", [end_by_revoking, end_by_erasing, end_by_spending, end_by_spending_above]
)
async def test_no_copy_is_asked_for_a_caller_who_may_ask_no_more(
    tmp_path: Path, end: Callable[[Acts, str], Awaitable[None]]
) -> None:
    async with (
        Vendor(answering(lambda _, __: "no")) as vendor,
        opened(settings(tmp_path, vendor)) as client,
    ):
        caller = (await client.house.books.keys.create("somebody")).actor
        told = await copies(client, caller)
        assert told is not None
        assert told.text == "no"
        await end(Acts(client.house.books, by="a test"), caller.key)
        assert await copies(client, caller) is None
        assert len(vendor.heard) == 1


async def test_a_soft_budget_that_is_spent_stops_nothing(tmp_path: Path) -> None:
    async with (
        Vendor(answering(lambda _, __: "no")) as vendor,
        opened(settings(tmp_path, vendor)) as client,
    ):
        caller = (await client.house.books.keys.create("somebody")).actor
        acts = Acts(client.house.books, by="a test")
        await acts.set_budget(caller.key, per="day", cost_nusd=0, hard=False)
        assert await copies(client, caller) is not None


async def test_what_those_who_asked_say_is_in_the_report_and_among_the_rows(
    tmp_path: Path,
) -> None:
    async with (
        Vendor(answering(lambda _, __: "no")) as vendor,
        opened(settings(tmp_path, vendor)) as client,
    ):
        asked = (await client.ask()).headers["x-request-id"]
        (graded,) = await client.rows(1)
        for thumbs in ("up", "down"):
            said = {"receipt": asked, "thumbs": thumbs}
            assert (await client.post("/v1/feedback", said)).status_code == 200
        (*_, row) = await client.rows(3)
        assert (row.by, row.name, row.chosen) == ("feedback", graded.name, "uncertified")
        named = await client.ask(model="dear")
        await client.post("/v1/feedback", {"receipt": named.headers["x-request-id"], "score": 0.5})
    told = json.loads(report(tmp_path, "--json"))
    assert (told["feedback"]["dear"]["answers"], told["feedback"]["dear"]["words"]) == (2, 3)
    assert told["feedback"]["dear"]["mean"]["point"] == 0.25
    assert told["labels"]["users"]["share"]["point"] == 1.0
    assert "those who asked and graders differ on 100% of 1 prompts" in report(tmp_path)


async def test_feedback_counts_as_a_request_of_its_key(tmp_path: Path) -> None:
    async with (
        Vendor(answering(lambda _, __: "no")) as vendor,
        opened(settings(tmp_path, vendor, share=0.0)) as client,
    ):
        asked = (await client.ask()).headers["x-request-id"]
        await Acts(client.house.books, by="a test").set_limit("default", requests=2)
        said = {"receipt": asked, "thumbs": "up"}
        told = [(await client.post("/v1/feedback", said)).status_code for _ in range(3)]
    assert told == [200, 200, 429]


async def test_a_test_of_the_operator_s_goes_before_comparing_and_the_judge(
    tmp_path: Path,
) -> None:
    check = CheckSettings(name="sums", prompt="sum", contains=("5",))
    async with (
        Vendor(answering(lambda model, _: "4" if model == "dear" else "5")) as vendor,
        opened(settings(tmp_path, vendor, judge="judge", check=(check,))) as client,
    ):
        await client.ask("say the sum")
        await client.rows(1)
        await client.ask("say the difference")
        first, second = await client.rows(2)
    assert (first.by, first.grades) == ("tests", {"dear": 0.0, "cheap": 1.0})
    assert (second.by, second.grades) == ("checks", {"dear": 1.0, "cheap": 0.0})
    assert "       1  graded by tests of yours" in report(tmp_path)


async def test_a_test_that_breaks_is_counted_and_nobody_else_grades(tmp_path: Path) -> None:
    check = CheckSettings(name="mine", command=("/nowhere/check",))
    async with (
        Vendor(answering(lambda _, __: "5")) as vendor,
        opened(settings(tmp_path, vendor, check=(check,))) as client,
    ):
        await client.ask()
        (row,) = await client.rows(1)
    assert (row.by, row.failed, row.grades) == ("tests", "tests", {})
    assert "       1  not graded by tests of yours" in report(tmp_path)


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (CheckSettings(name="mine", matches="("), "'mine': matches is no regular expression"),
        (CheckSettings(name="mine", system="a"), "'mine' tests nothing"),
    ],
)
async def test_a_test_that_cannot_be_stops_the_start(
    tmp_path: Path, check: CheckSettings, says: str
) -> None:
    async with Vendor(answering(lambda _, __: "5")) as vendor:
        with pytest.raises(Misconfigured, match=says):
            async with opened(settings(tmp_path, vendor, check=(check,))):
                pass


def label(folder: Path) -> None:
    """Teach a house that runs that the cheap arm adds well, and proves badly."""
    lines = [
        {
            "prompt": ("add {}", "prove theorem {} of ring theory")[at % 2].format(10 + at % 80),
            "grades": {"dear": 1, "cheap": 1 - at % 2},
            "costs": {"dear": 0.01, "cheap": 0.001},
        }
        for at in range(200)
    ]
    config = folder / "jevons.toml"
    config.write_text(f'data_dir = "{folder}"\n[auto]\nreference = "dear"\narms = ["cheap"]\n')
    stdin = "\n".join(json.dumps(line) for line in lines)
    told = CliRunner().invoke(main, ["label", "-", "--config", str(config)], input=stdin)
    assert told.exit_code == 0, told.output


@pytest.mark.slow
async def test_users_who_get_less_content_end_the_certificate(tmp_path: Path) -> None:
    async with (
        Vendor(answering(lambda _, __: "5")) as vendor,
        opened(settings(tmp_path, vendor, share=0.0, loss=0.1, holdout=0.0)) as client,
    ):

        async def judged(number: int, thumbs: str) -> str:
            """Ask, say how good the answer was, and tell how its arm was chosen."""
            answer = await client.ask(f"add {10 + number % 80}")
            said = {"receipt": answer.headers["x-request-id"], "thumbs": thumbs}
            assert (await client.post("/v1/feedback", said)).status_code == 200
            return answer.headers["x-jevons-chosen"]

        assert {await judged(number, "up") for number in range(30)} == {"uncertified"}
        await asyncio.to_thread(label, tmp_path)
        while (await client.ask("add 12")).headers["x-jevons-chosen"] == "uncertified":  # noqa: ASYNC110 nothing tells when
            await asyncio.sleep(0.1)
        words = 0
        while await judged(words, "down") != "uncertified":
            words += 1
            await asyncio.sleep(0.05)
            assert words < 300
    assert words > 10
    *_, last = json.loads(report(tmp_path, "--json"))["turns"]
    assert last["ended"] == "feedback"


async def test_the_shape_that_a_request_asks_for_is_tested_on_every_arm(tmp_path: Path) -> None:
    texts = {"dear": '{"total": 5}', "cheap": '{"sum": 5}'}
    schema = {"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}}
    shape = {"type": "json_schema", "json_schema": {"name": "sum", "schema": schema}}
    async with (
        Vendor(answering(lambda model, _: texts.get(model, ""))) as vendor,
        opened(settings(tmp_path, vendor, check=(CheckSettings(name="s", schema=True),))) as client,
    ):
        await client.ask(response_format=shape)
        (row,) = await client.rows(1)
    assert (row.by, row.grades) == ("tests", {"dear": 1.0, "cheap": 0.0})
