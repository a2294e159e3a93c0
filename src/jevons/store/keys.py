"""Keys: made once, shown once, hashed at rest, found without touching the disk.

Rule 1: each change of a key is a leaf, and holds the digest of the row it made.
Rule 2: memory is only ever a copy of the whole table, taken by the thread that writes it: two
    who both put single keys into it could hide one, or bring a revoked one back.
Rule 3: a row is changed only if it is still as it was read: else a key that another process erased
    would be there again, salting and all.
Rule 4: erasing writes the whole table anew. SQLite overwrites a row that it deletes, but not the
    copies of it that moving rows between pages left behind.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import msgspec

from jevons.store.door import Connection
from jevons.store.standing import erasures, put
from jevons.types.account import Erased, KeyChange
from jevons.types.actor import Actor
from jevons.types.budget import DEFAULT_LINE
from jevons.types.errors import NotFound, OnHold, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection

    from jevons import ports
    from jevons.types.account import Record
    from jevons.types.custody import DataClass

__all__ = ("Created", "KeyRing", "Within", "Write", "row_digest")

_SECRET_BYTES = 32
_SALTING_BYTES = 32
_PUT = (
    "INSERT INTO key VALUES (?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, actor = excluded.actor"
)


Within = Callable[[Connection], None]
"""What is done in the transaction that writes a record; it may refuse by `StoreUnavailable`."""


class Write(Protocol):
    """Commits a record together with rows, and has `load` called before it returns."""

    async def __call__(
        self,
        record: Record,
        rows: list[tuple[str, tuple[object, ...]]],
        within: Within | None = None,
    ) -> None:
        """Commit all of it or nothing."""
        ...


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
        overwrite: Leaves nothing in the file of what was deleted.
        clock: Dates the changes.
        ids: Names the keys.
    """

    def __init__(
        self,
        write: Write,
        overwrite: Callable[[], Awaitable[None]],
        *,
        clock: ports.Clock,
        ids: ports.Ids,
    ) -> None:
        self.on_change: Callable[[], None] | None = None
        """Called whenever the table was read again, on the thread that reads it."""
        self._write = write
        self._overwrite = overwrite
        self._clock = clock
        self._ids = ids
        self._found: dict[bytes, Actor] = {}
        self._rows: dict[str, tuple[bytes, Actor]] = {}
        self._erased: dict[str, Erased] = {}

    def find(self, presented: str) -> Actor | None:
        """Look a presented key up by its hash; a revoked or expired one is found too."""
        return self._found.get(sha256(presented.encode("utf-8", "surrogatepass")).digest())

    def list(self) -> tuple[Actor, ...]:
        """List all keys, oldest first, also those that were revoked; none that was erased."""
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
        owner: str = "",
        by: str = "",
    ) -> Created:
        """Make a key.

        `account` is its project and what that is part of, as `Terms.line` lists them. `by` is who
        does it, here and below.

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
            owner=owner,
        )
        await self._put("created", sha256(secret.encode()).digest(), actor, by=by)
        return Created(actor, secret)

    async def rotate(self, key: str, *, grace_ms: int, by: str = "") -> Created:
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
        await self._put("rotated", sha256(secret.encode()).digest(), actor, by=by)
        return Created(actor, secret)

    async def revoke(self, key: str, *, by: str = "") -> None:
        """Have a key refused from now on.

        Raises:
            NotFound: There is no such key.
            StoreUnavailable: It could not be written; the key is still good.
        """
        digest, actor = self._named(key)
        since_ms = actor.revoked_ms or self._clock.now_ms()
        actor = msgspec.structs.replace(actor, revoked=True, revoked_ms=since_ms)
        await self._put("revoked", digest, actor, by=by)

    def named(self, key: str) -> Actor:
        """Look a key up by its id.

        Raises:
            NotFound: There is no such key, or it was erased.
        """
        return self._named(key)[1]

    async def hold(self, key: str, *, reason: str = "", by: str = "") -> None:
        """Put a key on legal hold; nothing is done if it is.

        Raises:
            NotFound: There is no such key.
            StoreUnavailable: It could not be written; it is not on hold.
        """
        digest, actor = self._named(key)
        if not actor.held:
            held = msgspec.structs.replace(actor, held=True)
            await self._put("held", digest, held, reason=reason, by=by)

    async def release(self, key: str, *, reason: str = "", by: str = "") -> None:
        """Release a key from legal hold; nothing is done if it is on none.

        Raises:
            NotFound: There is no such key.
            StoreUnavailable: It could not be written; it is still on hold.
        """
        digest, actor = self._named(key)
        if actor.held:
            freed = msgspec.structs.replace(actor, held=False)
            await self._put("released", digest, freed, reason=reason, by=by)

    def is_good(self, key: str) -> bool:
        """Whether there is such a key, and it was neither revoked nor erased."""
        row = self._rows.get(key)
        return row is not None and not row[1].revoked and key not in self._erased

    def erased(self, key: str) -> Erased | None:
        """Find the record of a key's erasure; None if it was not erased."""
        return self._erased.get(key)

    async def erase(self, key: str, *, answers: int, reason: str = "", by: str = "") -> Erased:
        """Destroy a key's row and its salting; return when they are overwritten.

        Done again, it overwrites again, and gives the record that there is.

        Args:
            key: Its id.
            answers: Kept answers that were destroyed for it.
            reason: Why.
            by: Who does it.

        Raises:
            NotFound: There is no such key.
            OnHold: It is on legal hold.
            StoreUnavailable: It could not be done, or not all of it; do it again.
        """
        record = self._erased.get(key)
        if record is None:
            digest, actor = self._named(key)
            if actor.held:
                message = f"key {key!r} is on legal hold; `jevons keys release` ends that"
                raise OnHold(message)
            record = Erased(
                at_ms=self._clock.now_ms(), key=key, answers=answers, reason=reason, by=by
            )
            await self._write(record, [put(record)], partial(_forget, (digest, actor)))
        await self._overwrite()
        return record

    def load(self, connection: Connection) -> None:
        """Read the table again; on the thread that writes it, so what is read is never old."""
        rows = connection.execute("SELECT digest, actor FROM key").fetchall()
        keys = [(digest, msgspec.json.decode(actor, type=Actor)) for digest, actor in rows]
        former = {actor.former: _former(actor) for _, actor in keys if actor.former is not None}
        self._erased = erasures(connection)  # before it is gone: at no moment is it nobody's
        self._rows = {actor.key: (digest, actor) for digest, actor in keys}
        self._found = {**former, **dict(keys)}
        if self.on_change is not None:
            self.on_change()

    def _named(self, key: str) -> tuple[bytes, Actor]:
        if key in self._erased:
            message = f"key {key!r} was erased"
            raise NotFound(message)
        row = self._rows.get(key)
        if row is None:
            message = f"no key {key!r}; `jevons keys list` lists them"
            raise NotFound(message)
        return row

    async def _put(
        self,
        act: Literal["created", "rotated", "revoked", "held", "released"],
        digest: bytes,
        actor: Actor,
        *,
        reason: str = "",
        by: str,
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
            reason=reason,
            by=by,
        )
        there = self._rows.get(actor.key)
        within = None if there is None else partial(_expect, there)
        await self._write(change, [(_PUT, (actor.key, digest, row))], within)


def _expect(read: tuple[bytes, Actor], connection: Connection) -> None:
    """Hold a row against what was read of it.

    Raises:
        StoreUnavailable: It has changed.
    """
    actor = read[1]
    row = connection.execute("SELECT digest, actor FROM key WHERE id = ?", (actor.key,)).fetchone()
    if row is None or (row[0], msgspec.json.decode(row[1], type=Actor)) != read:
        message = f"another process has just changed the key {actor.key!r}; do it again"
        raise StoreUnavailable(message)


def _forget(read: tuple[bytes, Actor], connection: Connection) -> None:
    """Write all rows but one into emptied pages: SQLite overwrites each page that it empties.

    Raises:
        StoreUnavailable: The row has changed.
    """
    _expect(read, connection)
    rows = connection.execute("SELECT * FROM key WHERE id <> ?", (read[1].key,)).fetchall()
    connection.execute("DELETE FROM key")
    for row in rows:
        connection.execute(_PUT, row)


def _former(actor: Actor) -> Actor:
    """Say what the secret before a key's present one is good for: the same, for a while."""
    ends = [ms for ms in (actor.expires_ms, actor.former_until_ms) if ms is not None]
    return msgspec.structs.replace(actor, expires_ms=min(ends, default=None))


if TYPE_CHECKING:
    _keys: type[ports.Keys] = KeyRing
