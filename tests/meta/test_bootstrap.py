"""The environment is made once, and again when what decides it has changed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture
def bootstrap(root: Path, tmp_path: Path) -> ModuleType:
    """The tool, at work on a checkout in which only the stamps are real."""
    spec = importlib.util.spec_from_file_location("bootstrap", root / "tools/bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    venv = tmp_path / ".venv"
    vars(tool).update(ROOT=tmp_path, VENV=venv, PYTHON=venv / "bin/python")
    (tmp_path / "requirements").mkdir()
    for lock in ("run", "dev"):
        (tmp_path / f"requirements/{lock}.txt").write_text(f"{lock}==1\n")
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").touch()
    return tool


def stamp(tool: ModuleType, lock: str) -> None:
    tool.stamp(lock).write_text(tool.fingerprint(lock))


def test_an_environment_without_a_stamp_is_not_trusted(bootstrap: ModuleType) -> None:
    assert not bootstrap.is_fresh("run")


@pytest.mark.parametrize(
    ("stamped", "wanted", "fresh"),
    [("run", "run", True), ("dev", "dev", True), ("dev", "run", True), ("run", "dev", False)],
)
def test_the_lock_for_development_is_enough_to_run_and_not_the_other_way(
    bootstrap: ModuleType, stamped: str, wanted: str, *, fresh: bool
) -> None:
    stamp(bootstrap, stamped)
    assert bootstrap.is_fresh(wanted) is fresh


@pytest.mark.parametrize("changed", ["requirements/run.txt", "pyproject.toml"])
def test_what_has_changed_is_installed_again(bootstrap: ModuleType, changed: str) -> None:
    stamp(bootstrap, "run")
    (bootstrap.ROOT / changed).write_text("changed")
    assert not bootstrap.is_fresh("run")


def test_an_environment_that_was_removed_is_made_again(bootstrap: ModuleType) -> None:
    stamp(bootstrap, "run")
    bootstrap.PYTHON.unlink()
    assert not bootstrap.is_fresh("run")


def test_a_line_of_pip_is_shown_without_its_address(bootstrap: ModuleType) -> None:
    line = "Downloading https://index.example/packages/ab/cd/a-1.0-py3-none-any.whl (5 kB)"
    assert bootstrap.shorten(line) == "Downloading a-1.0-py3-none-any.whl (5 kB)"
    assert bootstrap.shorten("Installing collected packages: a, b, c") == "Installing 3 packages"


def test_a_lock_that_does_not_exist_is_refused(root: Path) -> None:
    command = [sys.executable, str(root / "tools/bootstrap.py"), "everything"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode != 0
    assert "run|dev" in done.stderr
