"""Node projects of tests: laid out once a run, where there are Node and their packages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

__all__ = ("HERE", "hear", "lay_out")

HERE = Path(__file__).parent
MODULES = "JEVONS_NODE_MODULES"
"""Names a folder that holds the packages, for machines whose npm reaches no registry."""
_ELSE = f"{MODULES} may name a folder with the packages"
_INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0")


def lay_out(folder: Path, *, of: Path = HERE) -> Path:
    """Put a project with its packages into a folder; skip, and say why, where that cannot be."""
    if shutil.which("node") is None:
        pytest.skip("there is no Node on this machine")
    for file in (*of.glob("*.json"), *of.glob("*.mjs"), of / ".npmrc"):
        shutil.copy(file, folder)
    if MODULES in os.environ:
        _link(folder, Path(os.environ[MODULES]))
        return folder
    if shutil.which("npm") is None:
        pytest.skip(f"there is no npm on this machine; {_ELSE}")
    try:
        done = subprocess.run(_INSTALL, cwd=folder, check=False, capture_output=True, timeout=90)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm found no registry in time; {_ELSE}")
    if done.returncode:
        said = done.stderr.decode().strip().splitlines()[-1:]
        pytest.skip(f"npm could not install the packages ({said}); {_ELSE}")
    return folder


def hear(project: Path, script: str, *arguments: str) -> Any:
    """Run a script, and read the JSON that it says."""
    command = ["node", script, *arguments]
    node = subprocess.run(command, cwd=project, check=False, capture_output=True, timeout=120)
    assert node.returncode == 0, node.stderr.decode()
    return json.loads(node.stdout)


def _link(folder: Path, modules: Path) -> None:
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    missing = [name for name in wanted if not (modules / name).is_dir()]
    if missing:
        pytest.skip(f"the folder that {MODULES} names lacks {', '.join(missing)}")
    (folder / "node_modules").symlink_to(modules)
