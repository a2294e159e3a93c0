"""What the house rules are checked against: every source file, parsed and imported once."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


class Page(NamedTuple):
    """One source file of jevons."""

    name: str
    """Dotted, as imported."""
    path: Path
    tree: ast.Module
    module: ModuleType


class Size(NamedTuple):
    """How long something is."""

    lines: int
    what: str


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def pages() -> tuple[Page, ...]:
    """Every module of jevons, by name."""
    return tuple(_read(path) for path in sorted((SOURCE / "jevons").rglob("*.py")))


@pytest.fixture(scope="session")
def public(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The modules that others may import."""
    return tuple(page for page in pages if not any(map(_is_private, page.name.split("."))))


def _is_private(word: str) -> bool:
    return word.startswith("_")


def _read(path: Path) -> Page:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Page(name, path, ast.parse(path.read_text()), importlib.import_module(name))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what has grown longest. Nothing fails on size; watch the maximum, not the mean."""
    paths = sorted((SOURCE / "jevons").rglob("*.py"))
    files = [
        Size(len(path.read_text().splitlines()), str(path.relative_to(SOURCE))) for path in paths
    ]
    functions = [size for path in paths for size in _functions(path)]
    for title, sizes in (("files", files), ("functions", functions)):
        terminalreporter.section(f"ten longest {title}")
        for size in sorted(sizes, reverse=True)[:10]:
            terminalreporter.write_line(f"{size.lines:5}  {size.what}")


def _functions(path: Path) -> Iterator[Size]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Size(lines, f"{path.relative_to(SOURCE)} {node.name}")
