"""Receipts, endpoints and the checkpoint: what is only read."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

from jevons.admin.desk import find_actor, where_ended
from jevons.admin.operation import operation
from jevons.admin.roles import admit, admit_at_all, may
from jevons.admin.shapes import (
    BecameTold,
    CheckpointTold,
    DeedsTold,
    EndpointTold,
    ExplainSaid,
    ReceiptsTold,
    ReceiptTold,
    WouldTold,
)
from jevons.ledger.record import decode
from jevons.types.account import Receipt, Refused
from jevons.types.errors import NotFound

if TYPE_CHECKING:
    from jevons.admin.desk import Asked
    from jevons.admin.operation import Operation
    from jevons.types.account import Deed, Ended
    from jevons.types.actor import Actor
    from jevons.types.proof import Filed

__all__ = (
    "OPERATIONS",
    "explain",
    "explain_receipt",
    "find_checkpoint",
    "find_receipt",
    "list_deeds",
    "list_endpoints",
    "list_receipts",
)


@operation("GET", "/receipts", ReceiptsTold, query=("cursor", "limit", "key", "account"))
async def list_receipts(asked: Asked[None]) -> dict[str, Any]:
    """List receipts and refusals that one may see, the newest first, a page at a time.

    A page may be short, or empty, and not be the last: `next` tells.
    """
    admit_at_all(asked.person, "receipt.see", what="receipts")
    keys = {actor.key: actor for actor in asked.desk.books.keys.list()}
    key, account = asked.query.get("key"), asked.query.get("account")

    def is_wanted(ended: Ended) -> bool:
        at = where_ended(ended, keys)
        is_asked_for = key in {None, ended.key} and (account is None or account in at.line)
        return is_asked_for and may(asked.person, "receipt.see", at)

    before, most = asked.page()
    browsed = await asked.desk.books.browse(before=before, most=most, wanted=is_wanted)
    then = None if browsed.before is None else str(browsed.before)
    return {"found": browsed.found, "next": then}


@operation("GET", "/deeds", DeedsTold, query=("cursor", "limit", "by"))
async def list_deeds(asked: Asked[None]) -> dict[str, Any]:
    """List what people did to the house, and who it was, the newest first, a page at a time."""
    admit(asked.person, "deed.see", what="what others did")
    by, (before, most) = asked.query.get("by"), asked.page()

    def is_wanted(deed: Deed) -> bool:
        return by in {None, deed.by}

    browsed = await asked.desk.books.deeds(before=before, most=most, wanted=is_wanted)
    then = None if browsed.before is None else str(browsed.before)
    return {"found": browsed.found, "next": then}


@operation("GET", "/receipts/{request}", ReceiptTold)
async def find_receipt(asked: Asked[None]) -> dict[str, Any]:
    """Find what a request came to by its id, with the proof that it is in the books."""
    ended, filed, _ = await _found(asked)
    return {
        "record": ended,
        "leaf": b64encode(filed.leaf).decode(),
        "leaf_hash": filed.leaf_hash,
        "inclusion": filed.inclusion,
    }


@operation("GET", "/receipts/{request}/why", BecameTold)
async def explain_receipt(asked: Asked[None]) -> dict[str, Any]:
    """Explain what was decided about a request, and where else its data might go now."""
    ended, _, actor = await _found(asked)
    return await asyncio.to_thread(asked.desk.became, ended, actor)


@operation("POST", "/explain", WouldTold, takes=ExplainSaid)
async def explain(asked: Asked[ExplainSaid]) -> dict[str, Any]:
    """Explain which endpoints of a model data may go to, and by which rule; nothing is sent."""
    admit(asked.person, "policy.ask", what="the policy")
    said, actor = asked.body, None
    if said.key is not None:
        actor = find_actor(asked, said.key, "key.see")
    return await asyncio.to_thread(
        asked.desk.would,
        said.model,
        actor,
        data_class=said.data_class,
        region=said.region,
        unread=said.unread,
    )


@operation("GET", "/endpoints", tuple[EndpointTold, ...])
async def list_endpoints(asked: Asked[None]) -> list[dict[str, Any]]:
    """List the endpoints, and which of them keep failing."""
    admit(asked.person, "endpoint.see", what="endpoints")
    failing = asked.desk.failing()
    told: list[dict[str, Any]] = []
    for each in asked.desk.endpoints:
        aside = failing.get(each.name)
        is_aside = aside is not None and aside.until_ms > asked.desk.clock.now_ms()
        told.append(
            {
                "endpoint": each.name,
                "model": each.model,
                "host": each.host,
                "place": each.place,
                "aside_until_ms": aside.until_ms if aside is not None and is_aside else None,
                "failures": 0 if aside is None else aside.failures,
                "error": None if aside is None else aside.error,
            }
        )
    return told


@operation("GET", "/checkpoint", CheckpointTold)
async def find_checkpoint(asked: Asked[None]) -> dict[str, Any]:
    """Give the newest checkpoint, a signed note."""
    admit(asked.person, "log.see", what="the log")
    return {"note": await asked.desk.books.checkpoint()}


class _Found(NamedTuple):
    ended: Ended
    filed: Filed
    actor: Actor | None
    """Whose it was; None where nobody knows any more."""


async def _found(asked: Asked[None]) -> _Found:
    """Find what the request came to that is asked for.

    Raises:
        NotFound: There is none that they may see.
    """
    name = asked.path["request"]
    filed = await asked.desk.books.find(name)
    ended = None if filed is None else decode(filed.leaf)
    if filed is None or not isinstance(ended, Receipt | Refused):
        message = f"there is no receipt {name!r}"
        raise NotFound(message)
    keys = {actor.key: actor for actor in asked.desk.books.keys.list()}
    at = where_ended(ended, keys)
    admit(asked.person, "receipt.see", at, sees="receipt.see", what=f"receipt {name!r}")
    return _Found(ended, filed, keys.get(ended.key))


OPERATIONS: tuple[Operation, ...] = (
    list_receipts,
    list_deeds,
    find_receipt,
    explain_receipt,
    explain,
    list_endpoints,
    find_checkpoint,
)
