"""People grade in a real browser: with a mouse, by keyboard, without JavaScript, and blind."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.test_dashboard import (
    PHONE,
    WIDE,
    House,
    axe,
    chromium,
    focused,
    grave,
    jevons,
    looking,
    serving,
    sign_in,
)

from jevons.auto import Traffic
from jevons.clock import SystemClock, Ulids
from jevons.grading import Graded, Reviews, name_of
from jevons.store import Archive, Books, Limits, Pairs
from jevons.types.custody import DataClass, PerClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

__all__ = ("axe", "chromium")

ANSWERS = (
    "No: 91 is 7 times 13.",
    "Yes. It is not even, and it does not end in 5, so nothing divides it but 1 and itself.",
)
TOML = """
data_dir = "{folder}"

[ledger]
origin = "a.test"

[auto]
reference = "dear"
arms = ["cheap"]
review = 0.1

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


async def queue(folder: Path) -> None:
    """Have six prompts wait, as a house does that has graded them."""
    clock = SystemClock()
    opening = Books.open(
        folder / "ledger.db", commit="disk", origin="a.test", clock=clock, ids=Ulids(clock)
    )
    limits = Limits(
        keep_days=PerClass(public=9, internal=9, personal=9, special=9), max_bytes=10**6
    )
    async with (
        opening as books,
        Archive.open(folder / "answers.db", limits=limits, clock=clock) as kept,
    ):
        caller = (await books.keys.create("somebody")).actor
        reviews = Reviews(
            kept,
            Pairs(folder / "ledger.db"),
            books,
            share=1.0,
            worst=DataClass.INTERNAL,
            clock=clock,
        )
        for number in range(6):
            await reviews.offer(
                name_of(f"req_{number}"),
                caller,
                [
                    ("system", "You are good at sums."),
                    ("user", f"Is 91 a prime number? ({number})"),
                ],
                Traffic("default", "text"),
                arms=("dear", "cheap"),
                answers=ANSWERS,
                graded=Graded("judge", (1.0, 1.0), judge="dear"),
                data_class=DataClass.PUBLIC,
            )


@pytest.fixture
def house(tmp_path: Path, chromium: Browser) -> Iterator[House]:
    (tmp_path / "jevons.toml").write_text(TOML.format(folder=tmp_path))
    with ThreadPoolExecutor(1) as thread:  # the driver of the browser has this one's loop
        thread.submit(lambda: asyncio.run(queue(tmp_path))).result()
    token = jevons(tmp_path, "people", "add", "ada", "--role", "admin")["token"]
    with serving(tmp_path) as url:
        yield House(url, sign_in(chromium, url, token))


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", WIDE), ("dark", PHONE)], ids=["light and wide", "dark and narrow"]
)  # fmt: skip
def test_the_page_is_read_and_answered_by_everybody(
    chromium: Browser,
    house: House,
    axe: str,
    scheme: str,
    viewport: dict[str, int],
) -> None:
    with looking(chromium, house, color_scheme=scheme, viewport=viewport) as (page, complaints):
        page.goto(f"{house.url}/review")
        assert grave(page, axe) == []
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
        text = page.get_by_role("main").inner_text()
        assert all(each in text for each in ANSWERS)
        assert "dear" not in text
        assert "cheap" not in text
        if folder := os.environ.get("JEVONS_SHOTS"):
            page.screenshot(path=Path(folder) / f"review-{scheme}.png", full_page=True)
        is_left = page.get_by_label("Answer on the left").inner_text() == ANSWERS[0]
        word = "Left is better" if is_left else "Right is better"
        page.get_by_role("button", name=word).click()
        told = page.get_by_role("status").inner_text()
        assert "the reference is better. The judge had said otherwise." in told
        assert grave(page, axe) == []
        assert "5 graded prompts wait" in page.get_by_role("main").inner_text()
        assert "the judge 1 100 %" in " ".join(
            page.get_by_role("row", name="the judge").inner_text().split()
        )
        if folder:
            page.screenshot(path=Path(folder) / f"review-{scheme}-told.png", full_page=True)
        assert complaints == []


def test_it_is_answered_by_keyboard(chromium: Browser, house: House) -> None:
    with looking(chromium, house) as (page, complaints):
        page.goto(f"{house.url}/review")
        page.locator("main").focus()
        seen: list[str] = []
        while not seen or (seen[-1] != "Equally good" and len(seen) < 20):
            page.keyboard.press("Tab")
            seen.append(focused(page))
        assert seen[-4:] == [
            "Answer on the left",
            "Answer on the right",
            "Left is better",
            "Equally good",
        ]
        page.keyboard.press("Enter")
        page.get_by_role("status").wait_for()
        assert (
            "both are as good. The judge had said the same."
            in page.get_by_role("status").inner_text()
        )
        assert complaints == []


def test_it_is_answered_without_javascript(chromium: Browser, house: House) -> None:
    with looking(chromium, house, java_script_enabled=False) as (page, complaints):
        page.goto(f"{house.url}/review")
        page.get_by_text("What came before it").click()
        assert page.get_by_text("You are good at sums.").is_visible()
        asked = page.get_by_label("What was asked", exact=True).inner_text()
        page.get_by_role("button", name="Skip").click()
        assert page.get_by_label("What was asked", exact=True).inner_text() != asked
        for left in range(5, -1, -1):
            page.get_by_role("button", name="Both bad").click()
            assert page.get_by_role("status").count() == 1
            waiting = f"{left} graded prompts wait" if left > 1 else "1 graded prompt waits"
            text = page.get_by_role("main").inner_text()
            assert (waiting if left else "No prompt waits to be graded.") in text
        assert complaints == []
