"""The formulas are what measurements give, and miss models they have not seen by no more than is said.

Needs ML.ENERGY's measurements, which are not ours to ship: the folder that JEVONS_ENERGY_CORPUS names.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from bench.energy import Row, clips, covered, fit, left_out, told, words

from jevons.meter.hosted import ACCELERATORS_ONLY, hosted, joules
from jevons.meter.media import CLIP_FOLD, clip
from jevons.types.account import Usage


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get("JEVONS_ENERGY_CORPUS")
    if not named:
        pytest.skip("JEVONS_ENERGY_CORPUS names no folder with ML.ENERGY's measurements")
    return Path(named)


@pytest.fixture(scope="module")
def text(folder: Path) -> list[Row]:
    return words(folder)


def test_the_formula_is_the_fit(text: list[Row]) -> None:
    assert len(text) == 565
    assert len({row.model for row in text}) == 27
    constant, by_active, by_weight, by_batch = fit(text)
    row = text[0]
    assert row.footprint is not None
    median = joules(hosted(row.footprint, overhead=ACCELERATORS_ONLY), Usage(output=1))[1]
    _, active, weight, batch = row.features
    fitted = math.exp(constant + by_active * active + by_weight * weight + by_batch * batch)
    assert median == pytest.approx(fitted, rel=1e-2)
    assert (constant, by_active, by_weight, by_batch) == pytest.approx(
        (-2.331, 0.190, 0.770, -0.507), abs=1e-3
    )


def test_a_model_that_the_fit_has_not_seen_is_met_within_1_6(text: list[Row]) -> None:
    figures = told(error for _, error in left_out(text))
    assert figures.rms_fold <= 1.60
    assert figures.median_fold <= 1.30


def test_nine_measurements_in_ten_are_inside_the_interval(text: list[Row]) -> None:
    assert covered(text) >= 0.90
    unseen = [abs(error) <= math.log(2.1) for _, error in left_out(text)]
    assert sum(unseen) / len(unseen) >= 0.85


def test_the_formula_for_clips_is_the_fit(folder: Path) -> None:
    rows = clips(folder)
    assert fit(rows) == pytest.approx((3.465, 1.012, 0.680), abs=1e-3)
    errors = [error for _, error in left_out(rows)]
    assert told(errors).rms_fold <= 2.0
    assert sum(abs(error) <= math.log(CLIP_FOLD) for error in errors) / len(errors) >= 0.85
    found = clip(5.0, megapixels=1360 * 768 / 1e6, frames=81, steps=50, overhead=ACCELERATORS_ONLY)
    measured = [math.exp(row.log_joules) * 1e3 for row in rows if "CogVideoX1.5" in row.model]
    assert found.p05 < min(measured) < max(measured) < found.p95
