"""What looking for identifiers costs, in megabytes a second on one core.

python bench/detect.py                    texts of our own
python bench/detect.py --corpus FILE      and labelled ones, a JSON list with `full_text`

`one by one` is the yardstick: a dozen plain patterns, each run over the whole text. Presidio's
are run as well where `presidio_analyzer` can be imported; it is nothing we depend on.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from jevons.privacy import Detector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent
LEAST_S = 0.5
SLICE = 100_000
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


def texts(corpus: Path | None) -> Iterator[tuple[str, str]]:
    rng = Random(1)
    yield "prose", joined("docs", "*.md")
    yield "code", joined("src/jevons/edge", "*.py")
    yield (
        "records",
        json.dumps(
            [
                {"id": rng.randrange(10**9), "score": rng.random(), "at": "2026-11-24T02:03:11Z"}
                for _ in range(2000)
            ]
        ),
    )
    yield "numbers", "\n".join(f"{rng.randrange(10**10)}" for _ in range(10_000))
    yield "one digit", "7" * SLICE
    if corpus:
        yield "corpus", "\n".join(each["full_text"] for each in json.loads(corpus.read_text()))


def joined(folder: str, names: str) -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / folder).rglob(names)))[:SLICE]


def presidio() -> Callable[[str], object] | None:
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


def rate(look: Callable[[str], object], text: str) -> float:
    """Measure megabytes a second of one thread's processor time."""
    spent_s, times = 0.0, 0
    while spent_s < LEAST_S:
        began = time.thread_time()
        look(text)
        spent_s += time.thread_time() - began
        times += 1
    return len(text.encode()) * times / spent_s / 1e6


def main() -> int:
    """Print a row for each text."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--corpus", type=Path)
    corpus: Path | None = parser.parse_args().corpus
    ways: dict[str, Callable[[str], object]] = {
        "jevons": Detector().find,
        "with 5000 terms": Detector(dictionary=[f"Term {each}" for each in range(5000)]).find,
        "one by one": lambda text: [list(pattern.finditer(text)) for pattern in PLAIN],
    }
    other = presidio()
    if other:
        ways["presidio"] = other
    print(f"{'MB/s':12}" + "".join(f"{name:>18}" for name in ways))
    for name, text in texts(corpus):
        print(f"{name:12}" + "".join(f"{rate(look, text):18.2f}" for look in ways.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
