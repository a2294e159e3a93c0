"""The formula for hosted models agrees with what others have measured or published.

Token counts behind operators' claims are not public; those assumed here are in the table,
so these rows test plausibility. The accuracy of the fit itself, each model predicted by a
fit without it, is in `docs/explanation/energy.md`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import pytest

from jevons.meter.hosted import ACCELERATORS_ONLY, DATA_CENTRE, hosted, joules
from jevons.types.account import Usage
from jevons.types.model import Footprint

if TYPE_CHECKING:
    from jevons.meter.spread import Spread
    from jevons.types.model import Precision, Serving

IN_THE_FIT = 1e-9
"""Kilobytes of cache a token, where the fit already holds the cost of the context."""


class Row(NamedTuple):
    """One published figure, and what is known or assumed about how it came about."""

    case: str
    source: str
    published_wh: float
    prompt: int
    answer: int
    active_b: float
    total_b: float
    precision: Precision = "bf16"
    kv_kb: float = 160.0
    cached: int = 0
    batch: float | None = None
    params_fold: float = 1.0
    serving: Serving = "unknown"
    overhead: Spread = DATA_CENTRE

    def estimate_wh(self) -> tuple[float, float, float]:
        """Say what the formula makes of it."""
        footprint = Footprint(
            active_params_b=self.active_b,
            total_params_b=self.total_b,
            precision=self.precision,
            kv_kb_per_token=self.kv_kb,
            batch=self.batch,
            params_fold=self.params_fold,
            serving=self.serving,
            source=self.source,
        )
        usage = Usage(input=self.prompt - self.cached, cache_read=self.cached, output=self.answer)
        low, median, high = joules(hosted(footprint, overhead=self.overhead), usage)
        return low / 3600, median / 3600, high / 3600

    def ratio(self) -> float:
        """Estimated over published."""
        return self.estimate_wh()[1] / self.published_wh


MEASURED = (
    Row(
        "Llama 3.1 8B, accelerators",
        "MIT Technology Review, 2025-05-20: 57 J",
        57 / 3600, 100, 400, 8, 8, kv_kb=131, overhead=ACCELERATORS_ONLY,
    ),
    Row(
        "Llama 3.1 405B, accelerators",
        "MIT Technology Review, 2025-05-20: 3353 J",
        3353 / 3600, 100, 500, 405, 405, kv_kb=516, overhead=ACCELERATORS_ONLY,
    ),
    Row(
        "Qwen3 235B A22B fp8 on 8 H100, 64 at once",
        "ML.ENERGY leaderboard v3, 2026-02: 2.116 J a token (one of the fit's own rows)",
        2.116 * 600 / 3600, 0, 600, 22, 235, "fp8", kv_kb=IN_THE_FIT, batch=64,
        serving="one-node", overhead=ACCELERATORS_ONLY,
    ),
    Row(
        "Llama 3.1 70B on 4 H100, 64 at once",
        "ML.ENERGY leaderboard v3, 2026-02: 0.797 J a token (one of the fit's own rows)",
        0.797 * 600 / 3600, 0, 600, 70, 70, kv_kb=IN_THE_FIT, batch=64,
        overhead=ACCELERATORS_ONLY,
    ),
    Row(
        "Llama 3.1 405B, whole system",
        "MIT Technology Review, 2025-05-20: 6706 J, accelerators doubled",
        6706 / 3600, 100, 500, 405, 405, kv_kb=516,
    ),
)  # fmt: skip

PUBLISHED = (
    *MEASURED,
    Row(
        "frontier model, median query",
        "Oviedo et al. (Microsoft), arXiv 2509.20241",
        0.34, 500, 300, 122, 300, "fp8", params_fold=2.9,
    ),
    Row(
        "frontier model, long reasoning",
        "Oviedo et al. (Microsoft), arXiv 2509.20241",
        4.32, 500, 5000, 122, 300, "fp8", params_fold=2.9,
    ),
    Row(
        "ChatGPT, average query",
        "S. Altman, The Gentle Singularity, 2025-06",
        0.34, 500, 400, 76, 440, "fp8", params_fold=1.6,
    ),
    Row(
        "Gemini Apps, median text prompt",
        "Elsworth et al. (Google), arXiv 2508.15734",
        0.24, 500, 300, 39, 300, "fp8", params_fold=2.3,
    ),
    Row(
        "GPT-4o, 500 tokens of answer",
        "Epoch AI, How much energy does ChatGPT use?, 2025-02",
        0.30, 100, 500, 100, 400, "fp8", params_fold=1.9,
    ),
    Row(
        "GPT-4o, 10,000 tokens of prompt",
        "Epoch AI, How much energy does ChatGPT use?, 2025-02",
        2.5, 10_000, 500, 100, 400, "fp8", params_fold=1.9,
    ),
    Row(
        "GPT-4o, 100,000 tokens of prompt",
        "Epoch AI, How much energy does ChatGPT use?, 2025-02",
        40, 100_000, 500, 100, 400, "fp8", params_fold=1.9,
    ),
    Row(
        "GPT-4o, short query",
        "Jegham et al., arXiv 2505.09598v6",
        0.42, 100, 300, 76, 440, "fp8", params_fold=1.6,
    ),
    Row(
        "Mistral Large 2, 400 tokens of answer",
        "Mistral AI life cycle analysis, 2025-07: 1.14 g; energy inferred at 380 g/kWh, 25 % embodied",
        1.14 * 0.75 / 0.38, 500, 400, 123, 123,
    ),
    Row(
        "BLOOM 176B on 16 A100, mostly idle",
        "Luccioni et al., Estimating the carbon footprint of BLOOM, JMLR 24 (2023)",
        3.96, 50, 120, 176, 176, batch=2,
    ),
    Row(
        "DeepSeek V3 fleet, 1000 tokens of answer",
        "DeepSeek, open-source week, 2025-02: 226.75 nodes; 5.75 kW a node assumed",
        0.67 * 1.15 * 1000 / 3600, 3600, 1000, 37, 671, "fp8", kv_kb=70, cached=2030,
        serving="many-nodes",
    ),
    Row(
        "DeepSeek V3 on 96 H100, 1000 tokens of answer",
        "LMSYS, SGLang, 2025-05-05: 22.3 thousand tokens/s a node; 550 W a GPU assumed",
        0.197 * 1000 / 3600, 0, 1000, 37, 671, "fp8", kv_kb=70,
        serving="many-nodes", overhead=ACCELERATORS_ONLY,
    ),
)  # fmt: skip


def test_most_published_figures_are_inside_the_interval() -> None:
    inside = [
        row.case
        for row in PUBLISHED
        if row.estimate_wh()[0] <= row.published_wh <= row.estimate_wh()[2]
    ]
    assert len(PUBLISHED) == 17
    assert len(inside) >= 15


def test_the_formula_leans_neither_way() -> None:
    mean = sum(math.log(row.ratio()) for row in PUBLISHED) / len(PUBLISHED)
    assert abs(mean) < math.log(1.5)


@pytest.mark.parametrize("row", MEASURED, ids=[row.case for row in MEASURED])
def test_a_measurement_is_met_within_a_factor_of_two(row: Row) -> None:
    assert 0.5 < row.ratio() < 2
