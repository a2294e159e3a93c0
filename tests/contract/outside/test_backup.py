"""A backup is one moment of the books, and what putting it back loses is told beforehand."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.contract.outside.doctored import (
    CLOCK,
    ORIGIN,
    copied,
    edited,
    forked,
    newest,
    signed_by_another,
    trusting,
    write,
)

from jevons.cli import main
from jevons.clock import Ulids
from jevons.ledger.note import parse
from jevons.ledger.record import decode
from jevons.store import Books, back_up, export, foresee, restore, verify
from jevons.store.export import load
from jevons.testing.make import a_receipt, an_intent
from jevons.types.account import Restored
from jevons.types.errors import Misconfigured, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.types.account import Record

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "true" / "ledger.db"
    await write(path, 30)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "backup"


def last(path: Path) -> Record:
    out = path.with_name("books.jevons")
    export(path, out)
    *_, leaf = load(out.read_bytes()).leaves
    return decode(leaf)


async def test_a_backup_taken_under_load_is_one_moment_of_the_books(
    tmp_path: Path, out: Path
) -> None:
    path = tmp_path / "ledger.db"
    async with Books.open(path, commit="os", origin=ORIGIN, clock=CLOCK, ids=Ulids(CLOCK)) as books:
        is_on = True

        async def serve(caller: int) -> None:
            number = 0
            while is_on:
                await books.record(an_intent(id=f"req_{caller}_{number}"))
                await books.record(a_receipt(id=f"req_{caller}_{number}"))
                number += 1

        callers = [asyncio.ensure_future(serve(caller)) for caller in range(8)]
        reports = [await asyncio.to_thread(back_up, path, out / str(turn)) for turn in range(4)]
        is_on = False
        await asyncio.gather(*callers)
    sizes = [report.leaves for report in reports]
    assert sizes == sorted(set(sizes))
    for turn, report in enumerate(reports):
        assert report.ok
        found = verify(out / str(turn) / "ledger.db", trusting(path))
        assert found.ok, found.findings
        assert verify(path, trusting(path, newest(out / str(turn) / "ledger.db"))).kept == 1


async def test_a_backup_goes_back_where_nothing_is_left(
    ledger: Path, out: Path, tmp_path: Path
) -> None:
    kept = newest(ledger)
    back_up(ledger, out)
    assert {each.stat().st_mode & 0o077 for each in (out, out / "signing.key")} == {0}
    there = tmp_path / "new" / "ledger.db"
    loss = foresee(out, there, [(kept, "kept")])
    assert (loss.lost, loss.known) == (0, 61)
    assert restore(out, there, loss, origin=ORIGIN, clock=CLOCK) is None
    report = verify(there, trusting(ledger, kept))
    assert report.ok, report.findings
    assert (report.leaves, report.sealed, report.kept) == (62, True, 1)
    assert isinstance(last(there), Restored)
    await write(there, 5, "later")
    assert verify(there, trusting(ledger, kept)).ok


async def test_what_would_be_lost_is_told_whoever_still_knows_of_it(
    ledger: Path, out: Path, tmp_path: Path
) -> None:
    back_up(ledger, out)
    await write(ledger, 10, "later")
    later = newest(ledger)
    assert foresee(out, ledger).lost == 20
    (ledger.parent / "ledger.db").write_bytes(b"a broken disk")
    assert foresee(out, ledger).lost == 20  # the plain copy of checkpoints knows
    nowhere = tmp_path / "new" / "ledger.db"
    assert foresee(out, nowhere).lost == 0
    assert foresee(out, nowhere, [(later, "a witness")]).lost == 20


async def test_what_is_lost_with_consent_is_in_the_books_and_shows_to_who_kept_more(
    ledger: Path, out: Path
) -> None:
    early = newest(ledger)
    back_up(ledger, out)
    await write(ledger, 10, "later")
    later = newest(ledger)
    loss = foresee(out, ledger)
    aside = restore(out, ledger, loss, origin=ORIGIN, clock=CLOCK)
    record = last(ledger)
    assert isinstance(record, Restored)
    assert (record.size, record.lost, record.newest) == (61, 20, parse(later).size)
    assert verify(ledger, trusting(ledger, early)).ok
    await write(ledger, 40, "otherwise")
    (found,) = verify(ledger, trusting(ledger, early, later)).findings
    assert found.kind == "forked"
    assert aside is not None
    assert verify(aside / "ledger.db").leaves == 81


async def test_records_that_no_checkpoint_covered_yet_count_as_well(
    tmp_path: Path, out: Path
) -> None:
    path = tmp_path / "ledger.db"
    async with Books.open(path, commit="os", origin=ORIGIN, clock=CLOCK, ids=Ulids(CLOCK)) as books:
        report = await asyncio.to_thread(back_up, path, out)
        await asyncio.gather(*[books.record(an_intent(id=f"req_{n}")) for n in range(7)])
        assert foresee(out, path).known == report.leaves + 7
        with pytest.raises(Misconfigured, match=r"has .* open"):
            restore(out, path, foresee(out, path), origin=ORIGIN, clock=CLOCK)


async def test_a_backup_that_does_not_hold_is_not_put_back(
    ledger: Path, out: Path, tmp_path: Path
) -> None:
    back_up(ledger, out)
    edited(out / "ledger.db")
    with pytest.raises(StoreUnavailable, match="does not verify"):
        foresee(out, ledger)
    kept = newest(ledger)
    fork = copied(ledger, tmp_path / "fork")
    forked(fork)
    back_up(fork, tmp_path / "another")
    with pytest.raises(StoreUnavailable, match="another history"):
        foresee(tmp_path / "another", tmp_path / "new" / "ledger.db", [(kept, "kept")])


async def test_a_ledger_that_does_not_hold_is_not_backed_up(ledger: Path, out: Path) -> None:
    edited(ledger)
    with pytest.raises(StoreUnavailable, match="does not verify"):
        back_up(ledger, out)
    assert [*out.parent.iterdir()] == []
    with pytest.raises(NotFound):
        back_up(ledger.with_name("none.db"), out)


async def test_the_key_may_be_kept_elsewhere_and_has_to_be_the_logs(
    ledger: Path, out: Path, tmp_path: Path
) -> None:
    back_up(ledger, out, with_key=False)
    assert not (out / "signing.key").exists()
    there = tmp_path / "new" / "ledger.db"
    loss = foresee(out, there)
    with pytest.raises(Misconfigured, match="neither the backup"):
        restore(out, there, loss, origin=ORIGIN, clock=CLOCK)
    assert not there.exists()
    shutil.copy(ledger.with_name("signing.key"), there.with_name("signing.key"))
    restore(out, there, loss, origin=ORIGIN, clock=CLOCK)
    assert verify(there).ok
    whole = out.with_name("whole")
    back_up(ledger, whole)
    signed_by_another(ledger)
    with pytest.raises(Misconfigured, match="is not the key"):
        restore(whole, ledger, foresee(whole, ledger), origin=ORIGIN, clock=CLOCK)
    with pytest.raises(Misconfigured, match="the backup is of"):
        restore(whole, there, foresee(whole, there), origin="b/log", clock=CLOCK)


async def test_a_disk_that_cannot_be_written_moves_nothing(
    ledger: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(ledger, out)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StoreUnavailable, match="No space left"):
        restore(out, ledger, foresee(out, ledger), origin=ORIGIN, clock=CLOCK)
    assert verify(ledger).ok
    with pytest.raises(StoreUnavailable, match="cannot be backed up"):
        back_up(ledger, ledger / "in a file")


def test_the_commands_say_what_would_be_lost_and_wait_for_consent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JEVONS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("JEVONS_LEDGER_ORIGIN", ORIGIN)
    monkeypatch.chdir(tmp_path)
    asyncio.run(write(tmp_path / "ledger.db", 3))
    call = CliRunner().invoke
    assert "7 records" in call(main, ["backup", "kept"]).stdout
    assert call(main, ["backup", "kept"]).exit_code == 1
    asyncio.run(write(tmp_path / "ledger.db", 2, "later"))
    refused = call(main, ["restore", "kept", "--json"])
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["code"] == "rolled_back"
    assert json.loads(refused.stdout)["error"]["lost"] == 4
    done = call(main, ["restore", "kept", "--accept-loss"])
    assert done.exit_code == 0, done.output
    assert "lost: 4 records" in done.stdout
    assert any(each.name.startswith("before-restore-") for each in tmp_path.iterdir())
    again = call(main, ["backup", "again", "--json", "--without-key"])
    assert json.loads(again.stdout)["leaves"] == 8
    assert json.loads(call(main, ["restore", "again", "--json"]).stdout)["lost"] == 0
    assert call(main, ["verify"]).exit_code == 0
