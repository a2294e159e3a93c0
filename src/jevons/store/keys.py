"""Keys: made once, shown once, hashed at rest, found without touching the disk.

Rule 1: each change of a key is a leaf, and holds the digest of the row it made.
Rule 2: memory is only ever a copy of the whole table, taken by the thread that writes it: two
    who both put single keys into it could hide one, or bring a revoked one back.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from jevons.types.account import KeyChange
from jevons.types.actor import Actor
from jevons.types.budget import DEFAULT_LINE
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
        self._rows: dict[str, tuple[bytes, Actor]] = {}

    def find(self, presented: str) -> Actor | None:
        """Look a presented key up by its hash; a revoked or expired one is found too."""
        return self._found.get(sha256(presented.encode("utf-8", "surrogatepass")).digest())

    def list(self) -> tuple[Actor, ...]:
        """List all keys, also those that were revoked, oldest first."""
        return tuple([actor for _, (_, actor) in sorted(self._rows.items())])

    async def create(
        self,
        name: str,
        *,
        endpoints: Collection[str] | None = None,
        places: Collection[str] | None = None,
        expires_ms: int | None = None,
        data_class: DataClass | None = None,
        region: str | None = None,
        account: tuple[str, ...] = DEFAULT_LINE,
    ) -> Created:
        """Make a key.

        `account` is its project and what that is part of, as `Terms.line` lists them.

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
            account=account,
        )
        await self._put("created", sha256(secret.encode()).digest(), actor)
        return Created(actor, secret)

    async def rotate(self, key: str, *, grace_ms: int) -> Created:
        """Give a key another secret; the one that it has is good for a while yet.

        Raises:
            NotFound: There is no such key, or it was revoked.
            StoreUnavailable: It could not be written; the secret that it has is still good.
        """
        digest, actor = self._named(key)
        if actor.revoked:
            message = f"key {key!r} was revoked; make another with `jevons keys create`"
            raise NotFound(message)
        secret = "jv_" + secrets.token_urlsafe(_SECRET_BYTES)
        actor = msgspec.structs.replace(
            actor,
            former=digest if grace_ms else None,
            former_until_ms=self._clock.now_ms() + grace_ms if grace_ms else None,
        )
        await self._put("rotated", sha256(secret.encode()).digest(), actor)
        return Created(actor, secret)

    async def revoke(self, key: str) -> None:
        """Have a key refused from now on.

        Raises:
            NotFound: There is no such key.
            StoreUnavailable: It could not be written; the key is still good.
        """
        digest, actor = self._named(key)
        await self._put("revoked", digest, msgspec.structs.replace(actor, revoked=True))

    def load(self, connection: sqlite3.Connection) -> None:
        """Read the table again; on the thread that writes it, so what is read is never old."""
        rows = connection.execute("SELECT digest, actor FROM key").fetchall()
        keys = [(digest, msgspec.json.decode(actor, type=Actor)) for digest, actor in rows]
        former = {actor.former: _former(actor) for _, actor in keys if actor.former is not None}
        self._rows = {actor.key: (digest, actor) for digest, actor in keys}
        self._found = {**former, **dict(keys)}

    def _named(self, key: str) -> tuple[bytes, Actor]:
        row = self._rows.get(key)
        if row is None:
            message = f"no key {key!r}; `jevons keys list` lists them"
            raise NotFound(message)
        return row

    async def _put(
        self, act: Literal["created", "rotated", "revoked"], digest: bytes, actor: Actor
    ) -> None:
        row = msgspec.json.encode(actor, order="deterministic")
        change = KeyChange(
            at_ms=self._clock.now_ms(),
            act=act,
            key=actor.key,
            name=actor.name,
            row=row_digest(digest, row),
            account=actor.account,
            former_until_ms=actor.former_until_ms,
        )
        await self._write(change, [(_PUT, (actor.key, digest, row))])


def _former(actor: Actor) -> Actor:
    """Say what the secret before a key's present one is good for: the same, for a while."""
    ends = [ms for ms in (actor.expires_ms, actor.former_until_ms) if ms is not None]
    return msgspec.structs.replace(actor, expires_ms=min(ends, default=None))


if TYPE_CHECKING:
    _keys: type[ports.Keys] = KeyRing
