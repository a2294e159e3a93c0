"""Each module says what it gives, and gives it."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conftest import Page

ROOMS = ("types", "wire", "catalog", "policy", "pick", "cache", "meter", "ledger", "privacy", "imports",
         "providers", "engine", "ner", "store", "edge", "admin")  # fmt: skip
SECTIONS = ("Enters:", "Leaves:", "May not know:", "State:")


def defined(page: Page) -> Iterator[str]:
    """Names of the public functions and classes that a module defines itself."""
    for node in page.tree.body:
        is_definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if is_definition and not node.name.startswith("_"):
            yield node.name


def exported(page: Page) -> tuple[str, ...]:
    return getattr(page.module, "__all__", ())


def test_a_module_that_defines_something_public_lists_it(public: Sequence[Page]) -> None:
    for page in public:
        missing = set(defined(page)) - set(exported(page))
        assert not missing, f"{page.name} defines {sorted(missing)} and does not export them"


def test_what_is_listed_is_there_once(public: Sequence[Page]) -> None:
    for page in public:
        names = exported(page)
        assert isinstance(names, tuple), f"{page.name}.__all__ is not a tuple"
        # Its order is the linter's business: constants, classes, functions (RUF022).
        assert len(names) == len(set(names)), f"{page.name}.__all__ lists a name twice"
        lacking = [name for name in names if not hasattr(page.module, name)]
        assert not lacking, f"{page.name} exports {lacking}, which are not there"


def test_everything_public_explains_itself(public: Sequence[Page]) -> None:
    for page in public:
        assert ast.get_docstring(page.tree), f"{page.name} has no docstring"
        for name in defined(page):
            assert inspect.getdoc(getattr(page.module, name)), (
                f"{page.name}.{name} has no docstring"
            )


def test_each_room_says_what_enters_what_leaves_and_what_it_may_not_know(
    public: Sequence[Page],
) -> None:
    rooms = {page.name: ast.get_docstring(page.tree) or "" for page in public}
    for room in ROOMS:
        lacking = [each for each in SECTIONS if each not in rooms[f"jevons.{room}"]]
        assert not lacking, f"jevons.{room} does not say {lacking}"
