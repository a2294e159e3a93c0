"""Whatever the disk or the clock does, a request is refused cleanly and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Literal, cast

import pytest

from jevons.clock import SystemClock, Ulids
from jevons.store import Books, back_up, verify
from jevons.store import writer as store_writer
from jevons.testing.make import a_receipt, an_intent
from jevons.types.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from jevons import ports

pytestmark = pytest.mark.anyio

COMMITS = ("disk", "os")
LONG = "x" * 8000


@asynccontextmanager
async def books(
    path: Path, commit: Literal["disk", "os"], clock: ports.Clock | None = None
) -> AsyncGenerator[Books]:
    clock = clock or SystemClock()
    async with Books.open(
        path, commit=commit, origin="a/log", clock=clock, ids=Ulids(clock)
    ) as opened:
        yield opened


@contextmanager
def small_disk(at: Path) -> Generator[Path]:
    """Mount a file system of 1.5 MB, where that is allowed."""
    at.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1536k", "tmpfs", at], check=False, capture_output=True
    )
    if made.returncode != 0:
        pytest.skip(f"may not mount a small file system: {made.stderr.decode().strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", at], check=True)


def remount(at: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", at], check=True)


async def filled(where: Books, start: int = 0) -> list[str]:
    """Write until the books refuse; the requests whose receipts were acknowledged."""
    done: list[str] = []
    for number in range(start, start + 5000):
        request = f"req_{number}"
        try:
            await where.record(an_intent(id=request))
            await where.record(a_receipt(id=request, why=LONG))
        except StoreUnavailable:
            return done
        done.append(request)
    message = "the disk is never full"
    raise AssertionError(message)


async def all_there(path: Path, commit: Literal["disk", "os"], done: list[str]) -> None:
    """Open the books again: every receipt that was acknowledged is found, and they verify."""
    async with books(path, commit) as where:
        for request in done:
            found = await where.find(request)
            assert found is not None, request
            assert found.inclusion is not None, request
    report = verify(path)
    assert report.findings == ()
    assert report.sealed


@pytest.mark.parametrize("commit", COMMITS)
async def test_a_full_disk_refuses_and_keeps_what_was_acknowledged(
    commit: Literal["disk", "os"], tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "ledger.db"
        async with books(path, commit) as where:
            done = await filled(where)
            assert done
            with pytest.raises(StoreUnavailable):
                await where.record(an_intent(id="req_no", asked=LONG))
            assert await where.find(done[0]) is not None
            remount(disk, "size=16m")
            async with asyncio.timeout(10):
                more = await filled_some(where)
        await all_there(path, commit, [*done, *more])


async def filled_some(where: Books) -> list[str]:
    """Write on, once the disk has room again; a refusal until then is waited out."""
    done: list[str] = []
    number = 10_000
    while len(done) < 20:
        number += 1
        try:
            await where.record(an_intent(id=f"req_{number}"))
            await where.record(a_receipt(id=f"req_{number}"))
        except StoreUnavailable:
            await asyncio.sleep(0.05)
        else:
            done.append(f"req_{number}")
    return done


@pytest.mark.parametrize("commit", COMMITS)
async def test_a_server_that_ended_on_a_full_disk_starts_again_with_room(
    commit: Literal["disk", "os"], tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "ledger.db"
        async with books(path, commit) as where:
            done = await filled(where)
        remount(disk, "size=16m")
        await all_there(path, commit, done)


async def test_a_disk_that_turned_read_only_refuses_and_keeps(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "ledger.db"
        async with books(path, "disk") as where:
            await where.record(an_intent(id="req_1"))
            await where.record(a_receipt(id="req_1"))
        remount(disk, "ro")
        assert verify(path).ok
        with pytest.raises(StoreUnavailable, match="cannot be opened"):
            async with books(path, "disk"):
                pass
        report = back_up(path, tmp_path / "backup")
        assert report.leaves == 3
        remount(disk, "rw")
        await all_there(path, "disk", ["req_1"])


@pytest.mark.parametrize("commit", COMMITS)
async def test_a_file_that_may_not_grow_refuses_and_comes_back(
    commit: Literal["disk", "os"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_writer, "REST_S", 0.02)
    path = tmp_path / "ledger.db"
    async with books(path, commit) as where:
        run = cast("Any", where)._writer._connection.execute  # no door makes disks small
        (pages,) = run("PRAGMA page_count").fetchone()
        run(f"PRAGMA max_page_count = {pages + 40}")
        done = await filled(where)
        assert done
        run("PRAGMA max_page_count = 1000000")
        async with asyncio.timeout(10):
            done += await filled_some(where)
    await all_there(path, commit, done)


class Jumping:
    """A clock that somebody sets by years; what it counts seconds with goes on."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.years = 0

    def now_ms(self) -> int:
        return self._clock.now_ms() + self.years * 31_557_600_000

    def monotonic_s(self) -> float:
        return self._clock.monotonic_s()


async def test_a_clock_that_jumps_changes_dates_and_nothing_else(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.db", Jumping()
    done: list[str] = []
    async with books(path, "os", clock) as where:
        for number, years in enumerate((0, 10, -20, 3, -40)):
            clock.years = years
            await where.keys.create(f"key {number}")
            request = f"req_{number}"
            await where.record(an_intent(id=request, at_ms=clock.now_ms()))
            await where.record(a_receipt(id=request, at_ms=clock.now_ms()))
            done.append(request)
        await where.record(an_intent(id="req_open", at_ms=clock.now_ms()))
        clock.years = -60
    await all_there(path, "os", [*done, "req_open"])
