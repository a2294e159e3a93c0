"""Who is erased cannot be found again on the disk, and the books hold as they did."""

# ruff: noqa: ASYNC221 nothing else runs on the loop while a test reads its files

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sqlite3
import subprocess
import sys
from base64 import b64decode, b64encode
from contextlib import asynccontextmanager, closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from click.testing import CliRunner

from jevons.cli import main
from jevons.clock import SystemClock, Ulids
from jevons.ledger.commitment import commit
from jevons.ledger.merkle import leaf_hash, verify_inclusion
from jevons.ledger.note import open_note
from jevons.ledger.record import decode
from jevons.ledger.trust import Trust
from jevons.store import (
    Archive,
    Books,
    Limits,
    back_up,
    empty,
    erase,
    export,
    hold,
    release,
    schema,
    verify,
)
from jevons.store.export import load
from jevons.store.shelf import Shelf
from jevons.store.signing import load_or_make
from jevons.testing import Clock
from jevons.testing.make import a_receipt, an_intent
from jevons.types.account import Erased, KeyChange, Receipt
from jevons.types.custody import PerClass
from jevons.types.errors import Misconfigured, NotFound, OnHold, StoreUnavailable
from jevons.types.kept import Kept

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from click.testing import Result

    from jevons.types.account import Record
    from jevons.types.actor import Actor

pytestmark = pytest.mark.anyio

CLOCK = SystemClock()
LIMITS = Limits(keep_days=PerClass.all(30), max_bytes=1_000_000_000)
SAID = b"what this person asked for, word for word"
KILLER = Path(__file__).with_name("kill_eraser.py")
OLD = Path(__file__).parent / "before_budgets"
DAY_S = 24 * 60 * 60


class House(NamedTuple):
    """Books and an archive, open."""

    books: Books
    archive: Archive


@asynccontextmanager
async def house(folder: Path, clock: Any = CLOCK) -> AsyncGenerator[House]:
    async with (
        Books.open(
            folder / "ledger.db", commit="os", origin="a/log", clock=clock, ids=Ulids(clock)
        ) as books,
        Archive.open(folder / "answers.db", limits=LIMITS, clock=clock) as archive,
    ):
        yield House(books, archive)


async def serve(where: House, actor: Actor, request: str, *, keep: bool = True) -> None:
    """Do what the corridor does for a request that wants its answer kept."""
    said = commit(actor.salting, request, sha256(SAID).digest())
    await where.books.record(an_intent(id=request, key=actor.key, request=said))
    if keep:
        await where.archive.keep(kept(actor, request))
    await where.books.record(a_receipt(id=request, key=actor.key, request=said, answer=said))


def kept(actor: Actor, name: str, at_ms: int | None = None) -> Kept:
    now_ms = CLOCK.now_ms() if at_ms is None else at_ms
    return Kept(id=name, key=actor.key, at_ms=now_ms, input=b"[]", answer=SAID)


def secrets_of(folder: Path, actor: Actor) -> list[bytes]:
    """Collect what would open a key's commitments or its kept answers, as it might be written."""
    with closing(sqlite3.connect(folder / "answers.db")) as connection:
        rows = connection.execute("SELECT salt, sealed FROM answer WHERE owner = ?", (actor.key,))
        salts = [each for row in rows for each in row]
    raw = [actor.salting, *salts]
    return [form for each in raw for form in (each, b64encode(each), each.hex().encode())] + [SAID]


def remains(folder: Path, secrets: list[bytes]) -> list[str]:
    files = [each for each in folder.rglob("*") if each.is_file()]
    bodies = {each.name: each.read_bytes() for each in files}
    return [name for name, body in bodies.items() if any(secret in body for secret in secrets)]


def records(folder: Path) -> list[Record]:
    out = folder.with_name(folder.name + ".jevons")
    export(folder / "ledger.db", out)
    return [decode(leaf) for leaf in load(out.read_bytes()).leaves]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "house"
    made.mkdir()
    return made


async def test_what_opens_an_erased_keys_records_is_on_the_disk_no_more(folder: Path) -> None:
    async with house(folder) as where:
        gone = (await where.books.keys.create("somebody")).actor
        stays = (await where.books.keys.create("else")).actor
        for number in range(5):
            await serve(where, gone, f"req_gone_{number}")
            await serve(where, stays, f"req_stays_{number}")
    before = verify(folder / "ledger.db")
    assert before.ok
    assert before.head
    secrets = secrets_of(folder, gone)
    assert set(remains(folder, secrets)) == {"ledger.db", "answers.db"}
    async with house(folder) as where:
        done = await erase(where.books, where.archive, gone.key, reason="asked to")
        assert (done.key, done.answers, done.reason) == (gone.key, 5, "asked to")
        assert remains(folder, secrets) == []  # while it is open, its log included
        assert [actor.key for actor in where.books.keys.list()] == [stays.key]
        assert await where.archive.find("req_gone_1", key=gone.key) is None
        assert await where.archive.find("req_stays_1", key=stays.key) is not None
    assert remains(folder, secrets) == []
    after = verify(folder / "ledger.db", Trust(kept=((before.head, "kept"),)))
    assert after.findings == ()
    assert (after.sealed, after.kept, after.receipts) == (True, 1, 10)
    assert records(folder)[-1] == done


async def test_every_proof_of_an_erased_keys_receipts_still_holds(folder: Path) -> None:
    async with house(folder) as where:
        gone = (await where.books.keys.create("somebody")).actor
        await serve(where, gone, "req_1")
    async with house(folder) as where:
        before = await where.books.find("req_1")
        await erase(where.books, where.archive, gone.key)
    async with house(folder) as where:
        found = await where.books.find("req_1")
    assert before is not None
    assert found is not None
    assert found.leaf == before.leaf
    assert found.inclusion is not None
    public = load_or_make(folder / "signing.key", may_make=False).public_key()
    assert verify_inclusion(
        leaf_hash(found.leaf),
        found.inclusion.index,
        found.inclusion.size,
        path=tuple(b64decode(node) for node in found.inclusion.path),
        root=open_note(found.inclusion.checkpoint, public).root,
    )
    receipt = decode(found.leaf)
    assert isinstance(receipt, Receipt)
    assert receipt.request == commit(gone.salting, "req_1", sha256(SAID).digest())
    assert remains(folder, [b64encode(gone.salting)]) == []  # so nobody can do that again


async def test_no_page_of_the_ledger_has_a_copy_that_sqlite_made(folder: Path) -> None:
    # Rows that move between pages leave copies behind, which deleting the row does not overwrite.
    dice = random.Random(1)
    async with house(folder) as where:
        keys = [(await where.books.keys.create("x" * dice.randrange(300))).actor for _ in range(90)]
        for actor in dice.sample(keys, 60):
            await where.books.keys.hold(actor.key)
            await where.books.keys.rotate(actor.key, grace_ms=dice.choice((0, 1000)))
        held = [actor.key for actor in where.books.keys.list() if actor.held]
        for key in held:
            await where.books.keys.release(key)
        left: list[str] = []
        for actor in dice.sample(keys, 40):
            await erase(where.books, where.archive, actor.key)
            left += remains(folder, [b64encode(actor.salting)])
        assert left == []
        assert len(where.books.keys.list()) == 50
    assert verify(folder / "ledger.db").findings == ()


async def test_no_page_of_the_archive_has_a_copy_that_sqlite_made(folder: Path) -> None:
    # As above: of these 300 answers deleting alone leaves the salt of one. Sizes decide, not bytes.
    dice, owners = random.Random(3), list[str]()
    shelf = Shelf(folder / "answers.db", limits=LIMITS, clock=CLOCK)
    salts: set[bytes] = set()
    with closing(shelf), closing(sqlite3.connect(folder / "answers.db")) as reader:
        for number in range(300):
            owners.append(f"key_{dice.randrange(3)}")
            said = bytes(dice.randrange(3000))
            now_ms = CLOCK.now_ms()
            name = f"resp_{number:05}"
            shelf.keep(Kept(id=name, key=owners[-1], at_ms=now_ms, input=b"", answer=said))
            found = reader.execute("SELECT salt FROM answer WHERE id = ?", (name,)).fetchone()
            if owners[-1] == "key_1":
                salts.add(found[0])
            if dice.random() < 0.4:
                dropped = dice.randrange(number + 1)
                shelf.drop(f"resp_{dropped:05}", key=owners[dropped])
        shelf.erase("key_1")
        assert remains(folder, [*salts]) == []


async def test_a_hold_that_was_cut_off_is_done_again(folder: Path) -> None:
    async with house(folder) as where:
        actor = (await where.books.keys.create("somebody")).actor
        await where.archive.hold(actor.key)  # and cut off there
        with pytest.raises(OnHold):
            await erase(where.books, where.archive, actor.key)
        await hold(where.books, where.archive, actor.key)
        assert where.books.keys.named(actor.key).held
        await where.books.keys.release(actor.key)  # and cut off there
        with pytest.raises(OnHold):
            await where.archive.erase(actor.key)
        await release(where.books, where.archive, actor.key)
        assert (await erase(where.books, where.archive, actor.key)).answers == 0


async def test_killed_at_any_statement_and_done_again_it_ends_the_same(
    folder: Path, tmp_path: Path
) -> None:
    async with house(folder) as where:
        gone = (await where.books.keys.create("somebody")).actor
        await where.books.keys.create("else")
        for number in range(3):
            await serve(where, gone, f"req_{number}")
    secrets = secrets_of(folder, gone)
    out = tmp_path / "killed"
    command = [sys.executable, str(KILLER), str(folder), str(out), "erase", gone.key]
    subprocess.run(command, check=True, timeout=120)
    ends = [*out.iterdir()]
    assert len(ends) > 20
    for each in ends:
        report = verify(each / "ledger.db")
        assert report.findings == (), each.name
        assert remains(each, secrets) == [], each.name
        said = [record for record in records(each) if isinstance(record, KeyChange | Erased)]
        shown = [record.act if isinstance(record, KeyChange) else record.answers for record in said]
        assert shown == ["created", "created", "revoked", 3], each.name


async def test_what_is_under_way_in_a_server_ends_with_its_receipt_and_keeps_nothing(
    folder: Path,
) -> None:
    async with house(folder) as server:
        actor, secret = await server.books.keys.create("somebody")
        await server.books.record(an_intent(id="req_1", key=actor.key))
        assert server.books.keys.find(secret)
        await server.archive.keep(kept(actor, "resp_1"))
        async with house(folder) as admin:
            done = await erase(admin.books, admin.archive, actor.key)
        assert done.answers == 1
        async with asyncio.timeout(1):
            while server.books.keys.find(secret) is not None:  # noqa: ASYNC110 another thread's doing
                await asyncio.sleep(0.01)
        with pytest.raises(StoreUnavailable, match="was erased"):
            await server.archive.keep(kept(actor, "resp_2"))
        assert server.archive._shelf.size_bytes == 0  # pyright: ignore[reportPrivateUsage] the room that there is again
        await server.books.record(a_receipt(id="req_1", key=actor.key))
    assert remains(folder, [b64encode(actor.salting), SAID]) == []
    report = verify(folder / "ledger.db")
    assert (report.findings, report.receipts) == ((), 1)


async def test_a_process_that_had_read_the_key_before_cannot_bring_it_back(folder: Path) -> None:
    async with house(folder) as late:
        gone = (await late.books.keys.create("somebody")).actor
        async with house(folder) as admin:
            await erase(admin.books, admin.archive, gone.key)
        with pytest.raises((StoreUnavailable, NotFound)):
            await late.books.keys.rotate(gone.key, grace_ms=0)
        assert remains(folder, [b64encode(gone.salting)]) == []
    assert verify(folder / "ledger.db").findings == ()


async def test_done_twice_there_is_one_record(folder: Path) -> None:
    async with house(folder) as where:
        gone = (await where.books.keys.create("somebody")).actor
        first = await erase(where.books, where.archive, gone.key)
        assert await erase(where.books, where.archive, gone.key, reason="again") == first
        with pytest.raises(NotFound, match="was erased"):
            await where.books.keys.revoke(gone.key)
        with pytest.raises(NotFound, match="no key"):
            await erase(where.books, where.archive, "key_none")
    assert [record for record in records(folder) if isinstance(record, Erased)] == [first]


async def test_while_somebody_reads_it_says_that_it_is_not_done_and_is_when_they_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(folder) as where:
        gone = (await where.books.keys.create("somebody")).actor
        monkeypatch.setattr(schema, "_LOCKED_S", 0.1)
        with closing(sqlite3.connect(folder / "ledger.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM key").fetchone()
            with pytest.raises(StoreUnavailable, match="do it again"):
                await erase(where.books, where.archive, gone.key)
        await erase(where.books, where.archive, gone.key)
        assert remains(folder, [b64encode(gone.salting)]) == []


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DELETE FROM key WHERE id = :stays", "gone, and no record says that it was erased"),
        (
            "UPDATE key SET actor = CAST(json_set(CAST(actor AS TEXT), '$.salting', '') AS BLOB) WHERE id = :stays",
            "not as its",
        ),
        ("INSERT INTO key SELECT :gone, digest, actor FROM key", "no record says that there is"),
        ("DELETE FROM standing WHERE kind = 'erased'", "the table standing"),
    ],
)
async def test_a_salting_that_went_or_came_without_a_record_is_found(
    folder: Path, sql: str, says: str
) -> None:
    async with house(folder) as where:
        gone = (await where.books.keys.create("somebody")).actor
        stays = (await where.books.keys.create("else")).actor
        await erase(where.books, where.archive, gone.key)
    with closing(sqlite3.connect(folder / "ledger.db", isolation_level=None)) as connection:
        connection.execute(sql, {"gone": gone.key, "stays": stays.key})
    assert says in " ".join([each.says for each in verify(folder / "ledger.db").findings])


async def test_a_hold_keeps_answers_from_erasure_deletion_and_expiry(folder: Path) -> None:
    clock = Clock()
    async with house(folder, clock) as where:
        actor = (await where.books.keys.create("somebody")).actor
        await where.archive.keep(kept(actor, "resp_1", clock.now_ms()))
        await hold(where.books, where.archive, actor.key, reason="a case")
        await hold(where.books, where.archive, actor.key)
        with pytest.raises(OnHold, match="legal hold"):
            await erase(where.books, where.archive, actor.key)
        with pytest.raises(OnHold, match="legal hold"):
            await where.books.keys.erase(actor.key, answers=0)
        with pytest.raises(OnHold, match="legal hold"):
            await where.archive.erase(actor.key)
        with pytest.raises(OnHold, match="legal hold"):
            await where.archive.drop("resp_1", key=actor.key)
        assert not await where.archive.drop("resp_2", key=actor.key)
        assert not where.books.keys.named(actor.key).revoked
    clock.move(31 * DAY_S)
    async with house(folder, clock) as where:
        assert await where.archive.find("resp_1", key=actor.key) is None  # expired, and still there
        await where.archive.expire(where.books.record)
        assert where.archive._shelf.size_bytes > 0  # pyright: ignore[reportPrivateUsage] as above
        with pytest.raises(Misconfigured, match="legal hold"):
            empty(folder / "answers.db")
        await release(where.books, where.archive, actor.key)
        await release(where.books, where.archive, actor.key)
        await where.archive.expire(where.books.record)
        assert where.archive._shelf.size_bytes == 0  # pyright: ignore[reportPrivateUsage] as above
        done = await erase(where.books, where.archive, actor.key)
        assert done.answers == 0
        with pytest.raises(NotFound, match="was erased"):
            await hold(where.books, where.archive, actor.key)
    assert empty(folder / "answers.db")
    changes = [each for each in records(folder) if isinstance(each, KeyChange)]
    acts = [(each.act, each.reason) for each in changes]
    assert acts == [("created", ""), ("held", "a case"), ("released", ""), ("revoked", "")]
    assert verify(folder / "ledger.db").findings == ()


async def test_a_key_that_is_being_erased_cannot_be_held(folder: Path) -> None:
    async with house(folder) as where:
        actor = (await where.books.keys.create("somebody")).actor
        await where.archive.erase(actor.key)  # and cut off there
        with pytest.raises(NotFound, match="being erased"):
            await hold(where.books, where.archive, actor.key)
        assert not where.books.keys.named(actor.key).held


async def test_what_the_books_say_is_held_is_held_in_another_file_too(folder: Path) -> None:
    async with Archive.open(
        folder / "answers.db", limits=LIMITS, clock=CLOCK, held=["key_1"]
    ) as archive:
        with pytest.raises(OnHold):
            await archive.erase("key_1")


async def test_a_ledger_of_before_there_was_erasure_is_taken_over(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        connection.executescript((OLD / "ledger.sql").read_text())
    shutil.copy(OLD / "checkpoints", folder / "checkpoints")
    (folder / "signing.key").write_bytes(bytes.fromhex((OLD / "signing.key.hex").read_text()))
    assert verify(folder / "ledger.db").findings == ()
    async with house(folder) as where:
        for actor in where.books.keys.list():
            await hold(where.books, where.archive, actor.key)
            await release(where.books, where.archive, actor.key)
            await erase(where.books, where.archive, actor.key)
            assert remains(folder, [b64encode(actor.salting)]) == []
    assert verify(folder / "ledger.db").findings == ()


async def test_a_backup_of_before_has_what_was_destroyed_and_of_after_has_not(
    folder: Path, tmp_path: Path
) -> None:
    async with house(folder) as where:
        gone = (await where.books.keys.create("somebody")).actor
        back_up(folder / "ledger.db", tmp_path / "before")
        await erase(where.books, where.archive, gone.key)
        assert back_up(folder / "ledger.db", tmp_path / "after").ok
    assert remains(tmp_path / "before", [b64encode(gone.salting)]) == ["ledger.db"]
    assert remains(tmp_path / "after", [b64encode(gone.salting)]) == []


@pytest.fixture
def shell(tmp_path: Path) -> CliRunner:
    return CliRunner(env={"JEVONS_DATA_DIR": str(tmp_path / "house")})


def said(result: Result) -> Any:
    return json.loads(result.stdout)


def test_nothing_is_erased_that_was_not_confirmed(shell: CliRunner, folder: Path) -> None:
    key = said(shell.invoke(main, ["keys", "create", "somebody", "--json"]))["key"]
    assert shell.invoke(main, ["erase", key], input="n\n").exit_code == 1
    refused = shell.invoke(main, ["erase", key, "--json"])
    assert (refused.exit_code, said(refused)["error"]["code"]) == (1, "not_confirmed")
    assert [each["revoked"] for each in said(shell.invoke(main, ["keys", "list", "--json"]))] == [
        False
    ]
    assert shell.invoke(main, ["erase", key], input="y\n").exit_code == 0
    assert said(shell.invoke(main, ["keys", "list", "--json"])) == []
    assert (folder / "answers.db").exists()


def test_a_key_is_held_released_and_erased_from_the_command_line(shell: CliRunner) -> None:
    key = said(shell.invoke(main, ["keys", "create", "somebody", "--json"]))["key"]
    assert said(shell.invoke(main, ["keys", "hold", key, "--json"])) == {"key": key, "held": True}
    assert "on hold" in shell.invoke(main, ["keys", "list"], env={"COLUMNS": "200"}).stdout
    refused = shell.invoke(main, ["erase", key, "--yes", "--json"])
    assert (refused.exit_code, said(refused)["error"]["code"]) == (1, "on_hold")
    assert "no legal hold" in shell.invoke(main, ["keys", "release", key]).stdout
    done = shell.invoke(main, ["erase", key, "--yes", "--reason", "asked to", "--json"])
    assert {**said(done), "at_ms": 0} == {"key": key, "answers": 0, "at_ms": 0}
    assert said(shell.invoke(main, ["erase", key, "--yes", "--json"])) == said(done)
    assert shell.invoke(main, ["verify"]).exit_code == 0


def test_a_house_that_keeps_no_answers_erases_without_an_archive(
    shell: CliRunner, folder: Path
) -> None:
    key = said(shell.invoke(main, ["keys", "create", "somebody", "--json"]))["key"]
    never = {"JEVONS_ANSWERS_KEEP": "never"}
    assert shell.invoke(main, ["keys", "hold", key], env=never).exit_code == 0
    assert shell.invoke(main, ["keys", "release", key], env=never).exit_code == 0
    assert shell.invoke(main, ["erase", key, "--yes"], env=never).exit_code == 0
    assert not (folder / "answers.db").exists()
