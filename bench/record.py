"""What a run writes down: every round's figures, kept whole, and what is drawn from them."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import msgspec
from load import Figures
from machine import Memory

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Cost", "Crosscheck", "Round", "Run", "Scenario")


class Scenario(msgspec.Struct, frozen=True):
    """One kind of load."""

    name: str
    callers: int
    chunks: int = 0
    """Chunks of each stream; 0 is whole answers."""
    pace_ms: int = 0
    """Between the chunks of one stream; 0 is as fast as they are taken."""

    @property
    def unit(self) -> str:
        """What processor time is counted for."""
        return "chunk" if self.chunks else "request"


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One load on one peer, once."""

    scenario: str
    peer: str
    number: int
    figures: Figures
    connections: int
    """Connections the upstream saw made."""
    foreign: float
    """Cores' worth of time that went to neither the gateway nor the rig: neighbours, and the
    kernel's own threads."""
    faults: tuple[str, ...]
    """Why the round cannot be believed; empty when it can."""

    @property
    def units(self) -> int:
        """Chunks relayed, or answers given."""
        return self.figures.chunks or self.figures.answers

    @property
    def rate(self) -> float:
        """Units a second."""
        return self.units / self.figures.window_s

    @property
    def cpu_us(self) -> float:
        """Processor time of the gateway for each unit, microseconds."""
        return self.figures.watched_ns / 1e3 / self.units if self.units else float("nan")

    @property
    def load(self) -> float:
        """Share of one core that the gateway used."""
        return self.figures.watched_ns / 1e9 / self.figures.window_s


class Cost(msgspec.Struct, frozen=True):
    """What a peer costs at rest."""

    start_ms: tuple[float, ...]
    """From starting the process to its first good answer; the first in an empty folder."""
    idle: Memory
    after: Memory
    """Once every round has run."""


class Crosscheck(msgspec.Struct, frozen=True):
    """What wrk says of a peer."""

    peer: str
    callers: int
    rate: float
    failed: int


class Run(msgspec.Struct, kw_only=True):
    """Everything one run has seen."""

    began: str
    machine: str
    versions: dict[str, str]
    flush_us: float
    """Median time of one 4 KiB write and its flush to the device, where the ledgers are."""
    scenarios: tuple[Scenario, ...]
    peers: tuple[str, ...]
    rounds: list[Round] = []
    costs: dict[str, Cost] = {}
    import_ms: tuple[float, ...] = ()
    """Times of `import jevons` in a fresh interpreter."""
    wrk: list[Crosscheck] = []
    ledgers: dict[str, str] = {}
    """What `jevons verify` said of each ledger in the end."""

    def of(self, scenario: str, peer: str) -> list[Round]:
        """Select the rounds of one cell."""
        return [each for each in self.rounds if (each.scenario, each.peer) == (scenario, peer)]

    def middle(
        self, scenario: str, peer: str, figure: Callable[[Round], float | None]
    ) -> float | None:
        """Take the median of a figure over a cell's rounds; None where there is none."""
        found = [value for each in self.of(scenario, peer) if (value := figure(each)) is not None]
        return median(found) if found else None

    def ratio(
        self, scenario: str, peer: str, figure: Callable[[Round], float | None], *, to: str
    ) -> float | None:
        """Divide a figure by another peer's of the same round; take the median of that."""
        others = {each.number: figure(each) for each in self.of(scenario, to)}
        ratios = [
            mine / other
            for each in self.of(scenario, peer)
            if (mine := figure(each)) and (other := others.get(each.number))
        ]
        return median(ratios) if ratios else None

    @property
    def faults(self) -> list[str]:
        """List why rounds cannot be believed."""
        return [
            f"{each.scenario}, {each.peer}, round {each.number + 1}: {fault}"
            for each in self.rounds
            for fault in each.faults
        ]
