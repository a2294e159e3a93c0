"""What every test may rely on: one event loop, and one that nothing blocks in unit tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from blockbuster import blockbuster_ctx

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = Path(__file__).parent / "unit"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def unblocked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a unit test that blocks its event loop: such a call would stall every stream."""
    if UNIT not in request.path.parents or "anyio" not in request.keywords:
        yield
        return
    with blockbuster_ctx("jevons"):
        yield
