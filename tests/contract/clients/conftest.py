"""One house for every client, opened once."""

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


def _silence(_: Progress) -> None:
    pass
