"""A second opinion: what EcoLogits says of a model, where it is installed beside jevons.

It is shown beside our figure and never mixed with it: it counts answer tokens alone, takes every
model as bf16 in batches of 64, and its interval is that of the model's size alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ("Opinion", "opinion")

_MJ_PER_KWH = 3.6e9
_WH_PER_KWH = 1e3


class Opinion(NamedTuple):
    """What it says, or why it says nothing."""

    low_mj: float | None
    high_mj: float | None
    says: str


def opinion(model: str, answer_tokens: int) -> Opinion:
    """Ask for the energy of an answer.

    Args:
        model: `provider/model`, as its table has them.
        answer_tokens: How long the answer is.
    """
    library = _library()
    if library is None:
        return Opinion(None, None, "not installed; `pip install ecologits` gives a second opinion")
    version: str = library.__version__
    provider, _, name = model.partition("/")
    found = library.tracers.utils.llm_impacts(provider, name, answer_tokens, float("inf"))
    if found.errors:
        return Opinion(None, None, f"{version} does not know {model!r}")
    value = found.energy.value
    low, high = getattr(value, "min", value), getattr(value, "max", value)
    return Opinion(
        low * _MJ_PER_KWH,
        high * _MJ_PER_KWH,
        f"{low * _WH_PER_KWH:.2g} to {high * _WH_PER_KWH:.2g} Wh, by answer tokens alone, "
        f"version {version}",
    )


def _library(library: Any = None) -> Any:
    """Find it: nobody's dependency, whoever wants the opinion puts it there."""
    try:
        import ecologits.tracers.utils  # pyright: ignore[reportMissingImports]

        library = ecologits
    except ImportError:
        pass
    return library
