"""What the tests of several clients share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.node.project import lay_out

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def node_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts that talk to us with clients for Node, and their packages."""
    return lay_out(tmp_path_factory.mktemp("node"))
