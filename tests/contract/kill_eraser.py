"""Erases a key, or what has expired, killed one statement later each time, and then to the end.

Given a house and a folder, it leaves a copy of the house in the folder for each statement.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jevons.clock import SystemClock, Ulids
from jevons.store import Archive, Books, Limits, erase
from jevons.types.custody import PerClass

if TYPE_CHECKING:
    from collections.abc import Callable

CLOCK = SystemClock()
LIMITS = Limits(keep_days=PerClass.all(30), max_bytes=1_000_000_000)


async def erasing(house: Path, what: list[str], dies_at: int | None) -> None:
    seen = count()

    def statement(_: str) -> None:
        if next(seen) == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    async with (
        Books.open(
            house / "ledger.db", commit="os", origin="a/log", clock=CLOCK, ids=Ulids(CLOCK)
        ) as books,
        Archive.open(house / "answers.db", limits=LIMITS, clock=CLOCK) as archive,
    ):
        # No door shows what is being written, and every statement is a moment to die at.
        cast("Any", books)._writer._connection.set_trace_callback(statement)
        cast("Any", archive)._shelf._connection.set_trace_callback(statement)
        match what:
            case ["erase", key]:
                await erase(books, archive, key, reason="asked to")
            case _:
                await archive.expire(books.record)


def apart(work: Callable[[], None]) -> bool:
    """Do something in a process of its own; say whether it lived."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}, status
    return status == 0


def main(house: Path, out: Path, what: list[str]) -> None:
    for number in count():
        there = out / str(number)
        shutil.copytree(house, there)
        lived = apart(lambda: asyncio.run(erasing(there, what, number)))  # noqa: B023 done before the next
        assert apart(lambda: asyncio.run(erasing(there, what, None)))  # noqa: B023 as above
        if lived:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
