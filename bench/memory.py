"""Whether a server's memory grows with the requests it has answered: `make bench-memory`.

    --answers N    in all, from 64 callers; 1,000,000 take some minutes
    --folder DIR   where the ledger goes; 1,000,000 answers take 1.5 GB there

The house has everything on: key, rules, looking through, price, energy, carbon, ledger. Its memory
is read each time another twentieth is done. What a server holds after its first fifth (caches
fill, pools grow) is held against what it holds at the end. Exit status 1 if that promise is broken
or an answer was not what it should be.

Run: `python bench/memory.py [--answers N]`, as `bench/gateway.py`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import machine
import msgspec
import peers
from load import Figures, Load

CALLERS = 64
ROUNDS = 20
SETTLED = 4
"""Rounds after which a server holds what it needs."""
MOST_MB = 8.0
"""By which memory may differ in the end: the allocator's own movement, whatever the count."""
_SECONDS = 2.0


class Reading(NamedTuple):
    """A server, after so many answers."""

    answers: int
    resident_mb: float
    ledger_mb: float


def main() -> int:
    """Load a server, read its memory on the way, and say what came of it."""
    parser = argparse.ArgumentParser(description="Does memory grow with requests?")
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    cores = machine.cores()
    print(machine.describe())
    with ExitStack() as stack:
        folder = asked.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        upstream = stack.enter_context(peers.running(peers.upstream(folder), cores.rig))
        house = peers.jevons(folder, upstream.peer.port, "os")
        server = stack.enter_context(peers.running(house, cores.gateway))
        with machine.pinned(cores.rig):
            readings = list(_readings(server, asked.answers))
    settled, last = readings[SETTLED], readings[-1]
    grown = last.resident_mb - settled.resident_mb
    kept = grown <= MOST_MB
    print(
        f"\n{'kept' if kept else 'BROKEN'}: {grown:+.1f} MB from answer {settled.answers:,} to"
        f" {last.answers:,} (at most {MOST_MB:+.1f}); the ledger grew by"
        f" {(last.ledger_mb - settled.ledger_mb) * 1e6 / (last.answers - settled.answers):.0f}"
        " bytes an answer"
    )
    return 0 if kept else 1


def _readings(server: peers.Running, answers: int) -> list[Reading]:
    done = 0
    readings: list[Reading] = []
    print(f"\n{'answers':>12} {'resident MB':>12} {'ledger MB':>10} {'answers/s':>10}")
    for number in range(1, ROUNDS + 1):
        began, began_s = done, time.monotonic()
        while done < answers * number // ROUNDS:
            done += _asked(server)
        reading = Reading(
            done, machine.memory(server.pids).now_mb, _ledger_mb(server.peer.data_dir)
        )
        readings.append(reading)
        pace = (done - began) / (time.monotonic() - began_s)
        print(
            f"{done:>12,} {reading.resident_mb:>12.1f} {reading.ledger_mb:>10.1f} {pace:>10.0f}",
            flush=True,
        )
    return readings


def _asked(server: peers.Running) -> int:
    """Ask for a while; say how often."""
    load = Load(port=server.peer.port, key=server.key, callers=CALLERS, seconds=_SECONDS)
    program = str(Path(__file__).with_name("load.py"))
    said = subprocess.run(
        [sys.executable, program, msgspec.json.encode(load).decode()],
        check=True,
        capture_output=True,
    )
    figures = msgspec.json.decode(said.stdout, type=Figures)
    if figures.errors:
        sys.exit(f"not every answer was what it should be: {figures.errors}")
    return figures.asked


def _ledger_mb(folder: Path | None) -> float:
    files = folder.glob("ledger.db*") if folder else ()
    return sum(file.stat().st_size for file in files) / 1e6


if __name__ == "__main__":
    sys.exit(main())
