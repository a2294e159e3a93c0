"""Records as fast as it can and says what was acknowledged, until it is killed."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from jevons.budget.period import day_of
from jevons.clock import SystemClock, Ulids
from jevons.store import Books
from jevons.testing.make import a_receipt, an_intent
from jevons.types.budget import Amounts, Budget

HELD = Amounts(cost_nusd=5, energy_mj=5, carbon_ug=5)
CHARGED = Amounts(cost_nusd=3, energy_mj=3, carbon_ug=3)


async def serve(books: Books, ids: Ulids, clock: SystemClock) -> None:
    while True:
        request = ids.new("req")
        now_ms = clock.now_ms()
        await books.record(an_intent(id=request, at_ms=now_ms, held=HELD))
        os.write(1, f"i {request}\n".encode())
        await books.record(a_receipt(id=request, day=day_of(now_ms), charged=CHARGED))
        os.write(1, f"r {request}\n".encode())


async def main() -> None:
    clock = SystemClock()
    ids = Ulids(clock)
    async with Books.open(
        Path(sys.argv[1]),
        commit="disk" if sys.argv[2] == "disk" else "os",
        origin="a/log",
        clock=clock,
        ids=ids,
    ) as books:
        if not books.terms.budgets:
            await books.stand(Budget(at_ms=0, account="house", per="month", cost_nusd=10**15))
        await asyncio.gather(*[serve(books, ids, clock) for _ in range(16)])


asyncio.run(main())
