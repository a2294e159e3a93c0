"""The project holds on every machine: it names no path, no index and no secret of this one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEFT_OUT = {".git", ".venv", ".jevons", "node_modules", "__pycache__", "build", "dist", ".hypothesis",
            ".ruff_cache", ".pytest_cache", ".import_linter_cache", "_build"}  # fmt: skip
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|Users|home/\w+|opt/\w+)/|\bC:\\")
INDEX = re.compile(r"pypi\.org|pythonhosted|registry\.npm|\bartifactory\b")
SECRET = re.compile(
    r"\bjv_[A-Za-z0-9_-]{43}\b|\bsk-[A-Za-z0-9]{20,}|BEGIN (?:RSA |EC )?PRIVATE KEY"
)


def texts(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not LEFT_OUT & set(inside.parts) and inside.name != "test_text.py":
            try:
                yield str(inside), path.read_text()
            except UnicodeDecodeError:
                continue


def found(pattern: re.Pattern[str], root: Path) -> list[str]:
    return [
        f"{name}: {hit.group()}" for name, text in texts(root) for hit in pattern.finditer(text)
    ]


def test_no_file_names_a_path_of_some_machine(root: Path) -> None:
    assert found(MACHINE, root) == []


def test_no_file_names_a_package_index(root: Path) -> None:
    assert found(INDEX, root) == []


def test_no_file_holds_a_secret(root: Path) -> None:
    assert found(SECRET, root) == []


def test_the_locks_name_hashes_and_no_address(root: Path) -> None:
    for name in ("run", "dev"):
        lock = (root / f"requirements/{name}.txt").read_text()
        pins = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
        assert pins
        assert "://" not in lock
        assert all("==" in pin and pin.endswith("\\") for pin in pins)


def test_everything_that_runs_is_also_in_the_lock_for_development(root: Path) -> None:
    run, dev = [
        {
            line.split()[0]
            for line in (root / f"requirements/{name}.txt").read_text().splitlines()
            if "==" in line
        }
        for name in ("run", "dev")
    ]
    assert run <= dev
