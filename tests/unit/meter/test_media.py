"""A picture and a clip take what was measured of open models, within the width that is told."""

from __future__ import annotations

import pytest

from jevons.meter.hosted import ACCELERATORS_ONLY
from jevons.meter.media import clip, picture

CLIPS = (
    # Name, parameters, width, height, frames; watt-hours as measured, least and most.
    ("CogVideoX 2B", 2.0, 720, 480, 49, 7.3, 8.2),
    ("Wan 2.1 1.3B", 1.3, 832, 480, 81, 17, 33),
    ("Wan 2.1 14B", 14.0, 832, 480, 81, 79, 139),
    ("CogVideoX 1.5 5B", 5.0, 1360, 768, 81, 86, 119),
    ("HunyuanVideo", 13.0, 1280, 720, 129, 322, 413),
)
PICTURES = (
    ("SANA 1.6B", 1.6, 0.09, 1.0),
    ("PixArt Sigma", 0.6, 0.17, 1.0),
    ("Stable Diffusion 3.5 Medium", 2.5, 0.43, 2.4),
    ("Stable Diffusion 3.5 Large", 8.1, 0.98, 3.4),
    ("FLUX.1 dev", 12.0, 1.9, 7.2),
)
MJ_PER_WH = 3.6e6


@pytest.mark.parametrize("row", CLIPS, ids=[row[0] for row in CLIPS])
def test_a_clip_takes_what_was_measured(
    row: tuple[str, float, int, int, int, float, float],
) -> None:
    _, params, width, height, frames, least, most = row
    found = clip(
        params,
        megapixels=width * height / 1e6,
        frames=frames,
        steps=50,
        overhead=ACCELERATORS_ONLY,
    )
    assert found.p05 < least * MJ_PER_WH < most * MJ_PER_WH < found.p95


@pytest.mark.parametrize(
    ("params", "least", "most"), [row[1:] for row in PICTURES], ids=[row[0] for row in PICTURES]
)
def test_a_picture_takes_what_was_measured(params: float, least: float, most: float) -> None:
    found = picture(params, overhead=ACCELERATORS_ONLY)
    middle = (least * most) ** 0.5 * MJ_PER_WH
    assert found.p05 < middle < found.p95


def test_more_never_takes_less() -> None:
    base = clip(5.0, megapixels=0.4, frames=81, steps=50)
    assert clip(6.0, megapixels=0.4, frames=81, steps=50).p50 > base.p50
    assert clip(5.0, megapixels=0.5, frames=81, steps=50).p05 > base.p05
    assert clip(5.0, megapixels=0.4, frames=82, steps=50).p05 > base.p05
    assert clip(5.0, megapixels=0.4, frames=81, steps=51).p05 > base.p05
    assert picture(2.0).p50 > picture(1.0).p50


def test_both_are_at_the_wall_and_say_whence() -> None:
    found = picture(1.0)
    assert found.p50 > picture(1.0, overhead=ACCELERATORS_ONLY).p50
    assert found.method == "modelled-hosted"
    assert "ML.ENERGY" in found.source
