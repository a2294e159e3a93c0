"""Energy of a picture or a clip, from the size of the model and of what it makes.

    clip     J  = exp(3.465) (M F S)^1.012 P^0.680
    picture  Wh = exp(-0.877) P^0.774              of 1024 by 1024, in the model's usual steps

M megapixels a frame, F frames, S steps, P parameters (1e9): joules of the accelerators. How many
are made at once hardly matters: the work fills an accelerator by itself. Every configuration
weighs the same.

Source: clips are a fit of 382 configurations of 5 models on H100 and B200 (ML.ENERGY leaderboard v3,
February 2026); pictures of what 5 models take there, from their largest batch to one at a time.
"""

from __future__ import annotations

import math

from jevons.meter.hosted import DATA_CENTRE
from jevons.meter.spread import Z95, Spread
from jevons.types.units import Estimate

__all__ = ("CLIP_FOLD", "PICTURE_FOLD", "clip", "picture")

_CLIP, _BY_PIXELS, _BY_PARAMS = 3.465, 1.012, 0.680
CLIP_FOLD = 3.0
"""Each model predicted by a fit without it: 1.95 root mean square, 90 % within this."""

_PICTURE, _PICTURE_BY_PARAMS = -0.877, 0.774
PICTURE_FOLD = 4.0
"""Likewise 2.0, and two models in five are beyond a factor of 2.5; the batch is not known."""

_J_PER_WH = 3600.0
_SOURCE = "of 2026-11, on ML.ENERGY leaderboard v3 (2026-02)"


def clip(
    params_b: float,
    *,
    megapixels: float,
    frames: int,
    steps: int,
    overhead: Spread = DATA_CENTRE,
) -> Estimate:
    """Say what making one clip takes, millijoules at the wall.

    Args:
        params_b: Parameters of the model, 1e9.
        megapixels: Of a frame.
        frames: How many.
        steps: That the model takes from noise to clip.
        overhead: What the accelerators' energy is multiplied by.
    """
    made = math.log(megapixels * frames * steps)
    joules = Spread(_CLIP + _BY_PIXELS * made + _BY_PARAMS * math.log(params_b), 0.0)
    return _estimate(joules.times(Spread.within(CLIP_FOLD)).times(overhead), f"fit {_SOURCE}")


def picture(params_b: float, *, overhead: Spread = DATA_CENTRE) -> Estimate:
    """Say what making one picture of 1024 by 1024 takes, millijoules at the wall.

    Args:
        params_b: Parameters of the model, 1e9.
        overhead: What the accelerators' energy is multiplied by.
    """
    wh = _PICTURE + _PICTURE_BY_PARAMS * math.log(params_b)
    joules = Spread(wh + math.log(_J_PER_WH), 0.0)
    return _estimate(joules.times(Spread.within(PICTURE_FOLD)).times(overhead), f"fit {_SOURCE}")


def _estimate(joules: Spread, source: str) -> Estimate:
    middle, fold = math.exp(joules.log_median) * 1e3, math.exp(Z95 * joules.sigma)
    return Estimate(
        p05=middle / fold, p50=middle, p95=middle * fold, method="modelled-hosted", source=source
    )
