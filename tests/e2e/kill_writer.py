"""Records as fast as it can and says what was acknowledged, until it is killed."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from jevons.clock import SystemClock, Ulids
from jevons.store import Books
from jevons.testing.make import a_receipt, an_intent


async def serve(books: Books, ids: Ulids) -> None:
    while True:
        request = ids.new("req")
        await books.record(an_intent(id=request))
        os.write(1, f"i {request}\n".encode())
        await books.record(a_receipt(id=request))
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
        await asyncio.gather(*[serve(books, ids) for _ in range(16)])


asyncio.run(main())
