"""Who trusts neither the house nor its disk finds out what was done to its log, and is told."""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.contract.outside.doctored import (
    copied,
    edited,
    forked,
    key_of,
    newest,
    signed_by_another,
    truncated,
    trusting,
    write,
)

from jevons.ledger.trust import Trust
from jevons.store import export, verify, verify_published
from jevons.store.pages import Pages
from jevons.store.schema import connect_to_read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jevons.store import Report
    from jevons.store.door import Connection

pytestmark = pytest.mark.anyio


class Straight:
    """A log read off its file as it would be over HTTP."""

    def __init__(self, connection: Connection, *, shows_leaves: bool = True) -> None:
        self._pages = Pages(connection)
        self._shows_leaves = shows_leaves
        self.asked = 0

    def checkpoint(self) -> str:
        return self._pages.newest() or ""

    def tile(self, level: int, number: int, width: int) -> bytes:
        self.asked += 1
        return self._pages.tile(level, number, width) or b""

    def bundle(self, number: int, width: int) -> bytes | None:
        return self._pages.bundle(number, width) if self._shows_leaves else None


def from_outside(path: Path, trust: Trust, *, shows_leaves: bool) -> Report:
    assert trust.key is not None
    with closing(connect_to_read(path, live=False)) as connection:
        return verify_published(Straight(connection, shows_leaves=shows_leaves), trust.key, trust)


def kinds(report: Report) -> set[str]:
    return {finding.kind for finding in report.findings}


@pytest.fixture
async def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "true" / "ledger.db"
    await write(path, 30)
    return path


DOCTORED = [(edited, "altered"), (truncated, "truncated"), (forked, "forked")]


@pytest.mark.parametrize(
    ("doctor", "kind"), DOCTORED, ids=lambda each: getattr(each, "__name__", each)
)
async def test_a_doctored_ledger_is_rejected_with_its_reason(
    doctor: Callable[[Path], None], kind: str, ledger: Path, tmp_path: Path
) -> None:
    kept = newest(ledger)
    copy = copied(ledger, tmp_path / "doctored")
    doctor(copy)
    if kind == "forked":  # it grows on, so that nothing but what was signed before shows it
        await write(copy, 5, "later")
    for found in (
        verify(copy, trusting(ledger, kept)),
        from_outside(copy, trusting(ledger, kept), shows_leaves=True),
    ):
        assert kind in kinds(found), found.findings
        assert found.kept == 0
    assert verify(ledger, trusting(ledger, kept)).ok


@pytest.mark.parametrize(("doctor", "kind"), DOCTORED[1:])
async def test_hashes_alone_show_that_a_log_does_not_go_on_from_what_was_kept(
    doctor: Callable[[Path], None], kind: str, ledger: Path, tmp_path: Path
) -> None:
    kept = newest(ledger)
    copy = copied(ledger, tmp_path / "doctored")
    doctor(copy)
    if kind == "forked":
        await write(copy, 5, "later")
    found = from_outside(copy, trusting(ledger, kept), shows_leaves=False)
    assert kinds(found) == {kind}


async def test_whoever_holds_the_key_deceives_those_who_kept_nothing(
    ledger: Path, tmp_path: Path
) -> None:
    for number, doctor in enumerate((truncated, forked, signed_by_another)):
        copy = copied(ledger, tmp_path / str(number))
        doctor(copy)
        assert verify(copy).ok


async def test_another_key_is_told_from_the_one_that_was_pinned(
    ledger: Path, tmp_path: Path
) -> None:
    copy = copied(ledger, tmp_path / "doctored")
    signed_by_another(copy)
    trust = trusting(ledger, newest(ledger))
    assert {"key_changed"} <= kinds(verify(copy, trust))
    for shows_leaves in (True, False):
        assert kinds(from_outside(copy, trust, shows_leaves=shows_leaves)) == {"key_changed"}
    other = Trust(key=key_of(ledger)._replace(name="b/log"))
    assert "wrong_origin" in kinds(verify(ledger, other))
    assert kinds(from_outside(ledger, other, shows_leaves=True)) == {"bad_signature"}


async def test_an_older_copy_in_the_place_of_the_ledger_is_found(
    ledger: Path, tmp_path: Path
) -> None:
    older = copied(ledger, tmp_path / "older")
    await write(ledger, 5, "later")
    trust = trusting(ledger, newest(ledger))
    (found,) = verify(older, trust).findings
    assert found.kind == "truncated"
    assert "an older copy" in found.says
    assert verify(older, trusting(ledger, newest(older))).ok


async def test_a_kept_checkpoint_of_the_same_history_is_counted(
    ledger: Path, tmp_path: Path
) -> None:
    kept = newest(ledger)
    await write(ledger, 300, "later")
    out = tmp_path / "books.jevons"
    export(ledger, out)
    trust = trusting(ledger, kept, newest(ledger))
    for found in (
        verify(ledger, trust),
        verify(out, trust),
        from_outside(ledger, trust, shows_leaves=True),
        from_outside(ledger, trust, shows_leaves=False),
    ):
        assert found.ok, found.findings
        assert (found.kept, found.pinned, found.key) == (2, True, key_of(ledger).render())
    assert "not what its records say" in str(found.caveat)
    alone = from_outside(ledger, trusting(ledger), shows_leaves=False)
    assert alone.ok
    assert "keep this checkpoint" in str(alone.caveat)


async def test_a_checkpoint_that_the_log_did_not_sign_is_no_evidence(
    ledger: Path, tmp_path: Path
) -> None:
    copy = copied(ledger, tmp_path / "doctored")
    signed_by_another(copy)
    forged = newest(copy)
    for found in (
        verify(ledger, trusting(ledger, forged)),
        from_outside(ledger, trusting(ledger, forged), shows_leaves=False),
    ):
        assert kinds(found) == {"bad_signature"}


async def test_hashes_that_do_not_make_the_root_are_not_believed(ledger: Path) -> None:
    kept = newest(ledger)
    await write(ledger, 300, "later")
    trust = trusting(ledger, kept)
    assert trust.key is not None
    with closing(connect_to_read(ledger, live=False)) as connection:

        class Crooked(Straight):
            def tile(self, level: int, number: int, width: int) -> bytes:
                body = super().tile(level, number, width)
                return body[:32] if level else body[:-32] + bytes(32)

        assert kinds(
            verify_published(Crooked(connection, shows_leaves=False), trust.key, trust)
        ) == {"bad_tile"}

        class Short(Straight):
            def bundle(self, number: int, width: int) -> bytes | None:
                return (super().bundle(number, width) or b"")[: -1 if number else None]

        (found,) = verify_published(Short(connection), trust.key, trust).findings
        assert (found.kind, found.leaf) == ("garbled", 256)


async def test_a_proof_fetches_a_handful_of_tiles(ledger: Path) -> None:
    kept = newest(ledger)
    await write(ledger, 2000, "later")
    trust = trusting(ledger, kept)
    assert trust.key is not None
    with closing(connect_to_read(ledger, live=False)) as connection:
        log = Straight(connection, shows_leaves=False)
        assert verify_published(log, trust.key, trust).ok
        assert log.asked < 6


async def test_progress_is_heard(ledger: Path) -> None:
    heard: list[int] = []
    report = verify(ledger, on_leaves=heard.append)
    assert heard[-1] == report.leaves


async def test_a_report_says_which_key_to_pin(ledger: Path) -> None:
    report = verify(ledger)
    assert report.key == key_of(ledger).render()
    assert not report.pinned
    assert msgspec.json.decode(msgspec.json.encode(report))["key"] == report.key


async def test_an_export_that_names_another_key_is_found(ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "books.jevons"
    copy = copied(ledger, tmp_path / "doctored")
    signed_by_another(copy)
    export(copy, out)
    assert "key_changed" in kinds(verify(out, trusting(ledger)))
    shutil.rmtree(copy.parent)
