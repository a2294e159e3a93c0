"""Reports over many receipts: `python -m bench.reports`, which is `make bench-reports`.

    --receipts N   in the ledger; `make bench-reports-full` takes 10,000,000
    --folder DIR   on which disk; 10,000,000 receipts take 12 GB there
    --keep         leave the ledger there, and take it as it is where there is one

100 keys of 20 projects ask five models at four hosts over 56 days; each about data of one class, and nine
times in ten one of two models. Each report runs in a process of its own, the command line's start included. Exit status 1 if one takes
10 s or more.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from jevons.clock import SystemClock
from jevons.ledger.record import encode, pack
from jevons.reports import HOUR_MS
from jevons.store.opening import open_ledger
from jevons.testing.make import a_receipt
from jevons.types.account import Usage
from jevons.types.units import Estimate, Priced

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_S = 10.0
DAYS = 56
SEGMENT_RECEIPTS = 256
SEGMENTS_AT_ONCE = 64
KEYS, PROJECTS = 100, 20
PLACES = (
    ("a/large", "far", "Far Inc.", "US"),
    ("a/small", "far-small", "Far Inc.", "US"),
    ("b/middle", "near", "Near GmbH", "DE"),
    ("c/reasoner", "east", "East Ltd", "SG"),
    ("d/open", "here", "this machine", "on-prem"),
)
USUAL = 0.9
CLASSES = ("public", "internal", "personal")
AT, NUMBER, KEY, PROJECT, CLASS, TOKENS = [
    digit * 12 for digit in (b"1", b"2", b"3", b"4", b"5", b"6")
]
"""Marks in a leaf, of digits that stand nowhere else in it."""
REPORTS = (
    ("spend", "--by", "model"),
    ("spend", "--by", "day", "--by", "account"),
    ("spend", "--by", "place", "--by", "class"),
    ("spend", "--by", "key", "--account", "project-7"),
    ("rebound", "--days", str(DAYS // 2)),
    ("rebound", "--days", str(DAYS // 2), "--by", "project", "--in", "carbon"),
)


def leaf_of(model: str, endpoint: str, host: str, place: str) -> bytes:
    """Write a receipt with marks where receipts differ."""
    return encode(
        a_receipt(
            id=f"req_{NUMBER.decode()}",
            at_ms=int(AT),
            key=f"key_{KEY.decode()}",
            account=(f"project-{PROJECT.decode()}", "acme"),
            model=model,
            endpoint=endpoint,
            host=host,
            place=place,
            data_class=CLASS.decode(),
            usage=Usage(input=350, output=int(TOKENS), counted_by="endpoint"),
            cost=Priced(nusd=2_500_000, method="price-row", source="a row, 2026-11-01"),
            energy_mj=Estimate(
                p05=4e5, p50=1.2e6, p95=4e6, method="modelled-hosted", source="a formula, 2026-11"
            ),
            carbon_mg=Estimate(
                p05=40.0, p50=130.0, p95=440.0, method="modelled-hosted", source="a grid, 2025"
            ),
        )
    )


def leaves(receipts: int, begin_ms: int) -> Iterator[bytes]:
    """Write receipts in the order of their time."""
    rng = Random(1)
    shapes = [leaf_of(*place) for place in PLACES]
    for number in range(receipts):
        key = rng.randrange(KEYS)
        at_ms = begin_ms + number * DAYS * 24 * HOUR_MS // receipts
        said = {
            AT: b"%d" % at_ms,
            NUMBER: b"%026d" % number,
            KEY: b"%d" % key,
            PROJECT: b"%d" % (key % PROJECTS),
            CLASS: CLASSES[key % len(CLASSES)].encode(),
            TOKENS: b"%d" % rng.randrange(50, 900),
        }
        usual = (key + rng.randrange(2)) % len(shapes)
        leaf = shapes[usual] if rng.random() < USUAL else rng.choice(shapes)
        for mark, value in said.items():
            leaf = leaf.replace(mark, value)
        yield leaf


def plant(path: Path, receipts: int, begin_ms: int) -> None:
    """Write a ledger without its callers, put in order as it would be."""
    opened = open_ledger(path, commit="os", origin="bench/reports", clock=SystemClock())
    run, sequencer = opened.connection.execute, opened.sequencer()
    batch: list[bytes] = []

    def commit() -> None:
        run("BEGIN")
        for start in range(0, len(batch), SEGMENT_RECEIPTS):
            some = batch[start : start + SEGMENT_RECEIPTS]
            run("INSERT INTO segment (body) VALUES (?)", (pack(some),))
        run("COMMIT")
        batch.clear()
        while sequencer.step()[0]:
            pass
        run("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    for leaf in leaves(receipts, begin_ms):
        batch.append(leaf)
        if len(batch) == SEGMENT_RECEIPTS * SEGMENTS_AT_ONCE:
            commit()
    commit()
    opened.connection.close()
    opened.lease.give_back(seal=False)


def ask(folder: Path, words: tuple[str, ...]) -> tuple[float, float]:
    """Ask for a report; say the seconds it took, and its peak memory in MiB."""
    begin_s = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "jevons", "report", *words, "--csv"],
        env={**os.environ, "JEVONS_DATA_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        message = f"jevons report {' '.join(words)} failed"
        raise SystemExit(message)
    return time.perf_counter() - begin_s, used.ru_maxrss / 1024


def main() -> int:
    """Plant a ledger and ask of it; 1 if a report takes too long."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--receipts", type=int, default=200_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jevons-reports-", dir=said.folder) as made:
        folder = said.folder / "reports" if said.keep and said.folder else Path(made)
        slowest_s = 0.0
        path = folder / "ledger.db"
        if not path.exists():
            now_ms, begin_s = SystemClock().now_ms(), time.perf_counter()
            today_ms = now_ms - now_ms % (24 * HOUR_MS)
            plant(path, said.receipts, today_ms - DAYS * 24 * HOUR_MS)
            planted_s = time.perf_counter() - begin_s
            print(f"{'':7} planting {said.receipts:,} receipts {planted_s:>40,.0f} s")
        print(f"{'':7} file {path.stat().st_size / 1e9:>60.2f} GB", flush=True)
        for words in REPORTS:
            took_s, peak_mib = ask(folder, words)
            slowest_s = max(slowest_s, took_s)
            verdict = "ok" if took_s < LONGEST_S else "BROKEN"
            what = f"jevons report {' '.join(words)}"
            print(f"{verdict:7} {what:56} {took_s:>7.2f} s {peak_mib:>7.0f} MiB", flush=True)
    return int(slowest_s >= LONGEST_S)


if __name__ == "__main__":
    sys.exit(main())
