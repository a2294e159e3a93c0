"""What `auto` is taught is there when the server is, also if they came one after the other."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from jevons.boot import open_house
from jevons.cli import main
from jevons.reports import HOUSE_KEY
from jevons.settings import load
from jevons.store import PairRow, Pairs, chosen_records, progress_of
from jevons.testing import Vendor
from jevons.testing.reply import usage, whole
from jevons.types.account import Certified
from jevons.types.errors import Misconfigured, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from click.testing import Result

    from jevons.testing import Heard
    from jevons.testing.reply import Reply

pytestmark = pytest.mark.anyio

TOML = """
data_dir = "{folder}"

[auto]
reference = "dear"
arms = ["cheap"]
loss = 0.1
learn = 60

[[endpoint]]
name = "dear"
model = "a/dear"
url = "http://127.0.0.1:1/v1"
place = "on-prem"

[[endpoint]]
name = "cheap"
model = "a/cheap"
url = "http://127.0.0.1:1/v1"
place = "on-prem"
"""


def a_house(folder: Path, toml: str = TOML) -> Path:
    config = folder / "jevons.toml"
    config.write_text(toml.format(folder=folder))
    return config


def graded(count: int) -> str:
    """Two kinds of prompts, of which the cheap arm does one well."""
    lines = [
        {
            "prompt": ("add {}", "prove theorem {} of ring theory")[at % 2].format(10 + at % 80),
            "grades": {"dear": 1, "cheap": 1 - at % 2},
            "costs": {"dear": 0.01, "cheap": 0.001},
        }
        for at in range(count)
    ]
    return "\n".join(json.dumps(line) for line in lines)


def run(*said: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, [*said], input=stdin)


def label(config: Path, lines: str, *said: str) -> Result:
    return run("label", "-", "--config", str(config), *said, stdin=lines)


def promised(config: Path) -> list[Certified]:
    found = chosen_records(config.parent / "ledger.db")
    return [each for each in found if isinstance(each, Certified)]


async def certificates(config: Path) -> list[Certified]:
    """Open a house until it has nothing left to promise; list what it has."""
    async with open_house(load(config)) as house:
        assert [key.name for key in house.books.keys.list()].count(HOUSE_KEY) == 1
        async with asyncio.timeout(20):
            while not progress_of(config.parent / "ledger.db"):  # noqa: ASYNC110 a thread's doing
                await asyncio.sleep(0.02)
            await asyncio.sleep(1.5)
    return promised(config)


async def test_labels_of_before_the_start_certify_at_the_start_and_once(tmp_path: Path) -> None:
    config = a_house(tmp_path)
    told = await asyncio.to_thread(label, config, graded(200))
    assert told.output == "200 graded prompts, of dear, cheap\n"
    (certificate, *_) = first = await certificates(config)
    assert (certificate.reference, certificate.ended) == ("dear", "")
    assert (certificate.tenant, certificate.traffic) == ("default", "text")
    assert certificate.bound <= certificate.loss == 0.1
    assert await certificates(config) == first


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1:"),
        ('{"prompt": "a", "grades": {"dear": 1}}', "line 1: no grade of 'cheap'"),
        ('{"prompt": "a", "grades": {"dear": 2, "cheap": 1}}', "line 1: Expected `float` <= 1"),
    ],
)
def test_a_line_that_is_no_graded_prompt_is_named_and_none_is_kept(
    tmp_path: Path, line: str, says: str
) -> None:
    config = a_house(tmp_path)
    told = run("label", "-", "--config", str(config), stdin=line)
    assert told.exit_code == 1
    assert says in told.output
    assert not (tmp_path / "ledger.db").exists()


def test_a_house_without_arms_has_nothing_to_grade(tmp_path: Path) -> None:
    config = a_house(tmp_path, 'data_dir = "{folder}"\n')
    told = run("label", "-", "--config", str(config), stdin=graded(1))
    assert "set `[auto] reference`" in told.output


async def test_arms_without_a_reference_stop_the_start(tmp_path: Path) -> None:
    config = a_house(tmp_path, TOML.replace('reference = "dear"\n', ""))
    with pytest.raises(Misconfigured, match="no reference to hold them against"):
        async with open_house(load(config)):
            pass


async def test_an_arm_that_is_no_endpoint_stops_the_start(tmp_path: Path) -> None:
    config = a_house(tmp_path, TOML.replace('["cheap"]', '["chaep"]'))
    with pytest.raises(Misconfigured, match="names 'chaep', and no endpoint is called so"):
        async with open_house(load(config)):
            pass


async def test_a_name_that_auto_takes_for_itself_is_nobody_else_s(tmp_path: Path) -> None:
    toml = TOML.replace('model = "a/cheap"', 'model = "a/cheap"\naliases = ["auto"]')
    with pytest.raises(Misconfigured, match="endpoint 'cheap' answers to 'auto'"):
        async with open_house(load(a_house(tmp_path, toml))):
            pass


def test_a_report_of_a_house_without_auto_says_how_to_switch_it_on(tmp_path: Path) -> None:
    config = a_house(tmp_path, 'data_dir = "{folder}"\n')
    assert run("keys", "create", "somebody", "--config", str(config)).exit_code == 0
    assert (
        "`[auto] reference` in jevons.toml" in run("report", "auto", "--config", str(config)).output
    )


async def test_a_report_tells_how_each_class_stands_while_the_server_runs(tmp_path: Path) -> None:
    config = a_house(tmp_path)
    async with open_house(load(config)):
        for lines, said in (
            (graded(200), ()),
            (graded(20), ("--tenant", "search", "--class", "json")),
        ):
            told = await asyncio.to_thread(label, config, lines, *said)
            assert told.exit_code == 0, told.output
        async with asyncio.timeout(30):
            while len(promised(config)) == 0 or len(progress_of(config.parent / "ledger.db")) < 2:  # noqa: ASYNC110 a thread's doing
                await asyncio.sleep(0.1)
        report = ("report", "auto", "--config", str(config))
        first, second, *_ = (await asyncio.to_thread(run, *report)).output.splitlines()
        only = await asyncio.to_thread(run, *report, "--tenant", "search", "--json")
    assert first.startswith("default, text: cert_")
    assert "tested on 140; 0 requests under it" in first
    assert second.startswith(
        "search, json: learned from 20 of 60; nothing is certified before about"
    )
    (stands,) = json.loads(only.stdout)["classes"]
    assert (stands["tenant"], stands["traffic"], stands["learned"]) == ("search", "json", 20)
    assert stands["fewest"] > 40
    assert json.loads(only.stdout)["turns"] == []


async def test_while_a_study_is_made_of_its_rows_the_reference_answers(tmp_path: Path) -> None:
    config = a_house(tmp_path)
    told = await asyncio.to_thread(label, config, graded(200))
    assert told.exit_code == 0, told.output
    async with asking(tmp_path, TOML.replace("learn = 60", "learn = 60\nholdout = 0.0")) as client:

        async def ask(number: int) -> httpx2.Response:
            said = [{"role": "user", "content": f"add {number}"}]
            body = {"model": "auto", "messages": said}
            return await client.post("/v1/chat/completions", json=body)

        first = await ask(10)
        assert first.headers["x-jevons-arm"] == "dear"
        assert first.headers["x-jevons-chosen"] == "uncertified"
        later, number = first, 10
        async with asyncio.timeout(30):
            while later.headers["x-jevons-arm"] != "cheap":
                number += 1
                await asyncio.sleep(0.05)
                later = await ask(number)
        assert later.headers["x-jevons-certificate"] in {each.id for each in promised(config)}


async def test_a_house_ends_also_if_what_was_decided_cannot_be_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        message = "the disk is gone"
        raise StoreUnavailable(message)

    config = a_house(tmp_path)
    await asyncio.to_thread(label, config, graded(200))
    with capture_logs() as logs:
        async with open_house(load(config)):
            async with asyncio.timeout(30):
                while not promised(config):  # noqa: ASYNC110 a thread's doing
                    await asyncio.sleep(0.05)
            monkeypatch.setattr(Pairs, "count", gone)
            monkeypatch.setattr(Pairs, "counted", gone)
    assert [each["error"] for each in logs if each["event"] == "auto.not_counted"] == [
        StoreUnavailable.code
    ]


async def test_labels_of_a_class_that_there_is_not_are_refused(tmp_path: Path) -> None:
    config = a_house(tmp_path)
    told = await asyncio.to_thread(label, config, graded(1), "--class", "text:invoices")
    assert told.exit_code == 1
    assert "no class of traffic 'text:invoices'; there are text, json, tools" in told.output


@asynccontextmanager
async def asking(folder: Path, toml: str) -> AsyncGenerator[httpx2.AsyncClient]:
    """Open a house whose arms say yes, and somebody who asks it."""
    async with Vendor(lambda _: whole("yes", counted=usage(5, 5))) as vendor:
        toml = toml.replace("http://127.0.0.1:1/v1", vendor.url)
        async with open_house(load(a_house(folder, toml))) as house:
            key = (folder / "key").read_text().strip()
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=house.app),  # type: ignore[arg-type] ours is narrower
                base_url="http://house",
                headers={"authorization": f"Bearer {key}"},
            ) as client:
                yield client


async def test_a_request_is_of_a_class_that_the_house_has(tmp_path: Path) -> None:
    toml = TOML.replace("learn = 60", 'learn = 60\nclasses = ["invoices"]')
    body = {"model": "auto", "messages": [{"role": "user", "content": "Is 91 prime?"}]}
    async with asking(tmp_path, toml) as client:
        for said, named in (("invoices", "text:invoices"), (None, "text")):
            headers = {"x-jevons-class": said} if said else {}
            answer = await client.post("/v1/chat/completions", json=body, headers=headers)
            assert answer.headers["x-jevons-class"] == named
            assert answer.headers["x-jevons-tenant"] == "default"
        other = {"x-jevons-class": "bills"}
        refused = await client.post("/v1/chat/completions", json=body, headers=other)
        assert refused.status_code == 400
        assert "classes that this house has: 'invoices'" in refused.text


PROSE = "A ring is a set with two operations, of which the second spreads over the first, and more."


@pytest.mark.parametrize(("says", "grade"), [("TIE", 1.0), ("worse", 0.0), ("who knows", None)])
async def test_prose_is_graded_by_the_judge_whichever_answer_it_is_shown_first(
    tmp_path: Path, says: str, grade: float | None
) -> None:
    def answer(heard: Heard) -> Reply:
        asked = json.loads(heard.body)
        text: str = asked["messages"][-1]["content"]
        if not text.startswith("Two answers"):
            return whole(f"{PROSE} Says {asked['model'].rpartition('/')[2]}.", counted=usage(5, 5))
        first, second = text.index("Says dear."), text.index("Says cheap.")
        better = "A" if first < second else "B"
        return whole(better if says == "worse" else says, counted=usage(5, 5))

    async with Vendor(answer) as vendor:
        toml = TOML.replace("http://127.0.0.1:1/v1", vendor.url).replace(
            "learn = 60", 'learn = 60\nshare = 1.0\njudge = "dear"'
        )
        async with open_house(load(a_house(tmp_path, toml))) as house:
            key = (tmp_path / "key").read_text().strip()
            transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] ours is narrower
            async with httpx2.AsyncClient(transport=transport, base_url="http://house") as client:
                for number in range(4):
                    said = [{"role": "user", "content": f"what is ring {number}"}]
                    await client.post(
                        "/v1/chat/completions",
                        json={"model": "auto", "messages": said},
                        headers={"authorization": f"Bearer {key}"},
                    )
            rows = await settled(Pairs(tmp_path / "ledger.db"), 4)
    assert {row.grades.get("cheap") for row in rows} == {grade}
    assert {row.failed for row in rows} == ({"judge"} if grade is None else {""})
    assert all(row.grades["dear"] == 1.0 for row in rows if row.grades)


async def settled(pairs: Pairs, count: int) -> list[PairRow]:
    """Wait until as many prompts are graded, or were to be."""
    rows: list[PairRow] = []
    for _ in range(1000):
        rows = [row for _, row in pairs.after(0) if row.by]
        if len(rows) >= count:
            break
        await asyncio.sleep(0.02)
    return rows
