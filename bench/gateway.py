"""Measure jevons beside nginx, in front of the same static upstream, in one run.

Every peer is up for the whole run. A round puts one load on each of them in turn (direct,
nginx, jevons, jevons), so that a neighbour of the machine that wakes up hits all of them;
figures are medians over rounds, and ratios are taken inside a round.

Rule 1: a round that cannot be believed is kept, named, and makes the run fail.
Rule 2: every peer gets the same number of rounds, of the same length. Nothing is run again.
Rule 3: the gateway has a core of its own where there are two; the rig has another.

Run: `python bench/gateway.py [--quick] [--json]`. See `bench/README.md`.
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

import machine
import msgspec
import peers
from load import Figures, Load
from record import Cost, Crosscheck, Round, Run, Scenario
from table import lines
from upstream import Stats
from wrk import crosscheck

_WHOLE = (
    Scenario("whole answers, 1 caller", 1),
    Scenario("whole answers, 16 callers", 16),
    Scenario("whole answers, 64 callers", 64),
)
_STREAMS = (
    Scenario("64 streams, 20 ms apart", 64, chunks=1, pace_ms=20),
    Scenario("256 streams, 20 ms apart", 256, chunks=1, pace_ms=20),
    Scenario("64 streams, as fast as can", 64, chunks=100),
)
_SLACK_S = 1.0
"""How much longer than warm-up and window paced streams last, so that none ends inside."""
_PACE_TOLERANCE = 0.05
"""A machine that stalls for 20 ms at the edge of a window moves one chunk a stream out of it."""
_STARTS = 4
_IMPORTS = 7
_DIRECT = "direct"

_IMPORT = "from time import perf_counter as t; a = t(); import jevons; print((t() - a) * 1e3)"


class Effort(NamedTuple):
    """How long to measure."""

    rounds: int
    seconds: float
    warmup_s: float


class Target(NamedTuple):
    """Where a load goes."""

    name: str
    port: int
    key: str = "none"
    pids: tuple[int, ...] = ()


class Rig(NamedTuple):
    """What every round needs."""

    upstream: peers.Running
    effort: Effort

    def stats(self) -> Stats:
        """Ask the upstream what it has done; the asking costs one connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream.peer.port, timeout=5)
        try:
            connection.request("GET", "/stats")
            return msgspec.json.decode(connection.getresponse().read(), type=Stats)
        finally:
            connection.close()


def one_round(rig: Rig, scenario: Scenario, target: Target, number: int) -> Round:
    """Put one load on one target."""
    load = _load(rig, scenario, target)
    before = rig.stats()
    program = str(Path(__file__).with_name("load.py"))
    said = subprocess.run(
        [sys.executable, program, msgspec.json.encode(load).decode()],
        check=True,
        capture_output=True,
    )
    figures = msgspec.json.decode(said.stdout, type=Figures)
    after = rig.stats()
    ours_ns = figures.watched_ns + figures.rig_ns
    return Round(
        scenario=scenario.name,
        peer=target.name,
        number=number,
        figures=figures,
        connections=after.connections - before.connections - 1,
        foreign=max(figures.machine_ns - ours_ns, 0) / 1e9 / figures.window_s,
        faults=tuple(_faults(scenario, figures, before, after)),
    )


def _load(rig: Rig, scenario: Scenario, target: Target) -> Load:
    effort = rig.effort
    chunks = scenario.chunks
    if scenario.pace_ms:
        lasts_s = effort.warmup_s + effort.seconds + _SLACK_S
        chunks = round(lasts_s * 1e3 / scenario.pace_ms)
    return Load(
        port=target.port,
        key=target.key,
        model=peers.MODEL,
        callers=scenario.callers,
        chunks=chunks,
        pace_ms=scenario.pace_ms,
        warmup_s=effort.warmup_s,
        seconds=effort.seconds,
        watch=target.pids,
        rig=(os.getpid(), rig.upstream.pid),
    )


def _faults(scenario: Scenario, figures: Figures, before: Stats, after: Stats) -> list[str]:
    """Hold the rig's own faults against a round."""
    found = [f"{count} x {error}" for error, count in figures.errors.items()]
    connections = after.connections - before.connections - 1
    if connections > scenario.callers:
        found.append(f"{connections} upstream connections made for {scenario.callers} callers")
    if (answers := after.answers - before.answers) != figures.asked:
        found.append(f"{figures.asked} requests sent, {answers} reached the upstream")
    if after.cut > before.cut or after.faults > before.faults:
        found.append("the upstream had answers cut off, or requests it could not read")
    if scenario.pace_ms:
        asked = scenario.callers * 1e3 / scenario.pace_ms * figures.window_s
        if abs(figures.chunks / asked - 1) > _PACE_TOLERANCE:
            found.append(f"{asked:,.0f} chunks were due in the window, {figures.chunks:,} came")
    elif not figures.answers:
        found.append("no answer in the window")
    return found


def measure(rig: Rig, targets: list[Target], run: Run) -> None:
    """Run every round of every scenario."""
    for scenario in run.scenarios:
        for number in range(rig.effort.rounds):
            for target in targets:
                done = one_round(rig, scenario, target, number)
                run.rounds.append(done)
                _say(
                    f"{scenario.name}, round {number + 1}, {target.name}: "
                    f"{done.rate:,.0f} {scenario.unit}s/s, {done.cpu_us:.1f} µs each, "
                    f"foreign {done.foreign:.0%} {'; '.join(done.faults)}"
                )


def time_starts(peer: peers.Peer, core: int | None) -> tuple[float, ...]:
    """Start and stop a peer a few times; the first finds an empty folder."""
    times_ms = list[float]()
    for _ in range(_STARTS):
        with peers.running(peer, core) as started:
            times_ms.append(started.start_s * 1e3)
    return tuple(times_ms)


def time_import(core: int | None) -> tuple[float, ...]:
    """Time `import jevons` in fresh interpreters, after one that fills the page cache."""
    with machine.pinned(core):
        times_ms = [
            float(subprocess.check_output([sys.executable, "-c", _IMPORT]))
            for _ in range(_IMPORTS + 1)
        ]
    return tuple(times_ms[1:])


def time_flush(folder: Path) -> float:
    """Take the median of writing 4 KiB and flushing it to the device, microseconds."""
    times_us = list[float]()
    with (folder / "flush").open("wb", buffering=0) as file:
        for _ in range(50):
            began_ns = time.monotonic_ns()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times_us.append((time.monotonic_ns() - began_ns) / 1e3)
    return median(times_us)


def verify_ledger(peer: peers.Peer) -> str:
    """Ask jevons whether the ledger it left is whole."""
    environment = dict(os.environ, JEVONS_DATA_DIR=str(peer.data_dir))
    said = subprocess.run(
        [sys.executable, "-m", "jevons", "verify"],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        cwd=peer.folder,
    )
    text = " ".join((said.stdout or said.stderr).split())[-300:]
    return text if said.returncode == 0 else f"NOT WHOLE (status {said.returncode}): {text}"


def chosen(folder: Path, upstream_port: int, only: list[str]) -> list[peers.Peer]:
    """Describe the gateways to measure."""
    nginx = peers.nginx(folder, upstream_port)
    if nginx is None:
        _say("nginx is not installed: there is nothing to compare with")
    every = [
        *([nginx] if nginx else []),
        peers.jevons(folder, upstream_port, "os"),
        peers.jevons(folder, upstream_port, "disk"),
    ]
    return [peer for peer in every if not only or peer.name.split()[0] in only]


def bench(folder: Path, effort: Effort, only: list[str]) -> Run:
    """Do a whole run in a folder."""
    cores = machine.cores()
    if cores.rig is None:
        _say("one core only: gateway and rig share it, and rates say little")
    with ExitStack() as stack:
        stack.enter_context(machine.pinned(cores.rig))
        upstream = stack.enter_context(peers.running(peers.upstream(folder), cores.rig))
        gateways = chosen(folder, upstream.peer.port, only)
        run = _begin(folder, gateways)
        if any(peer.data_dir for peer in gateways):
            run.import_ms = time_import(cores.gateway)
        starts = {peer.name: time_starts(peer, cores.gateway) for peer in gateways}
        up = [stack.enter_context(peers.running(peer, cores.gateway)) for peer in gateways]
        idle = {each.peer.name: machine.memory(each.pids) for each in up}

        targets = [Target(_DIRECT, upstream.peer.port)]
        targets += [Target(each.peer.name, each.peer.port, each.key, each.pids) for each in up]
        rig = Rig(upstream, effort)
        measure(rig, targets, run)
        for each in up:
            name = each.peer.name
            run.costs[name] = Cost(starts[name], idle[name], machine.memory(each.pids))
        run.wrk = _crosschecks(rig, up, folder)
    run.ledgers = {peer.name: verify_ledger(peer) for peer in gateways if peer.data_dir}
    return run


def _begin(folder: Path, gateways: list[peers.Peer]) -> Run:
    names = ("uvicorn", "uvloop", "httptools", "msgspec")
    return Run(
        began=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        machine=machine.describe(),
        versions={"nginx": _nginx_version(gateways)} | {name: version(name) for name in names},
        flush_us=time_flush(folder),
        scenarios=(*_WHOLE, *_STREAMS),
        peers=(_DIRECT, *(peer.name for peer in gateways)),
    )


def _nginx_version(gateways: list[peers.Peer]) -> str:
    for peer in gateways:
        if peer.name == "nginx":
            said = subprocess.run(
                [peer.command[0], "-v"], check=True, capture_output=True, text=True
            )
            return said.stderr.strip().rpartition("/")[2]
    return "absent"


def _crosschecks(rig: Rig, up: list[peers.Running], folder: Path) -> list[Crosscheck]:
    loads = (_WHOLE[0], _WHOLE[-1])
    found = [
        crosscheck(each, _load(rig, scenario, Target("", each.peer.port, each.key)), folder)
        for scenario in loads
        for each in up
    ]
    return [each for each in found if each is not None]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Run as the command line says; status 1 if any round cannot be believed."""
    parser = argparse.ArgumentParser(description="Measure jevons beside nginx.")
    parser.add_argument("--quick", action="store_true", help="a minute: two short rounds")
    parser.add_argument("--json", action="store_true", help="every round's figures, as JSON")
    parser.add_argument("--rounds", type=int, default=None, help="default: 5")
    parser.add_argument("--seconds", type=float, default=None, help="of each round; default: 2")
    parser.add_argument("--only", action="append", default=[], choices=("nginx", "jevons"))
    parser.add_argument("--folder", type=Path, help="where to put ledgers; default: a new one")
    said = parser.parse_args()
    effort = Effort(2, 0.6, 0.3) if said.quick else Effort(5, 2.0, 0.5)
    effort = effort._replace(
        rounds=said.rounds or effort.rounds, seconds=said.seconds or effort.seconds
    )
    with tempfile.TemporaryDirectory(prefix="jevons-bench-", dir=said.folder) as folder:
        run = bench(Path(folder), effort, said.only)
    if said.json:
        print(msgspec.json.format(msgspec.json.encode(run)).decode())
    else:
        print("\n".join(lines(run)))
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main())
