"""Orphans: an intent that was left without a receipt gets one that says it was lost.

Rule 1: what was set aside for it is charged: nobody knows how much of it was used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jevons.budget.period import day_of
from jevons.ledger.record import decode, encode, pack
from jevons.store.read import leaf_at
from jevons.types.account import Intent, Receipt, Usage
from jevons.types.budget import Amounts
from jevons.types.units import Unknown

if TYPE_CHECKING:
    from jevons.ports import Clock
    from jevons.store.door import Connection
    from jevons.store.sequence import Sequencer

__all__ = ("close_orphans",)

_INSERT = "INSERT INTO segment (body) VALUES (?)"
_CLOSED_AT_ONCE = 256


def close_orphans(connection: Connection, sequencer: Sequencer, clock: Clock) -> list[str]:
    """Put everything in order, and give each intent that is left a receipt.

    Returns:
        The receipts that can now be looked up.
    """
    closed: list[str] = []
    _drain(sequencer)
    while True:
        rows = connection.execute(
            "SELECT leaf FROM pending ORDER BY leaf LIMIT ?", (_CLOSED_AT_ONCE,)
        ).fetchall()
        if not rows:
            return closed
        records = [decode(leaf_at(connection, leaf)) for (leaf,) in rows]
        lost = [
            encode(_lost(record, clock.now_ms())) for record in records if type(record) is Intent
        ]
        connection.execute(_INSERT, (pack(lost),))
        closed += _drain(sequencer)


def _drain(sequencer: Sequencer) -> list[str]:
    placed: list[str] = []
    is_more = True
    while is_more:
        is_more, receipts = sequencer.step()
        placed += receipts
    sequencer.copy()
    return placed


def _lost(intent: Intent, at_ms: int) -> Receipt:
    unknown = Unknown(why="the process ended before it could be counted")
    return Receipt(
        id=intent.id,
        at_ms=at_ms,
        key=intent.key,
        asked=intent.asked,
        endpoint=None,
        model=None,
        host=None,
        place=None,
        why="the process ended between this intent and its receipt",
        rules=intent.rules,
        policy=intent.policy,
        stream=False,
        first_byte_ms=None,
        total_ms=float(max(0, at_ms - intent.at_ms)),
        usage=Usage(),
        cost=unknown,
        energy_mj=unknown,
        carbon_mg=unknown,
        finish="lost",
        error="abandoned",
        request=intent.request,
        answer=None,
        account=intent.account,
        day=day_of(intent.at_ms),
        charged=intent.held or Amounts(),
    )
