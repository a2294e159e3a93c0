"""People look at pages in a real browser, which asks nobody but us and complains of nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright
from tests.node.project import HERE, lay_out

from jevons.dashboard.frame import NAV

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Route

pytestmark = pytest.mark.slow

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PATHS = tuple(place.path for place in NAV)


class House(NamedTuple):
    """A server of its own, and a token of somebody who may read everything."""

    url: str
    kept: Any
    """What the browser keeps of being signed in."""


def jevons(folder: Path, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "jevons", *words, "--json"],
        cwd=folder, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return json.loads(done.stdout)


@contextmanager
def serving(folder: Path, *words: str) -> Generator[str]:
    environ = {**os.environ, "JEVONS_ADMIN_PORT": "0", "JEVONS_SERVER_PORT": "0"}
    with subprocess.Popen(
        [sys.executable, "-m", "jevons", "serve", "--no-engine", *words, "--json"],
        cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stderr is not None
        try:
            for line in child.stderr:
                said = json.loads(line)
                if said["event"] == "admin.listening":
                    yield said["url"]
                    return
            pytest.fail("the house did not open")
        finally:
            child.terminate()
            child.stderr.read()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    jevons(folder, "demo", "seed", "sample", "--answers", "600")
    config = ("--config", "sample/jevons.toml")
    token = jevons(folder, "people", "add", "ada", "--role", "auditor", *config)["token"]
    with serving(folder, *config) as url:
        yield House(url, sign_in(chromium, url, token))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("empty")
    (folder / "jevons.toml").write_text(f'data_dir = "{folder}"\n')
    token = jevons(folder, "people", "add", "ada", "--role", "admin")["token"]
    with serving(folder) as url:
        yield House(url, sign_in(chromium, url, token))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("there is no chromium on this machine; Debian's package has that name")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    project = lay_out(tmp_path_factory.mktemp("node"), of=HERE / "axe")
    return (project / "node_modules" / "axe-core" / "axe.min.js").read_text()


class Looking(NamedTuple):
    """A browser in which somebody is signed in, and all that it complained of."""

    page: Page
    complaints: list[str]


@contextmanager
def looking(chromium: Browser, house: House, **how: Any) -> Generator[Looking]:
    how.setdefault("viewport", WIDE)
    context = chromium.new_context(storage_state=house.kept, **how)
    context.set_default_timeout(10_000)
    page, complaints = context.new_page(), list[str]()
    _listen(context, complaints, house)
    yield Looking(page, complaints)
    context.close()


def _listen(context: BrowserContext, complaints: list[str], house: House) -> None:
    def asked(url: str) -> None:
        if urlsplit(url).netloc != urlsplit(house.url).netloc:
            complaints.append(f"asked {url}")

    context.on("request", lambda request: asked(request.url))
    context.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    context.on("weberror", lambda error: complaints.append(str(error.error)))


def sign_in(chromium: Browser, url: str, token: str) -> Any:
    """Go through the form, as somebody does who wanted a page."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{url}/policy?class=special")
        page.get_by_label("Your token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/policy?class=special")
        return context.storage_state()


def grave(page: Page, axe: str) -> list[str]:
    """What axe-core finds that somebody could not get past."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", WIDE), ("dark", PHONE)], ids=["light and wide", "dark and narrow"]
)  # fmt: skip
def test_every_page_of_a_month_is_read_by_everybody(
    chromium: Browser, sample: House, axe: str, scheme: str, viewport: dict[str, int]
) -> None:
    with looking(chromium, sample, color_scheme=scheme, viewport=viewport) as (page, complaints):
        receipt = page.request.get(f"{sample.url}/receipts").text()
        (one, *_) = re.findall(r"/receipts/req_\w+", receipt)
        for path in (*PATHS, one):
            page.goto(sample.url + path)
            assert (path, grave(page, axe)) == (path, [])
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert (path, wide) == (path, viewport["width"])
            assert page.get_by_role("note").first.inner_text().startswith("Synthetic.")
        assert complaints == []


def test_every_page_of_a_house_in_which_nothing_was_asked_says_so(
    chromium: Browser, empty: House
) -> None:
    with looking(chromium, empty) as (page, complaints):
        for path in PATHS:
            answer = page.goto(empty.url + path)
            assert answer is not None
            assert (path, answer.status) == (path, 200)
            assert page.get_by_role("heading", level=1).count() == 1
            assert page.get_by_text("Synthetic.").count() == 0
        assert complaints == []


def test_a_browser_proves_a_receipt_and_notices_what_is_not_as_it_was(
    chromium: Browser, sample: House
) -> None:
    def change(pattern: str, to: str) -> Any:
        def answered(route: Route) -> None:
            answer = route.fetch()
            body, times = re.subn(pattern, to, answer.text(), count=1)
            assert times == 1
            route.fulfill(response=answer, body=body)

        return answered

    with looking(chromium, sample) as (page, _):
        page.goto(f"{sample.url}/receipts")
        page.get_by_role("row").nth(5).get_by_role("link").click()
        verdict = page.locator(".verdict")
        verdict.wait_for()
        assert verdict.get_attribute("data-state") == "holds"
        assert page.locator(".steps [data-state=holds]").count() == 5
        changes = {
            "the record": (r'data-leaf="(..)..', r'data-leaf="\1AA'),
            "the path": (r'data-path="....', 'data-path="AAAA'),
            "the place": (r'data-index="\d+"', 'data-index="1"'),
            "the root": (r"(data-checkpoint=\"[^\n]*\n\d+\n)....", r"\1AAAA"),
            "the signature": (r"(data-checkpoint=\"[^\"]* [\w+/]{40})....", r"\1AAAA"),
            "the key": (r"(data-key=\"[^+]+\+\w+\+[\w+/]{20})..", r"\1AA"),
        }
        where = page.url
        for name, (pattern, to) in changes.items():
            page.route(where, change(pattern, to))
            page.goto(where)
            verdict.wait_for()
            assert (name, verdict.get_attribute("data-state")) == (name, "broken")
            page.unroute(where)


def test_pages_are_read_and_asked_without_javascript(chromium: Browser, sample: House) -> None:
    with looking(chromium, sample, java_script_enabled=False) as (page, complaints):
        page.goto(f"{sample.url}/energy")
        assert page.locator("svg.chart:visible").count() >= 9
        page.get_by_text("Figures").first.click()
        assert page.get_by_role("table").first.is_visible()
        page.goto(f"{sample.url}/receipts")
        page.get_by_role("searchbox").fill("claude")
        page.get_by_role("button", name="Search").click()
        assert "claude-sonnet" in page.get_by_role("table").inner_text()
        page.get_by_role("row").nth(1).get_by_role("link").click()
        assert "jevons receipt req_" in page.get_by_role("main").inner_text()
        page.goto(f"{sample.url}/policy")
        page.get_by_label("Data").select_option("special")
        page.get_by_role("button", name="Ask").click()
        assert "Special data" in page.get_by_role("main").inner_text()
        assert complaints == []


def test_pages_are_walked_by_keyboard(chromium: Browser, sample: House) -> None:
    with looking(chromium, sample) as (page, _):
        page.goto(f"{sample.url}/spend")
        page.keyboard.press("Tab")
        assert focused(page) == "Skip to the page"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        seen: list[str] = []
        for _ in range(20):
            page.keyboard.press("Tab")
            seen.append(focused(page))
        assert [
            word
            for word in ("Show", "Figures of Dollars a day", "account", "By model")
            if word not in seen
        ] == []
        page.goto(f"{sample.url}/spend")
        for _ in range(3):
            page.keyboard.press("Tab")
        assert focused(page) == "Now"
        page.keyboard.press("Enter")
        page.wait_for_url("**/")
        assert page.get_by_role("heading", level=1).inner_text() == "Now"


def focused(page: Page) -> str:
    said = page.evaluate(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
    )
    return " ".join(said.split())


def test_the_first_page_goes_on_by_itself(chromium: Browser, sample: House) -> None:
    with looking(chromium, sample) as (page, complaints):
        page.goto(sample.url)
        was = page.locator(".lede").inner_text()
        with page.expect_response(f"{sample.url}/now"):
            pass
        page.wait_for_function("was => document.querySelector('.lede').innerText !== was", arg=was)
        assert complaints == []
        page.context.clear_cookies()
        page.wait_for_url("**/sign-in?next=/")
