"""Change the policy's code in every small way there is, and name each change that no test minds.

mutmut makes the changes and runs, for each, the unit tests that reach it. A change that survives
is listed in `tools/mutants.toml` with why it changes no verdict, or it fails this.

Rule 1: a survivor is known by the lines it changes and not by its number, which moves.
Rule 2: an entry that no longer survives fails as well, so that the list only says what is true.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

from mutmut.mutation.diff_apply import get_diff_for_mutant

ROOT = Path(__file__).resolve().parent.parent
MADE = ROOT / "mutants"
REVIEWED = ROOT / "tools" / "mutants.toml"
KILLED = frozenset({1, 3})  # pytest's words for failed tests, and for a test that broke


class Change(NamedTuple):
    """One change that was made to a function."""

    function: str
    was: str
    now: str


def main() -> None:
    """Run mutmut, and hold what survives against the list."""
    shutil.rmtree(MADE, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "mutmut", "run"], cwd=ROOT, check=True)
    count, survived = results()
    reviewed = frozenset(
        [
            Change(each["in"], each["was"], now)
            for each in tomllib.loads(REVIEWED.read_text(encoding="utf-8"))["equivalent"]
            for now in each["now"]
        ]
    )
    for title, found in (
        ("survives, and nobody said why it may", survived - reviewed),
        ("is listed, and does not survive", reviewed - survived),
    ):
        for change in sorted(found):
            print(f"\n{title}: {change.function}\n  - {change.was}\n  + {change.now}")
    print(
        f"\n{count} changes, {count - len(survived)} noticed, {len(survived & reviewed)} that "
        f"change no verdict, {len(survived - reviewed)} unexplained"
    )
    if survived != reviewed:
        sys.exit(1)


def results() -> tuple[int, frozenset[Change]]:
    """Read how many changes were made, and which were not noticed."""
    ended: dict[str, int | None] = {}
    for path in MADE.rglob("*.py.meta"):
        ended |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    if not ended:
        sys.exit("no change was made at all")
    return len(ended), frozenset(
        [change_of(name) for name, code in ended.items() if code not in KILLED]
    )


def change_of(name: str) -> Change:
    """Read what a change changes, by mutmut's name of it."""
    lines = get_diff_for_mutant(name).splitlines()[2:]
    was, now = (
        " ".join([line[1:].strip() for line in lines if line.startswith(sign)]) for sign in "-+"
    )
    function = name.rpartition("__mutmut_")[0].replace("ǁ", ".").replace("x_", "").replace("x.", "")
    return Change(function.removeprefix("jevons."), was, now)


if __name__ == "__main__":
    main()
