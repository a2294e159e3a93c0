"""Trials of a real engine give a profile, and a house shares out by it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from jevons.boot import calibrate
from jevons.boot.calibrate import Plan, find, read_profile, write_profile
from jevons.cli import main
from jevons.engine.pull import Progress, Weights, pull
from jevons.settings import Settings
from jevons.types.errors import Misconfigured

WEIGHTS = Path(
    os.environ.get("JEVONS_TEST_WEIGHTS") or Path(__file__).parents[3] / ".jevons/weights"
)
PLAN = Plan((1, 2), (4, 32), (2, 6))


@pytest.fixture(scope="module")
def weights() -> Weights:
    return pull("smollm2-135m", WEIGHTS, _silence)


def _silence(_: Progress) -> None:
    pass


def test_trials_that_tell_too_little_say_so(tmp_path: Path, weights: Weights) -> None:
    with pytest.raises(Misconfigured, match="cannot tell"):
        find(Settings(data_dir=tmp_path), weights, Plan((1,), (8,), (2,)), on_trial=lambda _: None)


def test_what_is_no_profile_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "energy-profile.toml"
    assert read_profile(path) is None
    for text in ("model = 1", "no toml"):
        path.write_text(text)
        with pytest.raises(Misconfigured, match="energy-profile"):
            read_profile(path)


def test_a_real_engine_is_found_to_take_something(
    tmp_path: Path, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "SHORT", PLAN)
    shell = CliRunner(env={"JEVONS_DATA_DIR": str(tmp_path), "COLUMNS": "120"})
    model = f"file://{weights.path}"
    done = shell.invoke(main, ["energy", "calibrate", "--short", "--model", model])
    assert done.exit_code == 0, done.output
    assert "measured over fitted" in done.stdout
    assert "J a token, 2 at once" in done.stdout
    profile = read_profile(tmp_path / "energy-profile.toml")
    assert profile is not None
    assert profile.prompt_j > 0
    assert set(profile.answer_j) == {"1", "2"}
    assert profile.prompt_weight == pytest.approx(profile.prompt_j / profile.answer_j["1"])
    assert profile.fold < 2
    assert profile.method in {"modelled-cpu", "measured-rapl", "measured-nvml"}
    assert "threads of" in profile.machine
    again = tmp_path / "again.toml"
    write_profile(again, profile)
    assert read_profile(again) == profile
