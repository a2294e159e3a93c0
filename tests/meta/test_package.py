"""What is shipped holds the code and nothing that runs by itself."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest

import jevons

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

CODE = (".py", ".toml", ".typed", ".cedar", ".cedarschema")
PAGES = (".html", ".css", ".js", ".svg", ".woff2")
"""What pages are made of, and what goes with them."""


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = [name for name in wheel.namelist() if name.endswith("METADATA")]
    return message_from_bytes(wheel.read(name))


def test_the_wheel_runs_nothing_by_itself(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert [name for name in names if name.endswith(".pth")] == []
    assert [name for name in names if "sitecustomize" in name or "usercustomize" in name] == []


def test_the_wheel_holds_code_its_tables_its_documents_and_its_licence(
    wheel: zipfile.ZipFile,
) -> None:
    inside = [name for name in wheel.namelist() if ".dist-info/" not in name]
    assert "jevons/py.typed" in inside
    assert all(name.startswith("jevons/") for name in inside)
    strange = [
        name
        for name in inside
        if not name.endswith(CODE)
        and not name.startswith("jevons/cli/demo")
        and not (name.startswith("jevons/dashboard") and name.endswith(PAGES))
    ]
    assert strange == []
    assert {"LICENSE", "NOTICE"} <= {name.rpartition("/")[2] for name in wheel.namelist()}


def test_the_wheel_says_its_version_and_its_licence(metadata: Message) -> None:
    assert metadata["Version"] == jevons.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
