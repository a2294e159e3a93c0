"""One replica of several: records as fast as it can and says what was acknowledged, until it is killed.

Whatever is refused meanwhile is asked again: a database server that is started again refuses for a while.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from jevons.budget.period import day_of
from jevons.clock import SystemClock, Ulids
from jevons.store import Books, replica
from jevons.store.where import Server
from jevons.testing.make import a_receipt, an_intent
from jevons.types.budget import Amounts
from jevons.types.errors import StoreUnavailable

CALLERS = 12
HELD = Amounts(cost_nusd=5, energy_mj=5, carbon_ug=5)
CHARGED = Amounts(cost_nusd=3, energy_mj=3, carbon_ug=3)


async def serve(books: Books, ids: Ulids, clock: SystemClock) -> None:
    while True:
        with suppress(StoreUnavailable):
            request = ids.new("req")
            now_ms = clock.now_ms()
            await books.record(an_intent(id=request, at_ms=now_ms, held=HELD))
            os.write(1, f"i {request}\n".encode())
            await books.record(a_receipt(id=request, day=day_of(now_ms), charged=CHARGED))
            os.write(1, f"r {request}\n".encode())
            continue
        await asyncio.sleep(0.02)


async def main() -> None:
    url, folder, grace_s = sys.argv[1:]
    setattr(replica, "GRACE_S", float(grace_s))  # noqa: B010 as a test that cannot wait as long
    clock = SystemClock()
    ids = Ulids(clock)
    where = Server(url, Path(folder))
    while True:
        with suppress(StoreUnavailable):
            async with Books.open(
                where, commit="disk", origin="a/log", clock=clock, ids=ids
            ) as books:
                await asyncio.gather(*[serve(books, ids, clock) for _ in range(CALLERS)])
        await asyncio.sleep(0.1)


asyncio.run(main())
