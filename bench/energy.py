"""How well the energy formulas fit measurements: `make fit-energy CORPUS=FOLDER`.

FOLDER holds `mlenergy_v3_llm.csv` and `mlenergy_v3_text-to-video.csv`: configurations of the
ML.ENERGY leaderboard v3 with their joules, as its repository publishes them. They are not ours to
ship; the coefficients that come of them are in `jevons.meter.hosted` and `jevons.meter.media`, and
this prints what is there beside what the measurements give now.

Every model is also predicted by a fit without it, which is what the published error is of.
"""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from jevons.meter.hosted import ACCELERATORS_ONLY, hosted, joules
from jevons.types.account import Usage
from jevons.types.model import Footprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jevons.types.model import Precision

__all__ = ("Row", "Told", "clips", "covered", "fit", "left_out", "told", "words")

GB_PER_1E9 = {"bfloat16": 2.0, "fp8": 1.0, "mxfp4": 0.53}
PRECISION: dict[str, Precision] = {"bfloat16": "bf16", "fp8": "fp8", "mxfp4": "fp4"}
NO_CACHE = 1e-9
"""Kilobytes of cache a token: what reading the context takes is in the measurements."""


class Row(NamedTuple):
    """One configuration that was measured."""

    model: str
    features: tuple[float, ...]
    log_joules: float
    footprint: Footprint | None = None


class Told(NamedTuple):
    """How well a fit does on models that it has not seen."""

    rms_fold: float
    low: float
    middle: float
    high: float
    """Measured over predicted, 5th, 50th and 95th percentile."""
    median_fold: float


def words(folder: Path) -> list[Row]:
    """Read configurations of models that read and write text alone."""
    return [
        Row(
            row["model_id"],
            (
                1.0,
                math.log(float(row["activated_params_billions"])),
                math.log(float(row["total_params_billions"]) * GB_PER_1E9[row["weight_precision"]]),
                math.log(float(row["avg_batch_size"])),
            ),
            math.log(float(row["energy_per_token_joules"])),
            Footprint(
                active_params_b=float(row["activated_params_billions"]),
                total_params_b=float(row["total_params_billions"]),
                precision=PRECISION[row["weight_precision"]],
                kv_kb_per_token=NO_CACHE,
                batch=float(row["avg_batch_size"]),
                serving="one-node",
                source="ML.ENERGY",
            ),
        )
        for row in _rows(folder / "mlenergy_v3_llm.csv")
        if row["task"] not in {"image-chat", "video-chat"}
    ]


def clips(folder: Path) -> list[Row]:
    """Read configurations of models that make clips."""
    return [
        Row(
            row["model_id"],
            (
                1.0,
                math.log(
                    float(row["video_height"])
                    * float(row["video_width"])
                    / 1e6
                    * float(row["num_frames"])
                    * float(row["inference_steps"])
                ),
                math.log(float(row["total_params_billions"])),
            ),
            math.log(float(row["energy_per_video_joules"])),
        )
        for row in _rows(folder / "mlenergy_v3_text-to-video.csv")
    ]


def fit(rows: Sequence[Row]) -> list[float]:
    """Fit by least squares, in logarithms, every configuration weighted equally."""
    size = range(len(rows[0].features))
    normal = [
        [math.fsum(row.features[i] * row.features[j] for row in rows) for j in size]
        + [math.fsum(row.features[i] * row.log_joules for row in rows)]
        for i in size
    ]
    for i in size:
        pivot = max(size[i:], key=lambda k: abs(normal[k][i]))
        normal[i], normal[pivot] = normal[pivot], normal[i]
        for k in size:
            if k != i:
                share = normal[k][i] / normal[i][i]
                normal[k] = [a - share * b for a, b in zip(normal[k], normal[i], strict=True)]
    return [normal[i][-1] / normal[i][i] for i in size]


def left_out(rows: Sequence[Row]) -> Iterator[tuple[Row, float]]:
    """Predict each model by a fit without it: measured over predicted, in logarithms."""
    for model in sorted({row.model for row in rows}):
        found = fit([row for row in rows if row.model != model])
        for row in rows:
            if row.model == model:
                yield row, row.log_joules - _at(found, row)


def told(residuals: Iterable[float]) -> Told:
    """Put errors into figures."""
    ordered = sorted(residuals)
    last = len(ordered) - 1
    shares = [math.exp(ordered[round(share * last)]) for share in (0.05, 0.5, 0.95)]
    return Told(
        math.exp(math.sqrt(math.fsum(each**2 for each in ordered) / len(ordered))),
        *shares,
        median_fold=math.exp(median(abs(each) for each in ordered)),
    )


def covered(rows: Iterable[Row]) -> float:
    """Tell which share of measurements lies in the interval of the formula that ships."""
    inside: list[bool] = []
    for row in rows:
        if row.footprint is not None:
            model = hosted(row.footprint, overhead=ACCELERATORS_ONLY)
            low, _, high = joules(model, Usage(output=1))
            inside.append(low <= math.exp(row.log_joules) <= high)
    return sum(inside) / len(inside)


def _at(coefficients: Sequence[float], row: Row) -> float:
    return math.fsum(a * b for a, b in zip(coefficients, row.features, strict=True))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [*csv.DictReader(file)]


def main() -> int:
    """Print both fits."""
    if len(sys.argv) != len(("program", "folder")):
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    for name, rows in (("text", words(folder)), ("clips", clips(folder))):
        models = {row.model for row in rows}
        print(f"{name}: {len(rows)} configurations of {len(models)} models")
        print("  coefficients", " ".join(f"{each:+.4f}" for each in fit(rows)))
        errors = [error for _, error in left_out(rows)]
        figures = told(errors)
        print(
            f"  each model by a fit without it: {figures.rms_fold:.2f}-fold root mean square, "
            f"median {figures.median_fold:.2f}-fold; measured over predicted "
            f"{figures.low:.2f} / {figures.middle:.2f} / {figures.high:.2f}"
        )
        if name == "text":
            print(f"  inside the interval of the formula: {100 * covered(rows):.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
