"""What was promised of the books, at full size: `python -m bench.books`, which is `make bench-books`.

    --records N    written by 64 callers at once, in pairs of intent and receipt
    --checked N    in the ledger that is verified
    --tree N       in the ledger whose receipts are proved
    --part NAME    only throughput, postgres, checking or proving
    --folder DIR   on which disk; 10,000,000 records take 7 GB there

Every yardstick runs in the same minutes as what it is held against. Exit status 1 if a promise is
broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import uvloop
from bench.books_doctored import Case, doctored
from tests.cluster import MISSING, cluster

from jevons.budget.period import day_of
from jevons.clock import SystemClock, Ulids
from jevons.ledger.merkle import verify_consistency
from jevons.ledger.note import parse
from jevons.ledger.record import encode, pack
from jevons.store import Books, export, verify
from jevons.store.opening import open_ledger
from jevons.store.pages import Pages
from jevons.store.postgres import connect_to
from jevons.store.read import find
from jevons.store.schema import connect_to_read
from jevons.testing.make import a_receipt, an_intent
from jevons.types.budget import Amounts, Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from jevons.store.door import Connection as Door
    from jevons.store.where import Server, Where

CALLERS = 64
ORIGIN = "bench/log"
SEGMENT_LEAVES = 64
PROOFS = 2000
CLOCK = SystemClock()


class Done(NamedTuple):
    """What was measured, and what it may be."""

    what: str
    figure: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def verdict(self) -> str:
        """Whether a promise is kept; empty where none was made."""
        if self.at_least is None and self.at_most is None:
            return ""
        low, high = self.at_least or 0, self.at_most or float("inf")
        return "kept" if low <= self.figure <= high else "BROKEN"


class Apart(NamedTuple):
    """What work in a process of its own came to."""

    result: Any
    wall_s: float
    peak_mb: float


def apart(work: Callable[[], Any]) -> Apart:
    """Do something in a process of its own, so that its memory is its own."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    worker = multiprocessing.get_context("fork").Process(target=_timed, args=(work, sender))
    worker.start()
    try:
        result, wall_s, peak_kib = receiver.recv()
    finally:
        worker.join()
    return Apart(result, wall_s, peak_kib * 1024 / 1e6)


def _timed(work: Callable[[], Any], sender: Connection) -> None:
    start_s = time.perf_counter()
    result = work()
    wall_s = time.perf_counter() - start_s
    sender.send((result, wall_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
    sender.close()


async def written(
    where: Where, records: int, commit: Literal["disk", "os"], *, budget: bool = False
) -> float:
    """Write pairs of intent and receipt through the books; receipts a second, closing left out."""
    ids = Ulids(CLOCK)
    now_ms = CLOCK.now_ms()
    some = Amounts(cost_nusd=5, energy_mj=5, carbon_ug=5) if budget else None
    async with Books.open(where, commit=commit, origin=ORIGIN, clock=CLOCK, ids=ids) as books:
        if budget:
            await books.stand(Budget(at_ms=0, account="house", per="month", cost_nusd=10**15))

        async def serve() -> None:
            for _ in range(records // CALLERS // 2):
                request = ids.new("req")
                await books.record(an_intent(id=request, at_ms=now_ms, held=some))
                await books.record(a_receipt(id=request, day=day_of(now_ms), charged=some))

        start_s = time.perf_counter()
        await asyncio.gather(*[serve() for _ in range(CALLERS)])
        return records / 2 / (time.perf_counter() - start_s)


def bare(path: Path, rows: int, commit: Literal["disk", "os"]) -> float:
    """Insert as many bytes as a receipt has, each row committed by itself; rows a second."""
    leaf = encode(a_receipt())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if commit == 'disk' else 'NORMAL'}")
        connection.execute("CREATE TABLE receipt (id TEXT PRIMARY KEY, body BLOB)")
        start_s = time.perf_counter()
        for number in range(rows):
            connection.execute("INSERT INTO receipt VALUES (?, ?)", (f"req_{number:026d}", leaf))
        return rows / (time.perf_counter() - start_s)


def throughput(folder: Path, records: int) -> Iterator[Done]:
    """Measure receipts a second beside bare inserts."""
    for commit in ("os", "disk"):
        rates: list[tuple[float, float]] = []
        for turn in range(3):
            where = folder / f"{commit}{turn}"
            where.mkdir()
            yardstick = bare(where / "bare.db", min(records // 2, 20_000), commit)
            ours = uvloop.run(written(where / "ledger.db", records, commit))
            rates.append((ours, yardstick))
        ours = median(rate for rate, _ in rates)
        yield Done(f"receipts a second, commit = {commit}", ours, "/s", at_least=5000)
        yield Done("  bare inserts a second", median(rate for _, rate in rates), "/s")
        yield Done("  receipts for each bare insert", median(a / b for a, b in rates), "x")


def bare_on(server: Server, rows: int, commit: Literal["disk", "os"]) -> float:
    """Do the same on a PostgreSQL server."""
    leaf = encode(a_receipt())
    with closing(connect_to(server)) as session:
        session.execute(f"SET synchronous_commit = {'on' if commit == 'disk' else 'off'}")
        session.execute("CREATE TABLE bare (id TEXT PRIMARY KEY, body BYTEA)")
        start_s = time.perf_counter()
        for number in range(rows):
            session.execute("INSERT INTO bare VALUES (?, ?)", (f"req_{number:026d}", leaf))
        return rows / (time.perf_counter() - start_s)


def on_a_server(folder: Path, records: int) -> Iterator[Done]:
    """Measure the same on PostgreSQL, which flushes as it does everywhere."""
    with cluster(flushes=True) as server:
        if server is None:
            yield Done(f"PostgreSQL: {MISSING}", 0, "")
            return
        cases: list[tuple[Literal["disk", "os"], bool]]
        cases = [("os", False), ("disk", False), ("disk", True)]
        for commit, budget in cases:
            rates: list[tuple[float, float]] = []
            for turn in range(3):
                where = server.make(folder / f"{commit}{budget}{turn}")
                yardstick = bare_on(where, min(records // 2, 5000), commit)
                rates.append(
                    (uvloop.run(written(where, records, commit, budget=budget)), yardstick)
                )
            promised = None if budget else 3000
            what = f"PostgreSQL: receipts a second, commit = {commit}{', a budget' * budget}"
            yield Done(what, median(rate for rate, _ in rates), "/s", promised)
            yield Done("  bare inserts a second", median(rate for _, rate in rates), "/s")
            yield Done("  receipts for each bare insert", median(a / b for a, b in rates), "x")


def checking(folder: Path, records: int) -> Iterator[Done]:
    """Measure verification, of a ledger and of its export."""
    path, out = folder / "ledger.db", folder / "books.jevons"
    filled = apart(lambda: uvloop.run(written(path, records, "os")))
    yield Done(f"writing {records} records: peak memory", filled.peak_mb, "MB")
    checked = apart(lambda: _verified(path))
    yield Done(f"verify, {checked.result} records", checked.wall_s, "s", at_most=60)
    yield Done("  peak memory", checked.peak_mb, "MB")
    exported = apart(lambda: export(path, out).leaves)
    yield Done("export", exported.wall_s, "s")
    again = apart(lambda: _verified(out))
    yield Done("verify the export", again.wall_s, "s", at_most=60)
    yield Done("  peak memory", again.peak_mb, "MB")


def _verified(path: Path) -> int:
    report = verify(path)
    if not report.ok:
        raise SystemExit(str(report.findings[:3]))
    return report.leaves


def planted(path: Path, records: int) -> None:
    """Write a ledger without its callers: leaves as they would be, put in order as they would be."""
    opened = open_ledger(path, commit="os", origin=ORIGIN, clock=CLOCK)
    intent, receipt = encode(an_intent(id=_id(0))), encode(a_receipt(id=_id(0)))
    run = opened.connection.execute
    sequencer = opened.sequencer()
    for first in range(0, records // 2, SEGMENT_LEAVES * 64):
        run("BEGIN")
        for start in range(
            first, min(first + SEGMENT_LEAVES * 64, records // 2), SEGMENT_LEAVES // 2
        ):
            names = [_id(number).encode() for number in range(start, start + SEGMENT_LEAVES // 2)]
            leaves = [
                each.replace(_id(0).encode(), name) for name in names for each in (intent, receipt)
            ]
            run("INSERT INTO segment (body) VALUES (?)", (pack(leaves),))
        run("COMMIT")
        while sequencer.step()[0]:
            pass
        run("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    opened.connection.close()
    opened.lease.give_back(seal=False)


def _id(number: int) -> str:
    return f"req_{number:026d}"


def proving(folder: Path, records: int) -> Iterator[Done]:
    """Measure proofs out of a large tree, each of another receipt, checked with what it carries."""
    path = folder / "ledger.db"
    filled = apart(lambda: planted(path, records))
    yield Done(f"planting {records} records", filled.wall_s, "s")
    yield Done("  file", path.stat().st_size / 1e9, "GB")
    rng = Random(1)
    with closing(connect_to_read(path)) as connection:
        cold_ms = [_proved(connection, rng.randrange(records // 2)) for _ in range(PROOFS)]
        warm_ms = [_proved(connection, number) for number in [7] * PROOFS]
        size = parse(Pages(connection).newest() or "").size
        yield Done(f"inclusion proof at {size} records, median", median(cold_ms), "ms", at_most=2)
        yield Done("  99th percentile", sorted(cold_ms)[PROOFS * 99 // 100], "ms")
        yield Done("  the same receipt again, median", median(warm_ms), "ms")
        steps_ms = [*_stepped(Pages(connection), size, rng)]
        yield Done("consistency proof, median", median(steps_ms), "ms", at_most=2)


def _proved(connection: Door, number: int) -> float:
    start_s = time.perf_counter()
    found = find(connection, _id(number))
    spent_s = time.perf_counter() - start_s
    if found is None or found.inclusion is None:
        message = f"{_id(number)} is not proved"
        raise SystemExit(message)
    return spent_s * 1e3


def _stepped(pages: Pages, size: int, rng: Random) -> Iterator[float]:
    """Prove that the newest tree goes on from earlier ones; the proof leads to the root, or it ends."""
    newest = parse(pages.newest() or "")
    for _ in range(PROOFS // 10):
        old = rng.randrange(1, size)
        start_s = time.perf_counter()
        proof = pages.consistency(old, size)
        yield (time.perf_counter() - start_s) * 1e3
        earlier = pages.root(old)
        if not verify_consistency(old, size, proof=proof, old_root=earlier, new_root=newest.root):
            message = f"{size} records do not go on from {old}"
            raise SystemExit(message)


def shown(done: Done) -> str:
    """Write a line."""
    figure = f"{done.figure:,.0f}" if done.figure >= 1000 else f"{done.figure:.3g}"
    said = f" (at least {done.at_least:,g})" if done.at_least else ""
    said += f" (at most {done.at_most:,g})" if done.at_most else ""
    return f"{done.verdict:7} {done.what:52} {figure:>10} {done.unit}{said}"


def main() -> int:
    """Measure everything; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--checked", type=int, default=1_000_000)
    parser.add_argument("--tree", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--part", choices=["throughput", "postgres", "checking", "proving"])
    parser.add_argument("--json", action="store_true")
    said = parser.parse_args()
    all_done: list[Done] = []
    start_s = time.perf_counter()
    parts: dict[str, Callable[[Path], Iterator[Done]]] = {
        "throughput": partial(throughput, records=said.records),
        "postgres": partial(on_a_server, records=min(said.records, 60_000)),
        "checking": partial(checking, records=said.checked),
        "proving": partial(proving, records=said.tree),
    }
    for name, measure in parts.items():
        if said.part not in {None, name}:
            continue
        with tempfile.TemporaryDirectory(prefix=f"jevons-{name}-", dir=said.folder) as folder:
            for done in measure(Path(folder)):
                all_done.append(done)
                if not said.json:
                    print(shown(done), flush=True)
    cases: list[Case] = []
    if said.part is None:
        with tempfile.TemporaryDirectory(prefix="jevons-doctored-", dir=said.folder) as folder:
            cases = uvloop.run(doctored(Path(folder)))
    if said.json:
        print(
            json.dumps(
                [*[each._asdict() for each in all_done], *[each._asdict() for each in cases]]
            )
        )
    else:
        print("\n".join(f"{each.verdict:7} {each.what:52} {each.says}" for each in cases))
        print(f"{'':7} {'all of it':52} {time.perf_counter() - start_s:>10.0f} s")
    broken = [each.what for each in (*all_done, *cases) if each.verdict == "BROKEN"]
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
