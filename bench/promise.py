"""What was promised of the hot path, held against a run."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from record import Run

__all__ = ("Promise", "promises")

_REQUEST_TIMES_NGINX = 7.0
_CHUNK_TIMES_NGINX = 1.5
_IDLE_MB = 60.0
_START_MS = 1000.0
_IMPORT_MS = 100.0


class Promise(NamedTuple):
    """A figure, and what it may be at most."""

    what: str
    figure: float
    limit: float
    unit: str

    @property
    def kept(self) -> bool:
        """Whether the figure is within its limit."""
        return self.figure <= self.limit


def promises(run: Run) -> Iterator[Promise]:
    """Hold every promise against a run, for each jevons in it."""
    for peer in run.peers:
        if peer.startswith("jevons"):
            yield from _of_cpu(run, peer)
    for peer, cost in run.costs.items():
        if peer.startswith("jevons"):
            yield Promise(f"{peer}: memory, idle", cost.idle.now_mb, _IDLE_MB, "MB")
            yield Promise(f"{peer}: slowest start", max(cost.start_ms), _START_MS, "ms")
    if run.import_ms:
        yield Promise("import jevons", median(run.import_ms), _IMPORT_MS, "ms")


def _of_cpu(run: Run, peer: str) -> Iterator[Promise]:
    """Compare processor time at many whole answers at once, and at paced streams.

    Not where chunks come as fast as they are taken: how many travel together differs there.
    """
    for scenario in run.scenarios:
        if scenario.callers < 64 or (scenario.chunks and not scenario.pace_ms):
            continue
        limit = _CHUNK_TIMES_NGINX if scenario.chunks else _REQUEST_TIMES_NGINX
        ratio = run.ratio(scenario.name, peer, lambda each: each.cpu_us or None, to="nginx")
        if ratio is not None:
            what = f"{peer}: CPU a {scenario.unit}, {scenario.name}"
            yield Promise(what, ratio, limit, "x nginx")
