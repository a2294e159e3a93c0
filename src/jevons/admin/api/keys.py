"""Keys: made and shown once, rotated, revoked, held and erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jevons.acts import plain_key
from jevons.admin.desk import find_actor, where_account, where_key
from jevons.admin.operation import operation
from jevons.admin.roles import admit, admit_at_all, may
from jevons.admin.shapes import (
    ErasedTold,
    EraseSaid,
    KeyMade,
    KeySaid,
    KeyTold,
    ReasonSaid,
    RotateSaid,
)
from jevons.types.custody import DataClass
from jevons.types.errors import Malformed

if TYPE_CHECKING:
    from jevons.admin.desk import Asked
    from jevons.admin.operation import Operation
    from jevons.admin.roles import Act
    from jevons.types.actor import Actor

__all__ = (
    "OPERATIONS",
    "erase_key",
    "find_key",
    "hold_key",
    "list_keys",
    "make_key",
    "release_key",
    "revoke_key",
    "rotate_key",
)


@operation("GET", "/keys", tuple[KeyTold, ...])
async def list_keys(asked: Asked[None]) -> list[dict[str, Any]]:
    """List the keys that one may see, revoked ones too, and when each was last used."""
    admit_at_all(asked.person, "key.see", what="keys")
    books = asked.desk.books
    uses = await books.last_uses()
    return [
        plain_key(each, uses.get(each.key))
        for each in books.keys.list()
        if may(asked.person, "key.see", where_key(each))
    ]


@operation("POST", "/keys", KeyMade, takes=KeySaid, creates=True)
async def make_key(asked: Asked[KeySaid]) -> dict[str, Any]:
    """Make a key that is charged to a project, for ever; its secret is shown this once."""
    said, person = asked.body, asked.person
    at = where_account(asked.desk.books, said.project)
    admit(person, "key.make", at, sees="account.see", what=f"account {said.project!r}")
    made = await asked.acts.make_key(
        said.name,
        project=said.project,
        endpoints=said.endpoints,
        places=said.places,
        days=said.days,
        data_class=DataClass[said.data_class.upper()] if said.data_class else None,
        region=said.region,
        owner=person.name if person.role == "member" else "",
    )
    return plain_key(made.actor, None) | {"secret": made.secret}


@operation("GET", "/keys/{key}", KeyTold)
async def find_key(asked: Asked[None]) -> dict[str, Any]:
    """Find a key by its id."""
    actor = _admitted(asked, "key.see")
    return plain_key(actor, (await asked.desk.books.last_uses()).get(actor.key))


@operation("POST", "/keys/{key}/rotate", KeyMade, takes=RotateSaid)
async def rotate_key(asked: Asked[RotateSaid]) -> dict[str, Any]:
    """Give a key another secret, shown this once; the one before is good for a while yet."""
    actor = _admitted(asked, "key.change")
    made = await asked.acts.rotate_key(actor.key, grace_hours=asked.body.grace_hours)
    uses = await asked.desk.books.last_uses()
    return plain_key(made.actor, uses.get(actor.key)) | {"secret": made.secret}


@operation("POST", "/keys/{key}/revoke", KeyTold)
async def revoke_key(asked: Asked[None]) -> dict[str, Any]:
    """Refuse a key from now on."""
    actor = _admitted(asked, "key.change")
    await asked.acts.revoke_key(actor.key)
    return await _as_it_is(asked, actor)


@operation("POST", "/keys/{key}/hold", KeyTold, takes=ReasonSaid)
async def hold_key(asked: Asked[ReasonSaid]) -> dict[str, Any]:
    """Put a key on legal hold: what is kept for it is neither erased, nor deleted, nor expires."""
    actor = _admitted(asked, "key.hold")
    await asked.acts.hold_key(actor.key, reason=asked.body.reason)
    return await _as_it_is(asked, actor)


@operation("POST", "/keys/{key}/release", KeyTold, takes=ReasonSaid)
async def release_key(asked: Asked[ReasonSaid]) -> dict[str, Any]:
    """End a legal hold."""
    actor = _admitted(asked, "key.hold")
    await asked.acts.release_key(actor.key, reason=asked.body.reason)
    return await _as_it_is(asked, actor)


@operation("POST", "/keys/{key}/erase", ErasedTold, takes=EraseSaid)
async def erase_key(asked: Asked[EraseSaid]) -> dict[str, Any]:
    """Erase whoever holds a key, for ever; `confirm` is its id once more."""
    name = asked.path["key"]
    if asked.desk.books.keys.erased(name) is None:
        _admitted(asked, "key.erase")
    else:
        admit(asked.person, "key.erase", what=f"key {name!r}", sees="key.see")
    if asked.body.confirm != name:
        message = f"nothing was erased: confirm must be {name!r}"
        raise Malformed(message, param="confirm")
    erased = await asked.acts.erase_key(name, reason=asked.body.reason)
    return {"key": name, "answers": erased.answers, "at_ms": erased.at_ms}


def _admitted(asked: Asked[Any], act: Act) -> Actor:
    return find_actor(asked, asked.path["key"], act)


async def _as_it_is(asked: Asked[Any], actor: Actor) -> dict[str, Any]:
    books = asked.desk.books
    return plain_key(books.keys.named(actor.key), (await books.last_uses()).get(actor.key))


OPERATIONS: tuple[Operation, ...] = (
    list_keys,
    make_key,
    find_key,
    rotate_key,
    revoke_key,
    hold_key,
    release_key,
    erase_key,
)
