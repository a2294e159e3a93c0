"""llama.cpp, set up and loaded.

Rule 1: the library opens an HTTP port of its own on loopback and cannot be told not to; it is
    closed to everybody by a random key, and shows neither pages nor other people's prompts.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from jevons.types.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("Loaded", "load", "usual_threads")

_CACHE_MIB = 256
"""Of prompts already read; llama.cpp would take 8 GiB."""

_BATCH_TOKENS = 256
"""Prompt tokens between two looks at whether the caller is still there. Half of llama.cpp's usual
512 costs no processor time (Qwen2.5-Coder-0.5B, 14 ms a token either way, 2026-11)."""


class Loaded(NamedTuple):
    """A model, loaded."""

    server: Any
    """xllamacpp's `Server`."""
    threads: int
    on_gpu: bool
    """Whether a graphics card computes."""


def usual_threads() -> int:
    """Count the threads to use where nobody said: half of those there are, at least two.

    Half, since two hardware threads mostly share one core's arithmetic; where there are no
    more than two, they are cores of a small virtual machine.
    """
    there = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min(there, max(2, there // 2))


def load(
    weights: Path,
    *,
    name: str,
    slots: int,
    context_tokens: int,
    threads: int | None,
    key: str | None = None,
) -> Loaded:
    """Load a model. Takes a second or more; not for the event loop.

    Args:
        weights: A GGUF file, verified.
        name: What to call the model.
        slots: Answers written at once.
        context_tokens: Context of each.
        threads: Processor threads; None is `usual_threads`.
        key: Opens the library's own port; None is one that nobody knows.

    Raises:
        Misconfigured: The engine is not installed, or cannot load the file.
    """
    library = _library()
    count = threads or usual_threads()
    params = library.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {name}
    params.n_parallel = slots
    params.n_ctx = context_tokens * slots  # shared by the slots
    params.n_batch = _BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = count
    params.verbosity = 0
    params.ui = False
    params.endpoint_slots = False
    params.cache_ram_mib = _CACHE_MIB
    params.api_keys = [key or secrets.token_hex(32)]
    try:
        server = library.Server(params)
    except (ValueError, RuntimeError) as error:
        message = f"the engine cannot load {weights.name!r}: {error}"
        raise Misconfigured(message) from None
    return Loaded(server, count, _has_gpu(library))


def _library() -> Any:
    """Import llama.cpp, its threads told how long to spin while they wait for one another.

    They wait some hundred times a token. Two threads on two cores, Qwen2.5-Coder-0.5B Q4_K_M,
    tokens a second, alone on the machine and beside two processes that never rest (2026-11-23,
    medians of 3 and of 2):

        GNU OpenMP's own      40    3    whom it waits for is kept off the core by who spins
        GOMP_SPINCOUNT=10000  36    3
        GOMP_SPINCOUNT=3000   41   10
        GOMP_SPINCOUNT=1000   39   18
        GOMP_SPINCOUNT=0      20   16    every wait is a sleep
        one thread            19   13

    GNU OpenMP reads it when it is loaded; a wish of whoever runs this stands.
    """
    if "OMP_WAIT_POLICY" not in os.environ:  # noqa: TID251 OpenMP's setting, not ours
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # noqa: TID251 as above
    try:
        import xllamacpp  # noqa: PLC0415 the engine is an extra
    except ImportError:
        message = "the embedded engine is not installed; .venv/bin/pip install -e '.[engine]'"
        raise Misconfigured(message) from None
    return xllamacpp


def _has_gpu(library: Any) -> bool:
    return any("GPU" in str(device["type"]) for device in library.get_device_info())
