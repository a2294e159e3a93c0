"""What a record costs to write, and a history to check.

python bench/ledger.py                  processor microseconds a record, all in, alone and
                                        beside a busy event loop
python bench/ledger.py --check 200000   time and memory of verify and export
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jevons.clock import SystemClock, Ulids
from jevons.store import Books, export, verify
from jevons.testing.make import a_receipt, an_intent

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

RECORDS = 6000
CALLERS = 64


async def spin(stop: asyncio.Event) -> None:
    while not stop.is_set():
        sum(range(300))
        await asyncio.sleep(0)


async def measure(commit: Literal["disk", "os"], callers: int, *, beside: bool) -> str:
    clock = SystemClock()
    ids = Ulids(clock)
    total = RECORDS if callers > 1 else RECORDS // 10
    with tempfile.TemporaryDirectory() as folder:
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        async with Books.open(
            Path(folder) / "ledger.db", commit=commit, origin="a/log", clock=clock, ids=ids
        ) as books:

            async def serve() -> None:
                for _ in range(total // callers // 2):
                    request = ids.new("req")
                    await books.record(an_intent(id=request))
                    await books.record(a_receipt(id=request))

            stop = asyncio.Event()
            cpu_s, wall_s = time.process_time(), time.perf_counter()
            async with asyncio.TaskGroup() as group:
                if beside:
                    group.create_task(spin(stop))
                await asyncio.gather(*[serve() for _ in range(callers)])
                stop.set()
            wall_s = time.perf_counter() - wall_s
        cpu_s = time.process_time() - cpu_s  # closing puts the rest in order: all in
    cost = "-" if beside else f"{cpu_s / total * 1e6:.1f}"
    beside_word = "busy" if beside else "idle"
    return f"{commit:>6} {callers:>8} {beside_word:>6} {cost:>14} {wall_s / total * 1e6:>15.1f}"


async def fill(path: Path, records: int) -> None:
    """Write a ledger of about `records` records."""
    clock = SystemClock()
    ids = Ulids(clock)
    async with Books.open(path, commit="os", origin="a/log", clock=clock, ids=ids) as books:

        async def serve() -> None:
            for _ in range(records // CALLERS // 2):
                request = ids.new("req")
                await books.record(an_intent(id=request))
                await books.record(a_receipt(id=request))

        await asyncio.gather(*[serve() for _ in range(CALLERS)])


def alone(work: Callable[[], int]) -> str:
    """Do something in a process of its own; say how fast it was, and its peak memory."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    worker = multiprocessing.get_context("fork").Process(target=_timed, args=(work, sender))
    worker.start()
    leaves, cpu_s, wall_s, peak_kib = receiver.recv()
    worker.join()
    return (
        f"{leaves:>8} {cpu_s:>6.2f} {wall_s:>7.2f} {leaves / cpu_s:>13.0f} {peak_kib / 1024:>9.0f}"
    )


def _timed(work: Callable[[], int], sender: Connection) -> None:
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    leaves = work()
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    sender.send((leaves, cpu_s, wall_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def check(records: int) -> None:
    """Measure verify and export on a history of this length."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "ledger.db", Path(folder) / "out"
        writer = multiprocessing.Process(target=lambda: asyncio.run(fill(path, records)))
        writer.start()
        writer.join()
        print(
            f"{'':>14} {'leaves':>8} {'cpu s':>6} {'wall s':>7} {'leaves/cpu s':>13} {'peak MiB':>9}"
        )
        print(f"{'verify':>14}", alone(lambda: _verified(path)))
        print(f"{'export':>14}", alone(lambda: export(path, out).leaves))
        print(f"{'verify export':>14}", alone(lambda: _verified(out)))


def _verified(path: Path) -> int:
    report = verify(path)
    if not report.ok:
        raise SystemExit(str(report.findings))
    return report.leaves


async def main() -> None:
    print(f"{'commit':>6} {'callers':>8} {'loop':>6} {'cpu us/record':>14} {'wall us/record':>15}")
    for commit in ("disk", "os"):
        for beside in (False, True):
            for callers in (1, 16, 64):
                print(await measure(commit, callers, beside=beside), flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", type=int, metavar="RECORDS")
    wanted = options.parse_args().check
    sys.exit(check(wanted) if wanted else asyncio.run(main()))
