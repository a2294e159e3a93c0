"""Any of three replicas, or the database server under them, killed at any moment: nothing is lost.

A witness watches all the while, and the purse that they share is whole in the end.
`JEVONS_KILLS` says how often (`make kill-replicas`: 200).
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.cluster import MISSING, Cluster, cluster
from tests.e2e.doctored_server import doctored, edited, forked, truncated

from jevons.clock import SystemClock, Ulids
from jevons.cosigning import Cosigning, Known
from jevons.ledger.note import log_key
from jevons.ledger.record import decode, unpack
from jevons.ledger.trust import Trust
from jevons.store import Books, Log, OwnWitness, balances, replica, verify, witness_vkey
from jevons.store.read import glance, segments
from jevons.store.schema import look_into
from jevons.store.where import Server, beside
from jevons.telemetry import Metrics
from jevons.types.account import Intent, Receipt
from jevons.types.budget import Budget
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from jevons.types.account import Record

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

KILLS = int(os.environ.get("JEVONS_KILLS", "8"))
REPLICAS = 3
RESTARTS = 0.15
"""Share of the kills that hit the database server."""
GRACE_S = 1.5
CLOCK = SystemClock()
CHILD = Path(__file__).with_name("kill_replica.py")


class Child:
    """A replica, and what it said was acknowledged."""

    def __init__(self, where: Server) -> None:
        self._where = where
        self.said: set[tuple[str, str]] = set()
        self.process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Future[None] | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(CHILD), self._where.url, str(self._where.folder), str(GRACE_S)),
            stdout=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.ensure_future(self._read(self.process))

    async def kill(self) -> None:
        if self.process is not None and self._reading is not None:
            self.process.kill()
            await self.process.wait()
            await self._reading

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            if line.endswith(b"\n"):
                self.said.add((line[:1].decode(), line[2:].decode().strip()))


@asynccontextmanager
async def witnessed(where: Server, memory: Path) -> AsyncGenerator[Known]:
    """Have every checkpoint shown to a witness, as often as there is a new one."""
    key = Ed25519PrivateKey.from_private_bytes(beside(where, "signing.key").read_bytes())
    named = log_key("a/log", key.public_key())
    async with OwnWitness.open(memory, name="w/1", logs=[named], clock=CLOCK) as witness:
        known = Known(key=witness_vkey(memory, "w/1"), door=witness)

        async def watch() -> None:
            while True:
                with suppress(StoreUnavailable):
                    async with Log.open(where, is_witnessed=True) as log:
                        rounds = Cosigning(log, [known], metrics=Metrics(), every_s=1)
                        while True:
                            await rounds.round()
                            await asyncio.sleep(0.1)
                await asyncio.sleep(0.1)

        watching = asyncio.ensure_future(watch())
        try:
            yield known
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            async with Log.open(where, is_witnessed=True) as log:
                await Cosigning(log, [known], metrics=Metrics(), every_s=1).round()


async def hurt(server: Cluster, children: list[Child], dice: random.Random) -> None:
    """Kill one, and start it again."""
    await asyncio.sleep(dice.uniform(0.02, 0.6))
    if dice.random() < RESTARTS:
        await asyncio.to_thread(server.stop, at_once=dice.random() < 0.7)
        await asyncio.sleep(dice.uniform(0, 0.3))
        await asyncio.to_thread(server.start)
    else:
        child = dice.choice(children)
        await child.kill()
        await child.start()


async def settled(where: Server) -> None:
    """Open the books as one more replica, until all that was left open is closed."""
    async with (
        Books.open(where, commit="disk", origin="a/log", clock=CLOCK, ids=Ulids(CLOCK)),
        asyncio.timeout(120),
    ):
        while True:
            with closing(look_into(where)) as connection:
                left = connection.execute("SELECT count(*) FROM pending").fetchone()[0]
                replicas = connection.execute("SELECT count(*) FROM replica").fetchone()[0]
            if not left and replicas == 1:
                return
            await asyncio.sleep(0.2)


def records(where: Server) -> Iterator[Record]:
    with closing(look_into(where)) as connection, glance(connection):
        for _, body in segments(connection):
            yield from map(decode, unpack(body))


async def test_replicas_killed_under_load_have_lost_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setattr(replica, "GRACE_S", GRACE_S)
    dice = random.Random()
    with cluster() as server:
        if server is None:
            pytest.skip(MISSING)
        where = server.make(tmp_path)
        async with Books.open(
            where, commit="disk", origin="a/log", clock=CLOCK, ids=Ulids(CLOCK)
        ) as books:
            await books.stand(Budget(at_ms=0, account="house", per="month", cost_nusd=10**15))
        children = [Child(where) for _ in range(REPLICAS)]
        async with witnessed(where, tmp_path / "witness.db") as known:
            for child in children:
                await child.start()
            async with asyncio.timeout(60):
                while not all(child.said for child in children):  # noqa: ASYNC110 they say so
                    await asyncio.sleep(0.05)
            for _ in range(KILLS):
                await hurt(server, children, dice)
            for child in children:
                await child.kill()
            await settled(where)
        check(where, tmp_path / "witness.db", known, children)
        for change, kind in ((edited, "altered"), (truncated, "truncated"), (forked, "forked")):
            report = verify(doctored(server, where, kind, change), trusting(where, known))
            assert kind in {each.kind for each in report.findings}


def trusting(where: Server, known: Known) -> Trust:
    """What the witness knows: the newest checkpoint that it was shown."""
    with closing(look_into(where)) as connection:
        row = connection.execute("SELECT note FROM checkpoint WHERE size = ?", (known.size,))
        return Trust(kept=((row.fetchone()[0], "the witness"),))


def check(where: Server, memory: Path, known: Known, children: list[Child]) -> None:
    """Hold the books against what was acknowledged, and against what the witness knows."""
    report = verify(where, Trust(witnesses=(witness_vkey(memory, "w/1"),)))
    assert report.findings == ()
    assert (report.pending, report.unsigned) == (0, 0)
    assert report.intents == report.receipts
    assert known.size == report.witnessed[0].size == report.leaves
    found = [*records(where)]
    assert len(found) == report.leaves
    receipts = [each for each in found if isinstance(each, Receipt)]
    kept = {("i", each.id) for each in found if isinstance(each, Intent)}
    kept |= {("r", each.id) for each in receipts}
    said = {each for child in children for each in child.said}
    assert said
    assert said <= kept
    answered = {name for act, name in said if act == "r"}
    assert all(each.finish == "stop" for each in receipts if each.id in answered)
    (balance,) = balances(where, now_ms=CLOCK.now_ms())
    charged = [each.charged.cost_nusd or 0 for each in receipts if each.charged is not None]
    assert (balance.spent, balance.held) == (sum(charged), 0)
    lost = len([each for each in receipts if each.finish == "lost"])
    print(f"{KILLS} kills: {len(receipts)} receipts, {len(said)} acknowledged, {lost} lost")  # noqa: T201 read with -s
