"""Energy of a hosted language model, from what is known of it.

    J = (e_out T_out + e_in (T_fresh + 0.1 T_cached) (1 + T_in / 1e5)
         + e_kv T_out (T_in + T_out / 2)) k_sys PUE

    e_out = exp(-2.331) P^0.190 W^0.770 B^-0.507    joules an answer token
    e_in  = 3.15e-3 P q                             joules an uncached prompt token
    e_kv  = 2.3e-10 K                               joules an answer token and token of context

P active parameters (1e9), W weights in gigabytes, B answers written at once by a replica,
q 1 / 0.6 / 0.5 for bf16 / fp8 / fp4, K bytes of key-value cache a token. Every coefficient
is log-normal; `docs/explanation/energy.md` says where each comes from and how well the
whole does against what others have published.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from jevons.meter.spread import Cumulants, Shifted, Spread, mixed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jevons.types.account import Usage
    from jevons.types.model import Footprint, Precision

__all__ = ("ACCELERATORS_ONLY", "DATA_CENTRE", "Hosted", "hosted", "joules")

SOURCE = "formula of 2026-11, fitted on ML.ENERGY leaderboard v3 (2026-02)"
"""What a receipt cites; the footprint's own source is added to it."""

# Fit of 565 text configurations of 27 models on H100 and B200 (ML.ENERGY leaderboard v3,
# February 2026), each weighing the same: joules of the accelerators an answer token. `make
# fit-energy` fits again.
_E_OUT, _BY_ACTIVE, _BY_WEIGHT, _BY_BATCH = -2.331, 0.190, 0.770, -0.507

_FIT = Spread.within(2.1)
"""5 to 95 % of measured over predicted, each model predicted by a fit without it."""

_BATCH = Spread.between(16, 64, 256)
"""Answers written at once by a replica of which nothing is known."""

_GB_PER_1E9: Mapping[Precision, float] = MappingProxyType({"bf16": 2.0, "fp8": 1.0, "fp4": 0.53})
"""Bytes a parameter; fp4 with its scales."""

_PREFILL: Mapping[Precision, float] = MappingProxyType({"bf16": 1.0, "fp8": 0.6, "fp4": 0.5})
"""Energy of a prompt token against bf16."""

_E_IN = Spread.between(0.55 * 3.15e-3, 3.15e-3, 1.8 * 3.15e-3)
"""2 operations a parameter, 989e12 a second at 700 W (NVIDIA H100), 45 % of that in use
(25 to 80 %)."""

_E_KV = Spread.between(0.4 * 2.3e-10, 2.3e-10, 2.5 * 2.3e-10)
"""Long against short answers of Qwen3 8B, 14B and 32B in the same leaderboard."""

_CACHED = 0.1
"""Share of its prompt energy that a cached token still takes."""

_MANY_NODES = Spread.between(0.07, 0.20, 0.60)
"""Experts spread over many machines against one: DeepSeek's published fleet (2025-02) and
SGLang on 96 H100 (2025-05). Derived from throughput, not fitted."""

_MANY_NODES_FROM_B = 200.0
"""Parameters, 1e9, from which a mixture of experts may be served so."""

_CONTEXT_TOKENS = 1e5
"""Context at which attention doubles the energy of a prompt token."""

_SYSTEM = Spread.between(1.3, 1.6, 2.0)
"""Processors, memory and idle reserve beside the accelerators: Google, arXiv 2508.15734."""

_PUE = Spread.between(1.06, 1.15, 1.40)
"""Power usage effectiveness that operators report for 2024 and 2025."""

DATA_CENTRE = _SYSTEM.times(_PUE)
"""From the accelerators' energy to the whole data centre's."""

ACCELERATORS_ONLY = Spread(0.0, 0.0)
"""No overhead, to compare with measurements of accelerators."""


class Hosted(NamedTuple):
    """What one endpoint's formula comes to, before any tokens are known."""

    answer: tuple[Cumulants, ...]
    """An answer token: one way of serving, or two at even odds."""
    prompt: Cumulants
    context: Cumulants
    overhead: tuple[float, float, float]
    """Moments of what all of it is multiplied by."""


def hosted(footprint: Footprint, *, overhead: Spread = DATA_CENTRE) -> Hosted:
    """Prepare the formula for one endpoint.

    Args:
        footprint: Size, precision and serving of the model.
        overhead: What the accelerators' energy is multiplied by.
    """
    size = Spread.within(footprint.params_fold)
    dense = footprint.active_params_b == footprint.total_params_b
    answer = _answer(footprint).times(size.power(_BY_ACTIVE + _BY_WEIGHT * dense))
    active = footprint.active_params_b * _PREFILL[footprint.precision]
    cache = footprint.kv_kb_per_token * 1e3
    return Hosted(
        tuple([answer.times(serving).cumulants for serving in _servings(footprint)]),
        _E_IN.times(size).times(Spread(math.log(active), 0.0)).cumulants,
        _E_KV.times(Spread(math.log(cache), 0.0)).cumulants,
        overhead.moments,
    )


def joules(model: Hosted, usage: Usage) -> tuple[float, float, float]:
    """Work the formula out for one request.

    Args:
        model: The endpoint's formula.
        usage: At least one token.

    Returns:
        p05, p50 and p95, joules.
    """
    prompt = usage.input + usage.cache_read + usage.cache_write
    answer = usage.output + usage.reasoning
    fresh = prompt - usage.cache_read + _CACHED * usage.cache_read
    read = fresh * (1 + prompt / _CONTEXT_TOKENS)
    held = answer * (prompt + answer / 2)
    ways = [
        Shifted.matching(_total(model, way, (answer, read, held)), model.overhead)
        for way in model.answer
    ]
    return ways[0].percentiles if len(ways) == 1 else mixed(*ways)


def _answer(footprint: Footprint) -> Spread:
    """Joules an answer token on one machine, at the sizes that the footprint states."""
    weights_gb = footprint.total_params_b * _GB_PER_1E9[footprint.precision]
    batch = Spread(math.log(footprint.batch), 0.0) if footprint.batch else _BATCH
    fitted = (
        _E_OUT
        + _BY_ACTIVE * math.log(footprint.active_params_b)
        + _BY_WEIGHT * math.log(weights_gb)
    )
    return Spread(fitted, 0.0).times(_FIT).times(batch.power(_BY_BATCH))


def _servings(footprint: Footprint) -> tuple[Spread, ...]:
    """List the ways in which a model may be served, as factors on an answer token."""
    one = Spread(0.0, 0.0)
    dense = footprint.active_params_b == footprint.total_params_b
    if dense or footprint.total_params_b < _MANY_NODES_FROM_B or footprint.serving == "one-node":
        return (one,)
    return (_MANY_NODES,) if footprint.serving == "many-nodes" else (one, _MANY_NODES)


def _total(model: Hosted, way: Cumulants, tokens: tuple[float, float, float]) -> Cumulants:
    """Add three independent amounts, each times its tokens: answer, prompt, context."""
    (a1, a2, a3), (p1, p2, p3), (c1, c2, c3) = way, model.prompt, model.context
    a, p, c = tokens
    return Cumulants(
        a1 * a + p1 * p + c1 * c,
        a2 * a * a + p2 * p * p + c2 * c * c,
        a3 * a * a * a + p3 * p * p * p + c3 * c * c * c,
    )
