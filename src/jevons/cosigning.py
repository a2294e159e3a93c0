"""Asking witnesses: the newest checkpoint goes to each, and what they cosign is kept with it.

Rule 1: it is off the request path. A witness that is away, slow or refuses stops no answer; it is
    logged when it begins and when it ends, and counted each time.
Rule 2: one round at a time, a bounded wait for each witness, and in a round nothing but the newest:
    whoever cosigns that has seen that all before are in it.
Rule 3: a witness that knows more of this log than we do, or another history, is not argued with:
    somebody put an older copy in the place of this ledger, or wrote it again.

Source: C2SP tlog-witness, "add-checkpoint", c2sp.org, read 2026-11.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jevons.ledger.cosignature import read_cosignatures
from jevons.ledger.note import BadNote, parse
from jevons.ledger.witness import Ask, write_ask
from jevons.telemetry import log
from jevons.types.errors import JevonsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jevons.ledger.note import Vkey
    from jevons.ports import Log, Told, Witness
    from jevons.telemetry import Metrics

__all__ = ("Cosigning", "Known")

_OK = 200
_CONFLICT = 409
_UNPROCESSABLE = 422
_ROLLED_BACK = "rolled_back"
_FORKED = "forked"


@dataclass(slots=True, kw_only=True)
class Known:
    """A witness, and what is remembered of it while this process runs."""

    key: Vkey
    door: Witness
    size: int = 0
    """Leaves in the newest tree that it cosigned, as far as we know."""
    trouble: str = ""
    """Why it did not cosign the last; empty if it did."""


class Cosigning:
    """The rounds of one house.

    Args:
        log: Whose checkpoints are shown.
        witnesses: Whom they are shown to.
        metrics: Counts what they say.
        every_s: Shortest time between two rounds.
    """

    def __init__(
        self, log: Log, witnesses: Sequence[Known], *, metrics: Metrics, every_s: float
    ) -> None:
        self._log = log
        self._witnesses = tuple(witnesses)
        self._metrics = metrics
        self._every_s = every_s

    async def run(self) -> None:
        """Go round after round until cancelled."""
        while True:
            try:
                await self.round()
            except JevonsError as error:  # of the ledger, which says more in its own lines
                log.error("witness.no_checkpoint", cause=str(error))
            except Exception:  # noqa: BLE001 a worker loop: without it nobody cosigns any more
                log.exception("witness.bug")
            await asyncio.sleep(self._every_s)

    async def round(self) -> None:
        """Show the newest checkpoint to each witness that has not cosigned it.

        Raises:
            StoreUnavailable: There is no reading it.
        """
        note = await self._log.newest()
        if note is None:
            return
        size = parse(note).size
        async with asyncio.TaskGroup() as group:
            for witness in self._witnesses:
                if witness.size != size or witness.trouble:
                    group.create_task(self._show(witness, note, size))

    async def _show(self, witness: Known, note: str, size: int) -> None:
        try:
            told = await self._asked(witness, note, size)
            if told.status == _CONFLICT:  # it is ahead of what we remember, or behind
                witness.size = _size(told.text)
                if witness.size > size:
                    self._stumble(witness, _ROLLED_BACK, _AHEAD % (witness.size, size))
                    return
                told = await self._asked(witness, note, size)
            if told.status != _OK:
                reason = _FORKED if told.status == _UNPROCESSABLE else "refused"
                self._stumble(witness, reason, f"{told.status} {told.text.strip()[:200]}")
                return
            line = read_cosignatures(note, told.text, witness.key)
            await self._log.keep(note, line)
        except (JevonsError, BadNote) as error:
            self._stumble(witness, "unreachable", str(error))
            return
        witness.size = size
        self._metrics.cosigned(witness.key.name, size)
        if witness.trouble:
            log.info("witness.recovered", witness=witness.key.name)
            witness.trouble = ""

    async def _asked(self, witness: Known, note: str, size: int) -> Told:
        proof = await self._log.consistency(witness.size, size)
        return await witness.door.add(write_ask(Ask(witness.size, proof, note)))

    def _stumble(self, witness: Known, reason: str, cause: str) -> None:
        self._metrics.not_cosigned(witness.key.name, reason)
        if witness.trouble == reason:
            return
        witness.trouble = reason
        is_grave = reason in {_ROLLED_BACK, _FORKED}
        say = log.critical if is_grave else log.error
        say(f"witness.{reason}", witness=witness.key.name, cause=cause)


_AHEAD = "it cosigned %d records of this log, which now has %d: an older copy was put in its place"


def _size(text: str) -> int:
    """Read the size that a witness says it knows.

    Raises:
        BadNote: It says none.
    """
    said = text.strip()
    if not (said.isascii() and said.isdigit()) or len(said) > len(str(1 << 63)):
        message = f"it tells no size, but {said[:80]!r}"
        raise BadNote(message)
    return int(said)
