"""Keys: made once, shown once, hashed at rest, found without touching the disk.

Rule 1: each change of a key is a leaf, and holds the digest of the row it made.
Rule 2: memory is only ever a copy of the whole table, taken by the thread that writes it: two
    who both put single keys into it could hide one, or bring a revoked one back.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from jevons.types.account import KeyChange
from jevons.types.actor import Actor
from jevons.types.errors import NotFound

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable, Collection

    from jevons import ports
    from jevons.types.account import Record
    from jevons.types.custody import DataClass

__all__ = ("Created", "KeyRing", "row_digest")

_SECRET_BYTES = 32
_SALTING_BYTES = 32
_PUT = "INSERT OR REPLACE INTO key VALUES (?, ?, ?)"


class Created(NamedTuple):
    """A new key: what is stored of it, and the secret, which is not."""

    actor: Actor
    secret: str


def row_digest(digest: bytes, actor: bytes) -> str:
    """Digest of a key's row, as its last leaf holds it."""
    return sha256(digest + actor).hexdigest()


class KeyRing:
    """The keys of a house, in memory, as the table has them.

    Args:
        write: Commits a record together with rows, and has `load` called before it returns.
        clock: Dates the changes.
        ids: Names the keys.
    """

    def __init__(
        self,
        write: Callable[[Record, list[tuple[str, tuple[object, ...]]]], Awaitable[None]],
        *,
        clock: ports.Clock,
        ids: ports.Ids,
    ) -> None:
        self._write = write
        self._clock = clock
        self._ids = ids
        self._found: dict[bytes, Actor] = {}

    def find(self, presented: str) -> Actor | None:
        """Look a presented key up by its hash; a revoked or expired one is found too."""
        return self._found.get(sha256(presented.encode("utf-8", "surrogatepass")).digest())

    def list(self) -> tuple[Actor, ...]:
        """List all keys, also those that were revoked, oldest first."""
        return tuple(sorted(self._found.values(), key=lambda actor: actor.key))

    async def create(
        self,
        name: str,
        *,
        endpoints: Collection[str] | None = None,
        places: Collection[str] | None = None,
        expires_ms: int | None = None,
        data_class: DataClass | None = None,
        region: str | None = None,
    ) -> Created:
        """Make a key.

        Raises:
            StoreUnavailable: It could not be written; there is no such key.
        """
        secret = "jv_" + secrets.token_urlsafe(_SECRET_BYTES)
        actor = Actor(
            key=self._ids.new("key"),
            name=name,
            salting=secrets.token_bytes(_SALTING_BYTES),
            endpoints=None if endpoints is None else frozenset(endpoints),
            places=None if places is None else frozenset(places),
            expires_ms=expires_ms,
            data_class=data_class,
            region=region,
        )
        await self._put("created", sha256(secret.encode()).digest(), actor)
        return Created(actor, secret)

    async def revoke(self, key: str) -> None:
        """Have a key refused from now on.

        Raises:
            NotFound: There is no such key.
            StoreUnavailable: It could not be written; the key is still good.
        """
        for digest, actor in self._found.items():
            if actor.key == key:
                await self._put("revoked", digest, msgspec.structs.replace(actor, revoked=True))
                return
        message = f"no key {key!r}; `jevons keys list` lists them"
        raise NotFound(message)

    def load(self, connection: sqlite3.Connection) -> None:
        """Read the table again; on the thread that writes it, so what is read is never old."""
        rows = connection.execute("SELECT digest, actor FROM key").fetchall()
        self._found = {digest: msgspec.json.decode(actor, type=Actor) for digest, actor in rows}

    async def _put(self, act: str, digest: bytes, actor: Actor) -> None:
        row = msgspec.json.encode(actor, order="deterministic")
        change = KeyChange(
            at_ms=self._clock.now_ms(),
            act="created" if act == "created" else "revoked",
            key=actor.key,
            name=actor.name,
            row=row_digest(digest, row),
        )
        await self._write(change, [(_PUT, (actor.key, digest, row))])


if TYPE_CHECKING:
    _keys: type[ports.Keys] = KeyRing
