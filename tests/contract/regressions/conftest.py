"""A laboratory for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.contract.regressions.corridor import Lab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def lab(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Lab]:
    """Fake vendors, and one house in front of them."""
    async with Lab.open(tmp_path) as it:
        yield it
