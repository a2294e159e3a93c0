"""What a record costs: processor microseconds all in, alone and beside a busy event loop."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

from jevons.clock import SystemClock, Ulids
from jevons.store import Books
from jevons.testing.make import a_receipt, an_intent

RECORDS = 6000


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


async def main() -> None:
    print(f"{'commit':>6} {'callers':>8} {'loop':>6} {'cpu us/record':>14} {'wall us/record':>15}")
    for commit in ("disk", "os"):
        for beside in (False, True):
            for callers in (1, 16, 64):
                print(await measure(commit, callers, beside=beside), flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
