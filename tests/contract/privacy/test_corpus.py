"""On labelled texts that are not part of the project, what has a shape is found, and little else.

`JEVONS_PII_CORPUS` names a folder of them: JSON lists in the form of presidio-research, each
text with its `full_text` and its `spans`. Found is what is covered by more than a half.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from jevons.privacy import Detector

if TYPE_CHECKING:
    from jevons.privacy import Finding, Kind

VARIABLE = "JEVONS_PII_CORPUS"
KINDS: dict[str, Kind] = {
    "EMAIL_ADDRESS": "email",
    "IBAN_CODE": "iban",
    "CREDIT_CARD": "card",
    "US_SSN": "ssn",
    "IP_ADDRESS": "ip",
    "DOMAIN_NAME": "url",
    "URL": "url",
    "PHONE_NUMBER": "phone",
    "US_DRIVER_LICENSE": "driving_licence",
}
LEAST = {"phone": 0.95, "driving_licence": 0.95}  # all others: every one


class Span(msgspec.Struct):
    entity_type: str
    start_position: int
    end_position: int

    def holds(self, found: Finding) -> bool:
        shared = min(self.end_position, found.end) - max(self.start_position, found.start)
        return 2 * shared > self.end_position - self.start_position

    def touches(self, found: Finding) -> bool:
        return found.start < self.end_position and self.start_position < found.end


class Labelled(msgspec.Struct):
    full_text: str
    spans: list[Span]


@pytest.fixture(scope="module")
def texts() -> list[tuple[Labelled, list[Finding]]]:
    named = os.environ.get(VARIABLE, "")
    if not named:
        pytest.skip(f"{VARIABLE} is not set: no folder of labelled texts to check against")
    paths = sorted(Path(named).glob("*.json"))
    assert paths, f"no file of JSON in {named}"
    decoder, detector = msgspec.json.Decoder(list[Labelled]), Detector()
    labelled = [each for path in paths for each in decoder.decode(path.read_bytes())]
    return [(each, detector.find(each.full_text)) for each in labelled]


def test_what_has_a_shape_is_found(texts: list[tuple[Labelled, list[Finding]]]) -> None:
    there: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for labelled, findings in texts:
        for span in labelled.spans:
            kind = KINDS.get(span.entity_type)
            if kind:
                there[kind] += 1
                seen[kind] += any(span.holds(one) and one.kind == kind for one in findings)
    assert there
    recall = {kind: seen[kind] / there[kind] for kind in there}
    assert {kind: each for kind, each in recall.items() if each < LEAST.get(kind, 1.0)} == {}


def test_what_is_found_is_what_it_is_said_to_be(
    texts: list[tuple[Labelled, list[Finding]]],
) -> None:
    right = [
        any(span.touches(one) and KINDS.get(span.entity_type) == one.kind for span in each.spans)
        for each, findings in texts
        for one in findings
    ]
    assert sum(right) / len(right) >= 0.99
