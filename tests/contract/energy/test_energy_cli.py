"""`jevons energy estimate` says what the meter would, and shows another opinion only beside it."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from jevons.cli import main
from jevons.meter.energy import modelled
from jevons.meter.media import clip, picture
from jevons.types.account import Usage
from jevons.types.model import Footprint


def called(*words: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["energy", "estimate", *words])
    assert result.exit_code == status, result.output
    return result.stdout + result.stderr


def told(*words: str) -> Any:
    return json.loads(called(*words, "--json"))


def test_an_answer_is_what_the_meter_makes_of_it() -> None:
    words = ("--params", "671:37", "--precision", "fp8", "--input", "100", "--cached", "40")
    footprint = Footprint(
        active_params_b=37, total_params_b=671, precision="fp8", source="as given"
    )
    found = modelled(footprint, Usage(input=60, cache_read=40, output=400))
    assert told(*words)["answer"]["p50"] == found.p50
    assert "modelled-hosted" in called(*words)


def test_a_picture_and_a_clip() -> None:
    found = told("--picture", "12", "--clip", "13", "--frames", "129")
    assert found["picture"]["p50"] == picture(12).p50
    assert found["clip"]["p50"] == clip(13, megapixels=0.9216, frames=129, steps=50).p50


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--params", "many"),
        ("--params", "7:8"),
        ("--params", "7", "--output", "0"),
        ("--params", "7", "--input", "1", "--cached", "2"),
        ("--clip", "1", "--size", "large"),
    ],
)
def test_what_cannot_be_is_refused(words: tuple[str, ...]) -> None:
    assert "Error" in called(*words, status=2)


def test_without_ecologits_there_is_no_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ecologits", None)
    assert "pip install ecologits" in called("--second-opinion", "openai/gpt-4o")


def test_ecologits_is_shown_beside_ours() -> None:
    """Against the package itself, where it is installed."""
    pytest.importorskip("ecologits", reason="ecologits is not installed; it is nobody's dependency")
    found = told("--params", "117:5.1", "--second-opinion", "huggingface_hub/openai/gpt-oss-120b")
    assert found["answer"]["p05"] < found["answer"]["p50"]
    low, high = found["second_opinion"]["low_mj"], found["second_opinion"]["high_mj"]
    assert 300_000 < low <= high < 700_000, "0.12 to 0.13 Wh of 400 tokens, version 0.11.3"
    assert "does not know" in called("--second-opinion", "openai/none-such")


def test_an_opinion_may_be_one_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    package, tracers, utils = map(
        ModuleType, ("ecologits", "ecologits.tracers", "ecologits.tracers.utils")
    )
    answer = SimpleNamespace(errors=None, energy=SimpleNamespace(value=1e-3))

    def impacts(*_: object) -> SimpleNamespace:
        return answer

    monkeypatch.setattr(package, "__version__", "0", raising=False)
    monkeypatch.setattr(package, "tracers", tracers, raising=False)
    monkeypatch.setattr(tracers, "utils", utils, raising=False)
    monkeypatch.setattr(utils, "llm_impacts", impacts, raising=False)
    for module in (package, tracers, utils):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    assert "1 to 1 Wh" in called("--second-opinion", "a/b")
