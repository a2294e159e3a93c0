"""What was done to a ledger, and what whoever checks it from outside is told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

from tests.contract.outside.doctored import (
    CLOCK,
    copied,
    edited,
    forked,
    key_of,
    newest,
    show,
    signed_by_another,
    truncated,
    trusting,
    write,
)

from jevons.cosigning import Known
from jevons.store import OwnWitness, verify, witness_vkey
from jevons.telemetry import configure_logs

if TYPE_CHECKING:
    from pathlib import Path

    from jevons.store import Report

REQUESTS = 2000


class Case(NamedTuple):
    """One ledger, and what was said of it."""

    what: str
    says: str
    is_right: bool

    @property
    def verdict(self) -> str:
        """Whether it was told what it is."""
        return "kept" if self.is_right else "BROKEN"


async def doctored(folder: Path) -> list[Case]:
    """Have a ledger witnessed at every checkpoint, then tamper with copies of it."""
    configure_logs(json=False)
    path, memory = folder / "true" / "ledger.db", folder / "witness.db"
    await write(path, 20)
    async with OwnWitness.open(memory, name="w/1", logs=[key_of(path)], clock=CLOCK) as witness:
        for number in range(5):
            await _cosigned(path, memory, witness)
            await write(path, REQUESTS // 5, f"more{number}")
        first = copied(path, folder / "older")
        await write(path, 50, "last")
        size = await _cosigned(path, memory, witness)
        report = verify(path, trusting(path, newest(path), witness=memory))
        accepted = report.ok and report.witnessed[0].size == size == report.leaves
        cases = [
            Case("a witness that saw every checkpoint accepts the end", _end(report), accepted)
        ]
        kept = newest(path)
        for doctor, kind in (
            (edited, "altered"),
            (truncated, "truncated"),
            (forked, "forked"),
            (signed_by_another, "key_changed"),
        ):
            copy = copied(path, folder / kind)
            doctor(copy)
            cases.append(_told(copy, path, kept, kind))
        cases.append(_told(first, path, kept, "truncated", "put back to an older file"))
        cases += [await _refused(first, memory, witness, size)]
    shutil.rmtree(folder / "older")
    return cases


def _end(report: Report) -> str:
    by = ", ".join([f"{each.size} by {each.witness}" for each in report.witnessed])
    return f"of {report.leaves} records cosigned: {by} {[*report.findings]}"


def _told(copy: Path, path: Path, kept: str, kind: str, what: str = "") -> Case:
    report = verify(copy, trusting(path, kept))
    found = next((each for each in report.findings if each.kind == kind), None)
    says = f"{found.kind}: {found.says}" if found else str(report.findings)
    return Case(f"rejected: {what or kind}", says, found is not None)


async def _cosigned(path: Path, memory: Path, witness: OwnWitness) -> int:
    known = Known(key=witness_vkey(memory, "w/1"), door=witness)
    await show(path, known)
    return known.size


async def _refused(older: Path, memory: Path, witness: OwnWitness, size: int) -> Case:
    known = Known(key=witness_vkey(memory, "w/1"), door=witness)
    await show(older, known)
    says = f"{known.trouble}: it knows {known.size} records"
    is_right = known.trouble == "rolled_back" and known.size == size
    return Case("refused by the witness: put back to an older file", says, is_right)
