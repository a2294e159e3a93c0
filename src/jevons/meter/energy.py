"""Work to energy: measured where a counter was read, modelled where not, unknown otherwise.

The first that applies: a hardware counter, processor time, what the operator says, the formula for
hosted models.
A figure never mixes them; its `method` says which it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.meter.hosted import SOURCE, hosted, joules
from jevons.types.units import Estimate, Unknown

if TYPE_CHECKING:
    from jevons.meter.hosted import Hosted
    from jevons.types.account import Measured, Usage
    from jevons.types.model import Endpoint, Footprint, Reported
    from jevons.types.units import Quantity

__all__ = ("energy", "modelled")

_SUPPLY = (0.94, 0.90, 0.80)
"""Share of the wall's energy that a power supply passes on: 80 PLUS Platinum at its best, Gold
at half load, plain 80 PLUS."""

_COUNTER_FOLD = 1.05
"""RAPL against external meters, Haswell and later: Khan et al. 2018, ACM TOMPECS 3(2):9. NVML's
energy counter: Yang, Adamek and Armour 2024, arXiv 2312.02741."""

_USUAL_WATTS = 4.0
"""Power of one busy thread of an unknown processor: CodeCarbon 3, its default."""

_MJ_PER_WH = 3.6e6

_USUAL_FOLD, _SET_FOLD = 2.0, 1.25
"""Half to double when the processor is unknown; a set figure is an average of the load."""


def energy(
    endpoint: Endpoint,
    measured: Measured,
    usage: Usage,
    *,
    watts_per_thread: float | None,
    model: Hosted | None,
) -> Quantity:
    """Say what one outcome took, in millijoules at the wall.

    Args:
        endpoint: Who served it.
        measured: What could be observed.
        usage: Tokens it went through.
        watts_per_thread: Power of a busy processor thread, if the house set it.
        model: The endpoint's formula, if it has a footprint.

    Returns:
        Never 0: nothing counted is unknown, and says why.
    """
    if measured.counter_mj and measured.counter is not None:
        return _counted(measured.counter_mj, measured.counter)
    if measured.cpu_s:
        return _processor(measured.cpu_s, watts_per_thread)
    if endpoint.reported is not None:
        return _reported(endpoint.name, endpoint.reported, usage)
    if model is not None and endpoint.footprint is not None:
        return _formula(endpoint.name, model, usage, endpoint.footprint.source)
    return Unknown(
        why=f"nothing was measured at endpoint {endpoint.name!r}; set its `footprint` "
        f"for a modelled figure"
    )


def _counted(counter_mj: float, counter: str) -> Estimate:
    best, usual, worst = _SUPPLY
    return Estimate(
        p05=counter_mj / _COUNTER_FOLD / best,
        p50=counter_mj / usual,
        p95=counter_mj * _COUNTER_FOLD / worst,
        method=counter,
        source="hardware counter, within 5 %, at a power supply of 80 to 94 % (80 PLUS)",
    )


def _processor(cpu_s: float, watts_per_thread: float | None) -> Estimate:
    if watts_per_thread is None:
        watts, fold = _USUAL_WATTS, _USUAL_FOLD
        source = "4 W a busy thread (CodeCarbon 3, processor unknown)"
    else:
        watts, fold = watts_per_thread, _SET_FOLD
        source = f"{watts_per_thread:g} W a busy thread (house.watts_per_thread)"
    median = cpu_s * watts * 1e3
    return Estimate(
        p05=median / fold, p50=median, p95=median * fold, method="modelled-cpu", source=source
    )


def _reported(name: str, said: Reported, usage: Usage) -> Quantity:
    read = usage.input + usage.cache_read + usage.cache_write
    written = usage.output + usage.reasoning
    by_token = said.wh_per_mtok_read * read + said.wh_per_mtok_written * written
    median = (said.wh_per_answer + by_token / 1e6) * _MJ_PER_WH
    if not read + written or not median:
        return Unknown(why=f"endpoint {name!r} did not report the tokens it used")
    return Estimate(
        p05=median / said.fold,
        p50=median,
        p95=median * said.fold,
        method="reported",
        source=said.source,
    )


def _formula(name: str, model: Hosted, usage: Usage, footprint: str) -> Quantity:
    tokens = usage.input + usage.cache_read + usage.cache_write + usage.output + usage.reasoning
    if tokens == 0:
        return Unknown(why=f"endpoint {name!r} did not report the tokens it used")
    if usage.other_models:
        return Unknown(why=f"{usage.other_models} tokens are of a model whose size nobody told")
    return _estimate(model, usage, footprint)


def modelled(footprint: Footprint, usage: Usage) -> Estimate:
    """Say what an answer of a model of some size takes, millijoules at the wall.

    Args:
        footprint: Of the model.
        usage: At least one token.
    """
    return _estimate(hosted(footprint), usage, footprint.source)


def _estimate(model: Hosted, usage: Usage, footprint: str) -> Estimate:
    low, median, high = joules(model, usage)
    return Estimate(
        p05=low * 1e3,
        p50=median * 1e3,
        p95=high * 1e3,
        method="modelled-hosted",
        source=f"{SOURCE}; {footprint}",
    )
