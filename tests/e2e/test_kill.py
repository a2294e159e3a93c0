"""A process killed at any moment has lost nothing that it acknowledged."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jevons.clock import SystemClock, Ulids
from jevons.ledger.record import decode
from jevons.store import Books, export, verify
from jevons.store.export import load
from jevons.types.account import Intent, Receipt

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

KILLS = int(os.environ.get("JEVONS_KILLS", "10"))
LIVES = 10
"""Kills of one ledger; all of it is verified after each."""
WRITER = Path(__file__).with_name("kill_writer.py")


def killed(path: Path, commit: str, after_s: float) -> set[tuple[str, str]]:
    """Run a writer for a while from its first acknowledgement, kill it, return what it said."""
    with subprocess.Popen(
        [sys.executable, str(WRITER), str(path), commit], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        said = child.stdout.readline()
        timer = threading.Timer(after_s, child.kill)
        timer.start()
        said += child.stdout.read()
        timer.join()
    whole = said.decode().rpartition("\n")[0].splitlines()
    return {(line[:1], line[2:]) for line in whole}


def receipts(path: Path) -> list[Receipt]:
    out = path.with_name("out")
    export(path, out)
    records = [decode(leaf) for leaf in load(out.read_bytes()).leaves]
    return [record for record in records if isinstance(record, Receipt)]


def kept(path: Path) -> set[tuple[str, str]]:
    out = path.with_name("out")
    export(path, out)
    records = [decode(leaf) for leaf in load(out.read_bytes()).leaves]
    return {
        ("i" if isinstance(record, Intent) else "r", record.id)
        for record in records
        if isinstance(record, Intent | Receipt)
    }


@pytest.mark.parametrize("commit", ["disk", "os"])
@pytest.mark.parametrize("house", range(-(-KILLS // (2 * LIVES))))
async def test_killed_at_a_random_moment_it_keeps_what_it_acknowledged(
    tmp_path: Path, commit: str, house: int
) -> None:
    path, clock = tmp_path / "ledger.db", SystemClock()
    acknowledged: set[tuple[str, str]] = set()
    dice = random.Random()
    for _ in range(min(LIVES, max(1, KILLS // 2 - house * LIVES))):
        acknowledged |= killed(path, commit, dice.uniform(0, 0.8))
        report = verify(path)
        assert report.ok, report.findings
    async with Books.open(
        path, commit="os", origin="a/log", clock=clock, ids=Ulids(clock)
    ) as books:
        (balance,) = books.purse.balances(clock.now_ms())
    ended = receipts(path)
    lost = [receipt for receipt in ended if receipt.finish == "lost"]
    assert (balance.spent, balance.held) == (5 * len(lost) + 3 * (len(ended) - len(lost)), 0)
    report = verify(path)
    assert report.ok, report.findings
    assert report.intents == report.receipts
    assert acknowledged
    assert acknowledged <= kept(path)
