"""What every test may rely on: a clean environment, one event loop, one that no unit test blocks."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import settings

from jevons.telemetry import log

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = Path(__file__).parent / "unit"
BLOCKING = frozenset(
    {"open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "time.sleep"}
)
NEUTRAL = ("asyncio", "importlib", "<frozen importlib")

SETTINGS = (
    "JEVONS_ADMIN_",
    "JEVONS_ANSWERS_",
    "JEVONS_API_KEY",
    "JEVONS_DATA_DIR",
    "JEVONS_ENGINE_",
    "JEVONS_HOUSE_",
    "JEVONS_LEDGER_",
    "JEVONS_LIMITS_",
    "JEVONS_MASTER_KEY",
    "JEVONS_OIDC_",
    "JEVONS_OTEL_",
    "JEVONS_POLICY_",
    "JEVONS_PRIVACY_",
    "JEVONS_RETRIES_",
    "JEVONS_SERVER_",
    "JEVONS_STAMP_",
    "JEVONS_URL",
)

# Hypothesis has a profile of its own for CI. Elsewhere too, a slow neighbour is no failure.
if "CI" not in os.environ:
    settings.register_profile("calm", deadline=None)
    settings.load_profile("calm")

for name in [name for name in os.environ if name.startswith(SETTINGS)]:
    del os.environ[name]


class Watch:
    """Raises where jevons itself makes a call that would stall every stream of the loop.

    An audit hook cannot be taken out again, so there is one, and tests switch it on and off.
    """

    def __init__(self) -> None:
        self.on = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _: tuple[object, ...]) -> None:
        if self.on and event in BLOCKING and self._runs_a_loop() and self._is_ours():
            message = f"{event} on the event loop"
            raise BlockingError(message)

    def _runs_a_loop(self) -> bool:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return False
        return True

    def _is_ours(self) -> bool:
        """Tell whether jevons is on the stack below anything that asyncio or an import did."""
        frame = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] nothing else says who calls
        while frame is not None:
            name = str(frame.f_globals.get("__name__", ""))
            if name.startswith("jevons"):
                return True
            if name.startswith(NEUTRAL):
                return False
            frame = frame.f_back
        return False


class BlockingError(AssertionError):
    """Raised when a unit test's subject blocks its event loop."""


WATCH = Watch()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def unblocked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Watch the asynchronous unit tests."""
    WATCH.on = UNIT in request.path.parents and "anyio" in request.keywords
    yield
    WATCH.on = False


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """Leave logging as it was found, whichever command configured it."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        vars(log).pop("bind", None)  # what structlog keeps of how it was at the first line
