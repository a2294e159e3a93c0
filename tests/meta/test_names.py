"""No room is called after not knowing what it is for."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import Page

BANNED = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc", "manager",
          "service", "services", "handler", "handlers", "processor", "data", "impl"}  # fmt: skip
ENDINGS = ("Utils", "Helper", "Helpers", "Manager", "Service", "Handler", "Processor", "Impl")


def test_no_module_has_a_name_that_says_nothing(root: Path) -> None:
    paths = [
        path
        for folder in ("src", "tests", "bench", "tools")
        for path in (root / folder).rglob("*.py")
    ]
    assert paths
    bad = [str(path.relative_to(root)) for path in paths if BANNED & {path.stem, path.parent.name}]
    assert bad == []


def test_no_class_has_a_name_that_says_nothing(pages: Sequence[Page]) -> None:
    for page in pages:
        for node in ast.walk(page.tree):
            if isinstance(node, ast.ClassDef):
                assert not node.name.endswith(ENDINGS), f"{page.name}.{node.name}"


def test_no_public_function_takes_a_bare_boolean_by_position(public: Sequence[Page]) -> None:
    for page in public:
        for node in ast.walk(page.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for argument in (*node.args.posonlyargs, *node.args.args):
                    kind = argument.annotation
                    is_bool = isinstance(kind, ast.Name) and kind.id == "bool"
                    assert not is_bool, f"{page.name}.{node.name}({argument.arg})"
