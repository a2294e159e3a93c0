"""Look at the pages of a month that was made up, in Debian's Chromium.

    python tools/look.py shots              write docs/images
    python tools/look.py paint [ANSWERS]    say when each page is first painted; 1 if one is late

Needs `chromium`, and what `requirements/dev.txt` installs.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Generator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATHS = (
    "/", "/spend", "/energy", "/places", "/models", "/auto", "/receipts", "/policy", "/keys", "/landscape",
)  # fmt: skip
LATEST_MS = 1000.0
TIMES = 3
QUALITY = 82
PAINTED = """new Promise((done) => new PerformanceObserver((seen) => {
    for (const each of seen.getEntriesByName("first-contentful-paint")) done(each.startTime);
}).observe({ type: "paint", buffered: true }))"""


class Shot(NamedTuple):
    """A picture of a page."""

    name: str
    path: str
    scheme: str
    width: int
    height: int


SHOTS = (
    Shot("energy", "/energy", "light", 1180, 1500),
    Shot("spend", "/spend", "dark", 1180, 1120),
    Shot("places", "/places", "light", 1180, 1090),
    Shot("receipt", "/receipts/req_00000000000000000000011900", "dark", 1180, 1640),
    Shot("landscape", "/landscape", "light", 1180, 1000),
    Shot("phone", "/energy", "light", 390, 1290),
)


def jevons(folder: Path, *words: str) -> Any:
    """Run a command, and read the JSON that it says."""
    done = subprocess.run(
        [sys.executable, "-m", "jevons", *words, "--json"],
        cwd=folder, check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return json.loads(done.stdout)


@contextmanager
def house(answers: int, *until: str) -> Generator[tuple[str, str]]:
    """Make a month up, serve it, and give its address and a token."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jevons(folder, "demo", "seed", "sample", "--answers", str(answers), *until)
        config = ("--config", "sample/jevons.toml")
        token = jevons(folder, "people", "add", "ada", "--role", "auditor", *config)["token"]
        environ = {**os.environ, "JEVONS_ADMIN_PORT": "0", "JEVONS_SERVER_PORT": "0"}
        with subprocess.Popen(
            [sys.executable, "-m", "jevons", "serve", *config, "--json"],
            cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        ) as child:  # fmt: skip
            try:
                lines = (json.loads(line) for line in child.stderr or ())
                yield (
                    next(line["url"] for line in lines if line["event"] == "admin.listening"),
                    token,
                )
            finally:
                child.terminate()


@contextmanager
def browser() -> Generator[Browser]:
    """Start Chromium."""
    found = shutil.which("chromium")
    if found is None:
        sys.exit("there is no chromium on this machine; Debian's package has that name")
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=found, args=[*FLAGS])


def sign_in(page: Page, url: str, token: str) -> None:
    """Open a session."""
    page.goto(f"{url}/sign-in?next=/policy")
    page.get_by_label("Your token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/policy")


def shots() -> None:
    """Write the pictures of the documents."""
    IMAGES.mkdir(exist_ok=True)
    with house(12_000, "--until", "2026-11-30") as (url, token), browser() as chromium:
        for shot in SHOTS:
            size = {"width": shot.width, "height": shot.height}
            context = chromium.new_context(viewport=size, color_scheme=shot.scheme)  # type: ignore[arg-type] ours
            page = context.new_page()
            sign_in(page, url, token)
            page.goto(url + shot.path)
            page.evaluate("document.fonts.ready")
            page.wait_for_timeout(500)  # for the proof
            session: Any = context.new_cdp_session(page)
            told = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
            (IMAGES / f"{shot.name}.webp").write_bytes(base64.b64decode(told["data"]))
            context.close()


def paint(answers: int) -> bool:
    """Say when each page is first painted; whether all are in time."""
    slowest = 0.0
    with house(answers) as (url, token), browser() as chromium:
        page = chromium.new_page()
        sign_in(page, url, token)
        print(
            f"{answers} answers; milliseconds to the first paint, {TIMES} times, the first one cold"
        )
        for path in PATHS:
            times = [first_paint(page, url + path) for _ in range(TIMES)]
            slowest = max(slowest, sorted(times)[TIMES // 2])
            print(f"{path:12}", *[f"{time:6.0f}" for time in times], flush=True)
    return slowest <= LATEST_MS


def first_paint(page: Page, address: str) -> float:
    """Open a page; give the milliseconds from asking for it until something is seen."""
    page.goto(address)
    return page.evaluate(PAINTED)


def main() -> None:
    """Do what was asked."""
    match sys.argv[1:]:
        case ["shots"]:
            shots()
        case ["paint", *said]:
            sys.exit(not paint(int(said[0]) if said else 1_000_000))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
