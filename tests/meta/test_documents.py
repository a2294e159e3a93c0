"""What can be set, called or plugged in is in the reference, and the reference is not stale."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import click
import pytest

from jevons import cli
from jevons.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = {"str", "int", "float", "bool", "Decimal", "Path", "None", "tuple", "dict"}
SECTIONS = {"Price", "Footprint", "Reported", "Site", "Custody"}
"""Types that a setting may name: plain ones, and those with a table of their own. Of any other the
page says the values."""

LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def test_the_generated_pages_are_what_the_source_says(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "tools/pages.py", "--check"], cwd=root, check=False, stderr=subprocess.PIPE
    )
    assert done.returncode == 0, done.stderr.decode()


def test_every_setting_says_what_it_does_and_which_values_it_takes(root: Path) -> None:
    page = (root / "docs/reference/settings.md").read_text()
    rows = [row for row in page.splitlines() if row.startswith("| `")]
    assert len(rows) > 80
    for row in rows:
        _, _, kind, _, text, _ = (cell.strip() for cell in re.split(r"(?<!\\)\|", row))
        assert text, row
        assert set(re.findall(r"\w+", re.sub("'[^']+'", "", kind))) <= PLAIN | SECTIONS, row


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Walk the tree of commands."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from commands(found, f"{name} {each}")


@pytest.mark.parametrize(
    ("name", "command"), [pytest.param(*each, id=each[0]) for each in commands(cli.main, "jevons")]
)
def test_every_command_and_option_is_in_the_reference(
    name: str, command: click.Command, root: Path
) -> None:
    page = (root / "docs/reference/cli.md").read_text()
    assert command.help, f"{name} has no help"
    assert name in page, f"docs/reference/cli.md does not mention `{name}`"
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            longest = max(option.opts, key=len)
            assert longest in page, f"docs/reference/cli.md lacks `{longest}` of `{name}`"


def test_no_page_points_at_a_file_that_is_not_there(root: Path) -> None:
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "design").rglob("*.md")]
    assert pages
    for page in pages:
        for link in LINK.findall(page.read_text()):
            assert (page.parent / link).exists(), f"{page.relative_to(root)} points at {link}"


BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(root: Path, language: str) -> Iterator[tuple[str, str]]:
    """Yield the code in all pages that is in one language."""
    for page in (root / "README.md", *sorted((root / "docs").rglob("*.md"))):
        for name, code in BLOCK.findall(page.read_text()):
            if name == language:
                yield str(page.relative_to(root)), code


def test_settings_that_pages_show_are_settings_that_load(root: Path, tmp_path: Path) -> None:
    shown = list(blocks(root, "toml"))
    assert shown
    for number, (_, code) in enumerate(shown):
        path = tmp_path / f"{number}.toml"
        path.write_text(code)
        load(path, {})


def test_python_that_pages_show_is_python(root: Path) -> None:
    shown = list(blocks(root, "python"))
    assert shown
    for page, code in shown:
        compile(code, page, "exec")


def test_every_direct_dependency_has_its_reason_and_there_are_at_most_15(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    core = [re.split(r"[<>=;\[ ]", line)[0] for line in project["dependencies"]]
    extra = [
        re.split(r"[<>=;\[ ]", line)[0]
        for lines in project["optional-dependencies"].values()
        for line in lines
    ]
    page = (root / "design/dependencies.md").read_text()
    assert len(core) <= 15
    assert [name for name in (*core, *extra) if f"`{name}`" not in page] == []
