"""A month of `auto`: it starts at the reference, certifies, saves, notices a change, falls back."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from click.testing import CliRunner

from jevons.boot import open_house
from jevons.boot.pages import BooksOnDisk
from jevons.cli import main
from jevons.dashboard import Scope
from jevons.dashboard.frame import write
from jevons.dashboard.view.auto import auto
from jevons.settings import AutoSettings, CacheSettings, EndpointSettings, Settings
from jevons.testing import Clock, Vendor
from jevons.testing.make import a_price
from jevons.testing.reply import usage, whole
from jevons.types.person import Person

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jevons.testing import Heard
    from jevons.testing.reply import Reply

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


def question(number: int) -> str:
    """Half of them add two numbers, half ask for a proof; all numbers have two digits."""
    number = 10 + number % 80
    if number % 2:
        return f"prove theorem {number} of ring theory: say only yes or no"
    return f"add {number} and {number + 1}: say only the sum"


def right(text: str) -> str:
    words = text.split()
    return str(int(words[1]) + int(words[3].rstrip(":"))) if words[0] == "add" else "yes"


def answers(cheap: dict[str, bool]) -> Callable[[Heard], Reply]:
    """Answer sums rightly, and proofs too unless this is the cheap one."""

    def answer(heard: Heard) -> Reply:
        asked = json.loads(heard.body)
        text: str = asked["messages"][-1]["content"]
        is_wrong = asked["model"].endswith("cheap") and (
            text.startswith("prove") or cheap["is_broken"]
        )
        return whole("no" if is_wrong else right(text), counted=usage(20, 5))

    return answer


def a_house(folder: Path, vendor: Vendor) -> Settings:
    """Two endpoints, one ten times as dear as the other."""
    common: dict[str, Any] = {"url": vendor.url, "dialect": "openai-chat", "place": "on-prem"}
    return Settings(
        data_dir=folder,
        endpoint=(
            EndpointSettings(name="dear", model="a/dear", price=a_price("10", "20"), **common),
            EndpointSettings(name="cheap", model="a/cheap", price=a_price("1", "2"), **common),
        ),
        cache=CacheSettings(mode="off"),  # it asks eighty questions again and again
        auto=AutoSettings(
            reference="dear", arms=("cheap",), loss=0.1, share=1.0, learn=60, labels=200
        ),
    )


async def test_a_month_of_auto_from_the_reference_to_a_saving_and_back(tmp_path: Path) -> None:
    state = {"is_broken": False}
    async with Vendor(answers(state)) as vendor, open_house(a_house(tmp_path, vendor)) as house:
        key = (tmp_path / "key").read_text().strip()
        transport = httpx2.ASGITransport(app=house.app)  # type: ignore[arg-type] ours is narrower
        async with httpx2.AsyncClient(transport=transport, base_url="http://house") as client:

            async def ask(number: int, **headers: str) -> httpx2.Response:
                body = {
                    "model": "auto",
                    "messages": [{"role": "user", "content": question(number)}],
                }
                said = {"authorization": f"Bearer {key}", **headers}
                answer = await client.post("/v1/chat/completions", json=body, headers=said)
                assert answer.status_code == 200, answer.text
                return answer

            async def until(wanted: Callable[[httpx2.Response], bool], *, most: int) -> int:
                for number in range(most):
                    if wanted(await ask(number)):
                        return number
                    await asyncio.sleep(0.002)
                raise AssertionError(most)

            first = await ask(0)
            assert first.headers["x-jevons-arm"] == "dear"
            assert first.headers["x-jevons-chosen"] == "uncertified"
            assert "x-jevons-certificate" not in first.headers
            assert first.headers["x-jevons-tenant"] == "default"
            assert first.headers["x-jevons-class"] == "text"
            named = await ask(0, **{"x-jevons-arm": "cheap"})
            assert (named.headers["x-jevons-arm"], named.headers["x-jevons-chosen"]) == (
                "cheap",
                "named",
            )

            await until(lambda said: said.headers["x-jevons-arm"] == "cheap", most=3000)
            for number in range(400):
                await ask(number)
            state["is_broken"] = True
            await until(lambda said: said.headers["x-jevons-chosen"] == "uncertified", most=3000)

    told = report(tmp_path)
    assert told["turns"][0]["ended"] == ""
    assert told["turns"][-1]["ended"] == "quality"
    assert told["turns"][0]["bound"] <= 0.1
    assert {"uncertified", "certified", "named"} <= told["chosen"].keys()
    assert told["graded_nusd"] > 0
    assert told["unknown"] == 0
    looks_right(tmp_path)
    text = CliRunner().invoke(main, ["report", "auto", "--config", str(tmp_path / "jevons.toml")])
    assert "at most 10.0% worse than dear, 95% sure" in text.output
    assert "ended: quality" in text.output


def report(folder: Path) -> dict[str, Any]:
    """Ask the books, as whoever runs the house would."""
    (folder / "jevons.toml").write_text(f'data_dir = "{folder}"\n')
    said = ["report", "auto", "--json", "--config", str(folder / "jevons.toml")]
    result = CliRunner().invoke(main, said)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


ADA = Person(name="ada", role="auditor")


def looks_right(folder: Path) -> None:
    """The page says the same, and who looks after another team is shown nothing of it."""
    books = BooksOnDisk(folder / "ledger.db", Clock(0))
    whole = books.saved(Scope(None))
    text = write("view.html", view=auto(whole, now_ms=whole.turns[-1].at_ms), is_file=True,
                 path="/auto", query={}, person=ADA, nav=(), csrf="", is_synthetic=False)  # fmt: skip
    assert "No certificate holds" in text
    assert "quality" in text
    assert "decided under a certificate" in text
    assert books.saved(Scope(frozenset({"another"}))).chosen == {}
