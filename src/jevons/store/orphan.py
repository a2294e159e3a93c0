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

__all__ = ("close_orphans", "drained", "left_by", "lost")

_INSERT = "INSERT INTO segment (body) VALUES (?)"
_CLOSED_AT_ONCE = 256
_LEFT_BY = (
    "SELECT leaf FROM pending CROSS JOIN LATERAL "
    "(SELECT replica FROM segment WHERE first <= leaf ORDER BY first DESC LIMIT 1) AS of "
    "WHERE of.replica = ? ORDER BY leaf LIMIT ?"
)


def close_orphans(connection: Connection, sequencer: Sequencer, clock: Clock) -> list[str]:
    """Put everything in order, and give each intent that is left a receipt.

    Returns:
        The receipts that can now be looked up.
    """
    closed = drained(sequencer)
    while True:
        rows = connection.execute(
            "SELECT leaf FROM pending ORDER BY leaf LIMIT ?", (_CLOSED_AT_ONCE,)
        ).fetchall()
        if not rows:
            return closed
        leaves = [encode(lost(each, clock.now_ms())) for each in _intents(connection, rows)]
        connection.execute(_INSERT, (pack(leaves),))
        closed += drained(sequencer)


def left_by(connection: Connection, replica: int) -> list[Intent]:
    """List what a replica of a server's ledger left open, as far as it is in order; not all at once."""
    rows = connection.execute(_LEFT_BY, (replica, _CLOSED_AT_ONCE)).fetchall()
    return _intents(connection, rows)


def drained(sequencer: Sequencer) -> list[str]:
    """Put everything in order; list the receipts that can now be looked up."""
    placed: list[str] = []
    is_more = True
    while is_more:
        is_more, receipts = sequencer.step()
        placed += receipts
    sequencer.copy()
    return placed


def _intents(connection: Connection, rows: list[tuple[int]]) -> list[Intent]:
    records = [decode(leaf_at(connection, leaf)) for (leaf,) in rows]
    return [record for record in records if type(record) is Intent]


def lost(intent: Intent, at_ms: int, charged: Amounts | None = None) -> Receipt:
    """Say that an answer was lost; charged is what was set aside, unless it is known to be less."""
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
        charged=charged or intent.held or Amounts(),
    )
