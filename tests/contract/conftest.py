"""What the tests of several clients share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cluster import MISSING, Cluster, cluster
from tests.node.project import lay_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jevons.store.where import Where


@pytest.fixture(scope="session")
def node_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts that talk to us with clients for Node, and their packages."""
    return lay_out(tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A database server of our own."""
    pytest.importorskip("psycopg")
    with cluster() as server:
        if server is None:
            pytest.skip(MISSING)
        yield server


@pytest.fixture
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """Where a ledger may be: a file; with the mark `both`, a server too."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return tmp_path / "ledger.db"
    server: Cluster = request.getfixturevalue("postgres")
    return server.make(tmp_path)
