"""One house for every client, opened once, and what a suite of others gives it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from anyio.from_thread import start_blocking_portal
from tests.contract.clients.front import SMALL, opened

from jevons.engine.pull import pull

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.clients.front import Front

    from jevons.engine.pull import Progress

SCORES = pytest.StashKey["Scores"]()

FOLDER = Path(__file__).parents[3] / ".jevons" / "weights"


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Serve on a thread of its own, so that clients may block; `JEVONS_TEST_WEIGHTS` as elsewhere."""
    folder = Path(os.environ.get("JEVONS_TEST_WEIGHTS") or FOLDER)
    weights = pull(SMALL, folder, _silence)
    opening = opened(tmp_path_factory.mktemp("clients"), weights=weights)
    with (
        start_blocking_portal(name="jevons") as portal,
        portal.wrap_async_context_manager(opening) as front,
    ):
        yield front


class Scores:
    """How many checks of `llm-comply` passed, by surface and model."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, surface: str, model: str, passed: int, asked: int) -> None:
        self.lines.append(f"{surface:<16}{model:<24}{passed:>3} of {asked}")


@pytest.fixture(scope="session")
def scores(pytestconfig: pytest.Config) -> Scores:
    """The score of this run."""
    return pytestconfig.stash.setdefault(SCORES, Scores())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print it."""
    it = config.stash.get(SCORES, None)
    if it is not None:
        terminalreporter.section("llm-comply: checks that pass, by surface and model")
        for line in it.lines:
            terminalreporter.write_line(line)


def _silence(_: Progress) -> None:
    pass
