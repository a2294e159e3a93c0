"""llama.cpp's server as a process of our own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jevons.engine.pull import pull
from jevons.types.errors import WeightsRefused

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("KEY", "pulled", "served")

KEY = "sk-very-secret"
"""What the server takes for a key."""

ROOT = Path(__file__).parents[3]


def pulled() -> Path:
    """The smallest weights of the catalogue; `JEVONS_TEST_WEIGHTS` names a folder to keep them in."""
    if find_spec("xllamacpp") is None:
        pytest.skip("the engine is not installed, and llama.cpp's server comes with it")
    folder = Path(os.environ.get("JEVONS_TEST_WEIGHTS") or ROOT / ".jevons" / "weights")
    try:
        return pull("smollm2-135m", folder, lambda _: None).path
    except WeightsRefused as error:
        pytest.skip(f"no model to serve: {error}")


@contextmanager
def served(*arguments: str) -> Generator[str]:
    """Serve while the block runs; its address, without `/v1`."""
    command = [sys.executable, str(Path(__file__).with_name("llama_server.py")), *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        address = process.stdout.readline().strip()
        assert address, "the server did not start"
        yield address
        process.stdin.close()
