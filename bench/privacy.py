"""What looking for personal data costs, in megabytes a second on one core.

python bench/privacy.py                     texts of our own
python bench/privacy.py --corpus FOLDER     and labelled ones: JSON lists of objects with `full_text`

`one by one` is the yardstick: a dozen plain patterns, each run over the whole text. Presidio's
are run as well where `presidio_analyzer` can be imported; it is nothing we depend on.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

from jevons.privacy import Detector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Look = Callable[[str], object]

ROOT = Path(__file__).parent.parent
ROUNDS = 3
LEAST_S = 0.3
SLICE = 100_000
ABSENT = "presidio_analyzer is not installed: its column is left out. To have it: pip install presidio-analyzer"
PLAIN = [
    re.compile(pattern)
    for pattern in (
        r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b",
        r"\bhttps?://\S+",
        r"\b\d{1,3}(?:\.\d{1,3}){3}\b",
        r"\b(?:\d[ -]?){13,19}\b",
        r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}\b",
        r"\b\d{3}-\d{2}-\d{4}\b",
        r"(?:\+\d{1,3}[ -]?)?(?:\(\d{2,4}\)[ -]?)?\d{3,4}[ .-]\d{3,4}(?:[ .-]\d{2,4})?",
        r"\b(?:sk-|ghp_|AKIA|AIza|xox[abp]-)[\w-]{16,}",
        r"\beyJ[\w-]+\.[\w-]+\.[\w-]+",
        r"\b\d{8}[A-Z]\b",
        r"\b\d{11}\b",
        r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b",
    )
]
CHINESE = "推理模型的价格正在迅速下降，企业需要在质量、价格和能耗之间做出选择。2026年11月24日发布的报告共有1,234页。"  # noqa: RUF001 it is Chinese


def kinds(corpus: Path | None) -> Iterator[tuple[str, Sequence[str]]]:
    """Name each kind of text, and bring it in the pieces in which it is looked through."""
    rng = Random(1)
    yield "prose", [joined("docs", "*.md")]
    yield "code", [joined("src/jevons/edge", "*.py")]
    yield "JSON", [json.dumps([record(rng) for _ in range(1000)])]
    yield "Chinese", [CHINESE * (SLICE // len(CHINESE) // 3)]
    yield "logs", ["\n".join(logged(rng) for _ in range(600))]
    yield "numbers", ["\n".join(f"{rng.randrange(10**10)}" for _ in range(10_000))]
    yield "one digit", ["7" * SLICE]
    if corpus:
        yield "labelled", labelled(corpus)


def joined(folder: str, names: str) -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / folder).rglob(names)))[:SLICE]


def record(rng: Random) -> dict[str, object]:
    return {
        "id": rng.randrange(10**9),
        "name": f"item {rng.randrange(100)}",
        "score": rng.random(),
        "at": "2026-11-24T02:03:11Z",
        "tags": ["a", "b"],
    }


def logged(rng: Random) -> str:
    return (
        f"2026-11-24T02:{rng.randrange(60):02}:{rng.randrange(60):02}.{rng.randrange(1000):03}Z"
        f" host-{rng.randrange(20)} app[{rng.randrange(30_000)}]: INFO"
        f" request_id={rng.randrange(16**12):012x} status=200 bytes={rng.randrange(90_000)}"
        f" duration_ms={900 * rng.random():.3f} epoch={1_764_000_000 + rng.randrange(10**6)}"
    )


def labelled(corpus: Path) -> list[str]:
    paths = sorted(corpus.glob("*.json")) if corpus.is_dir() else [corpus]
    return [each["full_text"] for path in paths for each in json.loads(path.read_text())]


def presidio_patterns() -> Look | None:
    try:
        analyzer: Any = importlib.import_module("presidio_analyzer")
    except ImportError:
        return None
    registry = analyzer.RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    patterns = [one for one in registry.recognizers if isinstance(one, analyzer.PatternRecognizer)]

    def look(text: str) -> object:
        return [one.analyze(text, one.supported_entities, None) for one in patterns]

    return look


def rate(look: Look, texts: Sequence[str]) -> float:
    """Measure megabytes a second of one thread's processor time."""
    size_bytes, spent_s = 0, 0.0
    while spent_s < LEAST_S:
        began = time.thread_time()
        for text in texts:
            look(text)
        spent_s += time.thread_time() - began
        size_bytes += sum(len(text.encode()) for text in texts)
    return size_bytes / spent_s / 1e6


def rates(ways: Mapping[str, Look], texts: Sequence[str]) -> dict[str, float]:
    """Let each way take its turn, round after round, so that a noisy neighbour meets all."""
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, look in ways.items():
            seen[name].append(rate(look, texts))
    return {name: median(each) for name, each in seen.items()}


def shapes(corpus: Path | None) -> None:
    """Print a row for each kind of text: what has a shape is looked for."""
    ways: dict[str, Look] = {
        "jevons": Detector().find,
        "with 5000 terms": Detector(dictionary=[f"Term {each}" for each in range(5000)]).find,
        "one by one": lambda text: [list(pattern.finditer(text)) for pattern in PLAIN],
    }
    other = presidio_patterns()
    if other:
        ways["presidio"] = other
    print(f"{'MB/s':12}" + "".join(f"{name:>18}" for name in ways))
    for name, texts in kinds(corpus):
        row = rates(ways, texts)
        print(f"{name:12}" + "".join(f"{each:18.2f}" for each in row.values()), flush=True)
    if not other:
        print(ABSENT)


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    named = os.environ.get("JEVONS_PII_CORPUS")
    parser.add_argument("--corpus", type=Path, default=Path(named) if named else None)
    shapes(parser.parse_args().corpus)
    return 0


if __name__ == "__main__":
    sys.exit(main())
