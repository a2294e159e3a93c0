"""On labelled texts that are not part of the project, most of what identifies people is found.

`JEVONS_PII_CORPUS` names the folder, as for `test_corpus.py`. Recall is over the ten kinds of
entity by which it was measured for Presidio; found is what one finding of any kind covers by more
than a half. Precision is the share of findings that touch an entity of any kind.

Measured 2026-11-29 on one half of presidio-research's `synth_dataset_v2` (750 texts): 0.91 and
0.97 with `en_core_web_md`, 0.88 and 0.95 with `en_core_web_sm`; Presidio 2.2.366 with
`en_core_web_md` and its threshold at 0.35: 0.68 and 0.90.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest
from tests.contract.privacy.test_corpus import VARIABLE, Labelled

from jevons.ner import Names
from jevons.privacy import Detector, merged

if TYPE_CHECKING:
    from jevons.privacy import Finding

pytest.importorskip("spacy", reason="the extra `ner` is not installed")

CORE = {
    "PERSON", "STREET_ADDRESS", "GPE", "ORGANIZATION", "CREDIT_CARD", "PHONE_NUMBER",
    "EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "IP_ADDRESS",
}  # fmt: skip
LEAST_RECALL = 0.8
LEAST_PRECISION = 0.93


class Looked(NamedTuple):
    text: Labelled
    found: list[Finding]


@pytest.fixture(scope="module")
def looked() -> list[Looked]:
    named = os.environ.get(VARIABLE, "")
    if not named:
        pytest.skip(f"{VARIABLE} is not set: no folder of labelled texts to check against")
    detector, names = Detector(), Names()
    decoder = msgspec.json.Decoder(list[Labelled])
    texts = [
        each
        for path in sorted(Path(named).glob("*.json"))
        for each in decoder.decode(path.read_bytes())
    ]
    assert texts, f"no text in {named}"
    return [
        Looked(each, merged([*detector.find(each.full_text), *names.find(each.full_text)]))
        for each in texts
    ]


def test_most_of_what_identifies_people_is_found(looked: list[Looked]) -> None:
    seen = [
        any(span.holds(one) for one in found)
        for text, found in looked
        for span in text.spans
        if span.entity_type in CORE
    ]
    assert sum(seen) / len(seen) >= LEAST_RECALL


def test_little_else_is_found(looked: list[Looked]) -> None:
    right = [
        any(span.touches(one) for span in text.spans) for text, found in looked for one in found
    ]
    assert sum(right) / len(right) >= LEAST_PRECISION
