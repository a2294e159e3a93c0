"""`llm-comply` holds every surface to its dialect's published schema, whatever the endpoint speaks.

A check that fails is in a table with the reason, and every entry of it has to fail.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import llm_comply
import pytest
from llm_comply import runner, tests
from llm_comply.config import ComplianceConfig
from llm_comply.schema import SpecLoader
from tests.contract.clients.front import MODELS, SMALL, alias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_comply.test_case import TestCase
    from tests.contract.clients.conftest import Scores
    from tests.contract.clients.front import Front

# The suite's way to its schemas, which its library would have otherwise.
pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")

SPECS = Path(llm_comply.__file__).parent / "specs"
SURFACES: Mapping[str, str] = MappingProxyType(
    {
        "openai-chat": "openai_chat.json",
        "open-responses": "openresponses.json",
        "anthropic": "anthropic.json",
    }
)
"""The suite's name of each dialect, and of its schema."""

UNSAID: Mapping[str, Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        "anthropic": {
            ("ResponseTextBlock", "citations"): (
                "Anthropic itself leaves it out where nothing is cited, and Vercel's client refuses null"
            ),
            ("ResponseToolUseBlock", "caller"): (
                "the model itself, unless told otherwise: the schema's own default"
            ),
        }
    }
)
"""Fields that a schema requires and that are left out, each with its reason."""

LACKS: Mapping[str, str] = MappingProxyType(
    {
        "chat-image-input": "it sees no pictures: 422, and why",
        "image-input": "it sees no pictures: 422, and why",
        "anth-image-input": "it sees no pictures: 422, and why",
    }
)
"""What the embedded model cannot."""
SKIPS = frozenset({"chat-reasoning-summary", "reasoning-summary", "anth-thinking-display"})
"""What is not asked of a model whose name does not say that it thinks."""


@pytest.mark.parametrize("model", [*MODELS, SMALL])
@pytest.mark.parametrize("surface", [*SURFACES])
def test_every_check_passes_or_is_named_here(
    surface: str, model: str, front: Front, scores: Scores, tmp_path: Path
) -> None:
    config = ComplianceConfig(
        base_url=front.url,
        api_key=front.key,
        model=model if model == SMALL else alias(model),
        extra_headers={"anthropic-version": "2023-06-01"} if surface == "anthropic" else None,
    )
    checks = [without_chance(check) for check in tests.get_tests(surface)]
    found = runner.TestRunner(config, checks, schema(surface, tmp_path)).run_all()
    scores.note(surface, model, found.passed, found.total - found.skipped)
    asked = {each.id for each in found.results}
    failed = {each.id: each.errors for each in found.results if each.status.value == "failed"}
    skipped = {each.id for each in found.results if each.status.value == "skipped"}
    is_small = model == SMALL
    assert failed.keys() == (asked & LACKS.keys() if is_small else set()), failed
    assert skipped == (asked & SKIPS if is_small else set())


def without_chance(check: TestCase) -> TestCase:
    """Ask the same of a model that draws nothing, so that a check passes always or never."""

    def build(config: ComplianceConfig) -> dict[str, Any]:
        return {**check.build_request(config), "temperature": 0}

    return replace(check, build_request=build)


def schema(surface: str, folder: Path) -> SpecLoader:
    """Read a dialect's schema without what is left out on purpose."""
    spec: Any = json.loads((SPECS / SURFACES[surface]).read_text())
    for kind, field in UNSAID.get(surface, {}):
        spec["components"]["schemas"][kind]["required"].remove(field)
    path = folder / "spec.json"
    path.write_text(json.dumps(spec))
    return SpecLoader(str(path))
