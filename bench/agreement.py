"""How often answers of two cheap models agree, and how often both are wrong then.

python -m bench.agreement ZeroEval/result_dirs

Reads recorded answers as ZeroEval keeps them (github.com/WildEval/ZeroEval, Apache-2.0): whole
outputs, that hold reasons beside an answer. They are compared as the corridor compares drafts, with
and without the reasons; whether one is right is told by its field `answer` alone.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from jevons.pick import agree, canonical

SETS = ("gsm", "crux", "math-l5")
PAIRS = (
    ("gpt-4o-mini-2024-07-18", "deepseek-v2.5-0908"),
    ("gpt-4o-mini-2024-07-18", "gemini-1.5-flash"),
)
REFERENCE = "claude-3-5-sonnet-20240620"
IGNORED: tuple[tuple[str, ...], ...] = ((), ("reasoning",))
FIELD = re.compile(r'"answer"\s*:\s*("(?:[^"\\]|\\.)*"|[^,}\n]+)', re.DOTALL)


class Said(NamedTuple):
    """One recorded answer."""

    text: str
    is_right: bool


def answers(folder: Path, model: str) -> dict[str, Said]:
    """Read what a model answered, by set and item."""
    found: dict[str, Said] = {}
    for name in SETS:
        rows: list[dict[str, Any]] = json.loads((folder / name / f"{model}.json").read_text())
        for row in rows:
            text = row["output"][0]
            found[f"{name} {row['id']}"] = Said(text, is_right(text, str(row["answer"])))
    return found


def is_right(text: str, truth: str) -> bool:
    """Hold the last field `answer` of an output against what is right."""
    truth = truth.removeprefix("# ").strip()
    said = FIELD.findall(text)
    try:
        value: Any = json.loads(said[-1]) if said else ""
    except ValueError:
        value = said[-1].strip('"')
    answer = value if isinstance(value, str) else json.dumps(value)
    return answer.strip() == truth or agree(canonical(answer), canonical(truth))


def main() -> None:
    """Print a line for each pair."""
    parser = argparse.ArgumentParser(description="How often two cheap models agree.")
    parser.add_argument("folder", type=Path, help="ZeroEval's result_dirs")
    folder: Path = parser.parse_args().folder
    reference = answers(folder, REFERENCE)
    alone = sum(each.is_right for each in reference.values()) / len(reference)
    print(f"{REFERENCE} alone: {alone:.1%} of {len(reference)} are right\n")
    print("first + second, fields that do not count: agree, of those wrong, cascade right")
    for one, other in PAIRS:
        first, second = answers(folder, one), answers(folder, other)
        for ignored in IGNORED:
            taken = {
                item
                for item in reference
                if agree(
                    canonical(first[item].text, ignored), canonical(second[item].text, ignored)
                )
            }
            wrong = sum(not first[item].is_right for item in taken)
            right = sum(each.is_right for item, each in reference.items() if item not in taken)
            share = len(taken) / len(reference)
            print(
                f"{one} + {other}, {', '.join(ignored) or 'none'}: {share:.1%}, "
                f"{wrong / max(len(taken), 1):.1%}, {(right + len(taken) - wrong) / len(reference):.1%}"
            )


if __name__ == "__main__":
    main()
